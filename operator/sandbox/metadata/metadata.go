// Package metadata is the service at 169.254.169.254 from which a machine learns who it is:
//
//	machine ──GET /hetzner/v1/metadata──▶ Handler ──source address──▶ Find ──▶ hcloudsim.Machine
//
// As at Hetzner there is no token: whoever can send from the machine's address reads everything, the user data too. That the source
// address is true is the business of the network that the handler is served in.
//
// Paths (Hetzner Cloud API, "Server Metadata", and cloud-init's DataSourceHetzner): /hetzner/v1/metadata with everything as YAML,
// /hetzner/v1/metadata/<key> with one value, /hetzner/v1/userdata. The EC2-style /latest/… is gone since 2026-08-01.
package metadata

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

const root = "/hetzner/v1/"

// Find tells which machine has the source address. Called for each request; safe for concurrent use.
type Find func(source netip.Addr) (hcloudsim.Machine, bool)

// Handler answers machines, told apart by their source address. Whom nobody knows gets 404.
func Handler(find Find) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		body, err := look(find, r)
		if err != nil {
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		if body == nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write(body) // an error here means that the machine is gone
	})
}

// look finds the answer; nil is 404.
func look(find Find, r *http.Request) ([]byte, error) {
	path, ok := strings.CutPrefix(strings.TrimSuffix(r.URL.Path, "/"), root)
	if !ok {
		return nil, nil
	}
	source, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return nil, nil
	}
	m, ok := find(source.Addr().Unmap().WithZone(""))
	if !ok {
		return nil, nil
	}
	switch key, one := strings.CutPrefix(path, "metadata/"); {
	case path == "userdata":
		return append([]byte{}, m.UserData...), nil
	case path == "metadata":
		return yaml.Marshal(describe(m))
	case one:
		return value(describe(m), key)
	}
	return nil, nil
}

// value is one entry of the summary: text as it is, a list of texts line by line, everything else as YAML.
func value(s summary, key string) ([]byte, error) {
	switch key {
	case "availability-zone":
		return []byte(s.AvailabilityZone), nil
	case "hostname":
		return []byte(s.Hostname), nil
	case "instance-id":
		return fmt.Append([]byte{}, s.InstanceID), nil
	case "local-ipv4":
		return []byte(s.LocalIPv4), nil
	case "network-config":
		return yaml.Marshal(s.NetworkConfig)
	case "private-networks":
		return yaml.Marshal(s.PrivateNetworks)
	case "public-ipv4":
		return []byte(s.PublicIPv4), nil
	case "public-keys":
		return []byte(strings.Join(s.PublicKeys, "\n")), nil
	case "region":
		return []byte(s.Region), nil
	case "vendor_data":
		return []byte(s.VendorData), nil
	}
	return nil, nil
}
