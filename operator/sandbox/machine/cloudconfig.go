package machine

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// cloudConfig is the part of cloud-config (cloudinit.readthedocs.io, "Module reference") that a machine here obeys.
type cloudConfig struct {
	hostname       string
	groups         []cloudGroup
	users          []cloudUser
	files          []cloudFile
	sshKeys        map[string]string
	authorizedKeys []string
	commands       []string
}

type cloudGroup struct {
	name    string
	members []string
}

type cloudUser struct {
	Name              string   `yaml:"name"`
	UID               int      `yaml:"uid"`
	PrimaryGroup      string   `yaml:"primary_group"`
	Groups            nameList `yaml:"groups"`
	HomeDir           string   `yaml:"homedir"`
	NoCreateHome      bool     `yaml:"no_create_home"`
	NoUserGroup       bool     `yaml:"no_user_group"`
	Shell             string   `yaml:"shell"`
	SSHAuthorizedKeys []string `yaml:"ssh_authorized_keys"`
	// Without meaning where nobody can log in with a password.
	System     bool   `yaml:"system"`
	LockPasswd *bool  `yaml:"lock_passwd"`
	Gecos      string `yaml:"gecos"`
}

type cloudFile struct {
	Path        string `yaml:"path"`
	Content     string `yaml:"content"`
	Encoding    string `yaml:"encoding"`
	Permissions string `yaml:"permissions"`
	Owner       string `yaml:"owner"`
	Append      bool   `yaml:"append"`
	Defer       bool   `yaml:"defer"`
}

// nameList is a list of names, or one string with commas.
type nameList []string

func (l *nameList) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		for part := range strings.SplitSeq(n.Value, ",") {
			*l = append(*l, strings.TrimSpace(part))
		}
		return nil
	}
	return n.Decode((*[]string)(l))
}

// withoutMeaning are keys that a folder has nothing to do for.
var withoutMeaning = map[string]string{
	"package_update":             "a folder has no packages",
	"package_upgrade":            "a folder has no packages",
	"package_reboot_if_required": "a folder has no packages",
	"swap":                       "memory and swap are this computer's",
	"timezone":                   "programs here take UTC",
	"locale":                     "programs here take C.UTF-8",
	"manage_etc_hosts":           "the hosts file is always ours",
	"preserve_hostname":          "the host name is only a file",
	"ssh_deletekeys":             "there are no keys before the first boot",
	"ssh_genkeytypes":            "the endpoint has an ed25519 key and no other",
	"ssh_quiet_keygen":           "nothing is printed to a console",
	"ssh_pwauth":                 "there are no passwords",
	"disable_root":               "only root logs in, and only by key",
	"chpasswd":                   "there are no passwords",
	"growpart":                   "a folder is as large as its file system",
	"resize_rootfs":              "a folder is as large as its file system",
	"final_message":              "nobody watches the console",
}

// maxUserData is Hetzner's bound for user data, in bytes.
const maxUserData = 32 << 10

// parseCloudConfig reads user data. Everything that it cannot obey is an error, all of them at once; what could be read is returned all the
// same, as cloud-init goes on after an error.
func parseCloudConfig(userData string) (cloudConfig, error) {
	var c cloudConfig
	if strings.TrimSpace(userData) == "" {
		return c, nil
	}
	if len(userData) > maxUserData {
		return c, fmt.Errorf("user data has %d bytes, more than %d", len(userData), maxUserData)
	}
	first, _, _ := strings.Cut(userData, "\n")
	if strings.TrimRight(first, " \r") != "#cloud-config" {
		return c, errors.New("user data does not begin with #cloud-config; other kinds are not supported on this machine")
	}
	var keys map[string]yaml.Node
	if err := yaml.Unmarshal([]byte(userData), &keys); err != nil {
		return c, fmt.Errorf("user data is not valid YAML: %w", err)
	}
	names := make([]string, 0, len(keys))
	for k := range keys {
		names = append(names, k)
	}
	sort.Strings(names)
	var errs []error
	for _, k := range names {
		node := keys[k]
		if err := c.take(k, &node); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", k, err))
		}
	}
	return c, errors.Join(errs...)
}

func (c *cloudConfig) take(key string, n *yaml.Node) error {
	switch key {
	case "hostname", "fqdn":
		return n.Decode(&c.hostname)
	case "groups":
		return c.takeGroups(n)
	case "users":
		return c.takeUsers(n)
	case "write_files":
		return strict(n, &c.files)
	case "ssh_keys":
		return c.takeHostKeys(n)
	case "ssh_authorized_keys":
		return strict(n, &c.authorizedKeys)
	case "runcmd":
		return c.takeCommands(n)
	}
	if _, ok := withoutMeaning[key]; ok {
		return nil
	}
	return errors.New("not supported on this machine")
}

