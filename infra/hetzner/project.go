package hetzner

import (
	"crypto/sha256"
	"sync"
)

// project is what all Clients of one token share in this process, because Hetzner counts their requests together: the budget, and one
// poll for all running actions.
type project struct {
	budget *budget
	polls  *polls
}

// projects by a digest of address and token. It grows by one entry for each token that the process ever uses.
var projects struct {
	mu  sync.Mutex // guards all
	all map[[sha256.Size]byte]*project
}

// projectOf returns what the Clients of a token at an address share. The first of them sets its pace.
func projectOf(url, token string, pace float64) *project {
	key := sha256.Sum256([]byte(url + "\x00" + token))
	projects.mu.Lock()
	defer projects.mu.Unlock()
	if p := projects.all[key]; p != nil {
		return p
	}
	if projects.all == nil {
		projects.all = map[[sha256.Size]byte]*project{}
	}
	p := &project{budget: newBudget(pace), polls: newPolls()}
	projects.all[key] = p
	return p
}
