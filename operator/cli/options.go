package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// options are the global flags, which the environment can give too: --config-dir is KREISRAUM_CONFIG_DIR, and so on.
type options struct{ v *viper.Viper }

func newOptions() *options {
	v := viper.New()
	v.SetEnvPrefix("KREISRAUM")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	return &options{v: v}
}

func (o *options) declare(flags *pflag.FlagSet) {
	flags.String("home", "", "folder for keys, state and registers (default KREISRAUM_HOME, else ~/.local/state/kreisraum)")
	flags.String("config-dir", "configs", "folder with the counties' files")
	flags.String("token-file", "", "file with the Hetzner project's token (default HCLOUD_TOKEN)")
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

// maxToken bounds a token file in bytes; Hetzner's tokens have 64.
const maxToken = 4 << 10

// token reads the Hetzner project's token.
func (o *options) token() (string, error) {
	token := os.Getenv("HCLOUD_TOKEN")
	if path := o.v.GetString("token-file"); path != "" {
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