// strict decodes n and refuses fields that are not there.
func strict(n *yaml.Node, into any) error {
	data, err := yaml.Marshal(n)
	if err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// takeGroups reads a list whose items are names or maps of a name to its members.
func (c *cloudConfig) takeGroups(n *yaml.Node) error {
	var items []yaml.Node
	if err := n.Decode(&items); err != nil {
		return err
	}
	for _, item := range items {
		if item.Kind == yaml.ScalarNode {
			c.groups = append(c.groups, cloudGroup{name: item.Value})
			continue
		}
		var members map[string]nameList
		if err := item.Decode(&members); err != nil {
			return err
		}
		for name, list := range members {
			c.groups = append(c.groups, cloudGroup{name, list})
		}
	}
	return nil
}

func (c *cloudConfig) takeUsers(n *yaml.Node) error {
	var items []yaml.Node
	if err := n.Decode(&items); err != nil {
		return err
	}
	for _, item := range items {
		if item.Kind == yaml.ScalarNode && item.Value == "default" {
			continue // the image's own user; a folder has none
		}
		var u cloudUser
		if err := strict(&item, &u); err != nil {
			return err
		}
		if u.Name == "" || strings.ContainsAny(u.Name, ":/, \n") {
			return fmt.Errorf("%q is not a user name", u.Name)
		}
		c.users = append(c.users, u)
	}
	return nil
}

func (c *cloudConfig) takeHostKeys(n *yaml.Node) error {
	if err := n.Decode(&c.sshKeys); err != nil {
		return err
	}
	for k := range c.sshKeys {
		if k != "ed25519_private" && k != "ed25519_public" {
			return fmt.Errorf("%s: this machine's endpoint has an ed25519 key and no other", k)
		}
	}
	return nil
}

func (c *cloudConfig) takeCommands(n *yaml.Node) error {
	var items []yaml.Node
	if err := n.Decode(&items); err != nil {
		return err
	}
	for _, item := range items {
		line := item.Value
		if item.Kind == yaml.SequenceNode {
			var words []string
			if err := item.Decode(&words); err != nil {
				return err
			}
			line = strings.Join(words, " ")
		}
		if !deploy.Allowed(line) {
			return fmt.Errorf("command %q is not one of the deployment's and cannot be run on this machine", line)
		}
		c.commands = append(c.commands, line)
	}
	return nil
}

// data is the file's content, decoded.
func (f cloudFile) data() ([]byte, error) {
	data := []byte(f.Content)
	var compressed bool
	switch f.Encoding {
	case "", "text/plain":
	case "b64", "base64":
		return decodeBase64(data)
	case "gz", "gzip":
		compressed = true
	case "gz+base64", "gzip+base64", "gz+b64", "gzip+b64":
		var err error
		if data, err = decodeBase64(data); err != nil {
			return nil, err
		}
		compressed = true
	default:
		return nil, fmt.Errorf("unknown encoding %q", f.Encoding)
	}
	if !compressed {
		return data, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return readAllLimited(r, 16<<20)
}

func decodeBase64(data []byte) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(data)), ""))
}

// mode is the file's mode; cloud-init's default is 0644.
func (f cloudFile) mode() (fs.FileMode, error) {
	if f.Permissions == "" {
		return 0o644, nil
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(f.Permissions, "0o"), 8, 12)
	if err != nil {
		return 0, fmt.Errorf("permissions %q are not an octal mode", f.Permissions)
	}
	return fs.FileMode(n), nil
}

func (f cloudFile) write(disk *rootFS, users *userDB) error {
	if !path.IsAbs(f.Path) {
		return fmt.Errorf("%q is not an absolute path", f.Path)
	}
	data, err := f.data()
	if err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	mode, err := f.mode()
	if err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	who := rootOwner
	if f.Owner != "" {
		if who, err = users.owner(f.Owner); err != nil {
			return fmt.Errorf("%s: owner: %w (users are made after write_files; such a file needs `defer: true`)", f.Path, err)
		}
	}
	if f.Append {
		if old, err := disk.readFile(f.Path, 16<<20); err == nil {
			data = append(old, data...)
		}
	}
	if err := disk.writeFile(f.Path, data, mode, who); err != nil {
		return fmt.Errorf("%s: %w", f.Path, hideFolder(err))
	}
	return nil
}
