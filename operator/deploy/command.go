package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/crypto/ssh"
)

// maxOutput bounds what is kept of a command's output, in bytes: its end.
const maxOutput = 16 << 10

// run executes one of Commands and returns what it printed. The error is a *CommandError when it ended with a code other than 0.
func (r *remote) run(command string) (string, error) {
	if !Allowed(command) {
		return "", fmt.Errorf("%q is none of the deployment's commands", command)
	}
	session, err := r.session()
	if err != nil {
		return "", fmt.Errorf("run %q on the machine: %w", command, err)
	}
	defer session.Close()
	var out tail
	session.Stdout, session.Stderr = &out, &out
	err = session.Run(command)
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		return out.String(), &CommandError{Command: command, Code: exit.ExitStatus(), Output: out.String()}
	}
	if err != nil {
		return out.String(), fmt.Errorf("run %q on the machine: %w", command, err)
	}
	return out.String(), nil
}

// errLost says that the connection has ended.
var errLost = errors.New("the connection to the machine is lost")

// session opens a channel for a command. x/crypto/ssh waits for ever when the connection ends at the very moment of asking for one.
func (r *remote) session() (*ssh.Session, error) {
	type opened struct {
		session *ssh.Session
		err     error
	}
	result := make(chan opened, 1)
	select {
	case <-r.lost:
		return nil, errLost
	default:
	}
	go func() {
		s, err := r.ssh.NewSession()
		result <- opened{s, err}
	}()
	select {
	case o := <-result:
		return o.session, o.err
	case <-r.lost:
		return nil, errLost
	}
}

// runLosing executes a command that may cost us the connection before it can answer.
func (r *remote) runLosing(command string) error {
	_, err := r.run(command)
	var failed *CommandError
	if errors.As(err, &failed) {
		return err
	}
	return nil
}

// tail keeps the end of what is written to it; x/crypto/ssh copies stdout and stderr from a goroutine each.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(p)
	if extra := t.buf.Len() - maxOutput; extra > 0 {
		t.buf.Next(extra)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}
