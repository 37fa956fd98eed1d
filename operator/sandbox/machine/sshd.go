package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// Bounds of the endpoint. Time and tries follow the sshd configuration that our cloud-config writes; the numbers of connections and
// channels are guesses, a deployment uses one connection with a handful of channels.
const (
	loginGrace     = 20 * time.Second
	maxAuthTries   = 6
	maxConnections = 32
	maxChannels    = 16
	maxKeyFile     = 64 << 10 // bytes
)

// sshEndpoint is sshd of one running machine: root logs in with a key, runs the deployment's commands or talks SFTP. Its methods are called by
// the machine's owner, except for restart, which a command may call at any time.
type sshEndpoint struct {
	disk     *rootFS
	shell    *shell
	log      *slog.Logger
	grace    time.Duration // for the login
	config   atomic.Pointer[ssh.ServerConfig]
	firewall atomic.Pointer[firewall]

	listeners []net.Listener
	wg        sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

func newSSHEndpoint(disk *rootFS, sh *shell, log *slog.Logger) *sshEndpoint {
	e := &sshEndpoint{disk: disk, shell: sh, log: log, grace: loginGrace, conns: make(map[net.Conn]struct{})}
	e.firewall.Store(&firewall{})
	return e
}

// restart reads the host key again. As with sshd, connections that stand are left alone.
func (e *sshEndpoint) restart() error {
	data, err := e.disk.readFile(deploy.HostKeyFile, maxKeyFile)
	if err != nil {
		return fmt.Errorf("host key %s: %w", deploy.HostKeyFile, hideFolder(err))
	}
	key, err := ssh.ParsePrivateKey(data)
	if err != nil {
		return fmt.Errorf("host key %s: %w", deploy.HostKeyFile, err)
	}
	config := &ssh.ServerConfig{
		MaxAuthTries:      maxAuthTries,
		PublicKeyCallback: e.authorize,
		ServerVersion:     "SSH-2.0-Kreisraum_sandbox",
	}
	config.AddHostKey(key)
	e.config.Store(config)
	return nil
}

// authorize admits root with one of the keys that stand on the disk now.
func (e *sshEndpoint) authorize(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
	if meta.User() != "root" {
		return nil, errors.New("only root logs in")
	}
	data, err := e.disk.readFile(authorizedKeys, maxKeyFile)
	if err != nil {
		return nil, errors.New("no authorized keys")
	}
	offered := key.Marshal()
	for len(data) > 0 {
		known, _, _, rest, err := ssh.ParseAuthorizedKey(data)
		if err != nil {
			break
		}
		if bytes.Equal(known.Marshal(), offered) {
			return &ssh.Permissions{}, nil
		}
		data = rest
	}
	return nil, errors.New("key is not authorized")
}

// apply opens or closes the port as the firewall says. Standing connections stay, the cloud's firewalls are stateful.
func (e *sshEndpoint) apply(f firewall, addresses []netip.Addr) error {
	e.firewall.Store(&f)
	if !f.listens(sshPort) {
		e.closeListeners()
		return nil
	}
	if len(e.listeners) > 0 {
		return nil
	}
	for _, a := range addresses {
		l, err := net.Listen("tcp", netip.AddrPortFrom(a, sshPort).String())
		if err != nil {
			e.closeListeners()
			return fmt.Errorf("open SSH on the machine's address: %w; is another sandbox or program using this address? Stop it (`kreisraum sandbox stop`)", err)
		}
		e.listeners = append(e.listeners, l)
		e.wg.Go(func() { e.accept(l) })
	}
	return nil
}

func (e *sshEndpoint) closeListeners() {
	for _, l := range e.listeners {
		_ = l.Close()
	}
	e.listeners = nil
}

// close ends everything: the power is gone.
func (e *sshEndpoint) close() {
	e.closeListeners()
	e.mu.Lock()
	e.closed = true
	for c := range e.conns {
		_ = c.Close()
	}
	e.mu.Unlock()
	e.wg.Wait()
}

func (e *sshEndpoint) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			e.log.Warn("accepting SSH connections is disturbed", "error", err)
			time.Sleep(100 * time.Millisecond) // out of file descriptors: give others time to close theirs
			continue
		}
		if !e.admit(conn) {
			_ = conn.Close()
			continue
		}
		e.wg.Go(func() {
			defer e.forget(conn)
			e.serve(conn)
		})
	}
}

