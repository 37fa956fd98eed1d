package drive

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
)

// Config says which lessons to hold.
type Config struct {
	Target client.Target
	// Account and Password are of the organiser of all lessons.
	Account, Password string
	// Rooms is how many lessons there are, People how many are inside each, the organiser included.
	Rooms, People int
	// Camera makes everybody send and show cameras; the organiser's voice and some others' are there in any case.
	Camera bool
	// Prefix begins the rooms' names. Empty: a random one, so that two drives do not meet.
	Prefix string
	// Joins is how many come in at once. 0: 8; a lesson of 30 whose people all click in the same second asks for 30.
	Joins int
	// Every is the time between reports. 0: a second.
	Every time.Duration
	// Report is called every Every from one goroutine; nil: never.
	Report func(Report)
	// Log gets what broke; nil: nowhere.
	Log *slog.Logger
}

const (
	maxRooms  = 1000
	maxPeople = 70
	// heard is how many people of a lesson speak; the others listen, as in a class.
	heard = 4
	// audioSlots and videoSlots are what a page asks for with a grid of nine.
	audioSlots, videoSlots = 8, 9
)

func (c *Config) complete() error {
	var errs []error
	if c.Rooms < 1 || c.Rooms > maxRooms {
		errs = append(errs, fmt.Errorf("%d rooms: give 1 to %d", c.Rooms, maxRooms))
	}
	if c.People < 1 || c.People > maxPeople {
		errs = append(errs, fmt.Errorf("%d people in a room: give 1 to %d", c.People, maxPeople))
	}
	if c.Account == "" || c.Password == "" {
		errs = append(errs, errors.New("an organiser's account and password are needed: rooms are opened by organisers only"))
	}
	if c.Prefix == "" {
		c.Prefix = "last-" + strings.ToLower(rand.Text()[:8])
	}
	if c.Joins == 0 {
		c.Joins = 8
	}
	if c.Every == 0 {
		c.Every = time.Second
	}
	if c.Report == nil {
		c.Report = func(Report) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return errors.Join(errs...)
}

// Run holds the lessons until ctx ends and returns what they went through in all. The error is about the configuration or the first
// login; later everything is tried again.
func Run(ctx context.Context, c Config) (Report, error) {
	if err := c.complete(); err != nil {
		return Report{}, err
	}
	site, err := newSite(c.Target)
	if err != nil {
		return Report{}, err
	}
	defer site.close()
	session := &session{site: site, account: c.Account, password: c.Password}
	if _, err := session.cookie(ctx, ""); err != nil {
		return Report{}, err
	}
	b := &board{people: map[*person]struct{}{}}
	gate := make(chan struct{}, c.Joins)
	var lessons errgroup.Group
	for i := range c.Rooms {
		l := &lesson{config: &c, session: session, board: b, gate: gate, number: i + 1, room: fmt.Sprintf("%s-%d", c.Prefix, i+1)}
		lessons.Go(func() error { l.run(ctx); return nil })
	}
	ticker := time.NewTicker(c.Every)
	defer ticker.Stop()
	last := b.report(time.Now(), Report{})
	for done := false; !done; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			done = true // look once more before everybody leaves
		}
		last = b.report(time.Now(), last)
		c.Report(last)
	}
	_ = lessons.Wait()
	return last, nil
}

// device is a page's random ID, which stays the same when a person comes back.
func device(room string, seat int) string {
	h := fnv.New128a()
	fmt.Fprintf(h, "%s %d", room, seat)
	return fmt.Sprintf("%x", h.Sum(nil))
}
