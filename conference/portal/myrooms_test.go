package portal

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

// call makes a request with the cookie and reads the answer into body, which may be nil.
func (d *door) call(t *testing.T, cookie, method, path, send string, body any) *http.Response {
	t.Helper()
	resp := d.ask(method, path, send, "Cookie", cookie)
	if got := text(resp); body != nil {
		if err := json.Unmarshal([]byte(got), body); err != nil {
			t.Fatalf("%s %s: %s, %q", method, path, resp.Status, got)
		}
	}
	return resp
}

func TestMyRoomsFromMakingToRemoving(t *testing.T) {
	d := newDoor(t)
	cookie := d.login(t)
	if got := text(d.ask("GET", "/api/rooms", "", "Cookie", cookie)); got != "[]" {
		t.Errorf("at first: %s", got)
	}
	var made, second, changed, recoded myRoom
	resp := d.call(t, cookie, "POST", "/api/rooms", `{"title":"Klasse 5a Größe & Gewicht","address":"Klasse-5a"}`, &made)
	if resp.StatusCode != http.StatusCreated || made.ID == "" || len(made.Code) != 6 {
		t.Fatalf("%s, %+v", resp.Status, made)
	}
	want := myRoom{ID: made.ID, Title: "Klasse 5a Größe & Gewicht", Address: "Klasse-5a", Code: made.Code, Link: "https://" + domain + "/Klasse-5a"}
	if made != want {
		t.Errorf("got  %+v\nwant %+v", made, want)
	}
	d.call(t, cookie, "POST", "/api/rooms", `{"title":"Sprechstunde","secret":true,"codeStays":true}`, &second)
	if !second.Secret || !second.CodeStays || len(second.Address) != 19 {
		t.Errorf("secret: %+v", second)
	}
	resp = d.call(t, cookie, "PATCH", "/api/rooms/"+made.ID, `{"title":"Chor"}`, &changed)
	if want.Title = "Chor"; resp.StatusCode != http.StatusOK || changed != want {
		t.Errorf("changed: %s, %+v", resp.Status, changed)
	}
	resp = d.call(t, cookie, "POST", "/api/rooms/"+made.ID+"/code", "", &recoded)
	if resp.StatusCode != http.StatusOK || len(recoded.Code) != 6 || recoded.Code == made.Code {
		t.Errorf("another code: %s, %+v", resp.Status, recoded)
	}
	var list []myRoom
	d.call(t, cookie, "GET", "/api/rooms", "", &list)
	if len(list) != 2 || list[0] != second || list[1] != recoded {
		t.Errorf("list: %+v", list)
	}
	if resp := d.call(t, cookie, "DELETE", "/api/rooms/"+made.ID, "", nil); resp.StatusCode != http.StatusNoContent {
		t.Errorf("removed: %s", resp.Status)
	}
	if resp := d.call(t, cookie, "DELETE", "/api/rooms/"+made.ID, "", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("removed again: %s", resp.Status)
	}
	d.call(t, cookie, "GET", "/api/rooms", "", &list)
	if len(list) != 1 || list[0] != second {
		t.Errorf("at last: %+v", list)
	}
}

func TestLinksHaveTheSitesPort(t *testing.T) {
	d := newDoor(t)
	cookie := d.login(t)
	resp := d.ask("POST", "/api/rooms", `{"title":"Chor"}`, "Cookie", cookie, "Host", domain+":8443", "Origin", "https://"+domain+":8443")
	if got := text(resp); !strings.Contains(got, `"link":"https://`+domain+`:8443/Chor"`) {
		t.Errorf("got %s", got)
	}
}

func TestMyRoomsRefusals(t *testing.T) {
	d := newDoor(t)
	cookie, other := d.login(t), d.otherLogin()
	var taken myRoom
	d.call(t, other, "POST", "/api/rooms", `{"title":"Chor"}`, &taken)
	for _, tt := range []struct {
		name, cookie, method, path, body string
		status                           int
		code                             string
	}{
		{"list without login", "", "GET", "/api/rooms", "", 401, "login-required"},
		{"make without login", "", "POST", "/api/rooms", `{"title":"x"}`, 401, "login-required"},
		{"change without login", "", "PATCH", "/api/rooms/" + taken.ID, `{"title":"x"}`, 401, "login-required"},
		{"remove without login", "", "DELETE", "/api/rooms/" + taken.ID, "", 401, "login-required"},
		{"code without login", "", "POST", "/api/rooms/" + taken.ID + "/code", "", 401, "login-required"},
		{"change another's", cookie, "PATCH", "/api/rooms/" + taken.ID, `{"title":"x"}`, 404, "not-found"},
		{"remove another's", cookie, "DELETE", "/api/rooms/" + taken.ID, "", 404, "not-found"},
		{"code of another's", cookie, "POST", "/api/rooms/" + taken.ID + "/code", "", 404, "not-found"},
		{"not JSON", cookie, "POST", "/api/rooms", "title=x", 400, "bad-message"},
		{"wrong type", cookie, "POST", "/api/rooms", `{"title":5}`, 400, "bad-message"},
		{"too large", cookie, "POST", "/api/rooms", `{"title":"` + strings.Repeat("a", maxBody) + `"}`, 400, "bad-message"},
		{"no title", cookie, "POST", "/api/rooms", `{}`, 400, "title-invalid"},
		{"a title that turns the text around", cookie, "POST", "/api/rooms", `{"title":"a\u202eb"}`, 400, "title-invalid"},
		{"no room name", cookie, "POST", "/api/rooms", `{"title":"x","address":"a b"}`, 400, "room-invalid"},
		{"a path of the site", cookie, "POST", "/api/rooms", `{"title":"x","address":"Impressum"}`, 400, "room-invalid"},
		{"taken", cookie, "POST", "/api/rooms", `{"title":"x","address":"CHOR"}`, 409, "address-taken"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var body struct {
				Error struct{ Code, Suggestion string }
			}
			resp := d.call(t, tt.cookie, tt.method, tt.path, tt.body, &body)
			if resp.StatusCode != tt.status || body.Error.Code != tt.code {
				t.Errorf("got %s %+v", resp.Status, body.Error)
			}
			if suggested := body.Error.Suggestion; strings.HasPrefix(suggested, "CHOR-") != (tt.code == "address-taken") {
				t.Errorf("suggestion %q", suggested)
			}
		})
	}
	var list []myRoom
	if d.call(t, other, "GET", "/api/rooms", "", &list); len(list) != 1 || list[0] != taken {
		t.Errorf("the other's rooms are %+v", list)
	}
	if log := d.log.String(); strings.Contains(log, "Chor") || strings.Contains(log, "id-") {
		t.Errorf("log: %s", log)
	}
}

