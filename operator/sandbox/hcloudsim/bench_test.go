package hcloudsim

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	benchCounties = 50
	benchMachines = 10
)

// benchCloud is a cloud of 50 counties with 10 machines each, with user data of the size that ours have.
func benchCloud(b *testing.B, stateFile string) *Server {
	b.Helper()
	plenty, err := DefaultQuotas().With(map[string]int{"servers": maxQuota / 2, "firewalls": maxQuota, "networks": maxQuota, "placement_groups": maxQuota})
	if err != nil {
		b.Fatal(err)
	}
	s, err := New(Config{
		Token: testToken, Runtime: NoMachines{}, IPv6Supported: true, Quotas: plenty, RequestsPerHour: 1 << 40, StateFile: stateFile,
		Latency: func(string) time.Duration { return 0 },
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	for county := range benchCounties {
		for machine := range benchMachines {
			if code := benchAsk(s, "POST", "/servers", benchServer(county, fmt.Sprint("machine-", machine))); code != 201 {
				b.Fatalf("create: status %d", code)
			}
		}
	}
	for benchRunning(s) < benchCounties*benchMachines {
		time.Sleep(time.Millisecond)
	}
	return s
}

func benchRunning(s *Server) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, srv := range s.project.Servers {
		if srv.Status == "running" && !srv.locked() {
			n++
		}
	}
	return n
}

func benchServer(county int, name string) string {
	return fmt.Sprintf(`{"name":"county-%d-%s","server_type":"cpx22","image":"debian-12","location":"fsn1","user_data":%q,
		"labels":{"kreisraum.example/county":"county-%d","kreisraum.example/role":"bridge"}}`, county, name, strings.Repeat("# cloud-config\n", 400), county)
}

func benchAsk(s *Server, method, path, body string) int {
	req := httptest.NewRequest(method, "/v1"+path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+testToken)
	rec := httptest.NewRecorder()
	rec.Body = &bytes.Buffer{}
	s.ServeHTTP(rec, req)
	return rec.Code
}

func BenchmarkListOneCountyOf50(b *testing.B) {
	s := benchCloud(b, "")
	path := "/servers?per_page=50&label_selector=kreisraum.example%2Fcounty%3D%3Dcounty-7"
	b.ReportAllocs()
	for b.Loop() {
		if code := benchAsk(s, "GET", path, ""); code != 200 {
			b.Fatalf("status %d", code)
		}
	}
}

// BenchmarkUpsAtOnce is 50 clients that create, look, change and delete at once, at a cloud of 500 servers that saves each change.
func BenchmarkUpsAtOnce(b *testing.B) {
	for _, saved := range []bool{false, true} {
		b.Run(fmt.Sprintf("saved=%v", saved), func(b *testing.B) {
			file := ""
			if saved {
				file = filepath.Join(b.TempDir(), "cloud.json")
			}
			s := benchCloud(b, file)
			numbers := make(chan int, 1)
			numbers <- 0
			b.SetParallelism(25) // times GOMAXPROCS, here 2
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					n := <-numbers
					numbers <- n + 1
					benchUp(b, s, n)
				}
			})
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/mix")
		})
	}
}

// benchUp is 20 requests, as a small `up` sends them; five of them change something.
func benchUp(b *testing.B, s *Server, n int) {
	county := 100 + n
	selector := fmt.Sprintf("label_selector=kreisraum.example%%2Fcounty%%3D%%3Dcounty-%d", county)
	network := fmt.Sprintf(`{"name":"county-%d","ip_range":"10.0.0.0/16","labels":{"kreisraum.example/county":"county-%d"}}`, county, county)
	key := fmt.Sprintf(`{"name":"county-%d","type":"spread"}`, county)
	for _, r := range []struct{ method, path, body string }{
		{"POST", "/networks", network}, {"POST", "/placement_groups", key}, {"POST", "/firewalls", strings.Replace(network, "ip_range", "x", 1)},
		{"POST", "/servers", benchServer(county, "portal")}, {"POST", "/servers", benchServer(county, "bridge-1")},
	} {
		if code := benchAsk(s, r.method, r.path, r.body); code != 201 {
			b.Errorf("%s %s: status %d", r.method, r.path, code)
		}
	}
	for range 3 {
		for _, kind := range []string{"/servers", "/networks", "/firewalls", "/placement_groups", "/primary_ips"} {
			if code := benchAsk(s, "GET", kind+"?"+selector, ""); code != 200 {
				b.Errorf("GET %s: status %d", kind, code)
			}
		}
	}
}
