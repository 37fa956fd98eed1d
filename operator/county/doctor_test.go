package county

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// healthy is a county with one bridge, exactly as ordered.
func healthy() (order, hetzner.Project) {
	ours := hetzner.Labels("tuttlingen", "any")
	item := func(kind string, id int64, name string) hetzner.Item {
		return hetzner.Item{Kind: kind, ID: id, Name: name, Labels: ours, Used: true}
	}
	server := func(id int64, name, v4, private string) hetzner.Server {
		s := hetzner.Server{Item: item("server", id, name), Status: "running", Image: "debian-12", Address: v4, Private: map[int64]string{3: private}, Firewalls: []int64{7}}
		s.Type, s.Location = "cpx22", "fsn1"
		return s
	}
	address := func(id, server int64, name, ip, reverse string) hetzner.PrimaryIP {
		a := hetzner.PrimaryIP{Item: item("primary_ip", id, name), Address: ip, Assignee: server, ReverseName: reverse}
		a.Type = "ipv4"
		return a
	}
	anywhere := []string{"0.0.0.0/0", "::/0"}
	o := order{county: "tuttlingen", domain: "jitsi.example", image: "debian-12", firewall: 7, machines: []infra.Machine{
		{Name: "kreisraum-tuttlingen-portal", Role: infra.RolePortal, ServerType: "cpx22", ServerID: 41, IPv4: "192.0.2.10", PrivateIP: "10.64.0.10"},
		{Name: "kreisraum-tuttlingen-bridge-1", Role: infra.RoleBridge, Number: 1, ServerType: "cpx22", ServerID: 42, IPv4: "192.0.2.11", PrivateIP: "10.64.0.11"},
	}}
	return o, hetzner.Project{
		Servers: []hetzner.Server{
			server(41, "kreisraum-tuttlingen-portal", "192.0.2.10", "10.64.0.10"), server(42, "kreisraum-tuttlingen-bridge-1", "192.0.2.11", "10.64.0.11"),
		},
		PrimaryIPs: []hetzner.PrimaryIP{
			address(51, 41, "kreisraum-tuttlingen-portal-ipv4", "192.0.2.10", "jitsi.example"), address(52, 42, "kreisraum-tuttlingen-bridge-1-ipv4", "192.0.2.11", ""),
		},
		Firewalls: []hetzner.Firewall{{Item: item("firewall", 7, "kreisraum-tuttlingen"), Rules: []hetzner.Rule{
			{Direction: "in", Protocol: "tcp", Port: "443", Networks: anywhere}, {Direction: "in", Protocol: "udp", Port: "10000", Networks: anywhere},
		}}},
		Networks: []hetzner.Network{{Item: item("network", 3, "kreisraum-tuttlingen"), Servers: []int64{41, 42}}},
		Others:   []hetzner.Item{item("ssh_key", 9, "kreisraum-tuttlingen"), item("placement_group", 8, "kreisraum-tuttlingen-1")},
	}
}

func TestNothingIsSaidOfACountyAsOrdered(t *testing.T) {
	o, p := healthy()
	if f := compareProject(o, p); len(f) > 0 {
		t.Errorf("findings: %+v", f)
	}
}

