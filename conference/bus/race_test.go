package bus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

// racerVariable makes the test program a portal that places rooms; its value is a racerTask.
const racerVariable = "KREISRAUM_BUS_RACER"

type racerTask struct {
	URL, CA, Cert, Key string
	Boot               string
	Keys               []cluster.RoomKey
}

// Two portals in two processes place the same thousand rooms at once: each room has one place, and both know the same.
func TestTwoProcessesPlaceEveryRoomOnce(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	n := newEmbedded(t, c)
	task := racerTask{URL: n.link(identity.Portal).URL}
	task.CA, task.Cert, task.Key = c.files(identity.Name(identity.Portal))
	for i := range 1000 {
		task.Keys = append(task.Keys, c.roomKey(fmt.Sprintf("room-%d", i)))
	}
	var said [2]map[cluster.RoomKey]string
	var mu sync.Mutex
	won := map[string]int{}
	start := make(chan struct{})
	var racers sync.WaitGroup
	for i := range said {
		task.Boot = fmt.Sprintf("process-%d", i)
		text, err := json.Marshal(task)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^$")
		cmd.Env = append(os.Environ(), racerVariable+"="+string(text))
		cmd.Stderr = t.Output()
		in, err1 := cmd.StdinPipe()
		out, err2 := cmd.StdoutPipe()
		if err := errors.Join(err1, err2, cmd.Start()); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil { // it is ready
			t.Fatal("the other process did not get ready: ", err)
		}
		racers.Go(func() {
			<-start
			in.Close() // go
			err := json.NewDecoder(out).Decode(&said[i])
			if err = errors.Join(err, cmd.Wait()); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, boot := range said[i] {
				won[boot]++
			}
		})
	}
	close(start)
	racers.Wait()
	s := readyStore(t, n.link(identity.Portal))
	eventually.True(t, "all placements", func() bool { return len(s.Placements()) == len(task.Keys) })
	for key, p := range s.Placements() {
		if said[0][key] != p.Boot || said[1][key] != p.Boot {
			t.Errorf("one room is at %q for the first, at %q for the second, and at %q", said[0][key], said[1][key], p.Boot)
		}
	}
	if won["process-0"] == 0 || won["process-1"] == 0 {
		t.Logf("there was no race: %v", won)
	}
}

// racer places all rooms of its task at once, once its input ends, and writes where each is.
func racer() error {
	var task racerTask
	if err := json.Unmarshal([]byte(os.Getenv(racerVariable)), &task); err != nil {
		return err
	}
	leaf, err := tls.LoadX509KeyPair(task.Cert, task.Key)
	if err != nil {
		return err
	}
	ca, err := os.ReadFile(filepath.Clean(task.CA))
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	s, err := NewStore(StoreConfig{Link: Link{Machine: identity.Portal, URL: task.URL, TLS: func() (*tls.Config, error) {
		return &tls.Config{Certificates: []tls.Certificate{leaf}, RootCAs: roots}, nil
	}}})
	if err != nil {
		return err
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	for !s.Ready() {
		if err := pause(ctx, retryMin); err != nil {
			return err
		}
	}
	os.Stdout.WriteString(" ")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	var mu sync.Mutex
	where := map[cluster.RoomKey]string{}
	var all sync.WaitGroup
	for _, key := range task.Keys {
		all.Go(func() {
			p, err := s.Place(ctx, key, cluster.Placement{Machine: "bridge-1", Boot: task.Boot, At: time.Now()})
			if err != nil && !errors.Is(err, cluster.ErrPlaced) {
				fmt.Fprintln(os.Stderr, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			where[key] = p.Boot
		})
	}
	all.Wait()
	return json.NewEncoder(os.Stdout).Encode(where)
}
