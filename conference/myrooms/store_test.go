package myrooms

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

const (
	ahorn = "id-ahorn"
	birke = "id-birke"
)

var morning = time.Date(2026, 11, 23, 7, 45, 0, 0, time.UTC)

// tempFile is where the test keeps its rooms.
func tempFile(t *testing.T) string { return filepath.Join(t.TempDir(), "rooms.json") }

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path, Options{Now: func() time.Time { return morning }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func add(t *testing.T, s *Store, account string, d Draft) Room {
	t.Helper()
	r, err := s.Add(account, d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func to[T any](v T) *T { return &v }

func TestRoomsOutliveTheProcess(t *testing.T) {
	path := tempFile(t)
	s := open(t, path)
	first := add(t, s, ahorn, Draft{Title: "Klasse 5a Größe & Gewicht", Address: "Klasse-5a", CodeStays: true})
	second := add(t, s, ahorn, Draft{Title: "Elternabend", Secret: true})
	other := add(t, s, birke, Draft{Title: "Chor"})
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	again := open(t, path)
	if got := again.Of(ahorn); !slices.Equal(got, []Room{first, second}) {
		t.Errorf("%d rooms of the first account, or others", len(got))
	}
	if got := again.Of(birke); !slices.Equal(got, []Room{other}) {
		t.Errorf("%d rooms of the second account, or others", len(got))
	}
	if r, ok := again.ByAddress("klasse-5a"); !ok || r != first {
		t.Error("not found by its address")
	}
	if _, ok := again.ByAddress("klasse-5b"); ok {
		t.Error("an address that nobody has is somebody's")
	}
}

func TestAddressOfANewRoom(t *testing.T) {
	for _, tt := range []struct {
		name  string
		draft Draft
		want  string // "…": drawn letters
		err   error
	}{
		{"as wanted", Draft{Title: "x", Address: "Klasse-6b"}, "Klasse-6b", nil},
		{"like the title", Draft{Title: "Größe 6b"}, "Groesse-6b", nil},
		{"a title that is taken", Draft{Title: "Klasse 5A"}, "Klasse-5A-…", nil},
		{"a title without letters", Draft{Title: "数学"}, "raum", nil},
		{"a title that is a path of the site", Draft{Title: "Hilfe"}, "Hilfe-raum", nil},
		{"secret", Draft{Title: "x", Address: "klasse-5a", Secret: true}, "….….….…", nil},
		{"taken", Draft{Title: "x", Address: "KLASSE-5a"}, "", new(TakenError)},
		{"reserved", Draft{Title: "x", Address: "Impressum"}, "", ErrAddress},
		{"the probe's", Draft{Title: "x", Address: "kreisraum-probe-1"}, "", ErrAddress},
		{"umlaut", Draft{Title: "x", Address: "Größe"}, "", ErrAddress},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, tempFile(t))
			add(t, s, birke, Draft{Title: "Klasse 5a", Address: "Klasse-5a"})
			got, err := s.Add(ahorn, tt.draft)
			var taken *TakenError
			if errors.As(tt.err, &taken) {
				if !errors.As(err, &taken) || !like("KLASSE-5a-…", taken.Suggestion) {
					t.Fatalf("got %v with suggestion %q", err, taken.Suggestion)
				}
				if _, err := s.Add(ahorn, Draft{Title: "x", Address: taken.Suggestion}); err != nil {
					t.Errorf("the suggestion: %v", err)
				}
				return
			}
			if !errors.Is(err, tt.err) || !like(tt.want, got.Address) {
				t.Errorf("got %q, %v", got.Address, err)
			}
			if name, err := signaling.CanonicalRoom(got.Address); err == nil {
				if found, ok := s.ByAddress(name); !ok || found != got {
					t.Error("not found by its address")
				}
			}
		})
	}
}

// like compares an address with a pattern in which … stands for four drawn characters; dots are hyphens between drawn ones.
func like(pattern, address string) bool {
	pattern = strings.ReplaceAll(pattern, ".", "-")
	for strings.Contains(pattern, "…") {
		at := strings.Index(pattern, "…")
		if len(address) < at+4 || strings.Trim(address[at:at+4], "abcdefghijklmnopqrstuvwxyz234567") != "" {
			return false
		}
		pattern = strings.Replace(pattern, "…", address[at:at+4], 1)
	}
	return pattern == address
}

