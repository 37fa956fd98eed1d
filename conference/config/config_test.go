package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

func TestLoadFileReadsEveryKey(t *testing.T) {
	got, err := LoadFile("testdata/good.yaml", "")
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		County: "musterkreis", Domain: "jitsi.kmz-musterkreis.example", Role: RoleBridge,
		Cluster: Cluster{Machine: "bridge-3", PrivateAddress: "10.64.1.13", PortalAddress: "10.64.1.10", RoomsPort: 7444, NATSPort: 4223,
			NATSURL: "tls://10.64.1.2:4222,tls://[fd00::2]:4222", NATSReplicas: 3},
		Capacity:  Capacity{PacketsPerSecond: 40000, EgressMbit: 400.5, HandshakesPerSecond: 20},
		Listen:    Listen{Addresses: []string{"192.0.2.10", "2001:db8::1"}, TLSPort: 443, MediaPort: 10000},
		ACME:      ACME{Directory: "https://acme.example/directory", Email: "technik@kmz-musterkreis.example", RootsFile: "/etc/kreisraum/acme-roots.pem"},
		Rooms:     Rooms{MaxParticipants: 40, CodeRequired: false, ScreenShare: ScreenShareOrganisers, Lobby: true, Cameras: CamerasOrganisers, OrganiserGrace: 5 * time.Minute},
		Restart:   Restart{At: "23:30", Latest: "00:15", TimeZone: "Europe/Berlin"},
		AccessLog: AccessLog{RetentionDays: 0},
		Contact:   Contact{Name: "Kreismedienzentrum Musterkreis", Email: "hilfe@kmz-musterkreis.example", Phone: "07000 000000", URL: "https://www.kmz-musterkreis.example/hilfe"},
		Imprint: Imprint{Office: "Landkreis Musterkreis", Address: []string{"Musterweg 1", "70000 Musterstadt"}, RepresentedBy: "die Landrätin oder den Landrat",
			SupervisoryAuthority: "Regierungspräsidium Musterstadt", VATID: "DE123456789"},
		DataProtection: DataProtection{OfficerEmail: "datenschutz@kmz-musterkreis.example", OfficerAddress: []string{"Musterweg 2", "70000 Musterstadt"},
			Authority: "Aufsichtsbehörde für den Datenschutz", AuthorityURL: "https://aufsicht.example"},
		Support: Support{Hours: "Montag bis Freitag, 8 bis 16 Uhr", Phone: "07000 000001"},
		Accessibility: Accessibility{Email: "barrieren@kmz-musterkreis.example", Phone: "07000 000002", Arbitration: "Schlichtungsstelle",
			ArbitrationURL: "https://schlichtung.example", Reviewed: "2026-11-23"},
		Paths: Paths{State: "/srv/kreisraum/state", Logs: "/srv/kreisraum/logs", CountyCA: "/srv/kreisraum/ca.crt", OpsCertificate: "/srv/kreisraum/ops.crt",
			CountyKey: "/srv/kreisraum/county.key", Runtime: "/srv/kreisraum/run"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestSmallestFileGetsDefaults(t *testing.T) {
	got, err := LoadFile("testdata/smallest.yaml", "")
	if err != nil {
		t.Fatal(err)
	}
	d := Default()
	if got.Role != d.Role || got.ACME != d.ACME || got.Rooms != d.Rooms || got.AccessLog != d.AccessLog || got.Paths != d.Paths ||
		got.Cluster != d.Cluster || got.Capacity != d.Capacity {
		t.Errorf("defaults are missing: %+v", got)
	}
	if got.Listen.TLSPort != 443 || got.Listen.MediaPort != 10000 {
		t.Errorf("ports: got %d and %d", got.Listen.TLSPort, got.Listen.MediaPort)
	}
}

// smallest returns the smallest good file with one line replaced or added.
func smallest(t *testing.T, replace ...string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/smallest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for i := 0; i < len(replace); i += 2 {
		if replace[i] == "" {
			text += replace[i+1] + "\n"
			continue
		}
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("%q is not in the fixture", replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	return []byte(text)
}

func TestLoadRefuses(t *testing.T) {
	tests := []struct {
		name    string
		replace []string
		want    []string
	}{
		{"unknown key", []string{"", "colour: blue"}, []string{"field colour is not a key of this file"}},
		{"unknown nested key with its line", []string{"  addresses: [127.0.0.1]", "  addresses: [127.0.0.1]\n  tlsport: 443"}, []string{"line 5", "tlsport"}},
		{"wrong type", []string{"", "rooms: {max_participants: many}"}, []string{"line 8", "int"}},
		{"two wrong types", []string{"", "rooms: {max_participants: many, code_required: perhaps}"}, []string{"many", "perhaps"}},
		{"duplicate key", []string{"", "county: other"}, []string{"already defined"}},
		{"second document", []string{"", "---\ncounty: other"}, []string{"more than one YAML document"}},
		{"not YAML", []string{"county: musterkreis", "county: ["}, []string{"line"}},
		{"no such time", []string{"", "restart: {at: '25:00', time_zone: Europe/Berlin}"}, []string{"restart.at: ", "25:00"}},
		{"restart without a zone", []string{"", "restart: {at: '03:30'}"}, []string{"restart.time_zone: "}},
		{"this computer's zone", []string{"", "restart: {at: '03:30', time_zone: Local}"}, []string{"restart.time_zone: "}},
		{"no county", []string{"county: musterkreis", "county: ''"}, []string{"county: "}},
		{"upper-case county", []string{"county: musterkreis", "county: Musterkreis"}, []string{"county: "}},
		{"domain without a dot", []string{"demo.localhost", "demo"}, []string{"domain: "}},
		{"domain in upper case", []string{"demo.localhost", "Demo.localhost"}, []string{"lower case"}},
		{"domain is an address", []string{"demo.localhost", "192.0.2.1"}, []string{"is an IP address"}},
		{"bridge without a network", []string{"", "role: bridge"}, []string{"cluster.machine: ", "cluster.private_address: ", "cluster.portal_address: "}},
		{"portal as a bridge", []string{"", "role: bridge\ncluster: {machine: portal, private_address: 10.64.1.11, portal_address: 10.64.1.10}"}, []string{"cluster.machine: "}},
		{"bridge with a site", []string{"", "cluster: {machine: bridge-3}"}, []string{"cluster.machine: ", "role: bridge"}},
		{"bridge number zero", []string{"", "role: bridge\ncluster: {machine: bridge-0}"}, []string{"cluster.machine: "}},
		{"private address is a name", []string{"", "cluster: {private_address: portal.example}"}, []string{"cluster.private_address: "}},
		{"private address is any", []string{"", "cluster: {private_address: 0.0.0.0}"}, []string{"cluster.private_address: "}},
		{"private address is public", []string{"", "cluster: {private_address: 127.0.0.1}"}, []string{"cluster.private_address: ", "listen.addresses"}},
		{"rooms port zero", []string{"", "cluster: {rooms_port: 0}"}, []string{"cluster.rooms_port: "}},
		{"NATS port too large", []string{"", "cluster: {nats_port: 70000}"}, []string{"cluster.nats_port: "}},
		{"NATS without TLS", []string{"", "cluster: {nats_url: 'tls://10.0.0.5:4222,nats://10.0.0.6:4222'}"}, []string{"cluster.nats_url: ", "10.0.0.6"}},
		{"NATS with a password", []string{"", "cluster: {nats_url: 'tls://a:b@10.0.0.5:4222'}"}, []string{"cluster.nats_url: "}},
		{"six replicas", []string{"", "cluster: {nats_url: 'tls://10.0.0.5:4222', nats_replicas: 6}"}, []string{"cluster.nats_replicas: "}},
		{"replicas of the portal's own", []string{"", "cluster: {nats_replicas: 3}"}, []string{"cluster.nats_replicas: "}},
		{"negative capacity", []string{"", "capacity: {packets_per_second: -1}"}, []string{"capacity.packets_per_second: "}},
		{"no capacity", []string{"", "capacity: {egress_mbit: .nan}"}, []string{"capacity.egress_mbit: "}},
		{"endless capacity", []string{"", "capacity: {handshakes_per_second: .inf}"}, []string{"capacity.handshakes_per_second: "}},
		{"latest is no time", []string{"", "restart: {at: '03:30', latest: never, time_zone: Europe/Berlin}"}, []string{"restart.latest: "}},
		{"latest at once", []string{"", "restart: {at: '03:30', latest: '03:30', time_zone: Europe/Berlin}"}, []string{"restart.latest: "}},
		{"latest without at", []string{"", "restart: {latest: '03:30', time_zone: Europe/Berlin}"}, []string{"restart.at: "}},
		{"relative county key", []string{"", "paths: {county_key: county.key}"}, []string{"paths.county_key"}},
		{"relative runtime", []string{"", "paths: {runtime: run}"}, []string{"paths.runtime"}},
		{"unknown audience", []string{"", "rooms: {cameras: pupils}"}, []string{"rooms.cameras: "}},
		{"no grace", []string{"", "rooms: {organiser_grace: 29s}"}, []string{"rooms.organiser_grace: "}},
		{"endless grace", []string{"", "rooms: {organiser_grace: 16m}"}, []string{"rooms.organiser_grace: "}},
		{"grace without a unit", []string{"", "rooms: {organiser_grace: 120}"}, []string{"line 8", "120"}},
		{"imprint of two lines", []string{"", `imprint: {office: "a\nb", vat_id: 4711, address: [a,b,c,d,e,f,g,h,i]}`},
			[]string{"imprint.office: ", "imprint.vat_id: ", "imprint.address: 9 lines"}},
		{"data protection", []string{"", `data_protection: {officer_email: x, authority_url: "javascript:alert(1)"}`},
			[]string{"data_protection.officer_email: ", "data_protection.authority_url: "}},
		{"support of two lines", []string{"", `support: {hours: "a\tb"}`}, []string{"support.hours: "}},
		{"accessibility", []string{"", `accessibility: {email: x, reviewed: gestern, arbitration_url: "//x"}`},
			[]string{"accessibility.email: ", "accessibility.reviewed: ", "accessibility.arbitration_url: "}},
		{"unknown role", []string{"", "role: chef"}, []string{"role: ", "unknown"}},
		{"no address", []string{"[127.0.0.1]", "[]"}, []string{"listen.addresses: empty"}},
		{"unspecified address", []string{"[127.0.0.1]", "[0.0.0.0]"}, []string{"listen.addresses[0]"}},
		{"address with zone", []string{"[127.0.0.1]", "['fe80::1%eth0']"}, []string{"listen.addresses[0]"}},
		{"address twice", []string{"[127.0.0.1]", "[127.0.0.1, 127.0.0.1]"}, []string{"listen.addresses[1]", "twice"}},
		{"too many addresses", []string{"[127.0.0.1]", "[127.0.0.1,127.0.0.2,127.0.0.3,127.0.0.4,127.0.0.5,127.0.0.6,127.0.0.7,127.0.0.8,127.0.0.9]"}, []string{"9 addresses"}},
		{"port zero", []string{"[127.0.0.1]", "[127.0.0.1]\n  tls_port: 0"}, []string{"listen.tls_port"}},
		{"port too large", []string{"[127.0.0.1]", "[127.0.0.1]\n  media_port: 65536"}, []string{"listen.media_port"}},
		{"plain HTTP directory", []string{"", "acme: {directory: 'http://acme.example/dir'}"}, []string{"acme.directory"}},
		{"ACME e-mail with a name", []string{"", "acme: {email: 'Amt <a@example.org>'}"}, []string{"acme.email"}},
		{"relative roots", []string{"", "acme: {roots_file: roots.pem}"}, []string{"acme.roots_file"}},
		{"room of one", []string{"", "rooms: {max_participants: 1}"}, []string{"rooms.max_participants"}},
		{"room of a thousand", []string{"", "rooms: {max_participants: 1000}"}, []string{"rooms.max_participants"}},
		{"screen share by pupils", []string{"", "rooms: {screen_share: pupils}"}, []string{"rooms.screen_share"}},
		{"a year of logs", []string{"", "access_log: {retention_days: 365}"}, []string{"access_log.retention_days"}},
		{"negative days", []string{"", "access_log: {retention_days: -1}"}, []string{"access_log.retention_days"}},
		{"no contact", []string{"name: Kreismedienzentrum Musterkreis", "name: ''"}, []string{"contact.name"}},
		{"contact without mailbox", []string{"email: hilfe@kmz-musterkreis.example", "email: hilfe"}, []string{"contact.email"}},
		{"contact with javascript", []string{"", "  url: 'javascript:alert(1)'"}, []string{"contact.url"}},
		{"relative state", []string{"", "paths: {state: state}"}, []string{"paths.state"}},
		{"everything at once", []string{"county: musterkreis", "county: ''", "demo.localhost", "demo", "", "paths: {logs: l}"},
			[]string{"county: ", "domain: ", "paths.logs: "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(smallest(t, tt.replace...))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q:\n%v", want, err)
				}
			}
			if strings.Contains(err.Error(), "config.") {
				t.Errorf("error shows the name of a Go type:\n%v", err)
			}
		})
	}
}

// TestLatest: one hour after restart.at unless the file says otherwise, past midnight too.
func TestLatest(t *testing.T) {
	for at, want := range map[string]string{"03:30": "04:30", "23:15": "00:15"} {
		cfg, err := Load(smallest(t, "", "restart: {at: '"+at+"', time_zone: Europe/Berlin}"))
		if err != nil || cfg.Restart.Latest != want {
			t.Errorf("%s: until %q, want %q; %v", at, cfg.Restart.Latest, want, err)
		}
	}
	if cfg, err := Load(smallest(t)); err != nil || cfg.Restart != (Restart{}) {
		t.Errorf("no restart: %+v, %v", cfg.Restart, err)
	}
}

// TestRoles: the command line's role is judged together with the file's other keys.
func TestRoles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "server.yaml")
	if err := os.WriteFile(path, smallest(t, "", "cluster: {private_address: 10.64.1.10}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		role                  string
		portal, bridge, alone bool
		mistake               string
	}{
		{"", true, true, false, ""},
		{RoleBoth, true, true, false, ""},
		{RolePortal, true, false, false, ""},
		{RoleBridge, false, true, false, "cluster.machine"},
		{"chef", true, true, false, "role: "},
	} {
		cfg, err := LoadFile(path, tt.role)
		if tt.mistake != "" {
			if err == nil || !strings.Contains(err.Error(), tt.mistake) {
				t.Errorf("%q: got %v", tt.role, err)
			}
			continue
		}
		if err != nil || cfg.HasPortal() != tt.portal || cfg.HasBridge() != tt.bridge || cfg.Alone() != tt.alone || cfg.MachineID() != "portal" {
			t.Errorf("%q: %+v, %v", tt.role, cfg, err)
		}
	}
	if cfg, err := Load(smallest(t)); err != nil || !cfg.Alone() {
		t.Errorf("without a private address: %v", err)
	}
}

func TestLoadRefusesLargeFile(t *testing.T) {
	if _, err := Load(make([]byte, maxFileSize+1)); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("got %v", err)
	}
}

func TestLoadFileNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing.yaml")
	if _, err := LoadFile(path, ""); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

// FuzzLoad: whatever is accepted is valid, and writing it and reading it again changes nothing.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"testdata/good.yaml", "testdata/smallest.yaml"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := Load(data)
		if err != nil {
			return
		}
		out, err := yaml.Marshal(cfg)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Load(out)
		if err != nil {
			t.Fatalf("own output refused: %v\n%s", err, out)
		}
		if !reflect.DeepEqual(cfg, again) {
			t.Errorf("changed by writing:\n%+v\n%+v", cfg, again)
		}
	})
}
