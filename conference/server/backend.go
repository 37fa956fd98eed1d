package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/medienzentrenverbund/kreisraum/conference/account"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// backend is what the operator may see and do.
type backend struct{ s *Server }

var _ opsapi.Backend = (*backend)(nil)

// Info implements opsapi.Backend.
func (b *backend) Info(context.Context) (opsapi.Info, error) {
	rooms, participants := b.s.rooms.Counts()
	return opsapi.Info{
		Version: b.s.opt.Version, Machine: b.s.cfg.MachineID(), Role: b.s.cfg.Role, Deployment: b.s.opt.Deployment, Started: b.s.started, Rooms: rooms, Participants: participants,
		AccountsRevision: b.s.accounts.Revision(), Certificate: b.s.certs.Status(), WebClient: b.s.page.Built(),
	}, nil
}

// Certificate implements opsapi.Backend.
func (b *backend) Certificate(context.Context) (opsapi.Certificate, error) {
	return b.s.certs.Status(), nil
}

// OrderCertificate implements opsapi.Backend.
func (b *backend) OrderCertificate(context.Context) (opsapi.Certificate, error) {
	return b.s.certs.Order(), nil
}

// PutAccounts implements opsapi.Backend.
func (b *backend) PutAccounts(_ context.Context, list opsapi.Accounts) (opsapi.AccountsResult, error) {
	if err := account.Validate(list); err != nil {
		return opsapi.AccountsResult{}, &opsapi.Error{Code: opsapi.CodeInvalidAccounts, Message: err.Error()}
	}
	if err := b.s.accounts.Replace(list); err != nil {
		return opsapi.AccountsResult{}, err
	}
	ended := b.s.rooms.EndAccounts(b.s.accounts.Ended)
	b.s.opt.Log.Info("accounts replaced", "accounts", len(list.Accounts), "connections_ended", ended)
	return opsapi.AccountsResult{Revision: list.Revision, Accounts: len(list.Accounts), Ended: ended}, nil
}

// ProbeToken implements opsapi.Backend. Each token has a room of its own, so that two probes never meet.
func (b *backend) ProbeToken(context.Context, string) (opsapi.ProbeToken, error) {
	id := make([]byte, 8)
	rand.Read(id)
	room, err := signaling.CanonicalRoom(signaling.ProbeRoomPrefix + hex.EncodeToString(id))
	if err != nil {
		return opsapi.ProbeToken{}, fmt.Errorf("name the probe's room: %w", err)
	}
	expires := b.s.opt.Now().Add(opsapi.ProbeTokenLife)
	return opsapi.ProbeToken{Room: room, Token: token.Sign(b.s.key, token.PurposeProbe, token.ProbeClaims{Room: room}, expires), Expires: expires}, nil
}

var errNotReady = &opsapi.Error{Code: opsapi.CodeNotReady, Message: "this server does not know yet"}

// PutMachines implements opsapi.Backend.
func (b *backend) PutMachines(context.Context, opsapi.Machines) (opsapi.MachinesResult, error) {
	return opsapi.MachinesResult{}, errNotReady
}

// Load implements opsapi.Backend.
func (b *backend) Load(context.Context) (opsapi.Load, error) { return opsapi.Load{}, errNotReady }

// Night implements opsapi.Backend.
func (b *backend) Night(context.Context) (opsapi.Night, error) { return opsapi.Night{}, errNotReady }

// Restart implements opsapi.Backend.
func (b *backend) Restart(context.Context, opsapi.RestartOrder) (opsapi.Night, error) {
	return opsapi.Night{}, errNotReady
}
