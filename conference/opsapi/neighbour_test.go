package opsapi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestAnswersOfAnotherReleaseAreUnderstood: an operator speaks with servers of the release before and the one after its own.
func TestAnswersOfAnotherReleaseAreUnderstood(t *testing.T) {
	const more = `"of_the_next_release":{"a":[1]},`
	var info Info
	if err := json.Unmarshal([]byte(`{`+more+`"version":"v2","deployment":"d","participants":3,"certificate":{`+more+`"state":"ready"}}`), &info); err != nil {
		t.Fatal(err)
	}
	if info.Version != "v2" || info.Deployment != "d" || info.Participants != 3 || info.Certificate.State != CertificateReady {
		t.Errorf("info %+v", info)
	}
	if err := json.Unmarshal([]byte(`{}`), &info); err != nil {
		t.Errorf("an answer with less: %v", err)
	}
}

// TestOrdersSayNoMoreThanTheyMust: a server takes no order with a field that it does not know, so a field that is not used is not sent to
// the release before.
func TestOrdersSayNoMoreThanTheyMust(t *testing.T) {
	for _, v := range []any{Machines{Machines: []Machine{{ID: "bridge-1", Ready: true}}}, RestartOrder{Notice: int(time.Minute / time.Second)}} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, known := range []string{"revision", "machines", "id", "private", "ready", "notice"} {
			text = []byte(strings.ReplaceAll(string(text), `"`+known+`":`, ""))
		}
		if strings.Contains(string(text), `":`) {
			t.Errorf("%T says to every server: %s", v, text)
		}
	}
}
