package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"
)

// maxScrapers is how many connections the metrics may hold: everybody on this computer can open some, and the daemon needs files too.
const maxScrapers = 64

// metrics are the daemon's, labelled by county and nothing that is about a person.
type metrics struct {
	registry     *prometheus.Registry
	bridges      *prometheus.GaugeVec // county, state
	desired      *prometheus.GaugeVec
	demand       *prometheus.GaugeVec
	participants *prometheus.GaugeVec
	waiting      *prometheus.GaugeVec
	answers      *prometheus.GaugeVec
	spent        *prometheus.GaugeVec
	lead         *prometheus.GaugeVec
	certificate  *prometheus.GaugeVec
	proofAge     *prometheus.GaugeVec
	proofGood    *prometheus.GaugeVec
	alarm        *prometheus.GaugeVec // county, alarm
	decisions    *prometheus.CounterVec
	failures     *prometheus.CounterVec
	look         *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	gauge := func(name, help string, more ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "kreisraum_" + name, Help: help}, append([]string{"county"}, more...))
		m.registry.MustRegister(g)
		return g
	}
	counter := func(name, help string, more ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kreisraum_" + name, Help: help}, append([]string{"county"}, more...))
		m.registry.MustRegister(c)
		return c
	}
	m.bridges = gauge("bridges", "Dedicated bridges by state: ready, draining, coming.", "state")
	m.desired = gauge("bridges_desired", "Dedicated bridges that shall take rooms.")
	m.demand = gauge("demand", "Sum of the stress of all bridges: 2.5 needs two and a half bridges.")
	m.participants = gauge("participants", "People in lessons.")
	m.waiting = gauge("rooms_waiting", "Rooms that wait for a bridge.")
	m.answers = gauge("portal_answers", "1 if the portal answered the last question.")
	m.spent = gauge("spent_today_cents", "What dedicated bridges have cost since midnight, in cents of the price list's currency, net.")
	m.lead = gauge("bridge_lead_seconds", "How long the last new bridges took until they took rooms.")
	m.certificate = gauge("certificate_days", "Days until the site's certificate ends.")
	m.proofAge = gauge("proof_age_seconds", "Time since the last restart that has a proof.")
	m.proofGood = gauge("proof_good", "1 if every check of the last proof holds.")
	m.alarm = gauge("alarm", "1 while something needs an operator.", "alarm")
	m.decisions = counter("decisions_total", "Decisions by whether anything was to be done.", "kind")
	m.failures = counter("failures_total", "Decisions that could not be carried out.")
	m.look = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "kreisraum_look_seconds", Help: "How long one look at a county takes.", Buckets: []float64{.005, .02, .1, .5, 2, 10},
	}, []string{"county"})
	m.registry.MustRegister(m.look, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func yes(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (m *metrics) looked(mind *mind, took time.Duration) {
	county := mind.name
	m.look.WithLabelValues(county).Observe(took.Seconds())
	m.answers.WithLabelValues(county).Set(yes(mind.last.answers))
	if !mind.last.answers {
		return
	}
	s := mind.last.sample()
	m.demand.WithLabelValues(county).Set(s.Demand)
	m.participants.WithLabelValues(county).Set(float64(s.Participants))
	m.waiting.WithLabelValues(county).Set(float64(s.WaitingRooms))
	var ready, draining, coming float64
	for _, b := range mind.bridges {
		switch {
		case b.Draining:
			draining++
		case b.Ready:
			ready++
		default:
			coming++
		}
	}
	m.bridges.WithLabelValues(county, "ready").Set(ready)
	m.bridges.WithLabelValues(county, "draining").Set(draining)
	m.bridges.WithLabelValues(county, "coming").Set(coming)
	m.spent.WithLabelValues(county).Set(float64(mind.memory.spent(mind.last.at, mind.zone)))
	m.lead.WithLabelValues(county).Set(mind.memory.Lead.Seconds())
}

func (m *metrics) decided(mind *mind, d autoscale.Decision) {
	kind := "change"
	if d.Nothing() {
		kind = "nothing"
	}
	m.decisions.WithLabelValues(mind.name, kind).Inc()
	m.desired.WithLabelValues(mind.name).Set(float64(d.Desired))
}

func (m *metrics) failed(county string) { m.failures.WithLabelValues(county).Inc() }

func (m *metrics) surveyed(mind *mind, s Survey) {
	county, now := mind.name, time.Now()
	for _, name := range alarmNames {
		m.alarm.WithLabelValues(county, name).Set(0)
	}
	for _, a := range mind.memory.Alarms {
		m.alarm.WithLabelValues(county, a.Name).Set(1)
	}
	if !s.Answers {
		return
	}
	m.certificate.WithLabelValues(county).Set(float64(daysLeft(s.NotAfter, now)))
	if len(s.Night.Proofs) > 0 {
		last := s.Night.Proofs[0]
		m.proofAge.WithLabelValues(county).Set(now.Sub(last.Started).Seconds())
		m.proofGood.WithLabelValues(county).Set(yes(last.Good()))
	}
}

// forget drops a county that the daemon no longer looks after.
func (m *metrics) forget(county string) {
	labels := prometheus.Labels{"county": county}
	for _, g := range []*prometheus.GaugeVec{m.bridges, m.desired, m.demand, m.participants, m.waiting, m.answers, m.spent, m.lead, m.certificate,
		m.proofAge, m.proofGood, m.alarm} {
		g.DeletePartialMatch(labels)
	}
	m.decisions.DeletePartialMatch(labels)
	m.failures.DeletePartialMatch(labels)
	m.look.DeletePartialMatch(labels)
}

// serve answers GET /metrics until ctx ends.
func (m *metrics) serve(ctx context.Context, listener net.Listener, log *slog.Logger) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 15 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { defer close(ended); server.Close() })
	err := server.Serve(netutil.LimitListener(listener, maxScrapers))
	if !stop() {
		<-ended
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve metrics: %w", err)
}
