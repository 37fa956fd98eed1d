package hetzner

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// limit is one of the account's limits in words. The API does not tell them beforehand; figures of new accounts were reported by users
// in 2026.
type limit struct {
	// sign is what the limit's name, or Hetzner's sentence, contains.
	sign string
	// of is what there are too many of; begins is what a new account may have.
	of, begins string
	// besides is what helps without Hetzner.
	besides string
}

// limits in the order in which they are tried: the special ones first.
var limits = []limit{
	{"dedicated", "dedicated vCPUs (server types ccx…)", "8, one ccx33", "a type with shared vCPUs (cpx…) does not count here"},
	{"core", "dedicated vCPUs (server types ccx…)", "8, one ccx33", "a type with shared vCPUs (cpx…) does not count here"},
	{"vcpu", "dedicated vCPUs (server types ccx…)", "8, one ccx33", "a type with shared vCPUs (cpx…) does not count here"},
	{"primary", "primary IPs", "twice as many as servers", "each machine has two with IPv6 and one with `ipv6: false`; unassigned ones count too"},
	{"placement", "placement groups", "50", "one county has one for each ten machines"},
	{"firewall", "firewalls", "50", "one county has one"},
	{"network", "networks", "", "one county has one"},
	{"snapshot", "snapshots", "30", "delete old ones"},
	{"image", "snapshots", "30", "delete old ones"},
	{"volume", "volumes", "", ""},
	{"zone", "DNS zones", "25", ""},
	{"server", "servers", "5", "`kreisraum orphans` shows what nobody needs; fewer bridges (bridges.max) need fewer servers"},
}

// exceeded names the account's limits that a refused request met.
func exceeded(err error) []limit {
	var api hcloud.Error
	if !errors.As(err, &api) {
		return nil
	}
	var found []limit
	for _, name := range limitNames(api) {
		if l, known := limitBySign(name); known {
			found = append(found, l)
		}
	}
	if l, known := limitBySign(api.Message); known && len(found) == 0 {
		found = append(found, l)
	}
	return found
}

func limitBySign(text string) (limit, bool) {
	text = strings.ToLower(text)
	for _, l := range limits {
		if strings.Contains(text, l.sign) {
			return l, true
		}
	}
	return limit{}, false
}

// limitNames reads error.details.limits[].name (Hetzner Cloud API, "Errors", resource_limit_exceeded), which hcloud-go leaves unread.
func limitNames(api hcloud.Error) []string {
	resp := api.Response()
	if resp == nil || resp.Response == nil || resp.Body == nil {
		return nil
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body)) // for whoever reads it next
	if err != nil {
		return nil
	}
	var answer struct {
		Error struct {
			Details struct {
				Limits []struct {
					Name string `json:"name"`
				} `json:"limits"`
			} `json:"details"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return nil
	}
	var names []string
	for _, l := range answer.Error.Details.Limits {
		names = append(names, l.Name)
	}
	return names
}

// askForMore says how an account's limit is raised.
func askForMore(err error) string {
	found := exceeded(err)
	if len(found) == 0 {
		return "the account's limit is reached: ask Hetzner for more in the Hetzner Console under Limits, which takes 1 to 3 working days, or " +
			"remove what is no longer needed in this account"
	}
	var of, hints []string
	for _, l := range found {
		what := l.of
		if l.begins != "" {
			what += " (a new account: " + l.begins + ")"
		}
		of = append(of, what)
		if l.besides != "" {
			hints = append(hints, l.besides)
		}
	}
	text := "the account's limit is its number of " + strings.Join(of, " and ") + "; it counts all projects of the account. Ask for more in the " +
		"Hetzner Console under Limits; Hetzner takes 1 to 3 working days, and wants an account that is a month old with its first invoice paid"
	if len(hints) > 0 {
		text += ". Until then: " + strings.Join(hints, "; ")
	}
	return text
}
