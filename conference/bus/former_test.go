package bus

import (
	"maps"
	"slices"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

// TestWhatWasLeftIsNeverDeleted: whatever happens while the record of the process before this one is told, once it is told it stays the
// portal's, unless this process has the room itself.
func TestWhatWasLeftIsNeverDeleted(t *testing.T) {
	const key = cluster.RoomKey("k")
	for name, tt := range map[string]struct {
		meanwhile func(*Bridge)
		due       []cluster.RoomKey
		there     bool
	}{
		"nothing":            {func(*Bridge) {}, nil, false},
		"a call":             {func(b *Bridge) { b.called([]byte("word")) }, nil, false},
		"connected":          {func(b *Bridge) { b.everything("") }, nil, false},
		"the room is here":   {func(b *Bridge) { b.Room(key, cluster.Record{Epoch: "e"}) }, []cluster.RoomKey{key}, true},
		"here, then a call":  {func(b *Bridge) { b.Room(key, cluster.Record{Epoch: "e"}); b.called([]byte("word")) }, []cluster.RoomKey{key}, true},
		"here and gone":      {func(b *Bridge) { b.Room(key, cluster.Record{Epoch: "e"}); b.Gone(key) }, []cluster.RoomKey{key}, false},
		"a call, then there": {func(b *Bridge) { b.called([]byte("word")); b.Room(key, cluster.Record{Epoch: "e"}) }, []cluster.RoomKey{key}, true},
	} {
		t.Run(name, func(t *testing.T) {
			told := map[cluster.RoomKey]cluster.Record{key: {Boot: formerBoot, Epoch: "e"}}
			b := &Bridge{config: BridgeConfig{Boot: "boot"}, renew: make(chan struct{}, 1), wake: make(chan struct{}, 1),
				rooms: maps.Clone(told), dirty: map[cluster.RoomKey]bool{}}
			tt.meanwhile(b)
			b.forgetFormer(told)
			if due := slices.Collect(maps.Keys(b.dirty)); !slices.Equal(due, tt.due) {
				t.Errorf("due are %v, want %v", due, tt.due)
			}
			if _, there := b.rooms[key]; there != tt.there {
				t.Errorf("in rooms: %t, want %t", there, tt.there)
			}
		})
	}
}
