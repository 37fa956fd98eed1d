package opsapi

import "time"

// ServerName is the name in every server leaf of the county CA and in the operator's TLS server name indication. It is never
// resolved: the operator dials the machine's address.
const ServerName = "ops.kreisraum.internal"

// Limits that both sides know.
const (
	// MaxAccounts bounds a list of accounts; the largest German county has some 10,000 teachers.
	MaxAccounts = 20000
	// MaxAccountsBody bounds a PUT of Accounts and accounts.json in bytes.
	MaxAccountsBody = 8 << 20
	// maxAnswer bounds what the client reads, in bytes.
	maxAnswer = 1 << 20
	// ProbeTokenLife is how long a probe token admits.
	ProbeTokenLife = 60 * time.Second
)
