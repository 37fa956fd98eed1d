// Package provider is the native Pulumi provider for what a county has at Hetzner: typed resources over hcloud-go.
//
// Its one rule: Create brings the resource with the given name into the wanted state, whatever it finds. Nothing there: it
// is made. Something there with our labels: it is adopted and gets the steps it lacks. Something there without our labels:
// an error, and nothing is touched. A first `up`, an `up` after a crash and an `up` after lost state are therefore one path.
//
// The API token reaches the resources by closure. It is no input, so it is in no state and in no log.
package provider
