package stack

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// FindPulumi is the engine's binary: beside exe, else on PATH. Empty exe: beside the running program.
func FindPulumi(exe string) (string, error) {
	if exe == "" {
		exe, _ = os.Executable()
	}
	if resolved, err := filepath.EvalSymlinks(exe); err == nil {
		exe = resolved
	}
	beside := filepath.Join(filepath.Dir(exe), "pulumi")
	if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
		return beside, nil
	}
	if path, err := exec.LookPath("pulumi"); err == nil {
		return path, nil
	}
	return "", fmt.Errorf("the Pulumi engine is neither at %s nor on PATH; build it with `make pulumi`", beside)
}
