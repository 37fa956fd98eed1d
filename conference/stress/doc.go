// Package stress measures how much of its capacity a bridge uses. Of decides, a Meter samples.
package stress
