package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// options are the global flags, which the environment can give too: --config-dir is KREISRAUM_CONFIG_DIR, and so on.
type options struct {
	v     *viper.Viper
	flags *pflag.FlagSet
}

func newOptions() *options {
	v := viper.New()
	v.SetEnvPrefix("KREISRAUM")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	return &options{v: v}
}

func (o *options) declare(flags *pflag.FlagSet) {
	o.flags = flags
	flags.String("home", "", "folder for keys, state and registers (default KREISRAUM_HOME, else ~/.local/state/kreisraum)")
	flags.String("config-dir", "configs", "folder with the counties' files")
	flags.String("token-file", "", "file with the Hetzner project's token, {county} in it stands for the county (default HCLOUD_TOKEN)")
	flags.String("passphrase-file", "", "file with the passphrase of a county that was made on another computer; {county} as above")
	flags.Bool("sandbox", false, "use the simulated cloud on this computer")
	flags.Bool("json", false, "print JSON, one object a line")
	flags.Bool("verbose", false, "log what happens to standard error")
	_ = o.v.BindPFlags(flags)
	_ = o.v.BindEnv("token-file", "KREISRAUM_HCLOUD_TOKEN_FILE")
}

func (o *options) json() bool        { return o.v.GetBool("json") }
func (o *options) verbose() bool     { return o.v.GetBool("verbose") }
func (o *options) sandbox() bool     { return o.v.GetBool("sandbox") }
func (o *options) configDir() string { return o.v.GetString("config-dir") }

// homeDir is the operator's folder; inside the sandbox the counties' home is another one below it.
func (o *options) homeDir() (string, error) {
	if dir := o.v.GetString("home"); dir != "" {
		return dir, nil
	}
	return home.Default(os.Getenv)
}

// passphraseFile has the passphrase of a county that was made on another computer; empty: none was named.
func (o *options) passphraseFile(county string) string {
	return strings.ReplaceAll(o.v.GetString("passphrase-file"), "{county}", county)
}

// maxToken bounds a token file in bytes; Hetzner's tokens have 64.
const maxToken = 4 << 10

// token reads the token of the county's Hetzner project.
func (o *options) token(county string) (string, error) {
	token := os.Getenv("HCLOUD_TOKEN")
	if path := strings.ReplaceAll(o.v.GetString("token-file"), "{county}", county); path != "" {
		data, err := readBounded(path, maxToken)
		if err != nil {
			return "", fmt.Errorf("read the Hetzner token: %w", err)
		}
		token = string(data)
	}
	token = strings.TrimSpace(token)
	switch {
	case token == "":
		return "", errors.New("no Hetzner token: make one with read and write access in the Hetzner Console (Security, API tokens), put it " +
			"into a file that only you can read, and name that with --token-file; HCLOUD_TOKEN works too. To try things out without one, use --sandbox")
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", errors.New("the Hetzner token has blanks or line breaks in it; the file must hold the token and nothing else")
	}
	return token, nil
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return data, err
}

// told are the settings that a daemon is told with a command: how to show things, and what was said about folders.
func (o *options) told(dir string) map[string]string {
	out := map[string]string{"json": strconv.FormatBool(o.json()), "verbose": strconv.FormatBool(o.verbose())}
	if o.given("config-dir") {
		out["config-dir"] = absolute(o.configDir(), dir)
	}
	return out
}

// given reports whether a setting was made by flag or environment.
func (o *options) given(name string) bool {
	flag := o.flags.Lookup(name)
	_, inEnvironment := os.LookupEnv("KREISRAUM_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")))
	return inEnvironment || flag != nil && flag.Changed
}

func absolute(path, dir string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// pinned are the daemon's own settings for a command that came through its socket: folders and token are the daemon's, whatever the
// command says; how things are shown is the command's.
func (o *options) pinned(told map[string]string) *options {
	out := newOptions()
	for _, name := range []string{"home", "config-dir", "token-file", "passphrase-file"} {
		out.v.Set(name, o.v.GetString(name))
	}
	out.v.Set("sandbox", o.sandbox())
	out.v.Set("json", told["json"] == "true")
	out.v.Set("verbose", told["verbose"] == "true")
	return out
}

// contradicts says that a command means another folder of counties than the daemon has: it would read another file than was meant.
func (o *options) contradicts(told map[string]string) error {
	wanted, given := told["config-dir"]
	own, err := filepath.Abs(o.configDir())
	if err != nil || !given || wanted == own {
		return err
	}
	return fmt.Errorf("the daemon of this home reads its counties from %s, not from %s; leave --config-dir out, or restart `kreisraum serve` with it", own, wanted)
}
