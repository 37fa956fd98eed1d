package bus

import (
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const someKey = "0123456789abcdef0123456789abcdef"

func lease(boot string, revision uint64) entry {
	return entry{bucket: leases, key: "bridge-1", value: []byte(`{"boot":"` + boot + `"}`), revision: revision, created: noon.Add(time.Duration(revision))}
}

func placement(machine string, revision uint64) entry {
	return entry{bucket: placements, key: someKey, value: []byte(`{"machine":"` + machine + `","boot":"b"}`), revision: revision}
}

// A lease ends by its age here, whether anybody reads the bucket anew or nothing comes any more.
func TestALeaseEndsByItsArrival(t *testing.T) {
	v := newView(5 * time.Second)
	v.begin()
	must(t, v.apply(lease("b1", 7), noon))
	v.commit()
	if len(v.leases(noon.Add(4999*time.Millisecond))) != 1 {
		t.Error("the lease ended early")
	}
	// The bucket is read anew, and still has the old lease.
	v.begin()
	must(t, v.apply(lease("b1", 7), noon.Add(4*time.Second)))
	v.commit()
	if len(v.leases(noon.Add(5*time.Second))) != 0 {
		t.Error("reading the bucket anew made the lease younger")
	}
	// A renewed one counts from its own arrival.
	must(t, v.apply(lease("b1", 8), noon.Add(6*time.Second)))
	if len(v.leases(noon.Add(10*time.Second))) != 1 {
		t.Error("the renewed lease does not count")
	}
	<-v.changes
	v.prune(noon.Add(10 * time.Second))
	select {
	case <-v.changes:
		t.Error("nothing ended and yet there was a change")
	default:
	}
	v.prune(noon.Add(11 * time.Second))
	select {
	case <-v.changes:
	default:
		t.Error("nobody is told that the lease ended")
	}
}

func TestWhatIsGoneAfterReadingAnewIsGone(t *testing.T) {
	v := newView(time.Minute)
	v.begin()
	must(t, v.apply(lease("b1", 1), noon))
	must(t, v.apply(placement("bridge-1", 2), noon))
	must(t, v.apply(entry{bucket: records, key: "bridge-1." + someKey, value: []byte(`{"boot":"b1"}`), revision: 3}, noon))
	if ready, _ := v.state(); ready || len(v.leases(noon)) != 0 {
		t.Error("half of it is known before all is read")
	}
	v.commit()
	v.lose()
	if ready, session := v.state(); ready || session != 1 || len(v.placements()) != 1 || len(v.recordsOf("bridge-1")) != 1 || len(v.leases(noon)) != 1 {
		t.Error("what was known is forgotten while the store is away")
	}
	v.begin()
	v.commit()
	if ready, session := v.state(); !ready || session != 2 || len(v.placements()) != 0 || len(v.recordsOf("bridge-1")) != 0 || len(v.leases(noon)) != 0 {
		t.Error("what is no longer there is still known")
	}
}

// What we wrote ourselves is known at once and not taken back by older news.
func TestOwnWritesAreKnownAtOnce(t *testing.T) {
	v := newView(time.Minute)
	v.begin()
	v.commit()
	v.wrote(someKey, cluster.Placement{Machine: "bridge-2", Boot: "b", Revision: 5}, false)
	must(t, v.apply(placement("bridge-1", 4), noon))
	if p := v.placements()[someKey]; p.Machine != "bridge-2" {
		t.Errorf("older news win: %+v", p)
	}
	v.wrote(someKey, cluster.Placement{Revision: 6}, true)
	must(t, v.apply(placement("bridge-2", 5), noon))
	if len(v.placements()) != 0 {
		t.Error("a deleted placement comes back by older news")
	}
	must(t, v.apply(entry{bucket: placements, key: someKey, revision: 6, deleted: true}, noon))
	if len(v.now.placements) != 0 {
		t.Error("the mark of our own deletion stays")
	}
	must(t, v.apply(placement("bridge-3", 7), noon))
	// A bucket made anew counts from one again.
	v.begin()
	must(t, v.apply(placement("bridge-4", 1), noon))
	v.commit()
	if p := v.placements()[someKey]; p.Machine != "bridge-4" || p.Revision != 1 {
		t.Errorf("after a new bucket: %+v", p)
	}
}

func TestRecordsThatNobodyRenewsAreForgotten(t *testing.T) {
	v := newView(time.Second)
	v.begin()
	must(t, v.apply(entry{bucket: records, key: "bridge-1." + someKey, value: []byte(`{"boot":"b1"}`), revision: 3}, noon))
	v.commit()
	v.prune(noon.Add(recordLife - time.Second))
	if len(v.recordsOf("bridge-1")) != 1 {
		t.Error("forgotten early")
	}
	v.prune(noon.Add(recordLife))
	if len(v.recordsOf("bridge-1")) != 0 {
		t.Error("still known")
	}
	if recordRenewal*2 > recordLife {
		t.Error("a record must be announced twice in its life at least")
	}
}

func TestWhatIsNoValueIsPassedOver(t *testing.T) {
	v := newView(time.Minute)
	v.begin()
	must(t, v.apply(lease("b1", 1), noon))
	must(t, v.apply(placement("bridge-1", 2), noon))
	v.commit()
	for _, e := range []entry{
		{bucket: leases, key: "bridge-1", value: []byte("x"), revision: 3},
		{bucket: placements, key: someKey, value: []byte(`{"machine":"other","boot":"b"}`), revision: 4},
		{bucket: placements, key: "klasse-5a", value: []byte(`{"machine":"bridge-1","boot":"b"}`), revision: 5},
		{bucket: records, key: "bridge-1.klasse-5a", value: []byte(`{"boot":"b"}`), revision: 6},
		{bucket: records, key: "other." + someKey, value: []byte(`{"boot":"b"}`), revision: 7},
	} {
		if err := v.apply(e, noon); err == nil {
			t.Errorf("%s %s was taken", e.bucket, e.key)
		}
	}
	if len(v.leases(noon)) != 0 || len(v.placements()) != 0 || len(v.now.records) != 0 {
		t.Errorf("%+v", v.now)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
