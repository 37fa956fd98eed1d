package room

import (
	"testing"

	"pgregory.net/rapid"
)

// FuzzRoom has the fuzzer draw the inputs that TestRoomKeepsItsPromises draws at random.
func FuzzRoom(f *testing.F) { f.Fuzz(rapid.MakeFuzz(promises)) }
