package machine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// firstID is the first uid and gid given to users that cloud-config makes. 60706–61183 is the range that systemd's documentation
// (UIDS-GIDS) leaves unused, so no real user of this computer is met.
const firstID = 60960

// owner is the owner of a file on a machine's disk, by number.
type owner struct{ uid, gid int }

var rootOwner = owner{}

// apply hands the numbers to a chown function. Without root rights on this computer every file belongs to the person who runs the
// sandbox, on every machine, and nothing is done.
func (o owner) apply(chown func(uid, gid int) error) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return chown(o.uid, o.gid)
}

// account is a line of /etc/passwd.
type account struct {
	name, home, shell string
	owner
}

// group is a line of /etc/group.
type group struct {
	name    string
	gid     int
	members []string
}

// userDB is a machine's /etc/passwd and /etc/group, held in order.
type userDB struct {
	accounts []account
	groups   []group
}

func baseUserDB() userDB {
	return userDB{
		accounts: []account{
			{name: "root", home: "/root", shell: "/bin/bash"},
			{name: "nobody", home: "/nonexistent", shell: "/usr/sbin/nologin", owner: owner{65534, 65534}},
		},
		groups: []group{{name: "root"}, {name: "nogroup", gid: 65534}},
	}
}

func (db *userDB) account(name string) (account, bool) {
	for _, a := range db.accounts {
		if a.name == name {
			return a, true
		}
	}
	return account{}, false
}

func (db *userDB) group(name string) (*group, bool) {
	for i := range db.groups {
		if db.groups[i].name == name {
			return &db.groups[i], true
		}
	}
	return nil, false
}

// supplementary lists the groups that name is a member of beside its own.
func (db *userDB) supplementary(name string) []uint32 {
	var gids []uint32
	for _, g := range db.groups {
		for _, m := range g.members {
			if m == name {
				gids = append(gids, uint32(g.gid))
			}
		}
	}
	return gids
}

// addGroup adds a group with the next free number; an existing one is kept.
func (db *userDB) addGroup(name string) *group {
	if g, ok := db.group(name); ok {
		return g
	}
	db.groups = append(db.groups, group{name: name, gid: db.nextGID()})
	return &db.groups[len(db.groups)-1]
}

// nextUID is the next free uid of users that cloud-config makes; nextGID likewise for groups.
func (db *userDB) nextUID() int {
	id := firstID
	for _, a := range db.accounts {
		if a.uid >= id && a.uid < 65534 {
			id = a.uid + 1
		}
	}
	return id
}

func (db *userDB) nextGID() int {
	id := firstID
	for _, g := range db.groups {
		if g.gid >= id && g.gid < 65534 {
			id = g.gid + 1
		}
	}
	return id
}

// owner resolves "user" or "user:group".
func (db *userDB) owner(spec string) (owner, error) {
	user, groupName, hasGroup := strings.Cut(spec, ":")
	a, ok := db.account(user)
	if !ok {
		return owner{}, fmt.Errorf("unknown user %q", user)
	}
	if !hasGroup || groupName == "" {
		return a.owner, nil
	}
	g, ok := db.group(groupName)
	if !ok {
		return owner{}, fmt.Errorf("unknown group %q", groupName)
	}
	return owner{a.uid, g.gid}, nil
}

// loadUsers reads /etc/passwd and /etc/group of a disk. Lines that make no sense are skipped, as the C library does.
func loadUsers(f *rootFS) (userDB, error) {
	var db userDB
	passwd, err := f.readFile("/etc/passwd", 1<<20)
	if err != nil {
		return db, err
	}
	groups, err := f.readFile("/etc/group", 1<<20)
	if err != nil {
		return db, err
	}
	for line := range strings.Lines(string(passwd)) {
		c := strings.Split(strings.TrimSpace(line), ":")
		if len(c) != 7 {
			continue
		}
		uid, err1 := strconv.ParseUint(c[2], 10, 31)
		gid, err2 := strconv.ParseUint(c[3], 10, 31)
		if err1 == nil && err2 == nil {
			db.accounts = append(db.accounts, account{name: c[0], home: c[5], shell: c[6], owner: owner{int(uid), int(gid)}})
		}
	}
	for line := range strings.Lines(string(groups)) {
		c := strings.Split(strings.TrimSpace(line), ":")
		if len(c) != 4 {
			continue
		}
		gid, err := strconv.ParseUint(c[2], 10, 31)
		if err != nil {
			continue
		}
		g := group{name: c[0], gid: int(gid)}
		if c[3] != "" {
			g.members = strings.Split(c[3], ",")
		}
		db.groups = append(db.groups, g)
	}
	return db, nil
}

func (db *userDB) save(f *rootFS) error {
	var passwd, groups strings.Builder
	for _, a := range db.accounts {
		fmt.Fprintf(&passwd, "%s:x:%d:%d::%s:%s\n", a.name, a.uid, a.gid, a.home, a.shell)
	}
	for _, g := range db.groups {
		fmt.Fprintf(&groups, "%s:x:%d:%s\n", g.name, g.gid, strings.Join(g.members, ","))
	}
	return errors.Join(
		f.writeFile("/etc/passwd", []byte(passwd.String()), 0o644, rootOwner),
		f.writeFile("/etc/group", []byte(groups.String()), 0o644, rootOwner))
}

// readAllLimited reads everything, or errs when there is more than limit bytes.
func readAllLimited(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return data, err
}
