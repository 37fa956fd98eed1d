package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
)

// share of a core's measured strength that counts as its capacity. A guess: the rest is for signalling, TLS and the portal's
// proxying, for bursts, and for virtual cores that are at times worth half of what they were when they were measured.
const share = 0.5

// price is what a bridge pays on this machine.
type price struct {
	Packet    time.Duration // CPU per datagram in or out
	Handshake time.Duration // CPU per media connection, its closing included
	Size      float64       // bytes per datagram sent
}

// capacity is what a machine of so many cores carries at that price, a share of its strength.
type capacity struct{ packets, mbit, handshakes float64 }

func (p price) capacity(cores int) capacity {
	strength := share * float64(cores)
	packets := strength * float64(time.Second) / float64(p.Packet)
	// Nearly all datagrams go out: whoever is in a lesson sends to many.
	return capacity{packets, packets * p.Size * 8 / 1e6, strength * float64(time.Second) / float64(p.Handshake)}
}

// calibrate measures what a bridge pays on this machine and prints the capacity for server.yaml and county file.
func calibrate(ctx context.Context, out io.Writer, args []string) error {
	flags := flag.NewFlagSet("calibrate", flag.ContinueOnError)
	seconds := flags.Int("seconds", 10, "how long the packets are measured")
	joins := flags.Int("joins", 60, "over how many media connections the handshake is measured")
	cores := flags.Int("cores", machineCores(), "for a machine with so many cores like these")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *seconds < 1 || *joins < 1 || *cores < 1 {
		return fmt.Errorf("-seconds, -joins and -cores are at least 1")
	}
	if err := pinSelf("calibrate", args); err != nil {
		return err
	}
	var p price
	err := withServer(ctx, nil, func(s *server) (err error) {
		if p.Handshake, err = handshakePrice(ctx, s, *joins); err != nil {
			return fmt.Errorf("measure handshakes: %w", err)
		}
		p.Packet, p.Size, err = packetPrice(ctx, s, time.Duration(*seconds)*time.Second)
		if err != nil {
			return fmt.Errorf("measure packets: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	c := p.capacity(*cores)
	fmt.Fprintf(out, "# Measured: %s of CPU per packet in or out, %.1f ms per handshake. Counted: %.0f %% of %d cores.\n",
		perPacket(p.Packet), float64(p.Handshake)/float64(time.Millisecond), 100*share, *cores)
	fmt.Fprintf(out, "capacity:\n  packets_per_second: %.0f\n  egress_mbit: %.0f\n  handshakes_per_second: %.0f\n",
		round(c.packets), round(c.mbit), round(c.handshakes))
	return nil
}

// round keeps two digits: no more are worth anything.
func round(v float64) float64 {
	unit := 1.0
	for v/unit >= 100 {
		unit *= 10
	}
	return float64(int(v/unit+0.5)) * unit
}

// handshakePrice makes and ends media connections one after the other. The server idles in between, so waking up counts.
func handshakePrice(ctx context.Context, s *server, joins int) (time.Duration, error) {
	quiet := scenario{AudioSlots: 8, VideoSlots: 9}
	once := func() error {
		p, _, err := quiet.join(ctx, s, 0) // takes the place of the one before
		if err == nil {
			p.Close()
		}
		return err
	}
	if err := once(); err != nil { // what the process does once is not counted
		return 0, err
	}
	before, err := s.usage(ctx, "?gc")
	if err != nil {
		return 0, err
	}
	for range joins {
		if err := once(); err != nil {
			return 0, err
		}
	}
	after, err := s.usage(ctx, "?gc") // what was left to clean up belongs to it
	return (after.CPU - before.CPU) / time.Duration(joins), err
}

// packetPrice measures a class of ten.
func packetPrice(ctx context.Context, s *server, d time.Duration) (perPacket time.Duration, size float64, err error) {
	c := scenarios[0]
	var peers []*client.Peer
	defer func() {
		for _, p := range peers {
			p.Close()
		}
	}()
	for i := range c.Senders + c.Receivers {
		p, _, err := c.join(ctx, s, i)
		if err != nil {
			return 0, 0, fmt.Errorf("participant %d: %w", i+1, err)
		}
		peers = append(peers, p)
	}
	if err := c.wait(ctx, peers); err != nil {
		return 0, 0, err
	}
	before, err := s.usage(ctx, "?gc")
	if err != nil {
		return 0, 0, err
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	}
	after, err := s.usage(ctx, "")
	if err != nil {
		return 0, 0, err
	}
	sent := after.Media.PacketsOut - before.Media.PacketsOut
	packets := sent + after.Media.PacketsIn - before.Media.PacketsIn
	if sent == 0 {
		return 0, 0, fmt.Errorf("nothing was forwarded")
	}
	return (after.CPU - before.CPU) / time.Duration(packets), float64(after.Media.BytesOut-before.Media.BytesOut) / float64(sent), nil
}
