package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// unitPackets is how many packets the unit is measured over.
const unitPackets = 300_000

// unit measures the work that no forwarding server can avoid: encrypting a video packet for one receiver (AES-128-GCM, RFC
// 7714) and sending it with one system call, in a hot loop. It writes the time per packet to out.
func unit(out io.Writer) error {
	receiver, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer receiver.Close() // nobody reads: the kernel drops what does not fit, which costs the sender the same
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer conn.Close()
	context, err := srtp.CreateContext(make([]byte, 16), make([]byte, 12), srtp.ProtectionProfileAeadAes128Gcm)
	if err != nil {
		return fmt.Errorf("set up SRTP: %w", err)
	}
	to := receiver.LocalAddr().(*net.UDPAddr).AddrPort()
	header := rtp.Header{Version: 2, PayloadType: 96, SSRC: 1}
	payload, buf := make([]byte, 1100), make([]byte, 0, 1500)
	before, err := ownUsage()
	if err != nil {
		return err
	}
	for range unitPackets {
		header.SequenceNumber++
		if buf, err = context.EncryptRTP(buf[:0], mustMarshal(&header, payload), nil); err != nil {
			return fmt.Errorf("encrypt: %w", err)
		}
		if _, err := conn.WriteToUDPAddrPort(buf, to); err != nil {
			return fmt.Errorf("send: %w", err)
		}
	}
	after, err := ownUsage()
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode((after.CPU - before.CPU) / unitPackets)
}

var plain = make([]byte, 1500)

// mustMarshal writes header and payload into a shared buffer.
func mustMarshal(h *rtp.Header, payload []byte) []byte {
	n, err := h.MarshalTo(plain)
	if err != nil {
		panic(err) // a fixed header fits
	}
	return plain[:n+copy(plain[n:], payload)]
}

// perPacket is a time per packet as text.
func perPacket(d time.Duration) string { return fmt.Sprintf("%.2f µs", float64(d)/1e3) }
