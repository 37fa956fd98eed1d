// Package county is the life cycle of one county: up, down, status and probe as named steps.
package county
