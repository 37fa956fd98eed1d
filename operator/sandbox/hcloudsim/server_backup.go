package hcloudsim

// backupWindow is the one window that backups are taken in, in hours UTC.
const backupWindow = "22-02"

// enableBackup books backups. Nobody takes them by himself here; create_image with the type backup does.
func enableBackup(r *request) (reply, error) { return r.setBackup(true, "enable_backup") }

// disableBackup deletes the server's backups as well.
func disableBackup(r *request) (reply, error) { return r.setBackup(false, "disable_backup") }

func (r *request) setBackup(on bool, command string) (reply, error) {
	s, err := r.freeServer()
	if err != nil {
		return reply{}, err
	}
	s.Backup = on
	a := r.lockingAction(s, command)
	steps := job{{action: a.ID}}
	for id, snap := range r.Snapshots {
		if !on && snap.Kind == "backup" && snap.Server == s.ID {
			delete(r.Snapshots, id)
			steps = append(steps, forgetSnapshot(id))
		}
	}
	r.do(s.ID, steps...)
	return r.actionReply(a)
}
