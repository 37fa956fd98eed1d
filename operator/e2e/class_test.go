//go:build e2e

package e2e

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// patience bounds every wait for a condition. A busy computer needs a part of it.
const patience = time.Minute

// eventually waits until ok, or fails the test with what was waited for.
func eventually(t *testing.T, within time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	return look(t, 100*time.Millisecond, within, what, ok)
}

// seldom is eventually for what asks Hetzner: a status costs ten requests, and 3600 an hour are allowed.
func seldom(t *testing.T, within time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	return look(t, 2*time.Second, within, what, ok)
}

func look(t *testing.T, every, within time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for !ok() {
		if time.Since(begun) > within {
			t.Fatalf("waited %s for %s", within, what)
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("waiting for %s: %v", what, t.Context().Err())
		case <-time.After(every):
		}
	}
	return time.Since(begun)
}

// school is a county's site as headless participants see it.
type school struct {
	t      *testing.T
	target client.Target
	cookie string
}

// newSchool logs the organiser in.
func newSchool(t *testing.T, p program, site string, organiser credential) *school {
	t.Helper()
	b := newBrowser(t, p, site)
	if code := b.login(organiser); code != http.StatusNoContent {
		t.Fatalf("login: got %d", code)
	}
	u, err := url.Parse(site)
	if err != nil {
		t.Fatal(err)
	}
	var cookies []string
	for _, c := range b.http.Jar.Cookies(u) {
		cookies = append(cookies, c.String())
	}
	data, err := os.ReadFile(filepath.Join(p.home, "sandbox", "acme-roots.pem"))
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(data) {
		t.Fatalf("the sandbox's roots: %v", err)
	}
	return &school{t: t, cookie: strings.Join(cookies, "; "), target: client.Target{
		URL: strings.TrimSuffix(site, "/"), DialAddress: net.JoinHostPort("127.0.0.1", u.Port()), Roots: roots,
	}}
}

// class is a lesson: an organiser and pupils, all with voice, the organiser with a picture.
type class struct {
	t         *testing.T
	room      string
	organiser *client.Participant
	pupils    []*client.Participant
}

// begin opens a room and lets the pupils in with its code.
func (s *school) begin(room string, pupils int) *class {
	s.t.Helper()
	c := &class{t: s.t, room: room}
	c.organiser = s.join(client.Options{Room: room, Name: "Lehrkraft", Organiser: true, Cookie: s.cookie,
		Peer: client.PeerConfig{AudioSlots: 4, VideoSlots: 4, Microphone: true, Camera: true, VideoBitrate: 150_000}})
	eventually(s.t, patience, "the room's code", func() bool { return c.organiser.Code() != "" })
	for i := range pupils {
		c.pupils = append(c.pupils, s.join(client.Options{Room: room, Name: fmt.Sprintf("Kind %d", i+1), Code: c.organiser.Code(),
			Peer: client.PeerConfig{AudioSlots: 4, VideoSlots: 1, Microphone: true}}))
	}
	return c
}

func (s *school) join(o client.Options) *client.Participant {
	s.t.Helper()
	o.Target, o.Reconnect = s.target, true
	ctx, cancel := context.WithTimeout(s.t.Context(), 3*patience) // there may be a queue
	defer cancel()
	p, err := client.Join(ctx, o)
	if err != nil {
		s.t.Fatalf("join %s: %v", o.Room, err)
	}
	s.t.Cleanup(p.Close)
	if err := p.Connected(ctx); err != nil {
		s.t.Fatalf("media of %s: %v", o.Room, err)
	}
	return p
}

func (c *class) all() []*client.Participant {
	return append([]*client.Participant{c.organiser}, c.pupils...)
}

// hears reports whether everybody is inside and receives.
func (c *class) hears() bool {
	for _, p := range c.all() {
		if s := p.Stats(); !p.Inside() || s.Packets == 0 || s.Silence > time.Second {
			return false
		}
	}
	return true
}

// stays fails the test if anybody had to connect again or heard nothing for longer than a gap.
func (c *class) stays(gap time.Duration) {
	c.t.Helper()
	for i, p := range c.all() {
		s := p.Stats()
		c.t.Logf("%s, person %d: worst gap %s, %d reconnects, %d of %d packets", c.room, i, s.WorstGap.Round(time.Millisecond), s.Reconnects, s.Packets, s.Expected)
		if s.Reconnects > 0 || s.PeerConnections > 1 {
			c.t.Errorf("person %d connected %d times again, with %d PeerConnections", i, s.Reconnects, s.PeerConnections)
		}
		if s.WorstGap > gap {
			c.t.Errorf("person %d received nothing for %s", i, s.WorstGap)
		}
	}
}

func (c *class) say(text string) {
	c.t.Helper()
	if err := c.organiser.Send(c.t.Context(), signaling.SendChat{Text: signaling.ChatText(text)}); err != nil {
		c.t.Fatal(err)
	}
}
