package opsapi

import (
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

// ServerName is the name in every server leaf of the county CA and in the operator's TLS server name indication. It is never
// resolved: the operator dials the machine's address.
const ServerName = "ops.kreisraum.internal"

// Limits that both sides know.
const (
	// MaxAccounts bounds a list of accounts; the largest German county has some 10,000 teachers.
	MaxAccounts = 20000
	// MaxAccountsBody bounds a PUT of Accounts and accounts.json in bytes.
	MaxAccountsBody = 8 << 20
	// MaxMachines bounds a list of machines: the portal and the bridges.
	MaxMachines = 1 + identity.MaxBridges
	// MaxMachinesBody bounds a PUT of Machines and machines.json in bytes; a machine takes some 100.
	MaxMachinesBody = 64 << 10
	// maxRestartBody bounds a RestartOrder in bytes.
	maxRestartBody = 1 << 10
	// maxRevision bounds a revision in bytes; a SHA-256 in hexadecimal has 64.
	maxRevision = 128
	// maxAnswer bounds what the client reads, in bytes: the proofs of 35 nights on 100 machines take some 3 MiB.
	maxAnswer = 8 << 20
	// ProbeTokenLife is how long a probe token admits.
	ProbeTokenLife = 60 * time.Second
)
