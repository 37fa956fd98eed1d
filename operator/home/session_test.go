package home

import "testing"

// TestSessionsEndOneByOne: the county is in session until the last has left.
func TestSessionsEndOneByOne(t *testing.T) {
	h, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := h.County("tuttlingen")
	in := func(want bool) {
		t.Helper()
		got, err := c.InSession()
		if err != nil || got != want {
			t.Errorf("in session: %v, %v; want %v", got, err, want)
		}
	}
	in(false)
	first, err := c.Session()
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Session()
	if err != nil {
		t.Fatal(err)
	}
	in(true)
	if other, err := h.County("goeppingen").InSession(); other || err != nil {
		t.Errorf("another county is in session: %v, %v", other, err)
	}
	first()
	in(true)
	second()
	in(false)
}
