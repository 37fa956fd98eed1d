package myrooms

import "slices"

// snapshot is all rooms at one time, in the order they were made. It does not change.
type snapshot struct {
	rooms     []Room
	byAddress map[string]int
	byAccount map[string][]int
}

func newSnapshot(rooms []Room) *snapshot {
	s := &snapshot{rooms: rooms, byAddress: make(map[string]int, len(rooms)), byAccount: map[string][]int{}}
	for i, r := range rooms {
		if name, ok := canonical(r.Address); ok { // one that became a path of the site is nobody's way into a room
			s.byAddress[name] = i
		}
		s.byAccount[r.Account] = append(s.byAccount[r.Account], i)
	}
	return s
}

func (s *snapshot) taken(name string) bool {
	_, taken := s.byAddress[name]
	return taken
}

// of are the account's rooms.
func (s *snapshot) of(account string) []Room {
	rooms := make([]Room, 0, len(s.byAccount[account]))
	for _, i := range s.byAccount[account] {
		rooms = append(rooms, s.rooms[i])
	}
	return rooms
}

// find is the position of the account's room, -1 if it has none of that ID.
func (s *snapshot) find(account, id string) int {
	mine := s.byAccount[account]
	if i := slices.IndexFunc(mine, func(i int) bool { return s.rooms[i].ID == id }); i >= 0 {
		return mine[i]
	}
	return -1
}
