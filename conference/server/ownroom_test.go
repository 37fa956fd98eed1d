package server

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// ask makes a call of the page and reads the answer, of the expected status, into a value, which may be nil.
func ask(t *testing.T, b *http.Client, method, path, body string, status int, into any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "https://"+domain+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "https://"+domain)
	resp, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		t.Fatalf("%s %s: %s, %v", method, path, resp.Status, err)
	}
	if into != nil {
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatal(err)
		}
	}
}

// TestARoomOfOnesOwn: a teacher makes a room, sends its code before the lesson, begins it, takes the telephone as well, and has another code for
// the next lesson. Another teacher can do nothing with the address.
func TestARoomOfOnesOwn(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	var room, recoded struct{ ID, Address, Code, Link string }
	ask(t, s.teacher, "POST", "/api/rooms", `{"title":"Größe & Gewicht ½"}`, http.StatusCreated, &room)
	if room.Link != "https://"+domain+"/"+room.Address {
		t.Errorf("link %q", room.Link)
	}
	l := &lesson{school: s, room: room.Address, code: signaling.Code(room.Code)}

	stranger := l.knock(t, s.other, signaling.Join{Name: "Herr Birke", Role: signaling.RoleOrganiser, Device: device(t, "other")})
	if d := expect[signaling.Door](t, stranger.ws); d.State != signaling.DoorWaiting || !d.Taken {
		t.Errorf("another teacher before the lesson: %+v", d)
	}
	l.teacher = l.knock(t, s.teacher, signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser, Device: device(t, "teacher")})
	if in := l.teacher.in(t); in.Room.Title != "Größe & Gewicht ½" || string(in.Room.Code) != room.Code {
		t.Error("the lesson has another title or code than the room")
	}
	if d := expect[signaling.Door](t, stranger.ws); d.State != signaling.DoorCode || !d.Taken {
		t.Errorf("another teacher in the lesson: %+v", d)
	}
	stranger.say(t, signaling.EnterCode{Code: l.code})
	for _, p := range stranger.in(t).Participants {
		if p.ID == stranger.joined.Self && p.Role != signaling.RoleParticipant {
			t.Errorf("another teacher is %s", p.Role)
		}
	}
	l.pupil(t, "Mia Beispiel")

	var handover struct{ Token string }
	ask(t, s.teacher, "POST", "/api/handover", "", http.StatusOK, &handover)
	telephone := s.browser(t)
	ask(t, telephone, "POST", "/api/handover/use", `{"token":"`+handover.Token+`"}`, http.StatusNoContent, nil)
	ask(t, s.anybody, "POST", "/api/handover/use", `{"token":"`+handover.Token+`"}`, http.StatusGone, nil)
	second := l.knock(t, telephone, signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser, Device: device(t, "telephone")})
	for _, p := range second.in(t).Participants {
		if p.ID == second.joined.Self && p.Role != signaling.RoleOrganiser {
			t.Errorf("the teacher on the telephone is %s", p.Role)
		}
	}

	l.teacher.say(t, signaling.End{})
	expect[signaling.Ended](t, l.teacher.ws)
	ask(t, s.teacher, "POST", "/api/rooms/"+room.ID+"/code", "", http.StatusOK, &recoded)
	next := l.knock(t, s.teacher, signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser, Device: device(t, "teacher")})
	if in := next.in(t); string(in.Room.Code) != recoded.Code || recoded.Code == room.Code {
		t.Error("the next lesson does not begin with the new code")
	}
	for _, secret := range []string{"Gewicht", handover.Token, room.ID, room.Address} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}