func TestSecretAddressesDoNotRepeat(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		a := secretAddress()
		if _, ok := canonical(a); !ok || seen[a] || len(a) != 19 {
			t.Fatalf("address %q", a)
		}
		seen[a] = true
	}
}

func TestTitles(t *testing.T) {
	long := strings.Repeat("ß", MaxTitle)
	for _, tt := range []struct{ name, title, want string }{
		{"any characters", "Klasse 5a: Größe & Gewicht <b>½</b> „数学“ 👩🏽‍🏫", "Klasse 5a: Größe & Gewicht <b>½</b> „数学“ 👩🏽‍🏫"},
		{"trimmed", "  Chor \n", "Chor"},
		{"the longest", long, long},
		{"too long", long + "s", ""},
		{"empty", "", ""},
		{"blanks", " \u2003 ", ""},
		{"nothing to be seen", "\u200d\u200b\u0308", ""},
		{"two lines", "a\nb", ""},
		{"line separator", "a\u2028b", ""},
		{"a control", "a\x00b", ""},
		{"written backwards", "a\u202eb", ""},
		{"isolated", "a\u2066b", ""},
		{"not UTF-8", "a\xffb", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, tempFile(t))
			got, err := s.Add(ahorn, Draft{Title: tt.title})
			if got.Title != tt.want || (tt.want == "") != errors.Is(err, ErrTitle) {
				t.Errorf("got %q, %v", got.Title, err)
			}
		})
	}
}

func TestChange(t *testing.T) {
	for _, tt := range []struct {
		name   string
		was    Draft
		change Change
		want   Room // without ID, account and counter; an address with … is drawn, "=" is the one of before
		err    error
	}{
		{"nothing", Draft{Title: "A", Address: "raum-a"}, Change{}, Room{Title: "A", Address: "raum-a"}, nil},
		{"title", Draft{Title: "A", Address: "raum-a"}, Change{Title: to(" B ")}, Room{Title: "B", Address: "raum-a"}, nil},
		{"no title", Draft{Title: "A"}, Change{Title: to("")}, Room{}, ErrTitle},
		{"address", Draft{Title: "A", Address: "raum-a"}, Change{Address: to("raum-b")}, Room{Title: "A", Address: "raum-b"}, nil},
		{"address in capitals", Draft{Title: "A", Address: "raum-a"}, Change{Address: to("RAUM-A")}, Room{Title: "A", Address: "RAUM-A"}, nil},
		{"address that is none", Draft{Title: "A", Address: "raum-a"}, Change{Address: to("x")}, Room{}, ErrAddress},
		{"address of another", Draft{Title: "A", Address: "raum-a"}, Change{Address: to("Chor")}, Room{}, new(TakenError)},
		{"becomes secret", Draft{Title: "A", Address: "raum-a"}, Change{Secret: to(true)}, Room{Title: "A", Address: "….….….…", Secret: true}, nil},
		{"stays secret", Draft{Title: "A", Secret: true}, Change{Secret: to(true), CodeStays: to(true)}, Room{Title: "A", Address: "=", Secret: true, CodeStays: true}, nil},
		{"a form that sends everything", Draft{Title: "A", Secret: true}, Change{Title: to("B"), Secret: to(true)}, Room{Title: "B", Address: "=", Secret: true}, nil},
		{"is secret no longer", Draft{Title: "Saal 1", Secret: true}, Change{Secret: to(false)}, Room{Title: "Saal 1", Address: "Saal-1"}, nil},
		{"gets a speaking address", Draft{Title: "A", Secret: true}, Change{Address: to("raum-a")}, Room{Title: "A", Address: "raum-a"}, nil},
		{"code stays", Draft{Title: "A", Address: "raum-a"}, Change{CodeStays: to(true)}, Room{Title: "A", Address: "raum-a", CodeStays: true}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := tempFile(t)
			s := open(t, path)
			add(t, s, birke, Draft{Title: "Chor"})
			was := add(t, s, ahorn, tt.was)
			got, err := s.Change(ahorn, was.ID, tt.change)
			var taken *TakenError
			if tt.err != nil {
				if !errors.Is(err, tt.err) && !errors.As(err, &taken) {
					t.Errorf("got %v, want %v", err, tt.err)
				}
				if s.Of(ahorn)[0] != was {
					t.Error("changed even so")
				}
				return
			}
			tt.want.ID, tt.want.Account = was.ID, ahorn
			switch {
			case tt.want.Address == "=":
				tt.want.Address = was.Address
			case like(tt.want.Address, got.Address):
				tt.want.Address = got.Address
			}
			if err != nil || got != tt.want {
				t.Errorf("got %+q, %v", []any{got.Title, got.Address, got.Secret, got.CodeStays}, err)
			}
			if again := open(t, path).Of(ahorn); len(again) != 1 || again[0] != got {
				t.Error("on disk is something else")
			}
		})
	}
}

