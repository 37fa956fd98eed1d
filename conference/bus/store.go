package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/time/rate"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

const (
	// requestTimeout bounds one request to NATS; the whole is bounded by the caller's context.
	requestTimeout = 2 * time.Second
	retryMin       = 50 * time.Millisecond
	retryMax       = time.Second
	// maxWriting is how many writes are under way at once. A thousand rooms that open in the same second wait here, for their turn, and not
	// for answers that come too late, which they would ask for again.
	maxWriting = 32
)

// StoreConfig is what a portal's Store needs.
type StoreConfig struct {
	Link Link
	// Replicas is how many servers of a cluster keep each bucket; 0 is 1.
	Replicas int
	// LeaseEvery and LeaseLife are cluster.LeaseEvery and cluster.LeaseLife unless a test is in a hurry.
	LeaseEvery, LeaseLife time.Duration
	// Now is time.Now unless set.
	Now func() time.Time
	Log *slog.Logger
}

// Store is the cluster.Store over NATS. Safe for concurrent use.
type Store struct {
	config StoreConfig
	view   *view
	cancel context.CancelFunc
	done   sync.WaitGroup

	conn    atomic.Pointer[nats.Conn]
	kv      atomic.Pointer[jetstream.KeyValue] // of placements
	writing chan struct{}                      // has a token for each write under way
	broken  chan struct{}                      // has a token when the connection was lost
	recall  chan struct{}                      // has a token when the call is to be said now
	calling atomic.Pointer[call]
	strange rate.Sometimes // the watch's: who writes what nobody can read must not fill the log
}

var _ cluster.Store = (*Store)(nil)

// NewStore returns a store that connects, makes the buckets and watches them, and begins anew whenever that is lost. The error is
// about the configuration alone. Close it.
func NewStore(c StoreConfig) (*Store, error) {
	if err := c.Link.check(); err != nil {
		return nil, err
	}
	if c.Link.Machine != identity.Portal {
		return nil, fmt.Errorf("watch the buckets: machine %s has no right to; only the portal has", c.Link.Machine)
	}
	c.Replicas = max(c.Replicas, 1)
	if c.LeaseEvery == 0 {
		c.LeaseEvery = cluster.LeaseEvery
	}
	if c.LeaseLife == 0 {
		c.LeaseLife = cluster.LeaseLife
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Store{
		config: c, view: newView(c.LeaseLife), cancel: cancel,
		strange: rate.Sometimes{Interval: time.Minute},
		writing: make(chan struct{}, maxWriting), broken: make(chan struct{}, 1), recall: make(chan struct{}, 1),
	}
	s.done.Go(func() { s.run(ctx) })
	return s, nil
}

// Close ends the connection and waits for everything the store started. Idempotent.
func (s *Store) Close() {
	s.cancel()
	s.done.Wait()
}

// Changes implements cluster.Store.
func (s *Store) Changes() <-chan struct{} { return s.view.changes }

// Ready implements cluster.Store.
func (s *Store) Ready() bool {
	ready, _ := s.view.state()
	return ready
}

// Session implements cluster.Store.
func (s *Store) Session() uint64 {
	_, session := s.view.state()
	return session
}

// Leases implements cluster.Store.
func (s *Store) Leases() map[string]cluster.Lease {
	alive := s.view.leases(s.config.Now())
	if c := s.calling.Load(); c != nil {
		c.complete(alive)
	}
	return alive
}

// RecordsOf implements cluster.Store.
func (s *Store) RecordsOf(machine string) map[cluster.RoomKey]cluster.Record {
	return s.view.recordsOf(machine)
}

// Placements implements cluster.Store.
func (s *Store) Placements() map[cluster.RoomKey]cluster.Placement { return s.view.placements() }

// Place implements cluster.Store.
func (s *Store) Place(ctx context.Context, key cluster.RoomKey, p cluster.Placement) (cluster.Placement, error) {
	return s.write(ctx, "place room", key, p, func(ctx context.Context, kv jetstream.KeyValue, value []byte) (cluster.Placement, error) {
		revision, err := kv.Update(ctx, string(key), value, 0)
		if !errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
			p.Revision = revision
			return p, err
		}
		there, err := latest(ctx, kv, key)
		switch {
		case errors.Is(err, jetstream.ErrKeyNotFound): // deleted, and the mark is still there: that takes Create
			p.Revision, err = kv.Create(ctx, string(key), value)
			return p, err
		case errors.Is(err, errValue): // nobody's placement: take its place
			p.Revision, err = kv.Update(ctx, string(key), value, there.Revision)
			return p, err
		case err != nil:
			return there, err
		case same(there, p): // written by an attempt whose acknowledgement got lost
			return there, nil
		}
		return there, cluster.ErrPlaced
	})
}

// Replace implements cluster.Store.
func (s *Store) Replace(ctx context.Context, key cluster.RoomKey, p cluster.Placement) (cluster.Placement, error) {
	before := p.Revision
	return s.write(ctx, "move room", key, p, func(ctx context.Context, kv jetstream.KeyValue, value []byte) (cluster.Placement, error) {
		revision, err := kv.Update(ctx, string(key), value, before)
		if !errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
			p.Revision = revision
			return p, err
		}
		there, err := latest(ctx, kv, key)
		switch {
		case errors.Is(err, jetstream.ErrKeyNotFound), errors.Is(err, errValue):
			return cluster.Placement{}, cluster.ErrChanged
		case err != nil:
			return there, err
		case same(there, p):
			return there, nil
		}
		return there, cluster.ErrChanged
	})
}

