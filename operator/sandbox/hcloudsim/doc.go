// Package hcloudsim simulates the Hetzner Cloud API so that unchanged clients cannot tell.
package hcloudsim
