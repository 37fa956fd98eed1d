// Package cli is the command line, one file for each verb. It turns flags, environment and files into plain structs, calls
// operator/county, and puts what comes back into words. Exit codes: 0, 1 for a failure, 2 for wrong usage.
package cli
