// Package cluster is where portal and bridge meet. The portal checks who somebody is, finds the bridge that owns the room and
// hands over the request with a signed Admission; the bridge believes the Admission and nothing else. Whether both are in one process
// neither of them knows. What machines tell each other goes through Store and Announcer (docs/cluster.md).
package cluster

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// AdmissionHeader carries the signed Admission. The portal removes whatever a client sent under this name.
const AdmissionHeader = "Kreisraum-Admission"

// AdmissionLifetime is how long an Admission is good for: the way from the portal to the bridge, generously.
const AdmissionLifetime = 30 * time.Second

// Admission is what the portal knows of somebody who asks for a room.
type Admission struct {
	// Room is the canonical room name, see signaling.CanonicalRoom.
	Room string `json:"room"`
	// DisplayRoom is the name as it was asked for.
	DisplayRoom string `json:"displayRoom"`
	// Source is SourceTag of where the request comes from.
	Source string `json:"source,omitempty"`
	// Account is the account's ID, empty without login.
	Account string `json:"account,omitempty"`
	// AccountName is the account's pseudonym, empty without login.
	AccountName string `json:"accountName,omitempty"`
	// Organiser says that the account may take the organiser role.
	Organiser bool `json:"organiser,omitempty"`
	// Owner is the ID of the account that owns the address, whoever asks; empty: it is nobody's, and the room is its who begins the lesson.
	Owner string `json:"owner,omitempty"`
	// Title is what the owner calls the room; empty without an owner.
	Title string `json:"title,omitempty"`
	// FirstCode is the code that an owned room begins with; empty: the room draws one.
	FirstCode string `json:"firstCode,omitempty"`
	// Host is the site as the client sees it, "<domain>" or "<domain>:<port>": relays are at the same place.
	Host string `json:"host,omitempty"`
	// Restore is the room's record from a bridge that died. The bridge takes it over unless it has the room already.
	Restore *Record `json:"restore,omitempty"`
}

// SourceTag stands for a shortened address towards bridges: they tell networks apart and learn none. 64 bits
// are enough that two never share one by chance.
func SourceTag(k token.Key, shortened string) string {
	h := hmac.New(sha256.New, k)
	h.Write([]byte("admission source " + shortened))
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Format keeps names out of every print.
func (Admission) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "admission") }

// LogValue implements slog.LogValuer.
func (Admission) LogValue() slog.Value { return slog.StringValue("admission") }

// Sign returns the value of the AdmissionHeader, good for AdmissionLifetime.
func (a Admission) Sign(k token.Key, now time.Time) string {
	return token.Sign(k, token.PurposeAdmission, a, now.Add(AdmissionLifetime))
}

// AdmissionOf verifies the request's AdmissionHeader. Returns token.ErrInvalid or token.ErrExpired.
func AdmissionOf(r *http.Request, k token.Key, now time.Time) (Admission, error) {
	return token.Verify[Admission](k, token.PurposeAdmission, r.Header.Get(AdmissionHeader), now)
}

// Seeker is who asks for a room's bridge.
type Seeker struct {
	// Room is the canonical room name.
	Room string
	// Organiser may open the room, and with it a lesson that a bridge must be able to carry.
	Organiser bool
}

// Place is where a room is.
type Place struct {
	// Bridge takes the request, with an Admission, to the bridge. It also carries WebSockets.
	Bridge http.Handler
	// Restore is to be put into the Admission.
	Restore *Record
}

var (
	// ErrNoBridge says that no bridge can be reached now; asking again in a few seconds may help.
	ErrNoBridge = errors.New("no bridge is there for the room")
	// ErrFull says that no bridge has capacity for another lesson: wait with Directory.Queue.
	ErrFull = errors.New("no bridge has capacity for another lesson")
)

// Directory knows which bridge owns a room. Safe for concurrent use.
type Directory interface {
	// Locate returns the bridge that owns the room, or shall own it from now on. Returns ErrNoBridge or ErrFull.
	Locate(ctx context.Context, who Seeker) (Place, error)
	// Queue waits, in the order of arrival, until the room has a bridge; then Locate finds it. All who ask for one room share a place.
	// told gets the place (1: next) at once and whenever it changes, from one goroutine at a time. Returns ErrNoBridge or the
	// context's error.
	Queue(ctx context.Context, who Seeker, told func(place int)) error
}
