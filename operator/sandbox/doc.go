// Package sandbox is the world outside on this computer: a simulated Hetzner Cloud whose servers are real enough to be deployed to, a
// certificate authority, a name server, and a front door for browsers. The operator's ordinary code runs against it; it gets its
// endpoints.Endpoints from here and does not know the difference.
//
//	operator ──HTTP──▶ hcloudsim ──▶ machine (folders, SSH, supervised processes on 127.77.x.y)
//	    │                  │     or  nspawn  (Debian with systemd, in a network of its own, 198.18.x.y)
//	    │                  │ reverse names
//	    │                  ▼
//	    ├──DNS──────────▶ dns ◀──────── acme (Pebble) ──TLS-ALPN-01──▶ machine:443
//	    │                                  ▲                              │
//	    │                                  └────────────ACME──────────────┘
//	browser ──TLS──▶ frontdoor 127.0.0.1:8443 ──by SNI──▶ machine:443
//
// What servers are is chosen when a home is first started and stays so, see machines.go; nobody else asks. With package machine, a machine's
// private addresses stand on the loopback interface while it is on; without the right to add them a county is one machine. With package nspawn,
// certificate authority and name server listen at the address that the machines reach this computer at.
//
// The simulated cloud's listener also has the sandbox's own paths for tests, see control.go.
//
// Everything runs in one background process, `kreisraum sandbox run`, which Run is. Ensure starts it when it is not there, Status asks
// whether it is, Stop ends it. What they share is the folder Home:
//
//	lock           held by the process as long as it lives; its number is written there
//	manifest.json  how to reach everything; there from the moment when all of it answers until the stop begins
//	start-error    why the last start failed
//	sandbox.log    what the process said
//	token          the simulated cloud's API token, made at the first start
//	cloud.json     the simulated cloud's state; servers survive a stop and a start
//	kind           what servers are here
//	machines/      the machines' disks; machines.network beside it is the number of their range of addresses, with nspawn
//	acme/          the certificate authority's keys; acme-roots.pem beside it is what clients trust
package sandbox
