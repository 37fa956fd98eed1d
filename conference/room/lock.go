package room

func (s SetLock) apply(t *turn) {
	if t.organiser(s.Conn) == nil || t.locked == s.Locked {
		return
	}
	t.locked = s.Locked
	t.tellInside(LockChanged{Locked: t.locked}, everyone)
	t.openDoor()
}
