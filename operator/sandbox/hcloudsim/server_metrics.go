package hcloudsim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// metricSeries are the time series of each kind of metrics, Hetzner Cloud API: GET /servers/{id}/metrics.
var metricSeries = map[string][]string{
	"cpu":  {"cpu"},
	"disk": {"disk.0.iops.read", "disk.0.iops.write", "disk.0.bandwidth.read", "disk.0.bandwidth.write"},
	"network": {
		"network.0.pps.in", "network.0.pps.out", "network.0.bandwidth.in", "network.0.bandwidth.out",
	},
}

// maxMetricValues per series, as at Hetzner.
const maxMetricValues = 500

// getMetrics answers in the right shape. Nothing is measured: all values are zero.
func getMetrics(r *request) (reply, error) {
	if _, err := find(r.Servers, "server", r.id); err != nil {
		return reply{}, err
	}
	var v invalidInput
	start, end := v.time(r.query.Get("start"), "start"), v.time(r.query.Get("end"), "end")
	kinds := v.kinds(r.query["type"])
	step := v.step(r.query.Get("step"), start, end)
	if len(v.fields) == 0 && end.Before(start) {
		v.add("end", "must not be before start")
	}
	if err := v.err(); err != nil {
		return reply{}, err
	}
	series := map[string]any{}
	for _, kind := range kinds {
		for _, name := range metricSeries[kind] {
			series[name] = map[string]any{"values": zeros(start, end, step)}
		}
	}
	return reply{status: http.StatusOK, body: map[string]any{"metrics": map[string]any{
		"start": start, "end": end, "step": step, "time_series": series,
	}}}, nil
}

func (v *invalidInput) time(value, field string) time.Time {
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		v.add(field, "must be a time in the format of RFC 3339")
	}
	return t
}

// kinds are given repeatedly or with commas.
func (v *invalidInput) kinds(given []string) (kinds []string) {
	for _, kind := range strings.Split(strings.Join(given, ","), ",") {
		if metricSeries[kind] == nil {
			v.add("type", "must be cpu, disk or network")
			return nil
		}
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// step is the time between two values in seconds; without one it is chosen for about two hundred values.
func (v *invalidInput) step(value string, start, end time.Time) int64 {
	seconds := int64(end.Sub(start).Seconds())
	least := 1 + seconds/maxMetricValues
	if value == "" {
		return max(least, seconds/200)
	}
	step, err := strconv.ParseInt(value, 10, 64)
	if err != nil || step < 1 {
		v.add("step", "must be a positive number of seconds")
		return 1
	}
	return max(least, step)
}

// zeros are pairs of a time in seconds since 1970 and a number as text.
func zeros(start, end time.Time, step int64) [][2]any {
	values := [][2]any{}
	for at := start.Unix(); at <= end.Unix() && len(values) < maxMetricValues; at += step {
		values = append(values, [2]any{at, "0"})
	}
	return values
}
