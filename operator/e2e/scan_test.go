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
)

// scanTarget in the environment makes this program scan an address and print what it found, see scan.
const scanTarget = "KREISRAUM_E2E_SCAN"

const (
	// silence is how long a port may take to answer. Machines stand on one computer, so an answer takes less than a thousandth of it.
	silence = time.Second
	// scanners ports are tried at the same time.
	scanners = 4000
)

// scanned is what a machine shows to others.
type scanned struct {
	// Open TCP ports take connections; Refused ones answer that they do not.
	Open    []int `json:"open"`
	Refused []int `json:"refused"`
	// Unreachable UDP ports answer with an ICMP error (RFC 792).
	Unreachable []int `json:"unreachable"`
}

// udpPorts are looked at beside the media port: what is often forgotten open.
var udpPorts = []int{53, 67, 68, 111, 123, 137, 161, 443, 500, 514, 1900, 3478, 4222, 5349, 5353, 9999, 10000, 10001, 11211}

// scan tries all TCP ports of an address and some UDP ports.
func scan(address string) scanned {
	var found scanned
	var mu sync.Mutex
	ports := make(chan int)
	var all sync.WaitGroup
	for range scanners {
		all.Go(func() {
			for port := range ports {
				connection, err := net.DialTimeout("tcp", net.JoinHostPort(address, strconv.Itoa(port)), silence)
				mu.Lock()
				switch {
				case err == nil:
					connection.Close()
					found.Open = append(found.Open, port)
				case errors.Is(err, syscall.ECONNREFUSED):
					found.Refused = append(found.Refused, port)
				}
				mu.Unlock()
			}
		})
	}
	for port := 1; port <= 65535; port++ {
		ports <- port
	}
	close(ports)
	all.Wait()
	for _, port := range udpPorts {
		if unreachable(address, port) {
			found.Unreachable = append(found.Unreachable, port)
		}
	}
	slices.Sort(found.Open)
	slices.Sort(found.Refused)
	return found
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
		_ = connection.SetReadDeadline(time.Now().Add(silence / 4))
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
