package sfu_test

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
)

func chromiumOffer(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/offers/chromium.sdp")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestHostileOffersAreRefused(t *testing.T) {
	r := newEngine(t).NewRoom()
	good := chromiumOffer(t)
	for name, text := range map[string]string{
		"wrong shape":        strings.Replace(good, "a=sendonly", "a=sendrecv", 1),
		"no codec of ours":   strings.NewReplacer("VP8/90000", "XX/90000", "H264/90000", "YY/90000").Replace(good),
		"wrong fingerprint":  strings.ReplaceAll(good, "a=fingerprint:sha-256 ", "a=fingerprint:"),
		"no opus":            strings.ReplaceAll(good, "opus/48000/2", "opux/48000/2"),
		"broken extmap":      strings.ReplaceAll(good, "a=extmap:4 ", "a=extmap:x "),
		"broken ssrc":        strings.ReplaceAll(good, "a=ssrc:1", "a=ssrc:x1"),
		"twice the same mid": strings.ReplaceAll(good, "a=mid:1\n", "a=mid:0\n"),
	} {
		t.Run(name, func(t *testing.T) {
			s, _, err := r.Join("a", text, sfu.Events{})
			if err == nil {
				s.Close() // harmless: answered without what was broken
				return
			}
			var refused *sfu.OfferError
			if !errors.As(err, &refused) {
				t.Errorf("got %T %v, want an OfferError", err, err)
			}
			if strings.Contains(err.Error(), "CCSb") {
				t.Error("the error quotes the offer")
			}
		})
	}
}

// Whatever a client offers, Join answers or refuses it with an OfferError; it does not panic and leaves nothing behind.
func FuzzJoin(f *testing.F) {
	e, err := sfu.NewEngine(sfu.Config{Addresses: []netip.Addr{loopback}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { e.Close() })
	r := e.NewRoom()
	good := chromiumOffer(f)

	f.Add(good)

	f.Add(sections(good, 5))
	f.Fuzz(func(t *testing.T, offer string) {
		s, _, err := r.Join("a", offer, sfu.Events{})
		if err == nil {
			s.Close()
			return
		}
		var refused *sfu.OfferError
		if !errors.As(err, &refused) {
			t.Fatalf("%T: %v", err, err)
		}
	})
}

// sections keeps the first n m-sections of an offer: a small seed is mutated more often.
func sections(offer string, n int) string {
	parts := strings.Split(offer, "\nm=")
	mids := ""
	for i := range n {
		mids += " " + string(rune('0'+i))
	}
	lines := strings.Split(parts[0], "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "a=group:") {
			lines[i] = "a=group:BUNDLE" + mids + "\r"
		}
	}
	return strings.Join(append([]string{strings.Join(lines, "\n")}, parts[1:n+1]...), "\nm=") + "\n"
}
