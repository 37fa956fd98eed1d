package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/config"
)

// question is one that init asks; its flag is its name.
type question struct {
	flag, usage     string
	german, english string
	// paths are the keys of the file that the answer decides.
	paths []string
	offer func(f countyFile) string
}

func fixed(text string) func(countyFile) string { return func(countyFile) string { return text } }

// questions in the order in which they are asked; later offers build on earlier answers.
var questions = []question{
	{"title", "name of the media centre as the page shows it", "Wie heißt das Medienzentrum auf der Seite?", "What is the media centre called on the page?",
		[]string{"title"}, func(f countyFile) string { return "Kreismedienzentrum " + strings.ToUpper(f.name[:1]) + f.name[1:] }},
	{"domain", "host name of the classrooms", "Unter welchem Namen erreichen die Schulen die Klassenzimmer? Die IT des Landratsamts muss ihn einrichten können.",
		"Under which name do schools reach the classrooms? The county's IT department must be able to set it up.",
		[]string{"domain"}, func(f countyFile) string { return "konferenz.kmz-" + f.name + ".de" }},
	{"contact-name", "office that helps teachers, never a person", "Welche Stelle hilft Lehrkräften? Sie steht auf der Seite. Bitte keine Person.",
		"Which office helps teachers? It is shown on the page. No person, please.", []string{"contact.name"}, func(f countyFile) string { return f.answers["title"] }},
	{"contact-email", "mailbox of that office", "Welches Postfach hat diese Stelle?", "What is that office's mailbox?", []string{"contact.email"},
		func(f countyFile) string {
			_, parent, _ := strings.Cut(f.answers["domain"], ".")
			return "videokonferenz@" + parent
		}},
	{"accounts", "what an account stands for: applicant, school or teacher",
		"Wofür steht ein Konto? applicant: für einen Antrag, es nennt niemanden; school: für eine Schule; teacher: für eine Lehrkraft.",
		"What does an account stand for? applicant: an application, it names nobody; school: a school; teacher: a teacher.",
		[]string{"accounts.model"}, fixed("applicant")},
	{"location", "Hetzner locations in order of preference, with commas", "An welchen Standorten von Hetzner, der liebste zuerst? fsn1 ist Falkenstein, nbg1 Nürnberg.",
		"At which of Hetzner's locations, the best first? fsn1 is Falkenstein, nbg1 Nuremberg.", []string{"locations"}, fixed("fsn1, nbg1")},
	{"ssh-source", "networks from which you work, with commas, or any-while-running",
		"Von welchen Netzen aus wird betreut, zum Beispiel 198.51.100.7/32? any-while-running: von überall, aber Port 22 ist nur offen, solange ein Befehl ihn braucht, und nimmt nur Schlüssel.",
		"From which networks do you work, for example 198.51.100.7/32? any-while-running: from anywhere, but port 22 is open only while a command needs it, and takes keys only.",
		[]string{"ssh.sources"}, fixed(config.AnyWhileRunning)},
	{"pupils", "how many people are in lessons at the same time on the worst morning", "Wie viele Menschen sind am schlimmsten Vormittag gleichzeitig im Unterricht?",
		"How many people are in lessons at the same time on the worst morning?", []string{"server_types.portal", "server_types.bridge", "bridges.max"}, fixed("100")},
}

// countyFile is the file in the making.
type countyFile struct {
	name    string
	german  bool
	answers map[string]string
}

func (f countyFile) say(german, english string) string {
	if f.german {
		return german
	}
	return english
}

// maxPupils is more than a hundred bridges carry.
const maxPupils = 10_000

// check reads the file as the program will, and returns what is wrong with the answer to q. Answers that were not given yet are as offered.
func (f countyFile) check(q question) error {
	if q.flag == "pupils" {
		if n, err := strconv.Atoi(f.answers[q.flag]); err != nil || n < 1 || n > maxPupils {
			return fmt.Errorf("a number from 1 to %d was expected", maxPupils)
		}
	}
	draft := countyFile{name: f.name, german: f.german, answers: map[string]string{}}
	for _, other := range questions {
		answer, known := f.answers[other.flag]
		if !known {
			answer = other.offer(draft)
		}
		draft.answers[other.flag] = answer
	}
	_, err := config.Parse(f.name+".yaml", f.name, []byte(draft.text()))
	var wrong *config.Error
	if !errors.As(err, &wrong) {
		return err
	}
	for _, p := range wrong.Problems {
		if p.Path == "" || slices.Contains(q.paths, p.Path) {
			return errors.New(p.Text)
		}
	}
	return nil
}

// size is a suggestion for a number of people.
type size struct {
	portal, bridge string
	bridges        int
}

// People that a machine carries: half of what docs/performance.md measured of the SFU with classes of ten (a core carries 50 people who all see each
// other), because shared cores drift by a factor of nearly two, and a machine is filled up to 0.85 only. A guess until `loadgen calibrate` has measured
// the county's own.
const (
	peopleCPX22 = 50
	peopleCPX32 = 100
)

// sizeFor suggests machines for so many people at once, with half as many again as head-room.
func sizeFor(people int) size {
	wanted := people + people/2
	switch {
	case wanted <= peopleCPX22:
		return size{"cpx22", "cpx22", 2}
	case wanted <= peopleCPX32:
		return size{"cpx32", "cpx22", 4}
	}
	return size{"cpx32", "cpx32", min((wanted-peopleCPX32+peopleCPX32-1)/peopleCPX32+1, 99)}
}

