// Package infra is the Pulumi program of one county and what it takes and returns.
//
//	ssh key ─┐                          ┌─▶ server kreisraum-<county>-portal     .10
//	network ─┼─ firewall, placement ────┼─▶ server kreisraum-<county>-bridge-1   .11
//	         │  groups, primary IPs,    └─▶ server kreisraum-<county>-bridge-2   .12 ...
//	         │  DNS records of the portal
//	         └─ every one labelled with county, role and manager
package infra
