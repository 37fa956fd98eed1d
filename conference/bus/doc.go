// Package bus is what a county's machines know of each other, over NATS: leases and records that bridges write, placements that
// portals write (docs/cluster.md). It is the only package that knows NATS; others see cluster.Store and cluster.Announcer.
//
//	$KV.bridges.<machine>               cluster.Lease      a bridge's own, renewed for as long as it lives
//	$KV.records.<machine>.<room key>    cluster.Record     a bridge's own
//	$KV.placements.<room key>           cluster.Placement  portals'
//	kreisraum.call                      word               portal to all bridges, every LeaseEvery until all have answered
//	kreisraum.bridge.<machine>.order    cluster.Order      portal to one bridge
//
// The first three are NATS key-value buckets (https://docs.nats.io/nats-concepts/jetstream/key-value-store) in memory. Bridges write them as
// plain messages and wait for the acknowledgement; they have no right to use the JetStream API. Nothing in a subject names a room:
// clustered servers write subjects to their disks.
package bus