// admit checks the source against the firewall, and counts.
func (e *sshEndpoint) admit(conn net.Conn) bool {
	remote, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok || !e.firewall.Load().admits(remote.AddrPort().Addr(), sshPort) {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || len(e.conns) >= maxConnections {
		return false
	}
	e.conns[conn] = struct{}{}
	return true
}

func (e *sshEndpoint) forget(conn net.Conn) {
	_ = conn.Close()
	e.mu.Lock()
	delete(e.conns, conn)
	e.mu.Unlock()
}

func (e *sshEndpoint) serve(conn net.Conn) {
	_ = conn.SetDeadline(time.Now().Add(e.grace))
	sshConn, channels, requests, err := ssh.NewServerConn(conn, e.config.Load())
	if err != nil {
		return
	}
	_ = conn.SetDeadline(time.Time{})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { ssh.DiscardRequests(requests) })
	slots := make(chan struct{}, maxChannels)
	for c := range channels {
		if c.ChannelType() != "session" {
			_ = c.Reject(ssh.Prohibited, "only sessions")
			continue
		}
		select {
		case slots <- struct{}{}:
		default:
			_ = c.Reject(ssh.ResourceShortage, "too many sessions")
			continue
		}
		channel, requests, err := c.Accept()
		if err != nil {
			<-slots
			continue
		}
		wg.Go(func() {
			defer func() { <-slots }()
			e.session(ctx, channel, requests)
		})
	}
	cancel()
	_ = sshConn.Close()
	wg.Wait()
}

// session serves the first exec, shell or subsystem request of a channel, RFC 4254 §6.5: "Only one of these requests can succeed per channel."
func (e *sshEndpoint) session(ctx context.Context, channel ssh.Channel, requests <-chan *ssh.Request) {
	defer channel.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for r := range requests {
		var payload struct{ Text string }
		switch r.Type {
		case "exec":
			if ssh.Unmarshal(r.Payload, &payload) != nil {
				_ = r.Reply(false, nil)
				return
			}
			_ = r.Reply(true, nil)
			go drain(requests, cancel)
			finish(channel, e.shell.run(ctx, payload.Text))
			return
		case "shell":
			_ = r.Reply(true, nil)
			go drain(requests, cancel)
			finish(channel, refused("shell"))
			return
		case "subsystem":
			if ssh.Unmarshal(r.Payload, &payload) != nil || payload.Text != "sftp" {
				_ = r.Reply(false, nil)
				return
			}
			_ = r.Reply(true, nil)
			go drain(requests, cancel)
			e.serveSFTP(channel)
			return
		default: // pty-req, env, x11-req, auth-agent-req@openssh.com …
			if r.WantReply {
				_ = r.Reply(false, nil)
			}
		}
	}
}

// drain refuses further requests until the client closes the channel, and then ends the wait for its command.
func drain(requests <-chan *ssh.Request, cancel context.CancelFunc) {
	ssh.DiscardRequests(requests)
	cancel()
}

func (e *sshEndpoint) serveSFTP(channel ssh.Channel) {
	server := sftp.NewRequestServer(channel, sftpHandlers{e.disk}.handlers())
	err := server.Serve()
	_ = server.Close()
	code := 0
	if err != nil && !errors.Is(err, io.EOF) {
		code = 1
	}
	exit(channel, code)
}

func finish(channel ssh.Channel, r commandResult) {
	_, _ = io.WriteString(channel, r.stdout)
	_, _ = io.WriteString(channel.Stderr(), r.stderr)
	exit(channel, r.code)
}

func exit(channel ssh.Channel, code int) {
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(code)}))
}