func TestAccountsReachTheirOwnRoomsOnly(t *testing.T) {
	s := open(t, tempFile(t))
	r := add(t, s, ahorn, Draft{Title: "Chor"})
	_, errChange := s.Change(birke, r.ID, Change{Title: to("x")})
	_, errCode := s.NewCode(birke, r.ID)
	_, errOther := s.NewCode(ahorn, "other")
	for what, err := range map[string]error{"change": errChange, "code": errCode, "unknown": errOther, "remove": s.Remove(birke, r.ID)} {
		if !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := s.Of(ahorn); len(got) != 1 || got[0] != r {
		t.Error("the room has changed")
	}
}

func TestRemovedAddressesAreFree(t *testing.T) {
	path := tempFile(t)
	s := open(t, path)
	r := add(t, s, ahorn, Draft{Title: "Chor"})
	if err := s.Remove(ahorn, r.ID); err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	if _, ok := again.ByAddress("chor"); ok || len(again.Of(ahorn)) > 0 {
		t.Error("the room is still there")
	}
	add(t, again, birke, Draft{Title: "x", Address: "Chor"})
}

func TestPruneForgetsRoomsOfAccountsThatAreGone(t *testing.T) {
	path := tempFile(t)
	s := open(t, path)
	add(t, s, ahorn, Draft{Title: "Kanarienvogel"})
	add(t, s, birke, Draft{Title: "Chor"})
	add(t, s, ahorn, Draft{Title: "Kanarienvogel"})
	n, err := s.Prune(func(account string) bool { return account == birke })
	if n != 2 || err != nil || len(s.Of(ahorn)) > 0 || len(s.Of(birke)) != 1 {
		t.Errorf("%d forgotten, %v", n, err)
	}
	data, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(data), "anarien") {
		t.Errorf("titles are still on disk, %v", err)
	}
	entries, _ := os.ReadDir(filepath.Dir(path))
	if len(entries) != 1 {
		t.Errorf("%d files, want one", len(entries))
	}
}

func TestRoomsOfAnAccountAreBounded(t *testing.T) {
	s := open(t, tempFile(t))
	for range MaxOfAccount {
		add(t, s, ahorn, Draft{Title: "Chor"})
	}
	if _, err := s.Add(ahorn, Draft{Title: "Chor"}); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	add(t, s, birke, Draft{Title: "Chor"})
}

func TestWhatCannotBeWrittenDoesNotHappen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state", "rooms.json")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	r := add(t, s, ahorn, Draft{Title: "Chor"})
	if err := os.RemoveAll(filepath.Dir(path)); err != nil { // root may write everywhere; a folder that is gone stops root too
		t.Fatal(err)
	}
	_, errAdd := s.Add(ahorn, Draft{Title: "x"})
	_, errCode := s.NewCode(ahorn, r.ID)
	_, errPrune := s.Prune(func(string) bool { return false })
	for what, err := range map[string]error{"add": errAdd, "code": errCode, "remove": s.Remove(ahorn, r.ID), "prune": errPrune} {
		if err == nil {
			t.Errorf("%s: no error", what)
		} else if strings.Contains(err.Error(), "Chor") {
			t.Errorf("%s: the error has a title", what)
		}
	}
	if got := s.Of(ahorn); len(got) != 1 || got[0] != r {
		t.Error("memory says something else than the disk did")
	}
}

