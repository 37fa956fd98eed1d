// Package myrooms keeps the rooms that belong to accounts: what a teacher calls them, at which address of the county they are, and what
// their codes are derived from. Beside the accounts it is the only thing on a portal that outlives the night, and it goes with the account.
//
//	Draft, Change ──▶ checked ──▶ rooms.json (0600, whole or not at all) ──▶ snapshot in memory ──▶ Of, ByAddress
//
// No code is stored: Codes derives it from the county's key, the room's ID and counter, and the day.
package myrooms
