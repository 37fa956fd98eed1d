package myrooms

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// Options are a Store's knobs. The zero value is right for a server.
type Options struct {
	// Now is the clock by which a damaged file is kept. Default time.Now.
	Now func() time.Time
	// Log is told when the file had to be set aside. Default: nobody.
	Log *slog.Logger
}

// Store holds the rooms in memory and in one file. Safe for concurrent use; reading never waits for writing.
type Store struct {
	path string

	writing sync.Mutex // held during I/O; readers take the snapshot
	current atomic.Pointer[snapshot]
}

// Open reads the file at path; a missing one means no rooms. A damaged one is set aside for a week and there are no rooms: teachers
// make theirs again, which they could not with a server that refuses to start. Any other error, such as a missing right, is returned.
func Open(path string, opt Options) (*Store, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if err := forgetDamaged(path, opt.Now()); err != nil {
		opt.Log.Error("a damaged file of teachers' rooms that was set aside cannot be removed; remove it by hand, titles are in it", "error", err)
	}
	rooms, err := read(path)
	if errors.Is(err, errDamaged) {
		opt.Log.Error("file of teachers' rooms is damaged and was set aside for a week; teachers have to make their rooms again unless it is repaired")
		rooms, err = nil, setAside(path, opt.Now())
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read teachers' rooms: %w; check the state folder's owner", err)
	}
	s := &Store{path: path}
	s.current.Store(newSnapshot(rooms))
	return s, nil
}

// Of are the account's rooms in the order they were made.
func (s *Store) Of(account string) []Room { return s.current.Load().of(account) }

// ByAddress returns the room with this address, given in canonical form.
func (s *Store) ByAddress(name string) (Room, bool) {
	now := s.current.Load()
	if i, ok := now.byAddress[name]; ok {
		return now.rooms[i], true
	}
	return Room{}, false
}

// Draft is a room to be made.
type Draft struct {
	Title string
	// Address that is wanted. Empty: one like the title.
	Address string
	// Secret draws an address; Address does not count.
	Secret    bool
	CodeStays bool
}

// Add makes a room of the account. Returns ErrTitle, ErrAddress, *TakenError, ErrTooMany or what went wrong with the disk.
func (s *Store) Add(account string, d Draft) (Room, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	now := s.current.Load()
	title, ok := cleanTitle(d.Title)
	if !ok {
		return Room{}, ErrTitle
	}
	if len(now.byAccount[account]) >= MaxOfAccount || len(now.rooms) >= maxRooms {
		return Room{}, ErrTooMany
	}
	r := Room{ID: draw(16), Account: account, Title: title, Secret: d.Secret, CodeStays: d.CodeStays}
	var err error
	if r.Address, err = now.address(d, title, ""); err != nil {
		return Room{}, err
	}
	return r, s.write(append(slices.Clone(now.rooms), r))
}

// Change is what is to be another; nil stays as it is.
type Change struct {
	Title, Address    *string
	Secret, CodeStays *bool
}

// Change changes the account's room. A room that becomes secret gets a drawn address, one that no longer is the address that is given
// or one like its title; an address that is given for a secret room makes it one that is not. The code depends on none of them but
// CodeStays. Returns ErrNone, ErrTitle, ErrAddress, *TakenError or what went wrong with the disk.
func (s *Store) Change(account, id string, c Change) (Room, error) {
	return s.edit(account, id, func(now *snapshot, r *Room) error {
		if c.Title != nil {
			title, ok := cleanTitle(*c.Title)
			if !ok {
				return ErrTitle
			}
			r.Title = title
		}
		if c.CodeStays != nil {
			r.CodeStays = *c.CodeStays
		}
		return now.move(r, c)
	})
}

// move changes the address as Change says.
func (s *snapshot) move(r *Room, c Change) (err error) {
	d := Draft{Secret: r.Secret}
	switch {
	case c.Secret != nil:
		d.Secret = *c.Secret
	case c.Address != nil && *c.Address != r.Address:
		d.Secret = false
	}
	if c.Address != nil {
		d.Address = *c.Address
	}
	if d.Secret == r.Secret && (d.Secret || d.Address == "" || d.Address == r.Address) {
		return nil
	}
	own, _ := canonical(r.Address)
	r.Address, err = s.address(d, r.Title, own)
	r.Secret = d.Secret
	return err
}

// NewCode makes another code for the account's room. Returns ErrNone or what went wrong with the disk.
func (s *Store) NewCode(account, id string) (Room, error) {
	return s.edit(account, id, func(_ *snapshot, r *Room) error { r.Counter++; return nil })
}

// Remove forgets the account's room. Returns ErrNone or what went wrong with the disk.
func (s *Store) Remove(account, id string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	now := s.current.Load()
	i := now.find(account, id)
	if i < 0 {
		return ErrNone
	}
	return s.write(slices.Delete(slices.Clone(now.rooms), i, i+1))
}

// Prune forgets the rooms of accounts that do not exist any more, and returns how many. An error means that they are still there.
func (s *Store) Prune(exists func(account string) bool) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	now := s.current.Load()
	left := slices.DeleteFunc(slices.Clone(now.rooms), func(r Room) bool { return !exists(r.Account) })
	gone := len(now.rooms) - len(left)
	if gone == 0 {
		return 0, nil
	}
	return gone, s.write(left)
}

// edit changes a copy of the room and writes it.
func (s *Store) edit(account, id string, change func(*snapshot, *Room) error) (Room, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	now := s.current.Load()
	i := now.find(account, id)
	if i < 0 {
		return Room{}, ErrNone
	}
	r := now.rooms[i]
	if err := change(now, &r); err != nil {
		return Room{}, err
	}
	if r == now.rooms[i] {
		return r, nil
	}
	rooms := slices.Clone(now.rooms)
	rooms[i] = r
	return r, s.write(rooms)
}

// address checks the one that is wanted, or makes one. own is the room's present one in canonical form, which is not in its way.
func (s *snapshot) address(d Draft, title, own string) (string, error) {
	if d.Secret {
		return secretAddress(), nil
	}
	wanted, asked := d.Address, d.Address != ""
	if !asked {
		if wanted = signaling.SuggestRoom(title); wanted == "" {
			wanted = "raum"
		}
	}
	name, ok := canonical(wanted)
	switch {
	case !ok && asked:
		return "", ErrAddress
	case ok && (name == own || !s.taken(name)):
		return wanted, nil
	case asked:
		return "", &TakenError{Suggestion: s.free(wanted)}
	}
	return s.free(wanted), nil
}
