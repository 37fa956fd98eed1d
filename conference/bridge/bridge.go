package bridge

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/peer"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// DefaultMaxConnections is a choice: some seventy full rooms. At 32 KiB each (measured, see TestVisitorsAreCheap) that is 160 MiB.
const DefaultMaxConnections = 5000

// accountsGrace is how long the last word on ended accounts is asked about organisers who come in: longer than an admission
// lives and a join message may take together, so that nobody slips in with an admission from before.
const accountsGrace = time.Minute

// Config is what a Bridge needs.
type Config struct {
	// Key is the county's: it signs and verifies admissions, resume and probe tokens, and stands before what records say.
	Key token.Key
	// Announce is told of all rooms; nil: nobody is.
	Announce cluster.Announcer
	Rooms    room.Rules
	// ICE returns fresh credentials for a PeerConnection, from any goroutine and without blocking; host is Admission.Host. Nil, or a nil result: there
	// is no relay.
	ICE func(host string) *signaling.ICE
	Log *slog.Logger
	// Now is the clock for rooms and tokens; nil: time.Now.
	Now func() time.Time
	// MaxConnections bounds connections, at doors and inside together; 0: DefaultMaxConnections.
	MaxConnections int
}

// Bridge owns rooms. Safe for concurrent use.
type Bridge struct {
	cfg   Config
	media peer.Media
	// alive ends when Close has waited long enough.
	alive context.Context
	kill  context.CancelFunc
	conns atomic.Uint64 // numbers connections
	// connections and loops are waited for in this order; a loop is started only while a connection is there.
	connections sync.WaitGroup
	loops       sync.WaitGroup
	known       counters
	drained     atomic.Bool

	mu      sync.Mutex
	closing bool
	peers   map[*peer.Peer]struct{}
	rooms   map[string]*entry
	ended   accountsWord
	notice  time.Time // when all rooms end; zero: nobody said
	over    overs
}

// entry is a room loop and how many connections hold on to it.
type entry struct {
	*roomLoop
	held int
}

// accountsWord is the last word on ended accounts.
type accountsWord struct {
	is    func(account string) bool
	until time.Time
}

// New returns a Bridge without rooms. It starts no goroutine before the first connection.
func New(cfg Config, media peer.Media) *Bridge {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.ICE == nil {
		cfg.ICE = func(string) *signaling.ICE { return nil }
	}
	if cfg.MaxConnections == 0 {
		cfg.MaxConnections = DefaultMaxConnections
	}
	b := &Bridge{cfg: cfg, media: media, peers: map[*peer.Peer]struct{}{}, rooms: map[string]*entry{}, over: overs{}}
	b.alive, b.kill = context.WithCancel(context.Background())
	return b
}

// Counts returns how many rooms have somebody inside, and how many are inside in all.
func (b *Bridge) Counts() (rooms, participants int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.rooms {
		if n := int(e.inside.Load()); n > 0 {
			rooms++
			participants += n
		}
	}
	return rooms, participants
}

// EndAccounts takes their place from all organisers whose account has ended, and returns how many that were once they have lost
// it. The function is called from several goroutines and, for a minute from now, about organisers who come in.
func (b *Bridge) EndAccounts(ended func(accountID string) bool) int {
	b.mu.Lock()
	b.ended = accountsWord{is: ended, until: b.cfg.Now().Add(accountsGrace)}
	loops := b.loopsLocked()
	b.mu.Unlock()
	answers := make([]<-chan int, 0, len(loops))
	for _, l := range loops {
		answer := make(chan int, 1)
		l.inbox.post(endAccounts{is: ended, ended: answer})
		answers = append(answers, answer)
	}
	sum := 0
	for i, l := range loops {
		sum += l.await(answers[i])
	}
	return sum
}

// await returns the loop's answer, 0 if it ended without one.
func (l *roomLoop) await(answer <-chan int) int {
	select {
	case n := <-answer:
		return n
	case <-l.done:
	}
	select {
	case n := <-answer:
		return n
	default:
		return 0
	}
}

// accountEnded is asked when an organiser comes in.
func (b *Bridge) accountEnded(account string) bool {
	b.mu.Lock()
	word := b.ended
	b.mu.Unlock()
	return word.is != nil && b.cfg.Now().Before(word.until) && word.is(account)
}

// Close tells everybody that the server restarts and returns when all connections and rooms have ended. When the context ends
// first, what is left is cut off and the context's error returned. No connection is taken any more.
func (b *Bridge) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closing = true
	for p := range b.peers {
		p.Finish(signaling.Ended{Reason: signaling.EndedRestart})
	}
	b.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.connections.Wait()
	}()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = fmt.Errorf("close bridge: some connections had to be cut off: %w", ctx.Err())
	}
	b.kill() // and with it the rooms that expect somebody back
	<-ended
	b.loops.Wait()
	return err
}

// hold returns the room's loop, started if need be, for a connection that will release it. A room that is not there begins from the
// record, if there is one; hold returns it unless it is of no use.
func (b *Bridge) hold(name string, from *cluster.Record) (*entry, *cluster.Record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	from = b.wanted(from)
	e := b.rooms[name]
	if e == nil {
		e = &entry{}
		e.roomLoop = b.newLoop(name, func() bool { return b.retire(e) }, func() { b.forget(e) })
		e.first = from
		if !b.notice.IsZero() {
			e.state.Apply(b.cfg.Now(), room.SetNotice{At: b.notice})
		}
		b.rooms[name] = e
		b.announce(e)
		b.loops.Go(func() { e.run(b.alive) })
	}
	e.held++
	return e, from
}

// release gives a room's loop back; with the last connection it may end.
func (b *Bridge) release(e *entry) {
	b.mu.Lock()
	e.held--
	b.mu.Unlock()
	e.inbox.post(wake{})
}

// retire takes an idle loop out of the directory if no connection holds it.
func (b *Bridge) retire(e *entry) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e.held > 0 {
		return false
	}
	b.remove(e)
	return true
}

// forget takes a loop out of the directory that ends, for whatever reason.
func (b *Bridge) forget(e *entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remove(e)
}

func (b *Bridge) remove(e *entry) {
	if b.rooms[e.name] == e {
		delete(b.rooms, e.name)
		if b.cfg.Announce != nil {
			b.cfg.Announce.Gone(e.key)
		}
	}
}

func (b *Bridge) newLoop(name string, retire func() bool, forget func()) *roomLoop {
	return &roomLoop{
		name: name, key: cluster.KeyOf(b.cfg.Key, name), rules: b.cfg.Rooms, secret: b.cfg.Key, media: b.media, now: b.cfg.Now,
		announcer: b.cfg.Announce, known: &b.known, buried: b.bury,
		log:    b.cfg.Log.With("room", logID()),
		retire: retire, forget: forget, inbox: newInbox(), done: make(chan struct{}),
		state: room.New(b.cfg.Rooms, rand.Reader), members: map[room.Conn]*seat{}, calls: map[string]*peer.Call{},
		forwards: map[string]peer.Forward{},
		farewell: signaling.EndedRestart,
	}
}
