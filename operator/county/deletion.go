package county

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// Deletion is the record of a county's end, for the controller's data protection officer: what was deleted, when, and how that was proven.
// It names no person.
type Deletion struct {
	County  string `json:"county"`
	Program string `json:"program"`
	// Began and Ended are when the command did; Proven is when Hetzner was asked and nothing was left.
	Began  time.Time `json:"began"`
	Proven time.Time `json:"proven"`
	Ended  time.Time `json:"ended"`
	// Selector is the label by which Hetzner was asked, Kinds the kinds of resources, Left how many were left: 0.
	Selector string   `json:"selector"`
	Kinds    []string `json:"kinds"`
	Left     int      `json:"left"`
	// Deleted counts what existed at Hetzner when the command began, by kind. An earlier, interrupted one may have deleted more.
	Deleted map[string]int `json:"deleted"`
	// KeysAndState were on this computer and are gone. Register says the same of the account register; Accounts counts its accounts.
	KeysAndState bool   `json:"keys_and_state_deleted"`
	Register     string `json:"register"`
	Accounts     int    `json:"accounts,omitempty"`
}

// What became of the account register.
const (
	RegisterDeleted = "deleted"
	RegisterKept    = "kept"
	RegisterNone    = "there was none"
)

// provenKinds are those that are asked for by label, see hetzner.Client.Leftovers.
var provenKinds = []string{"server", "primary_ip", "firewall", "network", "placement_group", "ssh_key", "volume", "floating_ip", "load_balancer", "image", "rrset"}

// record writes the deletion beside the ledger, as JSON and as a German text to be kept, and returns the text's path.
func (d *down) record(registerRemoved bool) (string, error) {
	one := Deletion{
		County: d.Home.Name, Program: "kreisraum " + d.Version, Began: d.begun.UTC().Truncate(time.Second), Proven: d.proven.UTC().Truncate(time.Second),
		Ended: d.World.Now().UTC().Truncate(time.Second), Selector: hetzner.Selector(d.Home.Name), Kinds: provenKinds, Deleted: d.found,
		KeysAndState: d.existed, Register: RegisterNone, Accounts: d.accounts,
	}
	switch {
	case d.options.KeepRegister:
		one.Register = RegisterKept
	case registerRemoved:
		one.Register = RegisterDeleted
	}
	data, err := json.MarshalIndent(one, "", "  ")
	if err != nil {
		return "", fmt.Errorf("record the deletion: %w", err)
	}
	base := filepath.Join(filepath.Dir(d.Home.Ledger()), fmt.Sprintf("%s-deletion-%s", d.Home.Name, one.Ended.Format("20060102T150405Z")))
	if err := atomicfile.Write(base+".json", append(data, '\n'), 0o600); err != nil {
		return "", fmt.Errorf("record the deletion: %w", err)
	}
	if err := atomicfile.Write(base+".txt", []byte(one.German()), 0o600); err != nil {
		return "", fmt.Errorf("record the deletion: %w", err)
	}
	return base + ".txt", nil
}

// germanKinds are the kinds of resources in German, one and several.
var germanKinds = map[string][2]string{
	"server": {"Server mit allem, was auf seinem Datenträger lag", "Server mit allem, was auf ihren Datenträgern lag"}, "primary_ip": {"IP-Adresse", "IP-Adressen"},
	"firewall": {"Firewall", "Firewalls"}, "network": {"privates Netz", "private Netze"}, "placement_group": {"Placement Group", "Placement Groups"},
	"ssh_key": {"öffentlicher SSH-Schlüssel", "öffentliche SSH-Schlüssel"}, "volume": {"Volume", "Volumes"}, "floating_ip": {"Floating IP", "Floating IPs"},
	"load_balancer": {"Load Balancer", "Load Balancer"}, "image": {"Abbild (Snapshot)", "Abbilder (Snapshots)"}, "rrset": {"DNS-Eintrag", "DNS-Einträge"},
}

// German is the record as a text that can be filed.
func (d Deletion) German() string {
	var b strings.Builder
	when := func(t time.Time) string { return t.Format("02.01.2006, 15:04:05") + " Uhr (UTC)" }
	fmt.Fprintf(&b, `Löschprotokoll

Verfahren:      Videokonferenzdienst für Schulen, Kreis %q
Beginn:         %s
Nachweis:       %s
Ende:           %s
Programm:       %s

1. Gelöscht beim Auftragsverarbeiter Hetzner

`, d.County, when(d.Began), when(d.Proven), when(d.Ended), d.Program)
	if len(d.Deleted) == 0 {
		b.WriteString("   Zu Beginn war dort nichts mehr vorhanden.\n")
	}
	for _, kind := range provenKinds {
		if n := d.Deleted[kind]; n > 0 {
			fmt.Fprintf(&b, "   %3d  %s\n", n, germanKinds[kind][min(n, 2)-1])
		}
	}
	fmt.Fprintf(&b, `
   Nachweis: Danach wurde Hetzner nach allem gefragt, was die Kennzeichnung
   %q trägt, und zwar nach %s.
   Übrig geblieben: %d.

2. Gelöscht auf dem Rechner der Betreuung

`, d.Selector, germanList(), d.Left)
	if d.KeysAndState {
		b.WriteString("   - Schlüssel, Zertifikate und Zustandsdaten des Kreises\n")
	} else {
		b.WriteString("   - Schlüssel und Zustandsdaten des Kreises lagen hier nicht\n")
	}
	switch d.Register {
	case RegisterDeleted:
		fmt.Fprintf(&b, "   - das Kontenregister (Zahl der Konten: %d)\n", d.Accounts)
	case RegisterKept:
		b.WriteString("   - NICHT gelöscht: das Kontenregister, es wurde auf Wunsch behalten\n")
	}
	b.WriteString(`
3. Was bleibt

   - das Betriebsprotokoll (wer hat wann was veranlasst; Kennungen statt Namen)
   - die Konfigurationsdatei des Kreises
   - dieses Protokoll; es nennt keine Personen

Sicherungskopien, die außerhalb dieses Programms angelegt wurden, sind nicht
erfasst und gesondert zu löschen, ebenso DNS-Einträge bei anderen Anbietern.
`)
	return b.String()
}

// germanList are the kinds that Hetzner is asked for, in the dative.
func germanList() string {
	return wrap("Servern, IP-Adressen, Firewalls, privaten Netzen, Placement Groups, SSH-Schlüsseln, Volumes, Floating IPs, Load Balancern, "+
		"Abbildern (Snapshots, Backups) und DNS-Einträgen", "   ")
}

// wrap breaks a text into lines of ordinary length, each begun with indent.
func wrap(text, indent string) string {
	var b strings.Builder
	column := 45
	for i, word := range strings.Fields(text) {
		if column+len([]rune(word)) > 74 {
			b.WriteString("\n" + indent)
			column = len(indent)
		} else if i > 0 {
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len([]rune(word))
	}
	return b.String()
}
