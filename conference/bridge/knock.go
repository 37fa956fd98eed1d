package bridge

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// resumeLifetime bounds a resume token. What really ends it is the room's epoch; no room outlives the nightly restart.
const resumeLifetime = 24 * time.Hour

// resumeClaims are the content of a resume token. Whoever holds it can read it, so it names an account by a tag only.
type resumeClaims struct {
	// Room is canonical: epochs are random, but a token is for one room all the same.
	Room        string    `json:"room"`
	Epoch       string    `json:"epoch"`
	Participant string    `json:"participant"`
	Role        room.Role `json:"role"`
	Account     string    `json:"account,omitempty"`
	// Device is the tag of the device that the token is for; empty: of one that does not say which it is.
	Device room.Device `json:"device,omitempty"`
}

func (l *roomLoop) resume(r room.Resume, device room.Device) signaling.Token {
	claims := resumeClaims{Room: l.name, Epoch: r.Epoch, Participant: r.Participant, Role: r.Role, Account: accountTag(l.secret, r.Account), Device: device}
	return signaling.Token(token.Sign(l.secret, token.PurposeResume, claims, l.now().Add(resumeLifetime)))
}

// accountTag stands for an account ID towards its owner's browser; empty for none.
func accountTag(k token.Key, account string) string {
	if account == "" {
		return ""
	}
	h := hmac.New(sha256.New, k)
	h.Write([]byte("resume account " + account))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// gatekeeper decides who may ask a room for what. It has no state.
type gatekeeper struct {
	key token.Key
	now time.Time
	// accountEnded is asked about organisers.
	accountEnded func(account string) bool
	// drained says that no room may begin.
	drained bool
}

// knock turns an admission and a join message into a knock at the room's door, or says why not.
func (g gatekeeper) knock(c room.Conn, a cluster.Admission, j signaling.Join) (room.Knock, signaling.RefusalCode) {
	k := room.Knock{
		Conn: c, Source: room.Source(a.Source), Name: room.DisplayName(j.Name), RoomName: roomName(a), Role: room.Role(j.Role),
		Owner: a.Owner, Title: room.Title(a.Title), FirstCode: room.Code(a.FirstCode),
		Code: room.Code(j.Code), Device: deviceTag(g.key, a.Room, string(j.Device)), Media: j.Media, Drained: g.drained,
	}
	if canonical, err := signaling.CanonicalRoom(a.Room); err != nil || canonical != a.Room {
		return room.Knock{}, signaling.RefusedRoomInvalid
	}
	if signaling.IsProbeRoom(a.Room) || j.Probe != "" {
		k.Free = true
		return k, g.probe(a, j)
	}
	if k.Role == room.Organiser {
		if !a.Organiser || a.Account == "" {
			return room.Knock{}, signaling.RefusedLoginRequired
		}
		if g.accountEnded(a.Account) {
			return room.Knock{}, signaling.RefusedAccountDisabled
		}
		k.Account = a.Account
	}
	k.Resume = g.resume(a, j, k)
	return k, ""
}

// probe lets only the holder of a probe token into only its reserved room.
func (g gatekeeper) probe(a cluster.Admission, j signaling.Join) signaling.RefusalCode {
	if j.Probe == "" {
		return signaling.RefusedRoomInvalid
	}
	claims, err := token.Verify[token.ProbeClaims](g.key, token.PurposeProbe, string(j.Probe), g.now)
	if err != nil || claims.Room != a.Room || !signaling.IsProbeRoom(a.Room) {
		return signaling.RefusedProbeInvalid
	}
	return ""
}

// resume returns what a valid resume token for this room, this account and this device says, or nil: then the way in is the ordinary one.
// A token without an account needs no login; who has one besides is no less the same person.
func (g gatekeeper) resume(a cluster.Admission, j signaling.Join, k room.Knock) *room.Resume {
	if j.Resume == "" {
		return nil
	}
	claims, err := token.Verify[resumeClaims](g.key, token.PurposeResume, string(j.Resume), g.now)
	if err != nil || claims.Room != a.Room || claims.Device != k.Device {
		return nil
	}
	account := ""
	if claims.Account != "" {
		if claims.Account != accountTag(g.key, k.Account) {
			return nil
		}
		account = k.Account
	}
	return &room.Resume{Epoch: claims.Epoch, Participant: claims.Participant, Role: claims.Role, Account: account}
}

// roomName is the name as it was asked for, if it is really this room's.
func roomName(a cluster.Admission) room.Name {
	if canonical, err := signaling.CanonicalRoom(a.DisplayRoom); err != nil || canonical != a.Room {
		return room.Name(a.Room)
	}
	return room.Name(a.DisplayRoom)
}
