package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
)

// scenario is a room: who sends, and what everybody receives.
type scenario struct {
	Name               string
	Senders, Receivers int // receivers do not send
	AudioSlots         int
	VideoSlots         int
}

var scenarios = []scenario{
	{Name: "class: 10 all to all", Senders: 10, AudioSlots: 8, VideoSlots: 9},
	{Name: "lecture: 1 to 70", Senders: 1, Receivers: 70, AudioSlots: 8, VideoSlots: 9},
}

// result is one line of the table.
type result struct {
	Name              string
	PerPacket         time.Duration // server CPU per delivered packet
	PacketsPerSecond  float64       // delivered
	Core              float64       // share of one core
	RSS               int64
	JoinMedian, JoinX time.Duration // from the offer to a connection
	Loss              float64
}

// server is a server process as the load sees it.
type server struct {
	url    string
	client *http.Client
}

func (s *server) post(ctx context.Context, path string, body any) (string, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	return s.do(ctx, http.MethodPost, path, bytes.NewReader(b))
}

func (s *server) do(ctx context.Context, method, path string, body io.Reader) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	if err != nil {
		return "", err
	}
	a, err := s.client.Do(q)
	if err != nil {
		return "", err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(io.LimitReader(a.Body, 1<<20))
	if err == nil && a.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, a.Status, text)
	}
	return string(text), err
}

func (s *server) usage(ctx context.Context, query string) (u usage, err error) {
	text, err := s.do(ctx, http.MethodGet, "/usage"+query, nil)
	if err != nil {
		return usage{}, err
	}
	return u, json.Unmarshal([]byte(text), &u)
}

// play fills a room, waits until everybody receives everything and measures for d.
func (c scenario) play(ctx context.Context, s *server, d time.Duration) (result, error) {
	var peers []*client.Peer
	defer func() {
		for _, p := range peers {
			p.Close()
		}
	}()
	var joins []time.Duration
	for i := range c.Senders + c.Receivers {
		p, join, err := c.join(ctx, s, i)
		if err != nil {
			return result{}, fmt.Errorf("participant %d: %w", i+1, err)
		}
		peers, joins = append(peers, p), append(joins, join)
	}
	if err := c.wait(ctx, peers); err != nil {
		return result{}, err
	}
	slices.Sort(joins)
	r := result{Name: c.Name, JoinMedian: joins[len(joins)/2], JoinX: joins[len(joins)-1]}
	return r, c.measure(ctx, s, peers, d, &r)
}

// join connects participant i and shows all senders.
func (c scenario) join(ctx context.Context, s *server, i int) (*client.Peer, time.Duration, error) {
	sends := i < c.Senders
	p, err := client.NewPeer(client.PeerConfig{
		AudioSlots: c.AudioSlots, VideoSlots: c.VideoSlots, Microphone: sends, Camera: sends, Level: 30,
		Tune: func(e *webrtc.SettingEngine) {
			e.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
			e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
		},
	})
	if err != nil {
		return nil, 0, err
	}
	start := time.Now()
	id := strconv.Itoa(i)
	answer, err := s.post(ctx, "/join", joinRequest{Room: "load", ID: id, Offer: p.Offer()})
	if err == nil {
		err = p.Answer(answer)
	}
	if err == nil {
		view := viewRequest{Room: "load", ID: id}
		for other := range c.Senders {
			view.Want = append(view.Want, sfu.Want{Participant: strconv.Itoa(other), Source: sfu.Camera, Height: 180})
		}
		_, err = s.post(ctx, "/view", view)
	}
	if err == nil {
		err = connected(ctx, p)
	}
	if err != nil {
		p.Close()
		return nil, 0, err
	}
	return p, time.Since(start), nil
}

func connected(ctx context.Context, p *client.Peer) error {
	select {
	case <-p.Connected():
		return nil
	case <-p.Failed():
		return fmt.Errorf("no media connection")
	case <-time.After(20 * time.Second):
		return fmt.Errorf("no media connection within 20 s")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait until everybody has a picture of everybody it shows; views of those who came early are sent again, since they named
// participants who were not there yet.
func (c scenario) wait(ctx context.Context, peers []*client.Peer) error {
	deadline := time.After(60 * time.Second)
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		missing := 0
		for i, p := range peers {
			want := min(c.Senders, c.VideoSlots)
			if i < c.Senders {
				want = min(c.Senders-1, c.VideoSlots)
			}
			missing += want - pictures(p)
		}
		if missing <= 0 {
			return nil
		}
		select {
		case <-ticker.C:
		case <-deadline:
			return fmt.Errorf("%d pictures are missing after a minute", missing)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pictures is how many videos arrive.
func pictures(p *client.Peer) int {
	n := 0
	for _, s := range p.Streams() {
		if s.Keyframes > 0 {
			n++
		}
	}
	return n
}

func (c scenario) measure(ctx context.Context, s *server, peers []*client.Peer, d time.Duration, r *result) error {
	before, err := s.usage(ctx, "?gc")
	if err != nil {
		return err
	}
	packetsBefore, expectedBefore, start := totals(peers), expected(peers), time.Now()
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return ctx.Err()
	}
	after, err := s.usage(ctx, "")
	if err != nil {
		return err
	}
	packets, wanted, took := totals(peers)-packetsBefore, expected(peers)-expectedBefore, time.Since(start)
	if packets == 0 {
		return fmt.Errorf("nothing was delivered")
	}
	cpu := after.CPU - before.CPU
	r.PerPacket = cpu / time.Duration(packets)
	r.PacketsPerSecond = float64(packets) / took.Seconds()
	r.Core = float64(cpu) / float64(took)
	r.RSS = after.RSS
	r.Loss = max(0, 1-float64(packets)/float64(wanted))
	return nil
}

func totals(peers []*client.Peer) (n int) {
	for _, p := range peers {
		for _, s := range p.Streams() {
			n += s.Packets
		}
	}
	return n
}

func expected(peers []*client.Peer) (n int) {
	for _, p := range peers {
		for _, s := range p.Streams() {
			n += s.Expected
		}
	}
	return n
}
