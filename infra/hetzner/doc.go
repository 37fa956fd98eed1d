// Package hetzner is the project's one door to the Hetzner Cloud API: hcloud-go with timeouts, a request budget, retries of
// what passes by itself, errors that say what to do, and the ownership labels by which the county's resources are found again.
//
//	stack    ──▶ provider ──▶ hetzner.Client ──▶ hcloud-go ──▶ https://api.hetzner.cloud/v1
//	operator ──▶ OpenSSH, CloseSSH, Leftovers, Hourly, CheckToken
package hetzner
