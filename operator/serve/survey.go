package serve

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra"
)

const (
	// surveyEvery is how often Hetzner's list, the certificate and the proofs are looked at, if the API's budget allows it.
	surveyEvery = time.Minute
	// surveyRequests is what one survey costs of Hetzner's budget: one list of servers, and another for each fifty more.
	surveyRequests = 1
	// surveyBudget is how many requests an hour all surveys together may take: a third of what Hetzner allows a project (3600, Hetzner
	// Cloud API, "Rate Limiting"), so that commands are not held back. Counties may share a project.
	surveyBudget = 1200
	// certificateWarning is how many days before its end a certificate is worth an alarm: the server renews at a third of the lifetime,
	// 30 days for 90, so at 14 something has failed for two weeks.
	certificateWarning = 14
)

// surveyPeriod is the time between two surveys of a county when there are that many of them.
func surveyPeriod(counties int) time.Duration {
	return max(surveyEvery, time.Duration(counties*surveyRequests)*time.Hour/surveyBudget)
}

// Alarm is something that an operator has to see to.
type Alarm struct {
	// Name is one of a few words, for metrics.
	Name string `json:"name"`
	// Text says what is wrong and what to do.
	Text string `json:"text"`
}

// Names of alarms.
const (
	AlarmMachineGone = "machine-gone"
	AlarmOrphan      = "orphan"
	AlarmSilent      = "silent"
	AlarmCertificate = "certificate"
	AlarmProof       = "proof"
)

// alarmNames are all of them, in the order in which they are shown.
var alarmNames = []string{AlarmMachineGone, AlarmOrphan, AlarmSilent, AlarmCertificate, AlarmProof}

// alarms says what is wrong.
func (s Survey) alarms(county string, n Nightly, since, now time.Time) []Alarm {
	var all []Alarm
	add := func(name, text string) { all = append(all, Alarm{name, text}) }
	if gone := without(s.Wanted, s.Servers); len(gone) > 0 {
		add(AlarmMachineGone, fmt.Sprintf("%s no longer at Hetzner; bridges are made again by themselves, the portal by `kreisraum up %s`",
			list(gone), county))
	}
	if orphans := without(s.Servers, s.Wanted); len(orphans) > 0 {
		add(AlarmOrphan, fmt.Sprintf("%s at Hetzner under the county's label, but nobody knows why, and it costs money; `kreisraum up %s` "+
			"takes it in if it is the county's, otherwise delete it in the Hetzner Console", list(orphans), county))
	}
	if !s.Answers {
		add(AlarmSilent, fmt.Sprintf("the portal does not answer; `kreisraum status %s` says more and `kreisraum up %s` sees to it", county, county))
		return all
	}
	if left := daysLeft(s.NotAfter, now); left < certificateWarning {
		add(AlarmCertificate, fmt.Sprintf("the site's certificate ends in %d days and was not renewed; `kreisraum up %s` orders one", left, county))
	}
	if wrong := missingProof(n, s.Night, since, now); wrong != "" {
		add(AlarmProof, fmt.Sprintf("%s; `kreisraum restart %s` restarts the county now and shows a new one", wrong, county))
	}
	return all
}

// daysLeft until the certificate's end, 0 when it has ended or there is none.
func daysLeft(notAfter, now time.Time) int { return max(0, int(notAfter.Sub(now)/(24*time.Hour))) }

// without returns what is in all and not in some.
func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(x string) bool { return slices.Contains(some, x) })
}

func list(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names, ", ") + " are"
}

// lostBridge reports whether a dedicated bridge is among the names of machines.
func lostBridge(county string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, bridge := infra.BridgeNumber(county, name)
		return bridge
	})
}
