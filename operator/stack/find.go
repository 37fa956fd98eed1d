package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3"
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
	path, err := exec.LookPath("pulumi")
	if err != nil {
		return "", fmt.Errorf("the Pulumi engine is neither at %s nor on PATH; build it with `make pulumi`", beside)
	}
	return path, suits(path)
}

// suits checks the version of an engine that we did not build: it must be of the SDK's major version and not older.
func suits(path string) error {
	ctx, cancel := context.WithTimeout(context.Background(), versionPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "version")
	cmd.Env = append(inherited(), "PULUMI_SKIP_UPDATE_CHECK=true")
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("ask the Pulumi engine on PATH for its version: run %s: %w; build our own with `make pulumi`", path, err)
	}
	version, err := semver.ParseTolerant(strings.TrimSpace(string(out)))
	if err != nil || version.Major != sdk.Version.Major || version.LT(sdk.Version) {
		return fmt.Errorf("the Pulumi engine on PATH (%s) has version %q, needed is %s or a later %d.x; build our own with `make pulumi`",
			path, strings.TrimSpace(string(out)), sdk.Version, sdk.Version.Major)
	}
	return nil
}

// versionPatience bounds how long the engine may take to tell its version; a slow disk needs a second or two.
const versionPatience = 20 * time.Second
