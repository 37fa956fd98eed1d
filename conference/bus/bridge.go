package bus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

const (
	// announcing is how many records are under way at once.
	announcing = 16
	// goodbye bounds what a bridge says when it closes.
	goodbye = time.Second
)

// BridgeConfig is what a bridge needs to be known to its portal. Callbacks come one at a time and must not block for long; nil ones
// are passed over.
type BridgeConfig struct {
	Link Link
	// Boot tells this process from the machine's others; drawn if empty.
	Boot    string
	Version string
	// Load is asked for each lease; nil: nothing is known.
	Load func() cluster.Load
	// Proof of this machine's last restart; nil: there was none.
	Proof *opsapi.Proof
	// Left are records of the process before this one that no NATS has any more. They are told once, as of a process that is gone.
	Left map[cluster.RoomKey]cluster.Record
	// OnEvict lets a room go, which lives elsewhere.
	OnEvict func(cluster.RoomKey)
	// OnRestart restarts this process when its rooms have ended. The order may come more than once.
	OnRestart func(cluster.RestartPlan)
	// OnEndAccounts ends the places of accounts that are disabled or gone.
	OnEndAccounts func(ids []string)
	// LeaseEvery is cluster.LeaseEvery unless a test is in a hurry.
	LeaseEvery time.Duration
	Log        *slog.Logger
}

// Bridge says to the portal that this bridge lives and which rooms it has. Safe for concurrent use.
type Bridge struct {
	config BridgeConfig
	cancel context.CancelFunc
	done   sync.WaitGroup

	closing  atomic.Bool
	answered atomic.Pointer[string] // the call that all records have been put for
	renew    chan struct{}          // has a token when a lease is to be put now
	wake     chan struct{}          // has a token when something is to be announced

	mu    sync.Mutex
	rooms map[cluster.RoomKey]cluster.Record
	dirty map[cluster.RoomKey]bool // to be announced; not in rooms: gone
	word  string                   // of a call that has not been answered yet
}

var _ cluster.Announcer = (*Bridge)(nil)

