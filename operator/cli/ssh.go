package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

func (a *app) ssh() *cobra.Command {
	return &cobra.Command{
		Use:   "ssh <county> [machine] [-- command…]",
		Short: "Log in to a machine, with port 22 open only as long",
		Long: `ssh opens port 22 for the county's ssh.sources, logs in to a machine (portal, bridge-1 and so on; the portal if none is named) as root with
the operator's key, accepts no host key but the machine's own, and closes the port when the last such session has ended, also after Ctrl-C.
Other commands go on meanwhile and leave the port open. That somebody was there is noted in the ledger, what was typed is not.

The system's ssh program is used, and its exit code is the command's; 255 says that the connection failed. It runs here, also where a daemon
looks after the county, and so needs the county's token here.`,
		Example: `  kreisraum ssh tuttlingen
  kreisraum ssh tuttlingen bridge-1
  kreisraum ssh tuttlingen portal -- systemctl status kreisraum-conference`,
		Args:              sshArgs,
		ValidArgsFunction: a.completeMachines,
		RunE: func(cmd *cobra.Command, args []string) error {
			words, command := args, []string(nil)
			if dash := cmd.ArgsLenAtDash(); dash >= 0 {
				words, command = args[:dash], args[dash:]
			}
			machine := ""
			if len(words) > 1 {
				machine = words[1]
			}
			return a.runSSH(cmd.Context(), words[0], machine, command)
		},
	}
}

// sshArgs demands a county and perhaps a machine before the dashes.
func sshArgs(cmd *cobra.Command, args []string) error {
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		args = args[:dash]
	}
	return machineOf(cmd, args)
}

func (a *app) runSSH(ctx context.Context, name, machine string, command []string) (err error) {
	program, err := exec.LookPath("ssh")
	if err != nil {
		return errors.New("there is no ssh program on this computer; install it, on Debian with `apt install openssh-client`. `kreisraum logs` does without")
	}
	c, err := a.open(ctx, name, need{config: true, cloud: true, world: true}, nil)
	if err != nil {
		return err
	}
	door, shut, err := c.OpenDoor(ctx, machine, func() { a.waitingFor(name) })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shut()) }()
	dir, err := os.MkdirTemp("", "kreisraum-ssh-")
	if err != nil {
		return fmt.Errorf("keep the machine's host key for ssh: %w", err)
	}
	defer os.RemoveAll(dir)
	known := filepath.Join(dir, "known_hosts")
	if err := os.WriteFile(known, []byte(door.KnownHosts()), 0o600); err != nil {
		return fmt.Errorf("keep the machine's host key for ssh: %w", err)
	}
	return a.login(ctx, program, append(sshOptions(door, known), command...))
}

// stopSSH is how long ssh may take to end once it was told to.
const stopSSH = 5 * time.Second

// login runs ssh on this terminal. Ctrl-C reaches it by itself; this program waits for its end to close the port.
func (a *app) login(ctx context.Context, program string, args []string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.In, a.Out, a.Err
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopSSH
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exitCode(exit.ExitCode())
	}
	if ctx.Err() != nil {
		return exitCode(exitFailure)
	}
	if err != nil {
		return fmt.Errorf("run ssh: %w", err)
	}
	return nil
}

// sshOptions leave nothing to the user's own configuration, ssh_config(5).
func sshOptions(d county.Door, knownHosts string) []string {
	options := []string{"-F", "none", "-i", d.KeyFile, "-l", "root", "-p", fmt.Sprint(d.Address.Port())}
	for _, o := range []string{
		"IdentitiesOnly=yes", "IdentityAgent=none", "PreferredAuthentications=publickey", "StrictHostKeyChecking=yes",
		"UserKnownHostsFile=\"" + knownHosts + "\"", "GlobalKnownHostsFile=none", "UpdateHostKeys=no", "HostKeyAlgorithms=ssh-ed25519",
		"ConnectTimeout=10", "ConnectionAttempts=3", "ServerAliveInterval=15", "ServerAliveCountMax=4", "ForwardAgent=no", "LogLevel=ERROR",
	} {
		options = append(options, "-o", o)
	}
	return append(options, d.Address.Addr().String())
}
