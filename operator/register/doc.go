// Package register keeps a county's accounts: who may organise lessons. It is the only place that knows what an account was
// made for; the server gets names and hashes.
//
// A Register is a value. Changing it returns the next one, so that it can be pushed to the server first and saved after that.
package register
