// Package drive holds synthetic lessons in a live county, through the same site, login and door as everybody, with real media. People
// come back by themselves when something breaks, wait in the queue when they are told to, and measure what they went through. Tests of
// whole counties use it, and `loadgen drive`.
package drive
