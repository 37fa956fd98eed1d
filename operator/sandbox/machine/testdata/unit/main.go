// Command unit is the service in this package's tests: it does what its arguments and variables say.
package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

func main() {
	switch os.Args[1] {
	case "serve":
		serve(os.Args[2])
	case "renew-host-key":
		renewHostKey(os.Args[2])
	case "fail":
		fmt.Fprintln(os.Stderr, "failing on purpose")
		os.Exit(7)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		notify("READY=1")
		forever()
	case "mute":
		forever() // never READY
	case "watched": // reports for a while and falls silent
		period, _ := strconv.Atoi(os.Getenv("WATCHDOG_USEC"))
		notify("READY=1")
		for beat := 1; beat <= 10; beat++ {
			time.Sleep(time.Duration(period) * time.Microsecond / 5)
			notify("WATCHDOG=1")
			fmt.Println("beat", beat)
		}
		forever()
	case "rights":
		const prGetNoNewPrivs = 39
		nnp, _, _ := syscall.Syscall6(syscall.SYS_PRCTL, prGetNoNewPrivs, 0, 0, 0, 0, 0)
		fmt.Printf("chroot: %v, mknod: %v, no new privileges: %d\n", syscall.Chroot("/tmp"), syscall.Mknod("/tmp/mem", syscall.S_IFCHR|0o600, 0x101), nnp)
	case "say":
		fmt.Println(strings.Join(os.Args[2:], "|"))
	}
}

func forever() {
	for {
		time.Sleep(time.Hour)
	}
}

// serve answers one line per connection: report, crash.
func serve(address string) {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	l, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" {
		if err := os.WriteFile(dir+"/started", []byte("yes"), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	fmt.Println("listening")
	notify("READY=1\nSTATUS=listening")
	go func() {
		<-stop
		fmt.Println("stopping")
		os.Exit(0)
	}()
	for {
		c, err := l.Accept()
		if err != nil {
			os.Exit(1)
		}
		buf := make([]byte, 64)
		n, _ := c.Read(buf)
		switch strings.TrimSpace(string(buf[:n])) {
		case "report":
			report(c)
		case "crash":
			os.Exit(3)
		}
		c.Close()
	}
}

func report(c net.Conn) {
	root, _ := os.ReadDir("/")
	var names []string
	for _, e := range root {
		names = append(names, e.Name())
	}
	_, bind := net.Listen("tcp", "127.0.0.1:0")
	fmt.Fprintf(c, "uid=%d gid=%d wd=%s root=%s greeting=%q ambient=%s bind=%v\n",
		os.Getuid(), os.Getgid(), wd(), strings.Join(names, ","), os.Getenv("GREETING"), ambient(), bind)
}

func wd() string {
	dir, _ := os.Getwd()
	return dir
}

// ambient asks prctl, /proc is not there.
func ambient() string {
	const prCapAmbient, prCapAmbientIsSet, capNetBindService = 47, 1, 10
	r, _, _ := syscall.Syscall6(syscall.SYS_PRCTL, prCapAmbient, prCapAmbientIsSet, capNetBindService, 0, 0, 0)
	return fmt.Sprint(r)
}

func notify(state string) {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return
	}
	c, err := net.Dial("unixgram", name)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	c.Write([]byte(state))
	c.Close()
}

func renewHostKey(file string) {
	pub, key, _ := ed25519.GenerateKey(rand.Reader)
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		panic(err)
	}
	sshPub, _ := ssh.NewPublicKey(pub)
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.WriteFile(file+".pub", ssh.MarshalAuthorizedKey(sshPub), 0o644)
}
