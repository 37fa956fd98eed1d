package machine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// nobody is the user that stands for a person without rights.
const nobody = 65534

// TestWithoutRootRights runs a machine as an ordinary user, in a network namespace where ports from 22 on are free for everybody.
func TestWithoutRootRights(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("already without root rights; the other tests show it")
	}
	dir, err := os.MkdirTemp("", "rootless") // not below t.TempDir, which belongs to root alone
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	program, err := os.ReadFile(unitProgram(t))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "unit"), program, 0o755))
	must(t, os.Chown(dir, nobody, nobody))
	for name, c := range map[string]struct{ firstPort, want string }{
		"ports are free":     {"22", "uid=60960 gid=60960"},
		"ports are reserved": {"1024", "sysctl net.ipv4.ip_unprivileged_port_start=22"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "KREISRAUM_TEST_ROOTLESS="+dir, "KREISRAUM_TEST_FIRST_PORT="+c.firstPort)
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %s", err, out.String())
			}
			if strings.Contains(out.String(), "need user namespaces") {
				t.Skip(out.String())
			}
			if !strings.Contains(out.String(), c.want) {
				t.Errorf("lacks %q: %s", c.want, out.String())
			}
		})
	}
}

// rootless is the child of that test. It prints what the unit reports, or why there are no machines.
func rootless(dir string) error {
	if err := prepareNamespace(os.Getenv("KREISRAUM_TEST_FIRST_PORT")); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	p, err := NewProcess(Config{Dir: filepath.Join(dir, "machines")})
	if err != nil {
		fmt.Println(err)
		return nil
	}
	defer p.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	m := hcloudsim.Machine{
		ID: 1, Name: "rootless", Image: "debian-12", IPv4: netip.MustParseAddr("127.78.0.1"),
		UserData: "#cloud-config\nusers: [{name: kreisraum, system: true, no_create_home: true}]\n",
	}
	if err := p.Create(ctx, m); err != nil {
		return err
	}
	disk, err := openRootFS(filepath.Join(dir, "machines", "1", "rootfs"))
	if err != nil {
		return err
	}
	defer disk.close()
	program, err := os.ReadFile(filepath.Join(dir, "unit"))
	if err != nil {
		return err
	}
	unit := "[Service]\nType=notify\nUser=kreisraum\nExecStart=/bin/unit serve 127.78.0.1:443\nStateDirectory=kreisraum\n" +
		"AmbientCapabilities=CAP_NET_BIND_SERVICE\n"
	for name, data := range map[string]string{"/bin/unit": string(program), deploy.UnitDir + "/x.service": unit} {
		if err := disk.writeFile(name, []byte(data), 0o755, rootOwner); err != nil {
			return err
		}
	}
	if err := disk.mkdirAll(wantsFolder(defaultTarget), 0o755); err != nil {
		return err
	}
	if err := disk.symlink(deploy.UnitDir+"/x.service", wantsFolder(defaultTarget)+"/x.service"); err != nil {
		return err
	}
	if err := p.PowerOn(ctx, 1); err != nil {
		return err
	}
	for _, port := range []string{"22", "443"} {
		if err := talk(ctx, "127.78.0.1:"+port); err != nil {
			return err
		}
	}
	return nil
}

// talk prints what a port says to "report".
func talk(ctx context.Context, address string) error {
	for {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(5 * time.Second))
			_, _ = io.WriteString(c, "report\n")
			buf := make([]byte, 1<<10)
			n, err := c.Read(buf)
			fmt.Printf("%s", buf[:n])
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", address, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// prepareNamespace switches the loopback interface on, sets the first unprivileged port, and gives all rights away.
func prepareNamespace(firstPort string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var request struct { // struct ifreq, netdevice(7)
		name  [unix.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:], "lo")
	request.flags = unix.IFF_UP
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return errno
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte(firstPort), 0o644); err != nil {
		return err
	}
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	if err := syscall.Setgid(nobody); err != nil {
		return err
	}
	if err := syscall.Setuid(nobody); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) // a process that has changed its user cannot map users otherwise
}
