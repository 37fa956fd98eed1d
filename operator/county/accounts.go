package county

import (
	"context"
	"errors"
	"fmt"

	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/register"
)

// Accounts returns the register as it is. Returns ErrRegisterElsewhere if the county was made on another computer.
func (c *County) Accounts() ([]register.Account, error) {
	if err := c.checkJoined(); err != nil {
		return nil, err
	}
	r, err := register.Load(c.Home.Register())
	return r.Accounts, err
}

// errUnnoted is wrapped when a change was made and only the ledger has no line of it.
var errUnnoted = errors.New("the change was made, but could not be noted")

// CreateAccounts makes an account for each label. The server has them before the register, and both before they are returned.
// Accounts that are returned exist, also with an error.
func (c *County) CreateAccounts(ctx context.Context, labels []string) (made []register.Credential, err error) {
	err = c.change(ctx, func(r register.Register, ops Ops) (err error) {
		if err := r.Fits(c.Config.Accounts.Model, labels); err != nil {
			return err
		}
		made, err = c.create(ctx, ops, r, labels)
		return err
	})
	return made, err
}

// DisableAccount ends an account for good, and with it the lessons that its holder is organising.
func (c *County) DisableAccount(ctx context.Context, name string) error {
	return c.change(ctx, func(r register.Register, ops Ops) error {
		next, account, err := r.Disable(name, c.World.Now())
		if err != nil {
			return err
		}
		return c.publish(ctx, ops, next, audit.AccountDisabled, account.ID)
	})
}

// ResetAccount gives an account another password. One that is returned is valid, also with an error.
func (c *County) ResetAccount(ctx context.Context, name string) (made register.Credential, err error) {
	err = c.change(ctx, func(r register.Register, ops Ops) (err error) {
		made, err = c.reset(ctx, ops, r, name)
		return err
	})
	return made, err
}

func (c *County) reset(ctx context.Context, ops Ops, r register.Register, name string) (register.Credential, error) {
	password := register.NewPassword()
	hash, err := c.World.Hash(password)
	if err != nil {
		return register.Credential{}, fmt.Errorf("hash the password: %w", err)
	}
	next, account, err := r.Rehash(name, hash)
	if err != nil {
		return register.Credential{}, err
	}
	err = c.publish(ctx, ops, next, audit.AccountReset, account.ID)
	if err != nil && !errors.Is(err, errUnnoted) {
		return register.Credential{}, err
	}
	return register.Credential{Name: account.Name, Password: password, Label: account.Label}, err
}

// change runs f with the register under the county's lock.
func (c *County) change(ctx context.Context, f func(register.Register, Ops) error) error {
	unlock, err := c.Home.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	l, _, ops, err := c.live()
	if err != nil {
		return err
	}
	defer ops.Close()
	if err := c.checkRegister(ctx, l, ops); err != nil {
		return err
	}
	r, err := register.Load(c.Home.Register())
	if err != nil {
		return err
	}
	return f(r, ops)
}

func (c *County) create(ctx context.Context, ops Ops, r register.Register, labels []string) ([]register.Credential, error) {
	d, err := c.draft(ctx, r, labels)
	if err != nil {
		return nil, err
	}
	err = c.publish(ctx, ops, d.next, audit.AccountsCreated, d.ids...)
	if err != nil && !errors.Is(err, errUnnoted) {
		return nil, err
	}
	return d.credentials, err
}

// draft is a register with further accounts that nobody knows of yet.
type draft struct {
	next        register.Register
	credentials []register.Credential
	ids         []string
}

func (c *County) draft(ctx context.Context, r register.Register, labels []string) (draft, error) {
	maker := register.Maker{Words: c.Config.Accounts.Prefixes, Hash: c.World.Hash, Now: c.World.Now}
	accounts, credentials, err := maker.Make(ctx, r, labels)
	if err != nil {
		return draft{}, err
	}
	d := draft{credentials: credentials}
	for _, a := range accounts {
		d.ids = append(d.ids, a.ID)
	}
	d.next, err = r.With(accounts...)
	return d, err
}

// publish gives the server the next list, then saves it, then notes it. A server that cannot be reached changes nothing.
func (c *County) publish(ctx context.Context, ops Ops, next register.Register, action audit.Action, ids ...string) error {
	if _, err := ops.PutAccounts(ctx, next.ForServer()); err != nil {
		return fmt.Errorf("nothing was changed, the server did not take the list: %w", err)
	}
	if err := next.Save(c.Home.Register()); err != nil {
		return fmt.Errorf("the server has the change but the register could not be saved; the next `up` takes it back: %w", err)
	}
	if err := c.Ledger.Write(action, "", ids...); err != nil {
		return fmt.Errorf("%w: %w", errUnnoted, err)
	}
	return nil
}

// revision of the register's list; empty when it cannot be read.
func (c *County) revision() string {
	r, err := register.Load(c.Home.Register())
	if err != nil {
		return ""
	}
	return r.ForServer().Revision
}
