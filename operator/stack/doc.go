// Package stack drives a county's Pulumi stack through the Automation API.
//
//	Up ──▶ pulumi (engine, child process) ──▶ infra.Program   (in this process, over gRPC)
//	                     └───────────────────▶ infra/provider (in this process, over gRPC on 127.0.0.1) ──▶ Hetzner
//
// Nothing is downloaded: the engine is the binary beside ours, and it is told where the provider listens
// (PULUMI_DEBUG_PROVIDERS). Everything the engine writes stays below <Home>/pulumi:
//
//	.pulumi/stacks/kreisraum/<county>.json   the state; secrets in it are encrypted with the passphrase
//	.pulumi/{history,backups,locks}/         what the file backend keeps beside it
//	work/<county>/Pulumi.<county>.yaml       the stack's configuration, with the desired number of bridges
//	home/                                    PULUMI_HOME
package stack