// same reports whether a placement in the store is the one to be written.
func same(a, b cluster.Placement) bool {
	return a.Machine == b.Machine && a.Boot == b.Boot && a.At.Equal(b.At)
}

// latest asks the bucket's leader. A value that is no placement comes back with its revision and errValue.
func latest(ctx context.Context, kv jetstream.KeyValue, key cluster.RoomKey) (cluster.Placement, error) {
	e, err := kv.Get(ctx, string(key))
	if err != nil {
		return cluster.Placement{}, err
	}
	p, err := decodePlacement(e.Value())
	p.Revision = e.Revision()
	return p, err
}

type attempt func(context.Context, jetstream.KeyValue, []byte) (cluster.Placement, error)

// write makes attempts until one is answered.
func (s *Store) write(ctx context.Context, what string, key cluster.RoomKey, p cluster.Placement, try attempt) (cluster.Placement, error) {
	if !isRoomKey(string(key)) || !identity.IsMachine(p.Machine) || !word(p.Boot) {
		return cluster.Placement{}, fmt.Errorf("%s: key, machine or boot has not the form of one", what)
	}
	value, err := json.Marshal(p)
	if err != nil {
		return cluster.Placement{}, fmt.Errorf("%s: %w", what, err)
	}
	var out cluster.Placement
	err = s.insist(ctx, func(ctx context.Context, kv jetstream.KeyValue) (err error) {
		out, err = try(ctx, kv, value)
		return err
	})
	if out.Revision > 0 {
		s.view.wrote(key, out, false)
	}
	if err != nil && !errors.Is(err, cluster.ErrPlaced) && !errors.Is(err, cluster.ErrChanged) {
		err = fmt.Errorf("%s: %w", what, err)
	}
	return out, err
}

// Unplace implements cluster.Store.
func (s *Store) Unplace(ctx context.Context, key cluster.RoomKey, revision uint64) error {
	err := s.insist(ctx, func(ctx context.Context, kv jetstream.KeyValue) error {
		gone, err := s.deleteKey(ctx, placementSubject+string(key), revision)
		if !mismatch(err) {
			if err == nil {
				s.view.wrote(key, cluster.Placement{Revision: gone}, true)
			}
			return err
		}
		_, err = latest(ctx, kv, key)
		switch {
		case errors.Is(err, jetstream.ErrKeyNotFound):
			return nil
		case err == nil, errors.Is(err, errValue):
			return cluster.ErrChanged
		}
		return err
	})
	if err != nil && !errors.Is(err, cluster.ErrChanged) {
		err = fmt.Errorf("unplace room: %w", err)
	}
	return err
}

// DropRecord implements cluster.Store.
func (s *Store) DropRecord(ctx context.Context, machine string, key cluster.RoomKey) error {
	if !identity.IsMachine(machine) || !isRoomKey(string(key)) {
		return errors.New("drop record: machine or key has not the form of one")
	}
	err := s.insist(ctx, func(ctx context.Context, _ jetstream.KeyValue) error {
		_, err := s.deleteKey(ctx, recordSubject+machine+"."+string(key), 0)
		return err
	})
	if err != nil {
		return fmt.Errorf("drop record of %s: %w", machine, err)
	}
	return nil
}

// deleteKey marks a key as deleted if it has the revision (0: whatever it has) and returns the mark's own. Not KeyValue.Delete: its marks
// stay for ever.
func (s *Store) deleteKey(ctx context.Context, subject string, revision uint64) (uint64, error) {
	answer, err := s.conn.Load().RequestMsgWithContext(ctx, deletion(subject, revision))
	if err != nil {
		return 0, err
	}
	return acknowledged(answer.Data)
}

// deletion is the mark of a deleted key (ADR-8 of NATS: KV-Operation; ADR-43: Nats-TTL).
func deletion(subject string, revision uint64) *nats.Msg {
	m := nats.NewMsg(subject)
	m.Header.Set("KV-Operation", "DEL")
	m.Header.Set(jetstream.MsgTTLHeader, markerLife.String())
	if revision > 0 {
		m.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(revision, 10))
	}
	return m
}

// acknowledged reads a PubAck. Its error is a *jetstream.APIError.
func acknowledged(b []byte) (uint64, error) {
	var ack struct {
		Sequence uint64              `json:"seq"`
		Error    *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(b, &ack); err != nil {
		return 0, fmt.Errorf("read acknowledgement: %w", err)
	}
	if ack.Error != nil {
		return 0, ack.Error
	}
	return ack.Sequence, nil
}

// mismatch reports whether the key had another revision. Replicated buckets have a code of their own for it.
func mismatch(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// insist tries until the store answered, or ctx ends: without a quorum, without a bucket, without a connection it waits.
func (s *Store) insist(ctx context.Context, try func(context.Context, jetstream.KeyValue) error) error {
	for wait := retryMin; ; wait = min(2*wait, retryMax) {
		err := s.attempt(ctx, try)
		if err == nil || errors.Is(err, cluster.ErrPlaced) || errors.Is(err, cluster.ErrChanged) {
			return err
		}
		if stop := pause(ctx, wait); stop != nil {
			return fmt.Errorf("%w; last: %w", stop, err)
		}
	}
}

// attempt tries once, when it is its turn.
func (s *Store) attempt(ctx context.Context, try func(context.Context, jetstream.KeyValue) error) error {
	kv := s.kv.Load()
	if kv == nil {
		return errors.New("the buckets are not there yet")
	}
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return try(ctx, *kv)
}
