package room

func (s ChangeSettings) apply(t *turn) {
	if t.organiser(s.Conn) == nil || s.Change.Locked == nil || t.settings.Locked == *s.Change.Locked {
		return
	}
	t.settings.Locked = *s.Change.Locked
	t.tellInside(SettingsChanged{Settings: t.settings}, everyone)
	t.openDoor()
}
