package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/account"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/directory"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// backend is what the operator may see and do.
type backend struct{ s *Server }

var _ opsapi.Backend = (*backend)(nil)

// errNotPortal answers what only a portal knows.
var errNotPortal = &opsapi.Error{Code: opsapi.CodeNotPortal, Message: "this machine is a bridge and has no site; ask the county's portal"}

// Info implements opsapi.Backend.
func (b *backend) Info(context.Context) (opsapi.Info, error) {
	s := b.s
	rooms, participants := s.rooms.Counts()
	info := opsapi.Info{
		Version: s.opt.Version, Machine: s.cfg.MachineID(), Role: s.cfg.Role, Deployment: s.opt.Deployment, Started: s.started,
		Rooms: rooms, Participants: participants, Certificate: opsapi.Certificate{State: opsapi.CertificateNone},
		Now: time.Now(), Disk: disk(s.cfg.Paths.State),
	}
	if p := s.site; p != nil {
		info.MachinesRevision, info.AccountsRevision = p.machines.current().Revision, p.accounts.Revision()
		info.Certificate, info.WebClient = p.certs.Status(), p.page.Built()
	}
	return info, nil
}

// Certificate implements opsapi.Backend.
func (b *backend) Certificate(context.Context) (opsapi.Certificate, error) {
	if b.s.site == nil {
		return opsapi.Certificate{}, errNotPortal
	}
	return b.s.site.certs.Status(), nil
}

// OrderCertificate implements opsapi.Backend.
func (b *backend) OrderCertificate(context.Context) (opsapi.Certificate, error) {
	if b.s.site == nil {
		return opsapi.Certificate{}, errNotPortal
	}
	return b.s.site.certs.Order(), nil
}

// PutAccounts implements opsapi.Backend.
func (b *backend) PutAccounts(ctx context.Context, list opsapi.Accounts) (opsapi.AccountsResult, error) {
	p := b.s.site
	if p == nil {
		return opsapi.AccountsResult{}, errNotPortal
	}
	if err := account.Validate(list); err != nil {
		return opsapi.AccountsResult{}, &opsapi.Error{Code: opsapi.CodeInvalidAccounts, Message: err.Error()}
	}
	if err := p.accounts.Replace(list); err != nil {
		return opsapi.AccountsResult{}, err
	}
	forgotten, err := p.pruneRooms() // on an error the operator brings the same list again
	if err != nil {
		return opsapi.AccountsResult{}, err
	}
	ended := b.s.rooms.EndAccounts(p.accounts.Ended)
	if store := b.s.network.current(); store != nil {
		ended += b.s.accountWatch(store).look(ctx)
	}
	b.s.opt.Log.Info("accounts replaced", "accounts", len(list.Accounts), "connections_ended", ended, "rooms_forgotten", forgotten)
	return opsapi.AccountsResult{Revision: list.Revision, Accounts: len(list.Accounts), Ended: ended}, nil
}

// PutMachines implements opsapi.Backend.
func (b *backend) PutMachines(_ context.Context, list opsapi.Machines) (opsapi.MachinesResult, error) {
	if b.s.site == nil {
		return opsapi.MachinesResult{}, errNotPortal
	}
	if err := b.s.site.machines.replace(list); err != nil {
		return opsapi.MachinesResult{}, err
	}
	b.s.opt.Log.Info("list of machines replaced", "machines", len(list.Machines))
	return opsapi.MachinesResult{Revision: list.Revision, Machines: len(list.Machines)}, nil
}

// Load implements opsapi.Backend.
func (b *backend) Load(ctx context.Context) (opsapi.Load, error) {
	if b.s.site == nil {
		return opsapi.Load{}, errNotPortal
	}
	d := b.s.site.rooms.there.Load()
	if d == nil {
		return opsapi.Load{}, errNoDirectory
	}
	load, err := d.Load(ctx)
	if errors.Is(err, cluster.ErrNoBridge) {
		return opsapi.Load{}, errNoDirectory
	}
	return load, err
}

var errNoDirectory = &opsapi.Error{Code: opsapi.CodeNotReady,
	Message: "the portal does not know its bridges yet; its private address or NATS may be missing, see its log"}

// Night implements opsapi.Backend.
func (b *backend) Night(context.Context) (opsapi.Night, error) { return b.s.night.Status(), nil }

// Restart implements opsapi.Backend.
func (b *backend) Restart(ctx context.Context, o opsapi.RestartOrder) (opsapi.Night, error) {
	return b.s.orderNight(ctx, o)
}

// ProbeToken implements opsapi.Backend. Each token has a room of its own, so that two probes never meet.
func (b *backend) ProbeToken(_ context.Context, machine string) (opsapi.ProbeToken, error) {
	if b.s.site == nil {
		return opsapi.ProbeToken{}, errNotPortal
	}
	if machine != "" && !b.s.site.machines.has(machine) {
		return opsapi.ProbeToken{}, &opsapi.Error{Code: opsapi.CodeUnknownMachine, Message: machine + " is not in the list of machines; put it there first"}
	}
	id := make([]byte, 8)
	rand.Read(id)
	name := signaling.ProbeRoomPrefix + hex.EncodeToString(id)
	if machine != "" {
		name = directory.ProbeRoom(machine, hex.EncodeToString(id))
	}
	room, err := signaling.CanonicalRoom(name)
	if err != nil {
		return opsapi.ProbeToken{}, fmt.Errorf("name the probe's room: %w", err)
	}
	expires := b.s.opt.Now().Add(opsapi.ProbeTokenLife)
	return opsapi.ProbeToken{Room: room, Token: token.Sign(b.s.key, token.PurposeProbe, token.ProbeClaims{Room: room}, expires), Expires: expires}, nil
}
