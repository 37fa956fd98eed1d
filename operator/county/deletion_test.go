package county

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// TestADeletionIsRecorded: counts and times, no names, and snapshots of the machines go too.
func TestADeletionIsRecorded(t *testing.T) {
	for _, keep := range []bool{false, true} {
		w := newWorld()
		c := testCounty(t, w)
		mustUp(t, c)
		_, w.project = healthy()
		w.project.Others = append(w.project.Others,
			hetzner.Item{Kind: "image", ID: 70, Name: "by hand", Type: "snapshot", Source: 41},
			hetzner.Item{Kind: "image", ID: 71, Name: "somebody else's", Type: "snapshot", Source: 4711})
		accounts, err := c.Accounts()
		if err != nil || len(accounts) == 0 {
			t.Fatal(accounts, err)
		}
		path := ""
		if err := c.Down(context.Background(), DownOptions{KeepRegister: keep, Recorded: func(p string) { path = p }}); err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, i := range w.project.Others {
			if i.Kind == "image" {
				left = append(left, i.Name)
			}
		}
		if strings.Join(left, ",") != "somebody else's" {
			t.Errorf("snapshots left: %q", left)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(strings.TrimSuffix(path, ".txt") + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var d Deletion
		if err := json.Unmarshal(data, &d); err != nil {
			t.Fatal(err)
		}
		want := map[bool]string{false: RegisterDeleted, true: RegisterKept}[keep]
		if d.Deleted["server"] != 2 || d.Deleted["image"] != 1 || d.Left != 0 || d.Register != want || !d.KeysAndState || d.Proven.IsZero() {
			t.Errorf("record %s", data)
		}
		for _, secret := range []string{accounts[0].Name, accounts[0].ID, accounts[0].Label, w.password} {
			if secret != "" && strings.Contains(string(text)+string(data), secret) {
				t.Errorf("the record holds %q", secret)
			}
		}
		for _, phrase := range []string{"Löschprotokoll", "2  Server mit allem", "1  Abbild", "Übrig geblieben: 0"} {
			if !strings.Contains(string(text), phrase) {
				t.Errorf("the text lacks %q:\n%s", phrase, text)
			}
		}
		if strings.Contains(string(text), "NICHT gelöscht") != keep {
			t.Errorf("register kept: %v, the text says\n%s", keep, text)
		}
		path = ""
		if err := c.Down(context.Background(), DownOptions{KeepRegister: keep, Recorded: func(p string) { path = p }}); err != nil || path != "" {
			t.Errorf("a second time: record %q, %v", path, err)
		}
	}
}
