package nspawn

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// commandTimeout bounds the small commands that set up networks; they take milliseconds.
const commandTimeout = 20 * time.Second

// command runs a program; what it printed is in the error.
func command(timeout time.Duration, args ...string) error {
	_, err := output(timeout, "", args...)
	return err
}

// output runs a program with an input and returns what it printed.
func output(timeout time.Duration, input string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &complaint
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("no end within %v", timeout)
		}
		text := strings.TrimSpace(complaint.String())
		if text == "" {
			return out.String(), fmt.Errorf("%s: %w", args[0], err)
		}
		return out.String(), fmt.Errorf("%s: %w: %s", args[0], err, text)
	}
	return out.String(), nil
}

// ip runs iproute2 commands, one a line, in a network namespace; the empty name is this computer's. It stops at the first that goes wrong.
func ip(namespace string, lines ...string) error {
	args := []string{"ip"}
	if namespace != "" {
		args = append(args, "-n", namespace)
	}
	_, err := output(commandTimeout, strings.Join(lines, "\n")+"\n", append(args, "-batch", "-")...)
	return err
}

// nft replaces rules in a network namespace in one transaction.
func nft(namespace, rules string) error {
	return inNetwork(namespace, func() error {
		_, err := output(commandTimeout, rules, "nft", "-f", "-")
		return err
	})
}
