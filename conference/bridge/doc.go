// Package bridge owns rooms. It takes WebSockets that the portal admitted, checks what they ask for and brings them to their room.
//
//	ServeHTTP ──admission──▶ peer.Run ──join──▶ knock (who may ask for what) ──▶ roomLoop
//	                                                                              │ owns one room.Room, its peers and Calls
//	                         outbox of every peer concerned ◀──frames, encoded once
//
// One goroutine, the room loop, owns each room; everybody else posts to its inbox and does not wait. A room begins to exist here
// with the first visitor and is thrown away with the last one. From its first visitor to its end the county is told of it (Announcer), with a
// record from which another bridge may begin it again; Evict ends it here because it is there.
//
// A participant's media belong to a peer.Call of the room, not to the connection: a WebSocket that breaks leaves the participant away,
// and who reconnects goes on with the same session.
//
// A bug that panics in a room loop ends that room and nothing else: its participants are told "restart", find a new room and wait
// for an organiser; the log gets the stack. The same holds for a single connection. Sound state is worth more than this room's, so
// nothing is repaired.
package bridge
