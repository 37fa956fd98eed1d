package portal

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// tokenFor asks for a token as a device that is logged in.
func (d *door) tokenFor(t *testing.T, cookie string) string {
	t.Helper()
	var body struct {
		Token   string `json:"token"`
		Seconds int    `json:"seconds"`
	}
	if resp := d.call(t, cookie, "POST", "/api/handover", "", &body); resp.StatusCode != http.StatusOK || len(body.Token) < 22 || body.Seconds != 120 {
		t.Fatalf("%s, %d characters, %d s", resp.Status, len(body.Token), body.Seconds)
	}
	return body.Token
}

// use comes with the token from another network.
func (d *door) use(tok string) *http.Response {
	return d.ask("POST", "/api/handover/use", `{"token":"`+tok+`"}`)
}

func TestHandoverLogsAnotherDeviceInOnce(t *testing.T) {
	d := newDoor(t)
	tok := d.tokenFor(t, d.login(t))
	resp := d.use(tok)
	if resp.StatusCode != http.StatusNoContent || len(resp.Cookies()) != 1 {
		t.Fatalf("%s, %d cookies", resp.Status, len(resp.Cookies()))
	}
	c := resp.Cookies()[0]
	if c.Name != cookieName || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.MaxAge != 0 {
		t.Errorf("cookie: %s %v", c.Name, c.SameSite)
	}
	if got := text(d.ask("GET", "/api/session", "", "Cookie", c.Name+"="+c.Value)); got != `{"organiser":true,"name":"ahorn-4827"}` {
		t.Errorf("the other device is %s", got)
	}
	if resp := d.use(tok); resp.StatusCode != http.StatusGone || len(resp.Cookies()) > 0 || text(resp) != `{"error":{"code":"handover-invalid"}}` {
		t.Errorf("used twice: %s", resp.Status)
	}
	if strings.Contains(d.log.String(), tok) {
		t.Error("the log has the token")
	}
}

// TestHandoverMakesNoSessionLonger: a session that is handed on and on ends with the first.
func TestHandoverMakesNoSessionLonger(t *testing.T) {
	d := newDoor(t)
	cookie := d.login(t)
	d.now = d.now.Add(sessionLife - time.Minute)
	resp := d.use(d.tokenFor(t, cookie))
	if resp.StatusCode != http.StatusNoContent {
		t.Fatal(resp.Status)
	}
	second := cookieName + "=" + resp.Cookies()[0].Value
	d.now = d.now.Add(59 * time.Second)
	tok := d.tokenFor(t, second)
	d.now = d.now.Add(time.Second)
	if got := text(d.ask("GET", "/api/session", "", "Cookie", second)); got != `{"organiser":false}` {
		t.Errorf("after twelve hours the other device is %s", got)
	}
	if resp := d.use(tok); resp.StatusCode != http.StatusGone {
		t.Errorf("a token that outlived its session: %s", resp.Status)
	}
}

func TestHandoverEnds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*door)
		want   int
	}{
		{"not", func(*door) {}, 204},
		{"before two minutes", func(d *door) { d.now = d.now.Add(2*time.Minute - time.Second) }, 204},
		{"after two minutes", func(d *door) { d.now = d.now.Add(2 * time.Minute) }, 410},
		{"with the account", func(d *door) { d.accounts.acc.Disabled = true }, 410},
		{"with the password", func(d *door) { d.accounts.acc.Fingerprint = "f9" }, 410},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDoor(t)
			tok := d.tokenFor(t, d.login(t))
			tt.change(d)
			if resp := d.use(tok); resp.StatusCode != tt.want {
				t.Errorf("got %s", resp.Status)
			}
		})
	}
}

func TestHandoverRefusals(t *testing.T) {
	d := newDoor(t)
	if resp := d.ask("POST", "/api/handover", ""); resp.StatusCode != http.StatusUnauthorized || text(resp) != `{"error":{"code":"login-required"}}` {
		t.Errorf("without login: %s", resp.Status)
	}
	for name, body := range map[string]string{"empty": `{"token":""}`, "none": `{}`, "guessed": `{"token":"ABCDEFGHIJKLMNOPQRSTUVWXYZ"}`,
		"long": `{"token":"` + strings.Repeat("A", 3000) + `"}`} {
		if resp := d.ask("POST", "/api/handover/use", body); resp.StatusCode != http.StatusGone || len(resp.Cookies()) > 0 {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
	if resp := d.ask("POST", "/api/handover/use", "x"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("not JSON: %s", resp.Status)
	}
}

func TestOnlyTheNewestTokensOfAnAccountCount(t *testing.T) {
	d := newDoor(t)
	cookie := d.login(t)
	var toks []string
	for range maxHandoversOfOne + 1 {
		toks = append(toks, d.tokenFor(t, cookie))
		d.now = d.now.Add(time.Second)
	}
	for i, tok := range toks {
		want := http.StatusNoContent
		if i == 0 {
			want = http.StatusGone
		}
		if resp := d.use(tok); resp.StatusCode != want {
			t.Errorf("token %d: %s", i, resp.Status)
		}
	}
}

func TestHandoversAreBounded(t *testing.T) {
	h := newHandovers()
	now := time.Now()
	for i := range maxHandovers {
		if h.issue(sessionClaims{Account: fmt.Sprint(i)}, now) == "" {
			t.Fatalf("token %d is refused", i)
		}
	}
	if h.issue(sessionClaims{Account: "one more"}, now) != "" || len(h.waiting) != maxHandovers {
		t.Errorf("%d tokens wait", len(h.waiting))
	}
	if h.issue(sessionClaims{Account: "later"}, now.Add(handoverLife)) == "" || len(h.waiting) != 1 {
		t.Errorf("afterwards %d tokens wait", len(h.waiting))
	}
}

func TestTriesOfASourceAreBounded(t *testing.T) {
	d := newDoor(t)
	tok := d.tokenFor(t, d.login(t))
	for i := range handoverTries {
		if resp := d.use("guess"); resp.StatusCode != http.StatusGone {
			t.Fatalf("try %d: %s", i, resp.Status)
		}
	}
	if resp := d.use(tok); resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "1" {
		t.Errorf("one more: %s, %q", resp.Status, resp.Header.Get("Retry-After"))
	}
	d.now = d.now.Add(time.Second)
	if resp := d.use(tok); resp.StatusCode != http.StatusNoContent {
		t.Errorf("a second later: %s", resp.Status)
	}
}

func TestLimiterForgetsAndIsBounded(t *testing.T) {
	now := time.Now()
	l := newLimiter(1, 2, 3)
	for _, key := range []string{"a", "b", "c"} {
		if wait := l.take(key, now); wait > 0 {
			t.Fatalf("%s waits %s", key, wait)
		}
	}
	if wait := l.take("d", now); wait != time.Second {
		t.Errorf("a fourth key waits %s", wait)
	}
	l.take("a", now)
	if wait := l.take("a", now); wait <= 0 || wait > time.Second {
		t.Errorf("beyond its budget a waits %s", wait)
	}
	now = now.Add(time.Second) // b and c are whole again
	if wait := l.take("d", now); wait > 0 || len(l.keys) != 2 {
		t.Errorf("later the fourth key waits %s, %d keys", wait, len(l.keys))
	}
}
