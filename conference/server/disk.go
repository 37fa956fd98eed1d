package server

import (
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"golang.org/x/sys/unix"
)

// disk is the size of the file system that dir is on; zero where it does not say (statfs(2)).
func disk(dir string) opsapi.Disk {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return opsapi.Disk{}
	}
	block := int64(s.Bsize)
	return opsapi.Disk{Total: int64(s.Blocks) * block, Free: int64(s.Bavail) * block}
}
