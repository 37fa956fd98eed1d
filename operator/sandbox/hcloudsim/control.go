package hcloudsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// maxControl bounds a control request, in bytes. Our own bound.
const maxControl = 64 << 10

// defaultRecent is how many requests GET /sandbox/requests tells one by one unless asked for more.
const defaultRecent = 100

// Control lets a test do what no cloud offers. Whoever serves it checks who asks.
//
//	PUT    /sandbox/stock      Stock: a server type is sold out at a location or not offered there, or can be had again
//	PUT    /sandbox/stock/flips, DELETE   StockFlips: stock comes and goes
//	GET    /sandbox/clock      ClockReport
//	PUT    /sandbox/clock      ClockOrder: put the clock forward, let it run faster or stand still
//	GET    /sandbox/quotas     Quotas
//	PUT    /sandbox/quotas     the limits to change, for example {"servers": 5}
//	GET    /sandbox/bill       Bill
//	POST   /sandbox/fault      Fault: requests go wrong as described
//	PUT    /sandbox/chaos      Chaos: requests go wrong by chance
//	DELETE /sandbox/chaos      no more chaos; what it has struck stays counted
//	GET    /sandbox/faults     FaultReport: what went wrong, what is to come
//	DELETE /sandbox/faults     no more faults and no chaos, counted from zero
//	GET    /sandbox/requests   RequestReport; ?recent=N tells the last N one by one, at most 4096
//	DELETE /sandbox/requests   counted from zero
//
// A wrong request is answered with 400 and a sentence, an order that was carried out with 204.
func (s *Server) Control() http.Handler {
	control := http.NewServeMux()
	control.HandleFunc("PUT /sandbox/stock", order(s.changeStock))
	control.HandleFunc("PUT /sandbox/stock/flips", order(func(f StockFlips) error { return s.SetStockFlips(&f) }))
	control.HandleFunc("DELETE /sandbox/stock/flips", done(func() { _ = s.SetStockFlips(nil) })) // nil is always valid
	control.HandleFunc("GET /sandbox/clock", tell(func(*http.Request) (any, error) { return s.tellClock(), nil }))
	control.HandleFunc("PUT /sandbox/clock", order(s.DriveClock))
	control.HandleFunc("GET /sandbox/quotas", tell(func(*http.Request) (any, error) { return s.Quotas(), nil }))
	control.HandleFunc("PUT /sandbox/quotas", order(s.changeQuotas))
	control.HandleFunc("GET /sandbox/bill", tell(func(*http.Request) (any, error) { return s.Bill(), nil }))
	control.HandleFunc("POST /sandbox/fault", order(s.InjectFault))
	control.HandleFunc("PUT /sandbox/chaos", order(func(c Chaos) error { return s.SetChaos(&c) }))
	control.HandleFunc("DELETE /sandbox/chaos", done(func() { _ = s.SetChaos(nil) })) // nil is always valid
	control.HandleFunc("GET /sandbox/faults", tell(func(*http.Request) (any, error) { return s.Faults(), nil }))
	control.HandleFunc("DELETE /sandbox/faults", done(s.ResetFaults))
	control.HandleFunc("GET /sandbox/requests", tell(s.tellRequests))
	control.HandleFunc("DELETE /sandbox/requests", done(s.ResetRequests))
	return control
}

func (s *Server) tellRequests(r *http.Request) (any, error) {
	limit := defaultRecent
	if text := r.URL.Query().Get("recent"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return nil, errors.New("recent must be a number that is not negative")
		}
		limit = n
	}
	return s.Requests(limit), nil
}

// order takes a JSON object strictly and does what it says.
func order[T any](do func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := parseOrder[T](http.MaxBytesReader(w, r.Body, maxControl))
		if err == nil {
			err = do(v)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// parseOrder reads one JSON object; unknown keys and anything behind the object are errors.
func parseOrder[T any](body io.Reader) (T, error) {
	var v T
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&v)
	if err != nil {
		return v, fmt.Errorf("one JSON object was expected: %w", err)
	}
	if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
		return v, errors.New("one JSON object was expected, there is something behind it")
	}
	return v, nil
}

func done(do func()) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		do()
		w.WriteHeader(http.StatusNoContent)
	}
}

// tell answers with what ask returns as JSON.
func tell(ask func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := ask(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v) // a caller that is gone reads no answer
	}
}
