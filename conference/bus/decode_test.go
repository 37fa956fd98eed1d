package bus

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func seed(f *testing.F, texts ...string) {
	for _, s := range append(texts, "", "{}", "null", "[]", `{"boot":"b"}`, `{"load":{"stress":-1}}`, `{"load":{"stress":1e999}}`) {
		f.Add([]byte(s))
	}
}

func FuzzLease(f *testing.F) {
	seed(f, `{"boot":"b","call":"c","closing":true,"load":{"known":true,"stress":0.5,"rooms":3,"participants":40},"version":"1.2.3"}`)
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := decodeLease(b)
		if err != nil {
			return
		}
		if l.Boot == "" || len(l.Boot)+len(l.Call)+len(l.Version) > 3*maxWord || !(l.Load.Stress >= 0) || math.IsInf(l.Load.Stress, 0) || l.Load.Rooms < 0 {
			t.Errorf("%q was taken: %+v", b, l)
		}
	})
}

// TestProofsAreWhatPeopleMayRead: what a bridge says of its restart ends on the operator's terminal.
func TestProofsAreWhatPeopleMayRead(t *testing.T) {
	for name, tt := range map[string]struct {
		proof string
		taken bool
	}{
		"a machine's own":        {`{"machine":"bridge-1","day":"2026-11-22","checks":[{"name":"no swap","ok":true,"detail":"größer"}]}`, true},
		"that moves the cursor":  {`{"machine":"bridge-1","checks":[{"name":"no swap","ok":true,"detail":"\u001b[2A"}]}`, false},
		"of more than one line":  {`{"machine":"bridge-1","old_version":"1\n2"}`, false},
		"that speaks for others": {`{"machine":"bridge-1","bridges":[{"machine":"bridge-2"}]}`, false},
		"of less than nothing":   {`{"machine":"bridge-1","messages":-1}`, false},
		"too long":               {`{"machine":"bridge-1","reason":"` + strings.Repeat("x", maxDetail+1) + `"}`, false},
	} {
		l, err := decodeLease([]byte(`{"boot":"b","proof":` + tt.proof + `}`))
		if err != nil || (l.Proof != nil) != tt.taken {
			t.Errorf("a proof %s: %+v, %v", name, l.Proof, err)
		}
	}
}

func FuzzRecord(f *testing.F) {
	seed(f, `{"boot":"b","epoch":"e","code_hash":"c","locked":true,"organisers":["a"],"removed":["d"],"owner":"a",
		"settings":{"cameras_to":"organisers","chat":true},"emergency":true,"seats":["7c1f:p1"],"participants":3}`)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRecord(b)
		if err != nil {
			return
		}
		if r.Boot == "" || len(r.Organisers) > maxListed || len(r.Removed) > maxListed ||
			len(r.Seats) > maxListed || len(r.Owner) > maxListedWord || r.Participants < 0 {
			t.Errorf("%q was taken: %+v", b, r)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("%q: %v", b, err)
		}
	})
}

func FuzzPlacement(f *testing.F) {
	seed(f, `{"machine":"bridge-1","boot":"b","at":"2026-11-23T12:00:00Z"}`, `{"stream":"KV_records","seq":5}`)
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := decodePlacement(b); err == nil && (p.Machine == "" || p.Boot == "" || p.Revision != 0) {
			t.Errorf("%q was taken: %+v", b, p)
		}
	})
}

func FuzzOrder(f *testing.F) {
	seed(f, `{"evict":"0123456789abcdef0123456789abcdef"}`, `{"restart":{"reason":"night","at":"2026-11-23T01:00:00Z","latest":"2026-11-23T02:00:00Z"}}`,
		`{"end_accounts":["7f3a"]}`)
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := decodeOrder(b)
		if err != nil {
			return
		}
		if o.Evict != "" && !isRoomKey(string(o.Evict)) || len(o.EndAccounts) > maxAccounts || o.Restart != nil && o.Restart.Latest.Before(o.Restart.At) {
			t.Errorf("%q was taken: %+v", b, o)
		}
	})
}

func FuzzAcknowledgement(f *testing.F) {
	seed(f, `{"stream":"KV_bridges","seq":5}`, `{"error":{"code":503,"err_code":10071,"description":"wrong last sequence"}}`)
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = acknowledged(b) })
}
