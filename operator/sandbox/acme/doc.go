// Package acme is the sandbox's certificate authority: Pebble, Let's Encrypt's own test server, within this process.
//
//	server ──ACME over HTTPS──▶ Pebble ──A, AAAA──▶ the sandbox's DNS server
//	   ▲                          │
//	   └────TLS-ALPN-01 on 443────┘
//
// Pebble makes a new root and a new intermediate whenever it starts and keeps everything in memory. That would make all certificates of
// yesterday worthless to those who check them today, and a restart of the sandbox would change a file that is deployed to the machines. So the
// hierarchy is ours, it is kept in a folder, and Pebble is made to issue with it. Its accounts and orders are forgotten at each start; ACME
// clients then make a new account by themselves (RFC 8555 §7.3.1, error accountDoesNotExist).
package acme
