// Package county is the life cycle of one county: up, down, status and probe as named steps.
//
//	config → secrets → infra → deploy → dns → certificate → accounts → probe
//
// Each step looks first and acts only where something is missing, so a run that failed or was killed half-way is finished by
// the next one. What a step needs of the world comes through the interfaces in world.go; wire.go brings the real one.
package county
