package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Login says how a machine is reached outside a deployment.
type Login struct {
	Address netip.AddrPort
	Key     ssh.Signer
	// HostKeys are those that the machine may show.
	HostKeys []ssh.PublicKey
}

// journals are the journal's commands by how many lines they ask for: only fixed commands run on a machine.
var journals = []struct {
	lines   int
	command string
}{{50, CmdJournal}, {1000, CmdJournal1000}}

// MaxJournal is how many lines of a journal can be had at once.
const MaxJournal = 1000

const (
	// journalPatience bounds the connection, journalTime the command.
	journalPatience = 30 * time.Second
	journalTime     = 30 * time.Second
	// maxJournalBytes bounds what a machine may answer: MaxJournal lines of half a kilobyte, and then some.
	maxJournalBytes = 2 << 20
)

// Journal is a machine's journal of the server. One goroutine uses it.
type Journal struct{ remote *remote }

// OpenJournal connects to the machine.
func OpenJournal(ctx context.Context, l Login) (*Journal, error) {
	r, err := connect(ctx, l.Address, l.Key, l.HostKeys, journalPatience)
	if err != nil {
		return nil, err
	}
	return &Journal{r}, nil
}

// Last are the server's last n lines, oldest first; n is at most MaxJournal.
func (j *Journal) Last(ctx context.Context, n int) ([]string, error) {
	for _, variant := range journals {
		if n > variant.lines {
			continue
		}
		text, err := j.remote.output(ctx, variant.command)
		if err != nil {
			return nil, err
		}
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if text == "" {
			lines = nil
		}
		return lines[max(0, len(lines)-n):], nil
	}
	return nil, fmt.Errorf("%d lines are more than the %d that a journal gives at once", n, MaxJournal)
}

// Close ends the connection. It may be called once.
func (j *Journal) Close() { j.remote.close() }

// output is all that one of Commands prints, at most maxJournalBytes of it.
func (r *remote) output(ctx context.Context, command string) (string, error) {
	if !Allowed(command) {
		return "", fmt.Errorf("%q is none of the deployment's commands", command)
	}
	session, err := r.ssh.NewSession()
	if err != nil {
		return "", fmt.Errorf("run %q on the machine: %w", command, err)
	}
	defer session.Close()
	timeout := time.AfterFunc(journalTime, func() { session.Close() })
	defer timeout.Stop()
	stop := context.AfterFunc(ctx, func() { session.Close() })
	defer stop()
	out := bounded{limit: maxJournalBytes}
	session.Stdout = &out
	err = session.Run(command)
	var exit *ssh.ExitError
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case errors.As(err, &exit):
		return "", &CommandError{Command: command, Code: exit.ExitStatus(), Output: "see the machine's journal"}
	case err != nil:
		return "", fmt.Errorf("run %q on the machine: %w", command, err)
	}
	return out.buf.String(), nil
}

// errTooLong says that a machine answers more than it should.
var errTooLong = errors.New("the machine's answer is too long")

// bounded keeps what is written to it up to a limit in bytes.
type bounded struct {
	buf   bytes.Buffer
	limit int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.buf.Len()+len(p) > b.limit {
		return 0, errTooLong
	}
	return b.buf.Write(p)
}
