package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Buckets.
const (
	leases     = "bridges"
	records    = "records"
	placements = "placements"
)

const (
	// markerLife is how long the mark of a deleted key stays, for watchers; one that was away for longer reads the bucket anew.
	markerLife = time.Minute
	// recordLife is how long a record stays unless it is announced again, which bridges do every recordRenewal: what a dead bridge
	// leaves behind and no room wants back does not stay for ever in servers that have no night.
	recordLife    = 2 * time.Hour
	recordRenewal = 30 * time.Minute
	// dedupe is how long a stream remembers the IDs of messages: as short as a server allows, since nobody here gives any and they are
	// kept beside all bounds.
	dedupe = 100 * time.Millisecond
)

// Bounds of a value and of a bucket, in bytes. A record with its 256 removed devices has some 8 KiB.
const (
	maxValue      = 32 << 10
	maxLeases     = 1 << 20
	maxRecords    = 16 << 20
	maxPlacements = 4 << 20
)

// streamOf is the name of the stream that holds a bucket.
func streamOf(bucket string) string { return "KV_" + bucket }

// streams are the streams behind the buckets. They differ from what CreateKeyValue makes: rollups are off, for with them a message
// on one's own key may erase the keys of all others (header Nats-Rollup: all), and reads go to the leader alone.
func streams(replicas int, leaseLife time.Duration) []jetstream.StreamConfig {
	bucket := func(name string, life time.Duration, size int64) jetstream.StreamConfig {
		return jetstream.StreamConfig{
			Name: streamOf(name), Subjects: []string{"$KV." + name + ".>"}, Storage: jetstream.MemoryStorage,
			MaxAge: life, MaxBytes: size, MaxMsgSize: maxValue, MaxMsgsPerSubject: 1, MaxMsgs: -1, MaxConsumers: -1,
			Discard: jetstream.DiscardNew, Replicas: replicas, DenyDelete: true, AllowMsgTTL: true,
			Duplicates: dedupe,
		}
	}
	return []jetstream.StreamConfig{
		bucket(leases, leaseLife, maxLeases), bucket(records, recordLife, maxRecords), bucket(placements, 0, maxPlacements),
	}
}

// ensure makes the streams, or puts back what differs.
func ensure(ctx context.Context, js jetstream.JetStream, configs []jetstream.StreamConfig) ([]jetstream.Stream, error) {
	var made []jetstream.Stream
	for _, c := range configs {
		s, err := js.CreateOrUpdateStream(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("make bucket %s: %w", c.Name, err)
		}
		made = append(made, s)
	}
	return made, nil
}
