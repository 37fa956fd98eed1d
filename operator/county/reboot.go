package county

import (
	"time"

	server "github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/templates"
)

// rebootPause is between the last moment at which rooms end at night and the reboot, for the server to come up and write its proof.
const rebootPause = 10 * time.Minute

// rebootAfter is when a machine may start anew for its system's updates: after the nightly restart has ended all rooms. r is validated.
func rebootAfter(r config.Restart) templates.Reboot {
	night := server.Restart{At: r.At, Latest: r.Latest, TimeZone: r.TimeZone}.WithDefaults()
	latest, err := time.Parse("15:04", night.Latest)
	if err != nil || r.At == "" {
		return templates.Reboot{} // no night, no reboot
	}
	return templates.Reboot{At: latest.Add(rebootPause).Format("15:04"), Zone: night.TimeZone}
}
