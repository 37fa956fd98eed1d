package hcloudsim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func TestRequestsAreCounted(t *testing.T) {
	c := newCloud(t)
	c.create(serverOpts("portal"))
	c.sim.ResetRequests()
	for range 3 {
		must[*hcloud.Server](t)(c.client.Server.GetByID(c.ctx, 999))
	}
	c.raw("GET", "/v1/servers?name=canary-name", testToken, "")
	c.raw("GET", "/v1/canary-route", testToken, "")
	c.raw("GET", "/v1/servers", "canary-token", "")
	c.raw("BREW", "/v1/servers", testToken, "")
	c.inject(Fault{Kind: KindHTML, Times: 1})
	answerOf(c.sim, "GET", "/v1/locations")

	want := map[RequestCount]bool{
		{"GET", "", 404, 1}: true, {"GET", "/locations", 502, 1}: true, {"GET", "/servers", 200, 1}: true, {"GET", "/servers", 401, 1}: true,
		{"GET", "/servers/{id}", 404, 3}: true, {"other", "/servers", 405, 1}: true,
	}
	r := c.sim.Requests(2)
	if r.Total != 8 || len(r.Counts) != len(want) {
		t.Errorf("got %+v", r)
	}
	for _, count := range r.Counts {
		if !want[count] {
			t.Errorf("unexpected %+v", count)
		}
	}
	if len(r.Recent) != 2 || r.Recent[0].Method != "other" || r.Recent[1].Path != "/locations" || r.Recent[1].Fault != KindHTML || r.Recent[1].At.IsZero() {
		t.Errorf("recent: %+v", r.Recent)
	}
	if text := fmt.Sprintf("%+v", c.sim.Requests(keptRequests)); strings.Contains(text, "canary") {
		t.Errorf("a query, an unknown path or a token was kept: %s", text)
	}
}

func TestRequestLogIsBounded(t *testing.T) {
	var l requestLog
	for i := range keptRequests + 10 {
		l.note(time.Unix(int64(i), 0), &visit{method: "GET", path: "/" + strings.Repeat("x", 1000), route: "/x", status: 200})
	}
	r := l.report(keptRequests * 2)
	if r.Total != keptRequests+10 || len(r.Recent) != keptRequests || r.Recent[0].At.Unix() != 10 ||
		r.Recent[keptRequests-1].At.Unix() != keptRequests+9 || len(r.Recent[0].Path) != keptPath || len(r.Counts) != 1 {
		t.Errorf("total %d, kept %d from %v", r.Total, len(r.Recent), r.Recent[0].At)
	}
	l.reset()
	l.note(time.Unix(1, 0), &visit{method: "GET"})
	if r := l.report(5); r.Total != 1 || len(r.Recent) != 1 {
		t.Errorf("after the reset: %+v", r)
	}
}
