package metadata

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/metadata"
	"go.uber.org/goleak"
	"gopkg.in/yaml.v3"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func portal() hcloudsim.Machine {
	return hcloudsim.Machine{
		ID: 4711, Name: "portal", IPv4: netip.MustParseAddr("127.0.0.1"), IPv6: netip.MustParsePrefix("fd77:6b72:0:1::/64"),
		UserData: "#cloud-config\nhostname: x\n", AuthorizedKeys: []string{"ssh-ed25519 AAAA a", "ssh-ed25519 BBBB b"},
		Location: "nbg1", Region: "eu-central",
		Networks: []hcloudsim.PrivateNetwork{{
			ID: 42, Name: "county", Range: netip.MustParsePrefix("10.64.0.0/16"), Subnet: netip.MustParsePrefix("10.64.3.0/24"),
			Gateway: netip.MustParseAddr("10.64.0.1"), IP: netip.MustParseAddr("10.64.3.2"), Alias: []netip.Addr{netip.MustParseAddr("10.64.3.9")},
			MAC: "86:00:0a:40:03:02",
		}},
	}
}

// serve starts the service for the machine at 127.0.0.1.
func serve(t *testing.T, m hcloudsim.Machine) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(Handler(func(source netip.Addr) (hcloudsim.Machine, bool) { return m, source == m.IPv4 }))
	t.Cleanup(s.Close)
	return s
}

func TestHCloudGoReadsIt(t *testing.T) {
	s := serve(t, portal())
	c := metadata.NewClient(metadata.WithEndpoint(s.URL+root+"metadata"), metadata.WithHTTPClient(s.Client()))
	ctx := t.Context()
	if !c.IsHcloudServerWithContext(ctx) {
		t.Error("the client does not see a Hetzner Cloud server")
	}
	for name, tt := range map[string]struct {
		get  func() (string, error)
		want string
	}{
		"hostname":          {func() (string, error) { return c.HostnameWithContext(ctx) }, "portal"},
		"region":            {func() (string, error) { return c.RegionWithContext(ctx) }, "eu-central"},
		"availability zone": {func() (string, error) { return c.AvailabilityZoneWithContext(ctx) }, "nbg1-dc3"},
	} {
		if got, err := tt.get(); err != nil || got != tt.want {
			t.Errorf("%s: got %q %v, want %q", name, got, err, tt.want)
		}
	}
	if id, err := c.InstanceIDWithContext(ctx); err != nil || id != 4711 {
		t.Errorf("instance ID: got %d %v", id, err)
	}
	if ip, err := c.PublicIPv4WithContext(ctx); err != nil || !ip.Equal(net.IPv4(127, 0, 0, 1)) {
		t.Errorf("public IPv4: got %v %v", ip, err)
	}
	text, err := c.PrivateNetworksWithContext(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var networks []map[string]any
	if err := yaml.Unmarshal([]byte(text), &networks); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{{
		"ip": "10.64.3.2", "alias_ips": []any{"10.64.3.9"}, "interface_num": 1, "mac_address": "86:00:0a:40:03:02", "network_id": 42,
		"network_name": "county", "network": "10.64.0.0/16", "subnet": "10.64.3.0/24", "gateway": "10.64.0.1",
	}}
	if !reflect.DeepEqual(networks, want) {
		t.Errorf("private networks: got %v, want %v", networks, want)
	}
}

// TestSummaryIsWhatCloudInitReads looks at it as cloud-init's DataSourceHetzner does.
func TestSummaryIsWhatCloudInitReads(t *testing.T) {
	m := portal()
	var got map[string]any
	if err := yaml.Unmarshal([]byte(fetch(t, serve(t, m), "/hetzner/v1/metadata", 200)), &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"instance-id": 4711, "hostname": "portal", "public-ipv4": "127.0.0.1", "local-ipv4": "", "vendor_data": "",
		"public-keys": []any{"ssh-ed25519 AAAA a", "ssh-ed25519 BBBB b"}, "region": "eu-central", "availability-zone": "nbg1-dc3",
		"network-config": map[string]any{"version": 1, "config": []any{map[string]any{
			"type": "physical", "name": "eth0", "mac_address": m.PublicMAC(), "subnets": []any{
				map[string]any{"type": "dhcp", "ipv4": true},
				map[string]any{"type": "static", "ipv6": true, "address": "fd77:6b72:0:1::1/64", "gateway": "fe80::1"},
			}}}},
	} {
		if !reflect.DeepEqual(got[key], want) {
			t.Errorf("%s: got %v, want %v", key, got[key], want)
		}
	}
}

func TestPaths(t *testing.T) {
	m := portal()
	for _, tt := range []struct {
		path   string
		status int
		body   string
	}{
		{"/hetzner/v1/userdata", 200, m.UserData},
		{"/hetzner/v1/userdata/", 200, m.UserData},
		{"/hetzner/v1/metadata/public-keys", 200, "ssh-ed25519 AAAA a\nssh-ed25519 BBBB b"},
		{"/hetzner/v1/metadata/local-ipv4", 200, ""},
		{"/hetzner/v1/metadata/vendor_data", 200, ""},
		{"/hetzner/v1/metadata/instance-id/", 200, "4711"},
		{"/hetzner/v1/metadata/password", 404, "404 page not found\n"},
		{"/hetzner/v1", 404, "404 page not found\n"},
		{"/hetzner/v2/metadata", 404, "404 page not found\n"},
		{"/latest/meta-data/instance-id", 404, "404 page not found\n"},
	} {
		if got := fetch(t, serve(t, m), tt.path, tt.status); got != tt.body {
			t.Errorf("%s: got %q, want %q", tt.path, got, tt.body)
		}
	}
	bare := hcloudsim.Machine{ID: 1, IPv4: m.IPv4}
	if got := fetch(t, serve(t, bare), "/hetzner/v1/metadata/private-networks", 200); got != "[]\n" {
		t.Errorf("private networks of a machine without: got %q", got)
	}
	if got := fetch(t, serve(t, bare), "/hetzner/v1/userdata", 200); got != "" {
		t.Errorf("user data of a machine without: got %q", got)
	}
}

func TestStrangersAndWritesAreRefused(t *testing.T) {
	m := portal()
	m.IPv4 = netip.MustParseAddr("127.0.0.2")
	fetch(t, serve(t, m), "/hetzner/v1/userdata", 404)

	for _, source := range []string{"", "nonsense", "[::ffff:127.0.0.2]:99"} {
		r := httptest.NewRequest(http.MethodGet, "/hetzner/v1/userdata", nil)
		r.RemoteAddr = source
		rec := httptest.NewRecorder()
		Handler(func(a netip.Addr) (hcloudsim.Machine, bool) { return m, a == m.IPv4 }).ServeHTTP(rec, r)
		want := http.StatusNotFound
		if strings.Contains(source, "127.0.0.2") { // the machine's own address, seen by an IPv6 socket
			want = http.StatusOK
		}
		if rec.Code != want {
			t.Errorf("source %q: got %d, want %d", source, rec.Code, want)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		rec := httptest.NewRecorder()
		Handler(nil).ServeHTTP(rec, httptest.NewRequest(method, "/hetzner/v1/userdata", nil))
		if rec.Code != http.StatusMethodNotAllowed || !slices.Equal(rec.Header()["Allow"], []string{"GET, HEAD"}) {
			t.Errorf("%s: got %d, want 405", method, rec.Code)
		}
	}
}

func fetch(t *testing.T, s *httptest.Server, path string, status int) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		t.Fatalf("%s: got %d %v, want %d", path, answer.StatusCode, err, status)
	}
	return string(body)
}
