//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// scanTarget in the environment makes this program scan an address and print what it found, see scan.
const scanTarget = "KREISRAUM_E2E_SCAN"

const (
	// silence is how long a port may take to answer. Machines stand on one computer, so an answer takes less than a thousandth of it; a first
	// SYN that a busy computer loses is followed by another one after a second, tcp(7).
	silence = 3 * time.Second
	// scanners ports are tried at the same time if the process may have so many sockets.
	scanners = 16000
)

// scanned is what a machine shows to others.
type scanned struct {
	// Open TCP ports take connections; Refused ones answer that they do not.
	Open    []int `json:"open"`
	Refused []int `json:"refused"`
	// Unreachable UDP ports answer with an ICMP error (RFC 792).
	Unreachable []int `json:"unreachable"`
	// Unknown ports could not be looked at, and why the first of them.
	Unknown int    `json:"unknown"`
	Why     string `json:"why,omitempty"`
}

// only reports whether nothing but some open TCP ports was seen, and everything was looked at.
func (s scanned) only(ports ...int) bool {
	return slices.Equal(s.Open, ports) && len(s.Refused) == 0 && len(s.Unreachable) == 0 && s.Unknown == 0
}

// udpPorts are looked at beside the media port: what is often forgotten open.
var udpPorts = []int{53, 67, 68, 111, 123, 137, 161, 443, 500, 514, 1900, 3478, 4222, 5349, 5353, 9999, 10000, 10001, 11211}

// scan tries all TCP ports of an address and some UDP ports.
func scan(address string) scanned {
	var found scanned
	var mu sync.Mutex
	ports := make(chan int)
	var all sync.WaitGroup
	for range sockets() {
		all.Go(func() {
			for port := range ports {
				connection, err := net.DialTimeout("tcp", net.JoinHostPort(address, strconv.Itoa(port)), silence)
				var netError net.Error
				mu.Lock()
				switch {
				case err == nil:
					connection.Close()
					found.Open = append(found.Open, port)
				case errors.Is(err, syscall.ECONNREFUSED):
					found.Refused = append(found.Refused, port)
				case !errors.As(err, &netError) || !netError.Timeout(): // silence is a timeout
					if found.Unknown++; found.Unknown == 1 {
						found.Why = err.Error()
					}
				}
				mu.Unlock()
			}
		})
	}
	for port := 1; port <= 65535; port++ {
		ports <- port
	}
	close(ports)
	for _, port := range udpPorts {
		all.Go(func() {
			if unreachable(address, port) {
				mu.Lock()
				defer mu.Unlock()
				found.Unreachable = append(found.Unreachable, port)
			}
		})
	}
	all.Wait()
	slices.Sort(found.Open)
	slices.Sort(found.Refused)
	slices.Sort(found.Unreachable)
	return found
}

// sockets is how many ports are tried at once: Go raises the soft limit of open files to the hard one, getrlimit(2).
func sockets() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return scanners / 16
	}
	return int(min(scanners, limit.Cur*3/4))
}

// unreachable reports whether a datagram is answered with an ICMP error.
func unreachable(address string, port int) bool {
	connection, err := net.Dial("udp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	defer connection.Close()
	for range 2 { // the error of the first datagram is told with the second
		if _, err := connection.Write([]byte("?")); errors.Is(err, syscall.ECONNREFUSED) {
			return true
		}
		_ = connection.SetReadDeadline(time.Now().Add(silence / 3))
		if _, err := connection.Read(make([]byte, 1)); errors.Is(err, syscall.ECONNREFUSED) {
			return true
		}
	}
	return false
}

// printScan is the whole of a program that scans.
func printScan(address string) int {
	if err := json.NewEncoder(os.Stdout).Encode(scan(address)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// scanFrom scans an address from the machine on which a process runs.
func scanFrom(t *testing.T, pid int, address string) scanned {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nsenter", fmt.Sprintf("--net=/proc/%d/ns/net", pid), self)
	cmd.Env = append(os.Environ(), scanTarget+"="+address)
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	var found scanned
	if err == nil {
		err = json.Unmarshal(output, &found)
	}
	if err != nil {
		t.Fatalf("scan %s: %v\n%s", address, err, output)
	}
	return found
}
