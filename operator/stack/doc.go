// Package stack drives a county's Pulumi stack through the Automation API.
//
//	Up ──▶ pulumi (engine, child process) ──▶ infra.Program   (in this process, over gRPC)
//	                     └───────────────────▶ infra/provider (in this process, over gRPC on 127.0.0.1) ──▶ Hetzner
//
// Nothing is downloaded: the engine is the binary beside ours, and it is told where the provider listens
// (PULUMI_DEBUG_PROVIDERS). The state is in a folder, an S3 bucket or a table of PostgreSQL, see package store:
//
//	.pulumi/stacks/kreisraum/<county>.json   the state; secrets in it are encrypted with the passphrase
//	.pulumi/{history,backups,locks}/         what the engine keeps beside it
//	.kreisraum/<county>/bridges.json         the desired bridges
//	.kreisraum/<county>/keys.json            the county's keys, sealed; where the state is shared
//	.kreisraum/<county>/locks/               who is at work on the county; where the state is shared
//	.kreisraum/<county>/set-aside/           states that could not be used
//
// On this computer, below <Home>/pulumi, are those of a state that is not shared, and in any case
//
//	work/<county>/   the engine's project
//	home/            PULUMI_HOME
package stack