func TestChangesOfAnAccountArePaced(t *testing.T) {
	d := newDoor(t)
	cookie := d.login(t)
	for i := range changesAtOnce {
		if resp := d.ask("POST", "/api/rooms", `{"title":"Chor"}`, "Cookie", cookie); resp.StatusCode != http.StatusCreated {
			t.Fatalf("room %d: %s", i, resp.Status)
		}
	}
	resp := d.ask("POST", "/api/rooms", `{"title":"Chor"}`, "Cookie", cookie)
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "2" {
		t.Errorf("one more: %s, again after %q s", resp.Status, resp.Header.Get("Retry-After"))
	}
	if resp := d.ask("POST", "/api/rooms", `{"title":"Chor"}`, "Cookie", d.otherLogin()); resp.StatusCode != http.StatusCreated {
		t.Errorf("another account pays for it: %s", resp.Status)
	}
	if resp := d.ask("GET", "/api/rooms", "", "Cookie", cookie); resp.StatusCode != http.StatusOK {
		t.Errorf("looking: %s", resp.Status)
	}
	d.now = d.now.Add(2 * time.Second)
	resp = d.ask("POST", "/api/rooms", `{"title":"Chor"}`, "Cookie", cookie)
	if got := text(resp); resp.StatusCode != http.StatusConflict || got != `{"error":{"code":"too-many-rooms"}}` {
		t.Errorf("the 61st: %s %s", resp.Status, got)
	}
}

// TestAdmissionToAnOwnedRoom: the bridge learns whose the address is, whoever asks, and only the owner can begin a lesson there.
func TestAdmissionToAnOwnedRoom(t *testing.T) {
	d := newDoor(t)
	cookie := d.login(t)
	var room myRoom
	d.call(t, cookie, "POST", "/api/rooms", `{"title":"Klasse 5a ½","address":"Klasse-5a"}`, &room)
	for _, tt := range []struct {
		name, path, cookie string
		opens              bool
		want               cluster.Admission
	}{
		{"the owner", "Klasse-5a", cookie, true,
			cluster.Admission{Room: "klasse-5a", Host: domain, Account: "id-1", AccountName: "ahorn-4827", Organiser: true, Owner: "id-1", Title: "Klasse 5a ½", FirstCode: room.Code}},
		{"a pupil", "KLASSE-5A", "", false,
			cluster.Admission{Room: "klasse-5a", Host: domain, Owner: "id-1", Title: "Klasse 5a ½", FirstCode: room.Code}},
		{"another teacher", "klasse-5a", d.otherLogin(), false,
			cluster.Admission{Room: "klasse-5a", Host: domain, Account: "id-2", AccountName: "birke-1000", Organiser: true, Owner: "id-1", Title: "Klasse 5a ½", FirstCode: room.Code}},
		{"another teacher elsewhere", "klasse-5b", d.otherLogin(), true,
			cluster.Admission{Room: "klasse-5b", Host: domain, Account: "id-2", AccountName: "birke-1000", Organiser: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d.admitted, d.sought = nil, nil
			d.ask("GET", "/api/rooms/"+tt.path+"/ws", "", "Cookie", tt.cookie)
			tt.want.DisplayRoom, tt.want.Source = tt.path, cluster.SourceTag(d.key, "203.0.113.0")
			if len(d.admitted) != 1 || d.admitted[0] != tt.want {
				t.Errorf("admitted %d, or another than expected", len(d.admitted))
			}
			if len(d.sought) != 1 || d.sought[0].Organiser != tt.opens {
				t.Errorf("sought %+v", d.sought)
			}
		})
	}
}

// TestCodeOfTheDayReachesTheRoom: what is shown in the list is what the lesson begins with, on the next day as well.
func TestCodeOfTheDayReachesTheRoom(t *testing.T) {
	d := newDoor(t)
	var room myRoom
	cookie := d.login(t)
	d.call(t, cookie, "POST", "/api/rooms", `{"title":"Chor"}`, &room)
	var list []myRoom
	d.now = d.now.Add(30 * time.Hour)
	d.call(t, d.login(t), "GET", "/api/rooms", "", &list)
	d.ask("GET", "/api/rooms/chor/ws", "")
	if len(list) != 1 || list[0].Code == room.Code || d.admitted[0].FirstCode != list[0].Code {
		t.Errorf("codes do not follow the day")
	}
}