// NewBridge returns a bridge that connects and announces itself, and begins anew whenever the connection is lost. The error is
// about the configuration alone. Close it.
func NewBridge(c BridgeConfig) (*Bridge, error) {
	if err := c.Link.check(); err != nil {
		return nil, err
	}
	if c.Boot == "" {
		c.Boot = rand.Text()
	}
	if c.LeaseEvery == 0 {
		c.LeaseEvery = cluster.LeaseEvery
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Load == nil {
		c.Load = func() cluster.Load { return cluster.Load{} }
	}
	ctx, cancel := context.WithCancel(context.Background())
	b := &Bridge{
		config: c, cancel: cancel, renew: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		rooms: map[cluster.RoomKey]cluster.Record{}, dirty: map[cluster.RoomKey]bool{},
	}
	for key, r := range c.Left {
		r.Boot = formerBoot
		b.rooms[key], b.dirty[key] = r, true
	}
	b.done.Go(func() { b.run(ctx) })
	return b, nil
}

// formerBoot stands for the process before this one; no process draws it.
const formerBoot = "former"

// Boot tells this process from the machine's others.
func (b *Bridge) Boot() string { return b.config.Boot }

// SetClosing says in the lease whether the bridge is about to restart, from now on.
func (b *Bridge) SetClosing(closing bool) {
	b.closing.Store(closing)
	poke(b.renew)
}

// Room implements cluster.Announcer.
func (b *Bridge) Room(key cluster.RoomKey, r cluster.Record) {
	r.Boot = b.config.Boot
	b.mu.Lock()
	b.rooms[key], b.dirty[key] = r, true
	b.mu.Unlock()
	poke(b.wake)
}

// Gone implements cluster.Announcer.
func (b *Bridge) Gone(key cluster.RoomKey) {
	b.mu.Lock()
	delete(b.rooms, key)
	b.dirty[key] = true
	b.mu.Unlock()
	poke(b.wake)
}

// Close says goodbye, for a second at most: the lease ends at once. Records stay, for another bridge to go on from; a room that has
// ended is Gone before. Close waits for everything the bridge started. Idempotent.
func (b *Bridge) Close() {
	b.cancel()
	b.done.Wait()
}

// poke leaves a token.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run connects and then announces, until ctx ends.
func (b *Bridge) run(ctx context.Context) {
	log := b.config.Log
	conn, err := b.config.Link.connect(ctx, log, func(connected bool) {
		if connected { // what was said before may have been lost, with the bucket
			b.everything("")
		}
	})
	if err != nil {
		if ctx.Err() == nil {
			log.Error("the portal's messages can't be reached", "error", err)
		}
		return
	}
	defer conn.Close()
	err = errors.Join(
		subscribe(conn, callSubject, b.called),
		subscribe(conn, orderSubject(b.config.Link.Machine), b.ordered),
	)
	if err != nil {
		log.Error("the portal's messages can't be heard", "error", err)
		return
	}
	b.done.Go(func() { b.leaseLoop(ctx, conn) })
	b.announceLoop(ctx, conn)
	b.sayGoodbye(conn)
}

func subscribe(conn *nats.Conn, subject string, handle func([]byte)) error {
	_, err := conn.Subscribe(subject, func(m *nats.Msg) { handle(m.Data) })
	return err
}

// called hears a portal.
func (b *Bridge) called(text []byte) {
	if len(text) == 0 || len(text) > maxWord {
		return
	}
	call := string(text)
	if last := b.answered.Load(); last != nil && *last == call {
		poke(b.renew) // the portal missed the lease
		return
	}
	b.everything(call)
}

// everything announces all rooms, and that the call is answered.
func (b *Bridge) everything(call string) {
	b.mu.Lock()
	for key := range b.rooms {
		b.dirty[key] = true
	}
	if call != "" {
		b.word = call
	}
	b.mu.Unlock()
	poke(b.wake)
	poke(b.renew)
}

// ordered follows an order.
func (b *Bridge) ordered(text []byte) {
	o, err := decodeOrder(text)
	c := b.config
	switch {
	case err != nil:
		c.Log.Warn("an order of the portal can't be read; do both run versions that fit?")
	case o.Evict != "" && c.OnEvict != nil:
		c.OnEvict(o.Evict)
	case o.Restart != nil && c.OnRestart != nil:
		c.OnRestart(*o.Restart)
	case len(o.EndAccounts) > 0 && c.OnEndAccounts != nil:
		c.OnEndAccounts(o.EndAccounts)
	}
}

// announceLoop puts what is dirty, and tries again what could not be put.
func (b *Bridge) announceLoop(ctx context.Context, conn *nats.Conn) {
	renewal := time.NewTicker(recordRenewal)
	defer renewal.Stop()
	retry := time.NewTimer(0)
	defer retry.Stop()
	wait := retryMin
	for told := false; ; {
		select {
		case <-b.wake:
		case <-retry.C:
		case <-renewal.C:
			b.everything("")
		case <-ctx.Done():
			return
		}
		err := b.announce(ctx, conn)
		if err == nil {
			wait, told = retryMin, false
			continue
		}
		if !told && ctx.Err() == nil {
			b.config.Log.Warn("rooms can't be announced; trying again", "error", err)
			told = true
		}
		retry.Reset(wait)
		wait = min(2*wait, retryMax)
	}
}

// announce puts everything that is dirty, and then the call's word into the lease.
func (b *Bridge) announce(ctx context.Context, conn *nats.Conn) error {
	b.mu.Lock()
	due, call := b.dirty, b.word
	b.dirty, b.word = map[cluster.RoomKey]bool{}, ""
	words := make(map[cluster.RoomKey]cluster.Record, len(due))
	for key := range due {
		if r, ok := b.rooms[key]; ok {
			words[key] = r
		}
	}
	b.mu.Unlock()
	var all errgroup.Group
	all.SetLimit(announcing)
	for key := range due {
		all.Go(func() error {
			r, ok := words[key]
			err := b.tell(ctx, conn, key, r, ok)
			if err != nil {
				b.mu.Lock()
				b.dirty[key] = true
				b.mu.Unlock()
			}
			return err
		})
	}
	if err := all.Wait(); err != nil {
		b.mu.Lock()
		if b.word == "" {
			b.word = call
		}
		b.mu.Unlock()
		return err
	}
	b.forgetFormer(words)
	if call != "" {
		b.answered.Store(&call)
		poke(b.renew)
	}
	return nil
}

// forgetFormer: what was left and has been told is the portal's from now on. It is not due either, though a call came while it was
// told: what is due and not in rooms is deleted, and with it the lesson that its people come back to.
func (b *Bridge) forgetFormer(told map[cluster.RoomKey]cluster.Record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, r := range told {
		if r.Boot == formerBoot && b.rooms[key].Boot == formerBoot {
			delete(b.rooms, key)
			delete(b.dirty, key)
		}
	}
}

// tell puts or deletes one record.
func (b *Bridge) tell(ctx context.Context, conn *nats.Conn, key cluster.RoomKey, r cluster.Record, there bool) error {
	subject := recordSubject + b.config.Link.Machine + "." + string(key)
	if !there {
		return request(ctx, conn, deletion(subject, 0))
	}
	value, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return request(ctx, conn, &nats.Msg{Subject: subject, Data: value})
}

// request publishes to a bucket and waits for the acknowledgement.
func request(ctx context.Context, conn *nats.Conn, m *nats.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	answer, err := conn.RequestMsgWithContext(ctx, m)
	if err != nil {
		return err
	}
	_, err = acknowledged(answer.Data)
	return err
}

// leaseLoop puts the lease every LeaseEvery, and again soon if that did not work.
func (b *Bridge) leaseLoop(ctx context.Context, conn *nats.Conn) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-b.renew:
		case <-ctx.Done():
			return
		}
		next := b.config.LeaseEvery
		if err := b.putLease(ctx, conn); err != nil {
			next = min(next, retryMin*4)
		}
		timer.Reset(next)
	}
}

func (b *Bridge) putLease(ctx context.Context, conn *nats.Conn) error {
	l := cluster.Lease{Boot: b.config.Boot, Closing: b.closing.Load(), Load: b.config.Load(), Version: b.config.Version, Proof: b.config.Proof}
	if call := b.answered.Load(); call != nil {
		l.Call = *call
	}
	value, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return request(ctx, conn, &nats.Msg{Subject: leaseSubject + b.config.Link.Machine, Data: value})
}

// sayGoodbye tells what is still to be told and ends the lease.
func (b *Bridge) sayGoodbye(conn *nats.Conn) {
	if !conn.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	_ = b.announce(ctx, conn)
	_ = request(ctx, conn, deletion(leaseSubject+b.config.Link.Machine, 0))
}
