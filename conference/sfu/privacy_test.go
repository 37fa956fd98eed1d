package sfu_test

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/logtest"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
)

// Nothing of an offer, an address or a participant is logged, whatever goes wrong.
func TestLogsHoldNothingOfParticipants(t *testing.T) {
	var logged logtest.Buffer
	log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	e, err := sfu.NewEngine(sfu.Config{Addresses: []netip.Addr{loopback}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	r := e.NewRoom()
	const canary = "zaunkoenig"
	peer, err := client.NewPeer(both)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	_, answer, err := r.Join(canary, strings.ReplaceAll(peer.Offer(), "probe", canary), sfu.Events{})
	if err != nil {
		t.Fatal(err)
	}
	if err := peer.Answer(answer); err != nil {
		t.Fatal(err)
	}
	<-peer.Connected()
	good := chromiumOffer(t)
	for _, broken := range []string{
		strings.ReplaceAll(good, "a=fingerprint:sha-256 16:", "a=fingerprint:sha-256 "+canary),
		strings.ReplaceAll(good, "opus/48000/2", canary+"/48000/2"),
		strings.ReplaceAll(good, "a=extmap:4 ", "a=extmap:"+canary+" "),
		strings.ReplaceAll(good, "a=setup:actpass", "a=setup:"+canary),
		strings.ReplaceAll(good, "a=mid:1", "a=mid:"+canary),
	} {
		if _, _, err := r.Join(canary, broken, sfu.Events{}); err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("an error quotes the offer: %v", err)
		}
	}
	e.Close()
	text := logged.String()
	for _, secret := range append([]string{canary, "127.0.0.1", "candidate"}, credentials(peer.Offer())...) {
		if strings.Contains(text, secret) {
			t.Errorf("%q was logged:\n%s", secret, text)
		}
	}
}

// credentials are the ICE user fragment and password of an offer.
func credentials(offer string) (out []string) {
	for line := range strings.Lines(offer) {
		for _, key := range []string{"a=ice-ufrag:", "a=ice-pwd:"} {
			if v, ok := strings.CutPrefix(strings.TrimSpace(line), key); ok {
				out = append(out, v)
			}
		}
	}
	return out
}
