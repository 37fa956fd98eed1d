// Package opsapi is the operator's door into a running conference server: HTTP/1.1 over mutual TLS with the county CA, on the
// site's port under the ALPN protocol "kreisraum-ops/1". It holds the wire types, the server's handler and the operator's caller.
package opsapi

import "time"

// ALPN is the protocol name that selects the ops API on the TLS port (RFC 7301).
const ALPN = "kreisraum-ops/1"

// Paths of the ops API.
const (
	PathInfo        = "/v1/info"        // GET: Info
	PathCertificate = "/v1/certificate" // GET: Certificate; POST: begin the ACME order, answers 202 Certificate
	PathAccounts    = "/v1/accounts"    // PUT Accounts, replaces all: AccountsResult
	PathProbeToken  = "/v1/probe-token" // POST, ?machine=bridge-3 for a certain bridge: ProbeToken
	PathMachines    = "/v1/machines"    // PUT Machines, replaces all; portals only: MachinesResult
	PathLoad        = "/v1/load"        // GET; portals only: Load
	PathNight       = "/v1/night"       // GET: Night
	PathRestart     = "/v1/restart"     // POST RestartOrder, answers 202 Night; on the portal for the whole county
)

// Info is the state of a server, counts only.
type Info struct {
	Version string `json:"version"`
	// Machine is the machine's ID, see package identity; Role is portal, bridge or both.
	Machine string `json:"machine"`
	Role    string `json:"role"`
	// MachinesRevision is the Revision of the last accepted Machines, empty before the first and on bridges.
	MachinesRevision string `json:"machines_revision,omitempty"`
	// Deployment is the digest the operator put into the unit's environment (KREISRAUM_DEPLOYMENT): release, configuration
	// and unit in one. It tells whether this process runs what the operator wants.
	Deployment   string    `json:"deployment"`
	Started      time.Time `json:"started"`
	Rooms        int       `json:"rooms"`
	Participants int       `json:"participants"`
	// AccountsRevision is the Revision of the last accepted Accounts, empty before the first.
	AccountsRevision string      `json:"accounts_revision"`
	Certificate      Certificate `json:"certificate"`
	// WebClient is false when the binary was built without the page.
	WebClient bool `json:"web_client"`
	// Now is the machine's clock, Disk where the server keeps its state. A server of an earlier version has neither.
	Now  time.Time `json:"now,omitzero"`
	Disk Disk      `json:"disk,omitzero"`
}

// Disk is a file system's size and what is free for the server, in bytes.
type Disk struct {
	Total int64 `json:"total"`
	Free  int64 `json:"free"`
}

// Certificate states.
const (
	CertificateNone     = "none"     // nothing stored, nothing ordered: waits for POST /v1/certificate
	CertificateOrdering = "ordering" // an ACME order is under way
	CertificateReady    = "ready"    // served to browsers
	CertificateFailed   = "failed"   // the last order failed, see Detail
)

// Certificate is the state of the site's certificate.
type Certificate struct {
	State    string    `json:"state"`
	NotAfter time.Time `json:"not_after,omitzero"`
	Issuer   string    `json:"issuer,omitempty"`
	// RenewAt is when the server renews it by itself.
	RenewAt time.Time `json:"renew_at,omitzero"`
	// Detail says what went wrong with the last order or renewal, and what to do. Empty if nothing did.
	Detail string `json:"detail,omitempty"`
	// FailingSince is the first failure since the last success, NextTry when the server tries again by itself.
	FailingSince time.Time `json:"failing_since,omitzero"`
	NextTry      time.Time `json:"next_try,omitzero"`
	// LimitedUntil is until when the authority takes no more orders; until then an order is not even tried.
	LimitedUntil time.Time `json:"limited_until,omitzero"`
}

// Account is what a server knows of an organiser: a pseudonym and a hash.
type Account struct {
	// ID is random and never shown to users; ledgers use it.
	ID   string `json:"id"`
	Name string `json:"name"`
	// Hash is argon2id in PHC string format.
	Hash     string `json:"hash"`
	Disabled bool   `json:"disabled,omitempty"`
}

// Accounts is the full list; a PUT replaces what was there, in memory and on disk, atomically.
type Accounts struct {
	// Revision is chosen by the operator (digest of the list) and echoed in Info.
	Revision string    `json:"revision"`
	Accounts []Account `json:"accounts"`
}

// AccountsResult answers a PUT of Accounts.
type AccountsResult struct {
	Revision string `json:"revision"`
	Accounts int    `json:"accounts"`
	// Ended is how many connected organisers lost their place because their account is now disabled or gone.
	Ended int `json:"ended"`
}

// ProbeToken admits synthetic participants to the reserved room for 60 seconds.
type ProbeToken struct {
	Room    string    `json:"room"`
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
}

// Error is the body of every answer with status 400 and above.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}