func TestDamagedFileIsSetAsideForAWeek(t *testing.T) {
	room := `{"id":"a","account":"b","title":"Kanarienvogel","address":"chor"}`
	for name, content := range map[string]string{
		"not JSON": "{", "cut off": `{"rooms":[` + room, "twice": `{"rooms":[` + room + `,` + room + `]}`,
		"address twice": `{"rooms":[` + room + `,` + strings.Replace(room, `"a"`, `"c"`, 1) + `]}`,
		"no ID":         `{"rooms":[{"account":"b","title":"c","address":"chor"}]}`,
		"a title":       `{"rooms":[{"id":"a","account":"b","title":"c\u202e","address":"chor"}]}`,
		"too large":     strings.Repeat(" ", maxFile+1),
	} {
		t.Run(name, func(t *testing.T) {
			path := tempFile(t)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			now := morning
			opt := Options{Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(&log, nil))}
			s, err := Open(path, opt)
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Of("b")) > 0 || !strings.Contains(log.String(), "damaged") || strings.Contains(log.String(), "anarien") {
				t.Errorf("log: %s", log.String())
			}
			add(t, s, ahorn, Draft{Title: "x"}) // goes on
			now = now.Add(keepDamaged - time.Second)
			if _, err := Open(path, opt); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path + ".damaged"); err != nil || string(got) != content {
				t.Errorf("it was not kept: %v", err)
			}
			now = now.Add(time.Second)
			if _, err := Open(path, opt); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(path + ".damaged"); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("after a week: %v", err)
			}
		})
	}
}

// TestFileOfANewerProgram: unknown fields and addresses that have become paths of the site do no harm.
func TestFileOfANewerProgram(t *testing.T) {
	path := tempFile(t)
	content := `{"rooms":[{"id":"a","account":"id-ahorn","title":"A","address":"Impressum","colour":"blue"},` +
		`{"id":"b","account":"id-ahorn","title":"B","address":"Kontakt"},{"id":"c","account":"id-ahorn","title":"C","address":"chor"}],"more":1}`
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	if got := s.Of(ahorn); len(got) != 3 {
		t.Fatalf("%d rooms", len(got))
	}
	if r, err := s.Change(ahorn, "a", Change{Address: to("raum-a")}); err != nil || r.Address != "raum-a" {
		t.Errorf("a new address: %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	s := open(t, tempFile(t))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			account := fmt.Sprint("id-", i%4)
			for range 5 {
				r, err := s.Add(account, Draft{Title: "Chor"})
				if err != nil {
					t.Error(err)
					return
				}
				name, _ := canonical(r.Address)
				if found, ok := s.ByAddress(name); !ok || found != r {
					t.Error("not found by its address")
				}
				s.Of(account)
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for i := range 4 {
		for _, r := range s.Of(fmt.Sprint("id-", i)) {
			seen[strings.ToLower(r.Address)] = true
		}
	}
	if len(seen) != 40 {
		t.Errorf("%d addresses, want 40", len(seen))
	}
}

func TestRoomIsNotPrinted(t *testing.T) {
	r := Room{ID: "kanarienvogel", Title: "kanarienvogel", Address: "kanarienvogel"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		if s := fmt.Sprintf(verb, r); strings.Contains(s, "kanarien") {
			t.Errorf("%s prints it", verb)
		}
	}
	if strings.Contains(r.LogValue().String(), "kanarien") {
		t.Error("LogValue has it")
	}
}

// FuzzDecode: what is read can be written and is read as the same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"rooms":[{"id":"a","account":"b","title":"Klasse 5a","address":"Klasse-5a","secret":true,"codeStays":true,"counter":3}]}`))
	f.Add([]byte(`{"rooms":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		rooms, err := decode(data)
		if err != nil {
			return
		}
		s := newSnapshot(rooms)
		for _, r := range rooms {
			if i := s.find(r.Account, r.ID); i < 0 || s.rooms[i] != r {
				t.Fatal("a room is not found")
			}
		}
	})
}
