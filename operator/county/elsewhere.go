package county

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/medienzentrenverbund/kreisraum/operator/register"
)

// ErrRegisterElsewhere says that the county has accounts and this computer has no register of them. It does not travel with the state: who
// is behind an account is known at the media centre that made it. Sending another list would lock all of them out.
var ErrRegisterElsewhere = errors.New("the register of the county's accounts is on another computer")

func (c *County) registerElsewhere() error {
	return fmt.Errorf("%w; run the command there, or put a backup of it into %s. If it is lost for good, `kreisraum down %s` and then `kreisraum up %s` make "+
		"the county anew, with new accounts", ErrRegisterElsewhere, c.Home.Register(), c.Home.Name, c.Home.Name)
}

func (c *County) hasRegister() (bool, error) {
	_, err := os.Stat(c.Home.Register())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// checkRegister returns ErrRegisterElsewhere if the server has accounts that this computer has no register of. One that was being made here
// when the command was killed is no such account.
func (c *County) checkRegister(ctx context.Context, l *local, ops Ops) error {
	here, err := c.hasRegister()
	if here || err != nil || l.UnseenAccount != "" {
		return err
	}
	info, err := ops.Info(ctx)
	if err != nil {
		return err
	}
	if info.AccountsRevision == "" || info.AccountsRevision == (register.Register{}).ForServer().Revision {
		return nil
	}
	return c.registerElsewhere()
}

// checkJoined returns ErrRegisterElsewhere if the county was made on another computer and has no register here. It asks nobody.
func (c *County) checkJoined() error {
	here, err := c.hasRegister()
	if here || err != nil {
		return err
	}
	known, err := c.seen()
	if err != nil || !known.Joined {
		return err
	}
	return c.registerElsewhere()
}
