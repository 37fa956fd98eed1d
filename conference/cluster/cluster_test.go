package cluster

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestAdmission(t *testing.T) {
	key := token.NewKey()
	a := Admission{Room: "klasse-5a", DisplayRoom: "Klasse-5a", Account: "7f3a", AccountName: "ahorn-4827", Organiser: true,
		Owner: "7f3a", Title: "Klasse 5a", FirstCode: "482713"}
	signed := a.Sign(key, noon)
	tests := []struct {
		name   string
		header []string
		now    time.Time
		err    error
	}{
		{"valid", []string{signed}, noon.Add(AdmissionLifetime - time.Second), nil},
		{"expired", []string{signed}, noon.Add(AdmissionLifetime), token.ErrExpired},
		{"missing", nil, noon, token.ErrInvalid},
		{"session token", []string{token.Sign(key, token.PurposeSession, a, noon.Add(time.Hour))}, noon, token.ErrInvalid},
		{"other key", []string{a.Sign(token.NewKey(), noon)}, noon, token.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header[AdmissionHeader] = tt.header
			got, err := AdmissionOf(r, key, tt.now)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if tt.err == nil && got != a {
				t.Errorf("another admission than was signed")
			}
		})
	}
	if http.CanonicalHeaderKey(AdmissionHeader) != AdmissionHeader {
		t.Errorf("header %s is not in canonical form", AdmissionHeader)
	}
}

func TestSourceTag(t *testing.T) {
	key := token.NewKey()
	tag := SourceTag(key, "192.0.2.0")
	if SourceTag(key, "192.0.2.0") != tag {
		t.Error("the tag of one network changes")
	}
	if SourceTag(key, "192.0.3.0") == tag || SourceTag(token.NewKey(), "192.0.2.0") == tag {
		t.Error("the tag does not depend on network and key")
	}
}

func TestAdmissionIsNotPrinted(t *testing.T) {
	const canary = "kanarienvogel"
	a := Admission{Room: canary, DisplayRoom: canary, Account: canary, AccountName: canary, Owner: canary, Title: canary, FirstCode: canary}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		if s := fmt.Sprintf(verb, a); strings.Contains(s, canary) {
			t.Errorf("%s prints it", verb)
		}
	}
	if s := a.LogValue().String(); strings.Contains(s, canary) {
		t.Errorf("LogValue has it")
	}
}

func TestKeysTellRoomsApartAndNeedTheCountysKey(t *testing.T) {
	key, other := token.NewKey(), token.NewKey()
	first := KeyOf(key, "klasse-5a")
	if KeyOf(key, "klasse-5a") != first {
		t.Error("the key of one room changes")
	}
	if KeyOf(key, "klasse-5b") == first || KeyOf(other, "klasse-5a") == first {
		t.Error("the key does not depend on room and county")
	}
	if CodeHash(key, "klasse-5a", "482713") == CodeHash(key, "klasse-5b", "482713") || CodeHash(key, "klasse-5a", "") != "" {
		t.Error("the code's hash does not depend on the room, or there is one without a code")
	}
}
