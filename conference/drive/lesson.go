package drive

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
)

const (
	// patience is how long one attempt to come in may take. The queue at a full county lasts longer: the organiser waits on.
	patience = time.Minute
	// pauseMin and pauseMax are between attempts of somebody whom the client itself has given up on.
	pauseMin, pauseMax = time.Second, 10 * time.Second
)

// lesson is one room: the organiser opens it, the others come with its code.
type lesson struct {
	config  *Config
	session *session
	board   *board
	gate    chan struct{} // bounds how many come in at once
	number  int
	room    string

	mu        sync.Mutex
	organiser *client.Participant
}

// run holds the lesson until ctx ends.
func (l *lesson) run(ctx context.Context) {
	var seats sync.WaitGroup
	for seat := range l.config.People {
		seats.Go(func() { l.sit(ctx, seat) })
	}
	seats.Wait()
}

// sit keeps one seat taken. Seat 0 is the organiser's.
func (l *lesson) sit(ctx context.Context, seat int) {
	who := &person{organiser: seat == 0}
	l.board.add(who)
	cookie := ""
	for pause := pauseMin; ctx.Err() == nil; pause = min(2*pause, pauseMax) {
		began := time.Now()
		err := l.attend(ctx, who, seat, &cookie)
		if ctx.Err() != nil {
			return
		}
		who.lost()
		l.config.Log.Warn("a seat is empty; coming back", "lesson", l.number, "seat", seat, "error", err)
		if time.Since(began) > patience {
			pause = pauseMin
		}
		wait(ctx, pause/2+rand.N(pause/2))
	}
}

// attend comes in and stays until that ends for good.
func (l *lesson) attend(ctx context.Context, who *person, seat int, cookie *string) error {
	o := client.Options{
		Target: l.config.Target, Room: l.room, Name: fmt.Sprintf("Platz %d", seat+1), Organiser: seat == 0, Reconnect: true,
		Device: device(l.room, seat),
		Peer: client.PeerConfig{
			AudioSlots: min(audioSlots, l.config.People), Microphone: seat < heard, Level: uint8(30 + seat),
			Camera: l.config.Camera, Simulcast: l.config.Camera,
		},
	}
	if l.config.Camera {
		o.Peer.VideoSlots = min(videoSlots, l.config.People)
	}
	if seat == 0 {
		c, err := l.session.cookie(ctx, *cookie)
		if err != nil {
			return err
		}
		o.Cookie, *cookie = c, c
	} else if o.Code = l.code(ctx); o.Code == "" {
		return ctx.Err()
	}
	p, err := l.join(ctx, o)
	if err != nil {
		return err
	}
	defer p.Close()
	if seat == 0 {
		l.mu.Lock()
		l.organiser = p
		l.mu.Unlock()
	}
	who.came(p)
	defer who.left()
	select {
	case <-p.Gone():
		return p.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join comes in through the gate. An organiser may have to wait in the queue, and takes nobody's place in the gate meanwhile.
func (l *lesson) join(ctx context.Context, o client.Options) (*client.Participant, error) {
	if o.Organiser {
		return client.Join(ctx, o)
	}
	select {
	case l.gate <- struct{}{}:
		defer func() { <-l.gate }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return client.Join(ctx, o)
}

// code waits until the organiser is inside and knows the room's code.
func (l *lesson) code(ctx context.Context) string {
	for ctx.Err() == nil {
		l.mu.Lock()
		o := l.organiser
		l.mu.Unlock()
		if o != nil && o.Inside() && o.Code() != "" {
			return o.Code()
		}
		wait(ctx, 50*time.Millisecond)
	}
	return ""
}

// wait returns after d or when ctx ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
