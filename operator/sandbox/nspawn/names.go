package nspawn

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
)

// names are those of everything that the kernel keeps for one sandbox. They depend on its folder alone, so that what is left behind can be found
// without any file.
type names struct{ tag string }

// namesOf draws the names from the folder of the machines. Six hexadecimal digits: interfaces have at most 15 characters, and two sandboxes of
// one computer meet with a chance of one in sixteen million.
func namesOf(dir string) (names, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return names{}, err
	}
	sum := sha256.Sum256([]byte(resolved(dir)))
	return names{hex.EncodeToString(sum[:3])}, nil
}

// resolved follows the symbolic links in the part of a path that exists: the folder itself may have been deleted.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil || path == "/" {
		return real
	}
	return filepath.Join(resolved(filepath.Dir(path)), filepath.Base(path))
}

// group is the prefix of namespaces and nspawn machines, and the cgroup above the machines' ones.
func (n names) group() string { return "kreisraum-" + n.tag }

func (n names) fabric() string { return n.group() + "-fabric" }

func (n names) machine(id int64) string { return fmt.Sprintf("%s-m%d", n.group(), id) }

// uplink is the interface to the fabric on this computer.
func (n names) uplink() string { return "kr-" + n.tag }

// owns says whether a namespace, or an nspawn machine, is this sandbox's.
func (n names) owns(name string) bool { return strings.HasPrefix(name, n.group()+"-") }

// publicLink and privateLink are a machine's interfaces as the fabric has them.
func publicLink(id int64) string { return fmt.Sprintf("pub%d", id) }

func privateLink(id int64, slot int) string { return fmt.Sprintf("prv%d-%d", id, slot) }

// bridge is a private network.
func bridge(network int64) string { return fmt.Sprintf("net%d", network) }

// A machine's interfaces are called as at Hetzner: the first private one is enp7s0.
const publicInterface = "eth0"

func privateInterface(slot int) string { return fmt.Sprintf("enp%ds0", 7+slot) }
