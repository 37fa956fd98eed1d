package county

import (
	"testing"

	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/templates"
)

func TestRebootIsAfterTheNight(t *testing.T) {
	for name, tt := range map[string]struct {
		night config.Restart
		want  templates.Reboot
	}{
		"an hour after the restart": {config.Restart{At: "03:30", TimeZone: "Europe/Berlin"}, templates.Reboot{At: "04:40", Zone: "Europe/Berlin"}},
		"after the latest":          {config.Restart{At: "02:00", Latest: "05:15", TimeZone: "Europe/Berlin"}, templates.Reboot{At: "05:25", Zone: "Europe/Berlin"}},
		"past midnight":             {config.Restart{At: "22:00", Latest: "23:55", TimeZone: "Europe/Berlin"}, templates.Reboot{At: "00:05", Zone: "Europe/Berlin"}},
		"no night":                  {config.Restart{TimeZone: "Europe/Berlin"}, templates.Reboot{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := rebootAfter(tt.night); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
