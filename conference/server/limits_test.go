package server

import "testing"

func TestSwapIsOn(t *testing.T) {
	const head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
	for text, want := range map[string]bool{"": false, head: false, head + "/swapfile file 1048572 0 -2\n": true} {
		if got := swapIsOn(text); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
}
