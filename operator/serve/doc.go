// Package serve is the daemon `kreisraum serve`: it looks after all counties of a home. Every few seconds it asks each county's portal
// how busy it is, lets package autoscale decide, and does what was decided; every minute it compares with Hetzner, and looks at
// certificates and at the proofs of the night.
//
//	one runner for each county: look → decide → write down → do      (runner.go, mind.go, hands.go)
//	every minute:               survey → alarms                      (survey.go)
//	commands from the CLI:      socket → the same command, in here   (socket.go, frame.go)
//
// A runner owns what is remembered of its county (memory.go). What it needs of the world comes through County.
package serve
