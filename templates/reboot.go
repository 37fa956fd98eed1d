package templates

// Reboot is what the timer depends on that starts a machine anew when an update of its system asks for it.
type Reboot struct {
	// At is the local time, "HH:MM": late enough that the nightly restart has ended all rooms.
	At string
	// Zone is a name of the IANA time zone database.
	Zone string
}

// RebootUnit is the name of the timer.
const RebootUnit = "kreisraum-reboot.timer"

// RebootTimer renders the timer. The machine itself stays on UTC; systemd.time(7) takes a zone.
func RebootTimer(r Reboot) (string, error) {
	if err := single(r.At, r.Zone); err != nil {
		return "", err
	}
	return render("kreisraum-reboot.timer.tmpl", r)
}