// TestWhatSomebodyChangedAtHetznerIsNamed: each change makes exactly the findings that belong to it.
func TestWhatSomebodyChangedAtHetznerIsNamed(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*order, *hetzner.Project)
		want   []string // level check where
	}{
		{"machine deleted", func(_ *order, p *hetzner.Project) {
			p.Servers = p.Servers[:1]
			p.Networks[0].Servers = []int64{41}
			p.PrimaryIPs[1].Assignee = 0
		},
			[]string{"error server kreisraum-tuttlingen-bridge-1", "error address kreisraum-tuttlingen-bridge-1-ipv4"}},
		{"machine off", func(_ *order, p *hetzner.Project) { p.Servers[0].Status = "off" }, []string{"error server kreisraum-tuttlingen-portal"}},
		{"machine starting", func(_ *order, p *hetzner.Project) { p.Servers[0].Status = "starting" }, []string{"warning server kreisraum-tuttlingen-portal"}},
		{"label removed", func(_ *order, p *hetzner.Project) { p.Servers[0].Labels = nil }, []string{"error label kreisraum-tuttlingen-portal"}},
		{"firewall taken off", func(_ *order, p *hetzner.Project) { p.Servers[1].Firewalls = nil }, []string{"error firewall kreisraum-tuttlingen-bridge-1"}},
		{"another firewall", func(_ *order, p *hetzner.Project) { p.Servers[1].Firewalls = []int64{7, 99} }, []string{"warning firewall kreisraum-tuttlingen-bridge-1"}},
		{"out of the network", func(_ *order, p *hetzner.Project) { p.Servers[1].Private = nil; p.Networks[0].Servers = []int64{41} }, []string{"error network kreisraum-tuttlingen-bridge-1"}},
		{"address unassigned", func(_ *order, p *hetzner.Project) { p.Servers[0].Address = ""; p.PrimaryIPs[0].Assignee = 0 },
			[]string{"error address kreisraum-tuttlingen-portal", "error address kreisraum-tuttlingen-portal-ipv4"}},
		{"address deleted", func(_ *order, p *hetzner.Project) { p.PrimaryIPs = p.PrimaryIPs[1:] }, []string{"error address kreisraum-tuttlingen-portal-ipv4"}},
		{"address goes with its machine", func(_ *order, p *hetzner.Project) { p.PrimaryIPs[0].AutoDelete = true }, []string{"warning address kreisraum-tuttlingen-portal-ipv4"}},
		{"reverse name", func(_ *order, p *hetzner.Project) { p.PrimaryIPs[0].ReverseName = "other.example" }, []string{"warning reverse-dns kreisraum-tuttlingen-portal-ipv4"}},
		{"rule added", func(_ *order, p *hetzner.Project) {
			p.Firewalls[0].Rules = append(p.Firewalls[0].Rules, hetzner.Rule{Direction: "in", Protocol: "tcp", Port: "8080"})
		}, []string{"error firewall kreisraum-tuttlingen"}},
		{"rule removed", func(_ *order, p *hetzner.Project) { p.Firewalls[0].Rules = p.Firewalls[0].Rules[:1] }, []string{"error firewall kreisraum-tuttlingen"}},
		{"rule narrowed", func(_ *order, p *hetzner.Project) { p.Firewalls[0].Rules[0].Networks = []string{"192.0.2.0/24"} }, []string{"error firewall kreisraum-tuttlingen"}},
		{"firewall deleted", func(_ *order, p *hetzner.Project) { p.Firewalls = nil }, []string{"error firewall kreisraum-tuttlingen"}},
		{"SSH left open", func(_ *order, p *hetzner.Project) { p.Firewalls[0].TemporarySSH = true }, []string{"warning ssh kreisraum-tuttlingen"}},
		{"SSH open for somebody", func(o *order, p *hetzner.Project) { p.Firewalls[0].TemporarySSH = true; o.session = true }, nil},
		{"network deleted", func(_ *order, p *hetzner.Project) { p.Networks = nil }, []string{"error network kreisraum-tuttlingen"}},
		{"foreign machine in the network", func(_ *order, p *hetzner.Project) { p.Networks[0].Servers = append(p.Networks[0].Servers, 99) }, []string{"error network kreisraum-tuttlingen"}},
		{"protected", func(_ *order, p *hetzner.Project) { p.Servers[0].Protected = true }, []string{"warning protection kreisraum-tuttlingen-portal"}},
		{"backups", func(_ *order, p *hetzner.Project) { p.Servers[0].Backups = true }, []string{"warning backup kreisraum-tuttlingen-portal"}},
		{"rescue", func(_ *order, p *hetzner.Project) { p.Servers[0].Rescue = true }, []string{"warning server kreisraum-tuttlingen-portal"}},
		{"another type", func(_ *order, p *hetzner.Project) { p.Servers[0].Type = "cpx32" }, []string{"warning server kreisraum-tuttlingen-portal"}},
		{"older image", func(o *order, _ *hetzner.Project) { o.image = "debian-13" }, []string{"note image kreisraum-tuttlingen-portal", "note image kreisraum-tuttlingen-bridge-1"}},
		{"snapshot", func(_ *order, p *hetzner.Project) {
			p.Others = append(p.Others, hetzner.Item{Kind: "image", ID: 70, Name: "before the holidays", Type: "snapshot", Source: 41})
		}, []string{"warning snapshot before the holidays"}},
		{"key deleted", func(_ *order, p *hetzner.Project) { p.Others = p.Others[1:] }, []string{"warning project kreisraum-tuttlingen"}},
		{"unknown machine", func(_ *order, p *hetzner.Project) {
			s := p.Servers[1]
			s.Item.ID, s.Item.Name = 43, "kreisraum-tuttlingen-bridge-2"
			p.Servers = append(p.Servers, s)
		}, []string{"warning stranger kreisraum-tuttlingen-bridge-2"}},
		{"another project's token", func(_ *order, p *hetzner.Project) { *p = hetzner.Project{} }, []string{"error project tuttlingen"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, p := healthy()
			c.change(&o, &p)
			var got []string
			for _, f := range compareProject(o, p).sorted() {
				got = append(got, string(f.Level)+" "+f.Check+" "+f.Where)
				if f.What == "" || f.Mend == "" {
					t.Errorf("%s: says not what it is or what to do: %+v", c.name, f)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestWhatServersSayIsCompared(t *testing.T) {
	o, _ := healthy()
	now := time.Date(2026, 11, 23, 7, 30, 0, 0, time.UTC)
	fine := func() answers {
		info := opsapi.Info{
			Version: "v1", Deployment: "d", Started: now.Add(-4 * time.Hour), AccountsRevision: "a", MachinesRevision: "m", WebClient: true, Now: now,
			Certificate: opsapi.Certificate{State: opsapi.CertificateReady, NotAfter: now.Add(60 * 24 * time.Hour)}, Disk: opsapi.Disk{Total: 100, Free: 50},
		}
		return answers{
			version: "v1", accounts: "a", list: "m", now: now, machines: []answer{{machine: o.machines[0], digest: "d", info: info}, {machine: o.machines[1], digest: "d", info: info}},
			load:  &opsapi.Load{Settled: true, Bridges: []opsapi.BridgeLoad{{ID: "portal", Alive: true, Ready: true}, {ID: "bridge-1", Alive: true, Ready: true}}},
			night: &opsapi.Night{Proofs: []opsapi.Proof{{Machine: "portal", Started: now.Add(-4 * time.Hour), Checks: []opsapi.Check{{Name: "no swap", OK: true}}}}},
		}
	}
	for _, c := range []struct {
		name   string
		change func(*answers)
		want   []string
	}{
		{"everything", func(*answers) {}, nil},
		{"a server is silent", func(a *answers) { a.machines[1].err = errors.New("refused") }, []string{"error server bridge-1"}},
		{"another release", func(a *answers) { a.machines[1].info.Version = "v0" }, []string{"warning release bridge-1"}},
		{"another configuration", func(a *answers) { a.machines[0].info.Deployment = "x" }, []string{"warning release portal"}},
		{"no certificate", func(a *answers) { a.machines[0].info.Certificate = opsapi.Certificate{State: opsapi.CertificateFailed} }, []string{"error certificate jitsi.example"}},
		{"certificate ends", func(a *answers) { a.machines[0].info.Certificate.NotAfter = now.Add(5 * 24 * time.Hour) }, []string{"warning certificate jitsi.example"}},
		{"certificate has ended", func(a *answers) { a.machines[0].info.Certificate.NotAfter = now }, []string{"error certificate jitsi.example"}},
		{"accounts", func(a *answers) { a.machines[0].info.AccountsRevision = "b" }, []string{"warning accounts portal"}},
		{"list of machines", func(a *answers) { a.machines[0].info.MachinesRevision = "b" }, []string{"warning machines portal"}},
		{"clock", func(a *answers) { a.machines[1].info.Now = now.Add(-time.Minute) }, []string{"warning clock bridge-1"}},
		{"clock of an earlier version", func(a *answers) { a.machines[1].info.Now = time.Time{} }, nil},
		{"disk", func(a *answers) { a.machines[0].info.Disk.Free = 5 }, []string{"warning disk portal"}},
		{"bridge without lease", func(a *answers) { a.load.Bridges[1].Alive = false }, []string{"error bridge bridge-1"}},
		{"bridge without proof", func(a *answers) { a.load.Bridges[1].Ready = false }, []string{"warning bridge bridge-1"}},
		{"bridge unknown", func(a *answers) { a.load.Bridges = a.load.Bridges[:1] }, []string{"warning bridge bridge-1"}},
		{"lessons wait", func(a *answers) { a.load.WaitingRooms = 2 }, []string{"warning capacity tuttlingen"}},
		{"bad proof", func(a *answers) { a.night.Proofs[0].Checks[0].OK = false }, []string{"warning night portal"}},
		{"old proof", func(a *answers) {
			a.night.Proofs[0].Started = now.Add(-72 * time.Hour)
			a.machines[0].info.Started = now.Add(-72 * time.Hour)
		}, []string{"warning night portal"}},
		{"no proof yet", func(a *answers) { a.night.Proofs = nil }, nil},
		{"no proof for long", func(a *answers) { a.night.Proofs = nil; a.machines[0].info.Started = now.Add(-72 * time.Hour) }, []string{"warning night portal"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := fine()
			c.change(&a)
			var got []string
			for _, f := range compareMachines(o, a).sorted() {
				got = append(got, string(f.Level)+" "+f.Check+" "+f.Where)
				if f.What == "" || f.Mend == "" {
					t.Errorf("says not what it is or what to do: %+v", f)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func checksOf(d Diagnosis) (all []string) {
	for _, f := range d.Findings {
		all = append(all, string(f.Level)+" "+f.Check)
	}
	return all
}

// TestDoctorChangesNothing: neither a file here nor anything in the world, whatever it finds.
func TestDoctorChangesNothing(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	d, err := c.Doctor(context.Background(), DoctorOptions{})
	if err != nil || !slices.Equal(checksOf(d), []string{"note state"}) {
		t.Fatalf("a county that is not up: %v, %v", checksOf(d), err)
	}
	if c.Home.Exists() {
		t.Error("the doctor has made the county's folder")
	}
	mustUp(t, c)
	before := files(t, c.Home.Dir())
	w.forgetCalls()
	d, err = c.Doctor(context.Background(), DoctorOptions{Media: time.Millisecond})
	if err != nil || d.Errors() == 0 { // the fake project is empty, which is another project's token
		t.Errorf("findings %v, %v", checksOf(d), err)
	}
	for _, call := range []string{"Stack.Up", "Stack.SetDesiredBridges", "OpenSSH", "CloseSSH", "PutAccounts", "PutMachines", "OrderCertificate", "Deploy", "Purge"} {
		if w.called(call) > 0 {
			t.Errorf("the doctor called %s", call)
		}
	}
	if after := files(t, c.Home.Dir()); !slices.Equal(before, after) {
		t.Errorf("files before %v, after %v", before, after)
	}
	if err := os.Remove(c.Home.File("ca.key")); err != nil {
		t.Fatal(err)
	}
	if d, _ = c.Doctor(context.Background(), DoctorOptions{}); !slices.Contains(checksOf(d), "error keys") {
		t.Errorf("a key is missing: %v", checksOf(d))
	}
	if _, err := os.Stat(c.Home.File("ca.key")); err == nil {
		t.Error("the doctor made a new key")
	}
}

// files are all below a folder, each with its size and time.
func files(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Join([]string{e.Name(), info.ModTime().String()}, " "))
	}
	return all
}
