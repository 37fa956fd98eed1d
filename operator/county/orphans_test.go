package county

import (
	"context"
	"slices"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
)

func TestOrphansAreWhatNobodyNeeds(t *testing.T) {
	_, p := healthy()
	old := hetzner.Labels("altkreis", "portal")
	p.Servers = append(p.Servers, hetzner.Server{Item: hetzner.Item{Kind: "server", ID: 90, Name: "kreisraum-altkreis-portal", Labels: old, Used: true}})
	p.PrimaryIPs = append(p.PrimaryIPs,
		hetzner.PrimaryIP{Item: hetzner.Item{Kind: "primary_ip", ID: 91, Name: "forgotten", Type: "ipv4"}},
		hetzner.PrimaryIP{Item: hetzner.Item{Kind: "primary_ip", ID: 92, Name: "used", Type: "ipv4", Used: true}},
		hetzner.PrimaryIP{Item: hetzner.Item{Kind: "primary_ip", ID: 93, Name: "free of charge", Type: "ipv6"}})
	p.Others = append(p.Others, hetzner.Item{Kind: "image", ID: 94, Name: "a snapshot", Type: "snapshot"}, hetzner.Item{Kind: "volume", ID: 95, Name: "a volume"},
		hetzner.Item{Kind: "ssh_key", ID: 96, Name: "somebody's key"})
	for _, c := range []struct {
		name               string
		standing           map[string]Standing
		needs              Needs
		orphans, deletable []string
	}{
		{"a county of this home, another unknown", map[string]Standing{"tuttlingen": StandingHere}, nil,
			[]string{"a snapshot", "forgotten", "kreisraum-altkreis-portal", "a volume"}, []string{"kreisraum-altkreis-portal"}},
		{"a county with a file only may be a colleague's", map[string]Standing{"tuttlingen": StandingHere, "altkreis": StandingFile}, nil,
			[]string{"a snapshot", "forgotten", "kreisraum-altkreis-portal", "a volume"}, nil},
		{"a bridge that is not needed any more", map[string]Standing{"tuttlingen": StandingHere, "altkreis": StandingHere}, Needs{"kreisraum-tuttlingen-portal": true, "kreisraum-altkreis-portal": true},
			[]string{"a snapshot", "forgotten", "kreisraum-tuttlingen-bridge-1-ipv4", "kreisraum-tuttlingen-bridge-1", "a volume"},
			[]string{"kreisraum-tuttlingen-bridge-1-ipv4", "kreisraum-tuttlingen-bridge-1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			known := func(county string) (Standing, Needs) { return c.standing[county], c.needs }
			found := Orphans(p, hetzner.PriceList{}, known)
			if got := names(found); !slices.Equal(got, c.orphans) {
				t.Errorf("orphans %q\nwant    %q", got, c.orphans)
			}
			if got := names(Deletable(found, known)); !slices.Equal(got, c.deletable) {
				t.Errorf("deletable %q, want %q", got, c.deletable)
			}
		})
	}
}

func names(orphans []Orphan) (all []string) {
	for _, o := range orphans {
		all = append(all, o.Name)
	}
	return all
}

// TestOnlyWhatStillIsAnOrphanGoes: whatever was shown, the county's lock and another look decide.
func TestOnlyWhatStillIsAnOrphanGoes(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	_, w.project = healthy()
	w.project.Others = append(w.project.Others, hetzner.Item{Kind: "image", ID: 70, Name: "ours", Type: "snapshot", Labels: hetzner.Labels("tuttlingen", "portal")},
		hetzner.Item{Kind: "image", ID: 71, Name: "foreign", Type: "snapshot"})
	mustUp(t, c)
	_, bridge := healthy()
	asked := []Orphan{
		{Kind: "image", ID: 70, Name: "ours", County: "tuttlingen", Ours: true}, {Kind: "image", ID: 71, Name: "foreign"},
		{Kind: "server", ID: bridge.Servers[0].ID, Name: bridge.Servers[0].Name, County: "tuttlingen", Ours: true}, // the portal is needed
	}
	gone, err := c.DeleteOrphans(context.Background(), asked)
	if err != nil || !slices.Equal(names(gone), []string{"ours"}) {
		t.Errorf("deleted %q, %v", names(gone), err)
	}
	if n := len(w.project.Servers); n != 2 {
		t.Errorf("%d servers are left, want both", n)
	}
	if countLedger(t, c, audit.OrphansDeleted) != 1 {
		t.Errorf("ledger:\n%s", ledgerText(t, c))
	}
	unlock, err := c.Home.Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err := c.DeleteOrphans(context.Background(), asked); err == nil {
		t.Error("deleted under another command's hands")
	}
}
