package signaling

import "testing"

func TestNegotiate(t *testing.T) {
	for name, tt := range map[string]struct {
		lines []string
		want  Version
	}{
		"nothing":            {nil, Version{}},
		"ours":               {[]string{"kreisraum.2"}, Version{Subprotocol: "kreisraum.2"}},
		"ours among others":  {[]string{"chat, kreisraum.1", " kreisraum.3 ,kreisraum.2"}, Version{Subprotocol: "kreisraum.2"}},
		"an old page":        {[]string{"kreisraum.1"}, Version{"kreisraum.1", true}},
		"a page of tomorrow": {[]string{"chat,kreisraum.17, kreisraum.18"}, Version{"kreisraum.17", true}},
		"somebody else":      {[]string{"chat", "graphql-ws"}, Version{}},
		"no number":          {[]string{"kreisraum.", "kreisraum.a", "kreisraum.-1", "kreisraum.1a"}, Version{}},
		"a very long number": {[]string{"kreisraum.12345"}, Version{}},
		"another prefix":     {[]string{"xkreisraum.1"}, Version{}},
	} {
		if got := Negotiate(tt.lines); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}