// serverLimit is how many servers a new account at Hetzner may have (seen in 2026; no API tells).
const serverLimit = 5

func (f countyFile) size() size {
	n, _ := strconv.Atoi(f.answers["pupils"])
	return sizeFor(n)
}

// yamlList writes an answer with commas as YAML.
func yamlList(answer string) string {
	var parts []string
	for _, part := range strings.FieldsFunc(answer, func(r rune) bool { return r == ',' || r == ' ' }) {
		parts = append(parts, strconv.Quote(part))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// text is the file. Texts are quoted as Go does it, which YAML understands (YAML 1.2 §7.3.1).
func (f countyFile) text() string {
	var b strings.Builder
	comment := func(german, english string) {
		for _, line := range strings.Split(f.say(german, english), "\n") {
			fmt.Fprintf(&b, "# %s\n", line)
		}
	}
	quoted := func(flag string) string { return strconv.Quote(f.answers[flag]) }
	comment("Dieser Kreis. Alle Schlüssel stehen in docs/configuration.md; was hier fehlt, hat eine übliche Einstellung.\nDie Datei enthält keine Geheimnisse.",
		"This county. All keys are in docs/configuration.md; what is not here has a usual value. The file holds no secret.")
	fmt.Fprintf(&b, "name: %s\ntitle: %s\n", f.name, quoted("title"))
	comment("Der eine Name, unter dem die Schulen kommen. `kreisraum up` nennt die DNS-Einträge, die er braucht.",
		"The one name under which schools come. `kreisraum up` names the DNS records it needs.")
	fmt.Fprintf(&b, "domain: %s\n\n", quoted("domain"))
	comment("Die Stelle, die Lehrkräften hilft. Sie steht auf der Seite; nie eine Person.", "The office that helps teachers. It is shown on the page; never a person.")
	fmt.Fprintf(&b, "contact:\n  name: %s\n  email: %s\n\n", quoted("contact-name"), quoted("contact-email"))
	comment("Standorte von Hetzner, der liebste zuerst. fsn1 und nbg1 liegen in Deutschland.", "Hetzner's locations, the best first. fsn1 and nbg1 are in Germany.")
	fmt.Fprintf(&b, "locations: %s\n\n", yamlList(f.answers["location"]))
	s := f.size()
	comment(fmt.Sprintf("Für %s Menschen gleichzeitig. Maschinen, die liebste zuerst: ist eine ausverkauft, wird die nächste genommen.\n"+
		"Brücken kommen und gehen nach Last (`kreisraum serve`); max begrenzt sie. Eine Schätzung, `loadgen calibrate` misst genauer.", f.answers["pupils"]),
		fmt.Sprintf("For %s people at the same time. Machines, the best first: when one is sold out, the next is taken.\n"+
			"Bridges come and go with the load (`kreisraum serve`); max bounds them. A guess; `loadgen calibrate` measures.", f.answers["pupils"]))
	fmt.Fprintf(&b, "server_types:\n  portal: [%s]\n  bridge: [%s]\nbridges:\n  min: 0\n  max: %d\n\n", kindsText(s.portal), kindsText(s.bridge), s.bridges)
	comment("Von wo aus Port 22 erreichbar ist, solange ein Befehl ihn braucht.", "From where port 22 can be reached while a command needs it.")
	fmt.Fprintf(&b, "ssh:\n  sources: %s\n\n", yamlList(f.answers["ssh-source"]))
	comment("applicant: ein Konto nennt niemanden; school und teacher verlangen Bezeichnungen, die auf diesem Rechner bleiben.",
		"applicant: an account names nobody; school and teacher demand labels, which stay on this computer.")
	fmt.Fprintf(&b, "accounts:\n  model: %s\n", quoted("accounts"))
	return b.String()
}

// kindsText adds what is taken when the best is sold out: the next size, which can be had at both locations as a rule.
func kindsText(best string) string {
	if best == "cpx22" {
		return "cpx22, cpx32"
	}
	return best + ", cpx42"
}

// next is what to do with the new file.
func (f countyFile) next(cfg config.Config) []string {
	var lines []string
	add := func(german, english string) { lines = append(lines, f.say(german, english)) }
	if cfg.Invented() {
		add("Der Name "+cfg.Domain+" kann niemandem gehören: für den Betrieb einen eigenen eintragen", "nobody can own "+cfg.Domain+": write your own for real use")
	}
	if 1+cfg.Bridges.Max > serverLimit {
		add(fmt.Sprintf("%d Maschinen: neue Konten bei Hetzner haben oft nur %d. Jetzt in der Console (Limits) mehr beantragen, das dauert Tage", 1+cfg.Bridges.Max, serverLimit),
			fmt.Sprintf("%d machines: new accounts at Hetzner often have only %d. Ask for more in the Console (Limits) now, it takes days", 1+cfg.Bridges.Max, serverLimit))
	}
	add("Token mit Lese- und Schreibrecht in der Hetzner Console anlegen und in eine Datei schreiben, die nur Sie lesen können",
		"make a token with read and write access in the Hetzner Console and put it into a file that only you can read")
	lines = append(lines, fmt.Sprintf("kreisraum preview %s --token-file …", f.name), fmt.Sprintf("kreisraum up %s --token-file … --wait-dns 30m", f.name))
	return lines
}
