package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// checkEvery is how often the watch makes sure that it still sees what is written, and leases are looked through.
	checkEvery = 500 * time.Millisecond
	// readTimeout bounds the first reading of the buckets, and how far the watch may fall behind.
	readTimeout = 5 * time.Second
)

// run is the store's loop: it owns the connection, the buckets and the watch.
func (s *Store) run(ctx context.Context) {
	conn, err := s.config.Link.connect(ctx, s.config.Log, func(connected bool) {
		if !connected {
			poke(s.broken) // the watch begins anew
		}
	})
	if err != nil {
		if ctx.Err() == nil {
			s.config.Log.Error("the message store can't be reached", "error", err)
		}
		return
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		s.config.Log.Error("the message store can't be reached", "error", err)
		return
	}
	s.conn.Store(conn)
	s.done.Go(func() { s.callLoop(ctx, conn) })
	s.done.Go(func() { s.pruneLoop(ctx) })
	for wait, told := retryMin, false; ctx.Err() == nil; wait = min(2*wait, retryMax) {
		before := s.Session()
		err := s.watch(ctx, conn, js)
		s.view.lose()
		if s.Session() != before {
			wait, told = retryMin, false
		}
		if !told && ctx.Err() == nil {
			s.config.Log.Warn("the message store is away; trying again", "error", err)
			told = true
		}
		_ = pause(ctx, wait)
	}
}

// pruneLoop judges leases by their age, whatever the watch does.
func (s *Store) pruneLoop(ctx context.Context) {
	ticker := time.NewTicker(min(checkEvery, s.config.LeaseLife/10))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.view.prune(s.config.Now())
		case <-ctx.Done():
			return
		}
	}
}

var errConnection = errors.New("the connection was lost")

// watch makes the buckets, reads and follows them until that can't go on.
func (s *Store) watch(ctx context.Context, conn *nats.Conn, js jetstream.JetStream) error {
	select {
	case <-s.broken:
	default:
	}
	for !conn.IsConnected() {
		if err := pause(ctx, retryMin); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	once, stop := context.WithTimeout(ctx, 5*requestTimeout)
	defer stop()
	made, err := ensure(once, js, streams(s.config.Replicas, s.config.LeaseLife))
	if err != nil {
		return err
	}
	s.view.begin()
	events := make(chan event, 64)
	var buckets []*bucket
	for i, name := range []string{leases, records, placements} {
		b, err := follow(ctx, once, js, name, made[i], events)
		if err != nil {
			return fmt.Errorf("watch bucket %s: %w", name, err)
		}
		buckets = append(buckets, b)
		if name == placements {
			s.kv.Store(&b.kv)
		}
	}
	err = s.follow(ctx, buckets, events)
	cancel()
	for _, b := range buckets {
		b.stop()
	}
	return err
}

// event is what one of the watches tells.
type event struct {
	bucket *bucket
	entry  jetstream.KeyValueEntry // nil: the bucket has been read once
	closed bool
}

// bucket is a watched bucket. Owned by the watch.
type bucket struct {
	name    string
	kv      jetstream.KeyValue
	stream  jetstream.Stream
	created time.Time
	watcher jetstream.KeyWatcher
	done    chan struct{}
	read    bool
	// seen is the newest revision that the watch has told of, or that it need not tell of; due is one that the bucket had at dueAt, so
	// that the watch must tell of it soon.
	seen, due uint64
	dueAt     time.Time
}

// follow begins to watch a bucket. once bounds the requests for it.
func follow(ctx, once context.Context, js jetstream.JetStream, name string, stream jetstream.Stream, events chan<- event) (*bucket, error) {
	info, err := stream.Info(once)
	if err != nil {
		return nil, err
	}
	kv, err := js.KeyValue(once, name)
	if err != nil {
		return nil, err
	}
	w, err := kv.WatchAll(ctx)
	if err != nil {
		return nil, err
	}
	b := &bucket{
		name: name, kv: kv, stream: stream, created: info.Created, watcher: w, done: make(chan struct{}),
		seen: info.State.LastSeq,
	}
	go func() {
		defer close(b.done)
		for e := range w.Updates() {
			select {
			case events <- event{bucket: b, entry: e}:
			case <-ctx.Done(): // go on reading: the watcher blocks on its channel
			}
		}
		select {
		case events <- event{bucket: b, closed: true}:
		case <-ctx.Done():
		}
	}()
	return b, nil
}

// stop ends the watch and waits for it.
func (b *bucket) stop() {
	_ = b.watcher.Stop()
	<-b.done
}

// check asks the bucket whether it is still the same and the watch has kept up.
func (b *bucket) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	info, err := b.stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("look at bucket %s: %w", b.name, err)
	}
	if !info.Created.Equal(b.created) {
		return fmt.Errorf("bucket %s was made anew", b.name)
	}
	now := time.Now()
	switch {
	case b.seen >= b.due:
		b.due, b.dueAt = info.State.LastSeq, now
	case now.Sub(b.dueAt) > readTimeout:
		return fmt.Errorf("the watch of bucket %s stands still", b.name)
	}
	return nil
}

// follow hands to the view what the watches tell.
func (s *Store) follow(ctx context.Context, buckets []*bucket, events <-chan event) error {
	ticker := time.NewTicker(checkEvery)
	defer ticker.Stop()
	late := time.NewTimer(readTimeout)
	defer late.Stop()
	for unread := len(buckets); ; {
		select {
		case e := <-events:
			switch {
			case e.closed:
				return fmt.Errorf("the watch of bucket %s has ended", e.bucket.name)
			case e.entry != nil:
				s.take(e)
			case !e.bucket.read:
				e.bucket.read = true
				if unread--; unread == 0 {
					late.Stop()
					s.view.commit()
				}
			}
		case <-ticker.C:
			for _, b := range buckets {
				if err := b.check(ctx); err != nil {
					return err
				}
			}
		case <-late.C:
			return fmt.Errorf("the buckets could not be read within %s", readTimeout)
		case <-s.broken:
			return errConnection
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take hands one entry on.
func (s *Store) take(e event) {
	b := e.bucket
	b.seen = max(b.seen, e.entry.Revision())
	err := s.view.apply(entry{
		bucket: b.name, key: e.entry.Key(), value: e.entry.Value(), revision: e.entry.Revision(), created: e.entry.Created(),
		deleted: e.entry.Operation() != jetstream.KeyValuePut,
	}, s.config.Now())
	if err != nil {
		s.strange.Do(func() {
			s.config.Log.Warn("a key of the message store holds something else; it is passed over", "bucket", b.name)
		})
	}
	if b.name == leases {
		s.greet(e.entry.Key())
	}
}
