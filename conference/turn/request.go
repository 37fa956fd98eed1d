package turn

import (
	"crypto/subtle"
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/pion/stun/v4"
)

// udpProtocol is the value of REQUESTED-TRANSPORT (RFC 8656 §18.7: the IANA protocol number).
const udpProtocol = 17

// Values of REQUESTED-ADDRESS-FAMILY (RFC 8656 §18.8).
const familyIPv4, familyIPv6 = 1, 2

// known are the attributes below 0x8000 that are understood. Others in that range make a request fail (RFC 8489 §14).
var known = map[stun.AttrType]bool{
	stun.AttrMappedAddress: true, stun.AttrUsername: true, stun.AttrMessageIntegrity: true, stun.AttrRealm: true, stun.AttrNonce: true,
	stun.AttrChannelNumber: true, stun.AttrLifetime: true, stun.AttrXORPeerAddress: true, stun.AttrData: true,
	stun.AttrRequestedAddressFamily: true, stun.AttrRequestedTransport: true, stun.AttrEvenPort: true, stun.AttrReservationToken: true,
}

// message handles a STUN message. It reports false when the connection is of no more use.
func (c *conn) message(raw []byte) bool {
	m := &c.request
	m.Raw = append(m.Raw[:0], raw...)
	switch {
	case m.Decode() != nil:
		return false
	case m.Type.Class == stun.ClassIndication:
		if m.Type.Method == stun.MethodSend {
			c.sendIndication()
		}
		return true
	case m.Type.Class != stun.ClassRequest || !c.requests.Allow():
		return false
	}
	if unknown := unknownAttributes(m); len(unknown) > 0 {
		c.refuse(nil, stun.CodeUnknownAttribute, unknown)
		return true
	}
	if m.Type.Method == stun.MethodBinding {
		c.succeed(nil, c.mapped())
		return true
	}
	id, ok := c.authenticate()
	if !ok {
		return true
	}
	switch m.Type.Method {
	case stun.MethodAllocate:
		c.allocate(id)
	case stun.MethodRefresh:
		c.refresh(id)
	case stun.MethodCreatePermission:
		c.createPermission(id)
	case stun.MethodChannelBind:
		c.channelBind(id)
	default: // RFC 6062 above all
		c.refuse(id, stun.CodeBadRequest)
	}
	return true
}

func unknownAttributes(m *stun.Message) (unknown stun.UnknownAttributes) {
	for _, a := range m.Attributes {
		if a.Type < 0x8000 && !known[a.Type] && len(unknown) < 8 {
			unknown = append(unknown, a.Type)
		}
	}
	return unknown
}

// identity is who a request proved to be: the holder of a credential.
type identity struct {
	username  string
	grant     grant
	integrity stun.MessageIntegrity
}

// authenticate checks the long-term credential (RFC 8489 §9.2.4). If it reports false it has answered.
func (c *conn) authenticate() (*identity, bool) {
	m := &c.request
	if !m.Contains(stun.AttrMessageIntegrity) {
		c.challenge(stun.CodeUnauthorized)
		return nil, false
	}
	var username stun.Username
	var realm stun.Realm
	var nonce stun.Nonce
	if m.Parse(&username, &realm, &nonce) != nil {
		c.refuse(nil, stun.CodeBadRequest)
		return nil, false
	}
	if subtle.ConstantTimeCompare(nonce, []byte(c.nonce)) == 0 {
		c.challenge(stun.CodeStaleNonce)
		return nil, false
	}
	id := &identity{username: username.String()}
	g, ok := parseUsername(id.username)
	id.grant, id.integrity = g, stun.NewLongTermIntegrity(id.username, c.server.cfg.Realm, password(c.server.cfg.Key, id.username))
	if !ok || id.integrity.Check(m) != nil { // compares in constant time
		c.challenge(stun.CodeUnauthorized)
		return nil, false
	}
	if c.relay != nil && c.relay.username != id.username {
		c.refuse(id, stun.CodeWrongCredentials)
		return nil, false
	}
	return id, true
}

// challenge asks for credentials.
func (c *conn) challenge(code stun.ErrorCode) {
	c.refuse(nil, code, stun.NewRealm(c.server.cfg.Realm), stun.NewNonce(c.nonce))
}

// mapped is where the client is seen.
func (c *conn) mapped() stun.Setter {
	return &stun.XORMappedAddress{IP: c.remote.Addr().AsSlice(), Port: int(c.remote.Port())}
}

// allocate opens the client's relay (RFC 8656 §7.2).
func (c *conn) allocate(id *identity) {
	now := c.server.cfg.Now()
	transport, _ := c.request.Get(stun.AttrRequestedTransport)
	at, family := c.relayAddress(id.grant.targets)
	switch {
	case !now.Before(id.grant.expires):
		c.challenge(stun.CodeUnauthorized)
	case c.relay != nil:
		c.refuse(id, stun.CodeAllocMismatch)
	case len(transport) != 4:
		c.refuse(id, stun.CodeBadRequest)
	case transport[0] != udpProtocol:
		c.refuse(id, stun.CodeUnsupportedTransProto)
	case c.request.Contains(stun.AttrEvenPort) || c.request.Contains(stun.AttrReservationToken):
		c.refuse(id, stun.CodeInsufficientCapacity) // pairs of ports are of the time before rtcp-mux
	case !family:
		c.refuse(id, stun.CodeAddrFamilyNotSupported)
	case !c.server.bound.begin(sourceOf(c.remote.Addr()), id.grant.trial):
		c.server.full.Do(func() {
			c.server.cfg.Log.Warn("a relay over TLS was refused: too many are in use, of all or of one source", "in_use", c.server.bound.count())
		})
		c.refuse(id, stun.CodeAllocQuotaReached)
	default:
		c.open(id, at)
	}
}

// open makes the relay and answers.
func (c *conn) open(id *identity, at netip.Addr) {
	r, err := openRelay(at, id.username, id.grant.targets)
	if err != nil {
		c.server.bound.end(sourceOf(c.remote.Addr()), id.grant.trial)
		c.server.full.Do(func() { c.server.cfg.Log.Warn("no socket for a relay over TLS", "error_type", typeOf(err)) })
		c.refuse(id, stun.CodeInsufficientCapacity)
		return
	}
	life := c.lifetime(id.grant)
	r.expires, r.trial = time.Now().Add(life), id.grant.trial
	c.relay = r
	go r.receive(c, newLane(downRate, c.server.down))
	c.succeed(id, xor(stun.AttrXORRelayedAddress, r.address()), lifetime(life), c.mapped())
}

// relayAddress chooses the address the relay has: IPv4 unless the client asks for the other family (RFC 8656 §7.2) or its bridge has no IPv4.
// It reports false if there is none of the family, here or there.
func (c *conn) relayAddress(targets []netip.AddrPort) (netip.Addr, bool) {
	families := []byte{familyIPv4, familyIPv6}
	if v, err := c.request.Get(stun.AttrRequestedAddressFamily); err == nil {
		if len(v) != 4 {
			return netip.Addr{}, false
		}
		families = v[:1]
	}
	for _, family := range families {
		six := family == familyIPv6
		if !six && family != familyIPv4 {
			continue
		}
		for _, own := range c.server.cfg.Addresses {
			for _, t := range targets {
				if own.Unmap().Is6() == six && t.Addr().Is6() == six {
					return own.Unmap(), true
				}
			}
		}
	}
	return netip.Addr{}, false
}

// lifetime is what the request asks for, within bounds; a trial's is what is left of it.
func (c *conn) lifetime(g grant) time.Duration {
	if g.trial {
		return max(0, g.expires.Sub(c.server.cfg.Now()))
	}
	if v, err := c.request.Get(stun.AttrLifetime); err == nil && len(v) == 4 {
		return min(max(time.Duration(binary.BigEndian.Uint32(v))*time.Second, defaultLifetime), maxLifetime)
	}
	return defaultLifetime
}

// refresh prolongs the allocation or ends it (RFC 8656 §8.2). An expired credential is good for that.
func (c *conn) refresh(id *identity) {
	if !c.allocated(id) {
		return
	}
	if v, err := c.request.Get(stun.AttrRequestedAddressFamily); err == nil && (len(v) != 4 || (v[0] == familyIPv6) != c.relay.six) {
		c.refuse(id, stun.CodePeerAddrFamilyMismatch)
		return
	}
	if v, err := c.request.Get(stun.AttrLifetime); err == nil && len(v) == 4 && binary.BigEndian.Uint32(v) == 0 {
		c.release()
		c.succeed(id, lifetime(0))
		return
	}
	life := c.lifetime(id.grant)
	c.relay.expires = time.Now().Add(life)
	c.succeed(id, lifetime(life))
}

// createPermission lets addresses through (RFC 8656 §10.2): all that are named, or none.
func (c *conn) createPermission(id *identity) {
	if !c.allocated(id) {
		return
	}
	peers, ok := c.peers()
	if !ok || len(peers) == 0 {
		c.refuse(id, stun.CodeBadRequest)
		return
	}
	now := c.server.cfg.Now()
	for _, p := range peers {
		if p.Addr().Is6() != c.relay.six {
			c.refuse(id, stun.CodePeerAddrFamilyMismatch)
			return
		}
		if !c.relay.permit(p.Addr(), now) {
			c.refuse(id, stun.CodeForbidden)
			return
		}
	}
	c.succeed(id)
}

// channelBind binds a channel (RFC 8656 §12.2).
func (c *conn) channelBind(id *identity) {
	if !c.allocated(id) {
		return
	}
	number, _ := c.request.Get(stun.AttrChannelNumber)
	peers, ok := c.peers()
	if !ok || len(peers) != 1 || len(number) != 4 {
		c.refuse(id, stun.CodeBadRequest)
		return
	}
	channel := binary.BigEndian.Uint16(number)
	switch {
	case channel < firstChannel || channel > lastChannel:
		c.refuse(id, stun.CodeBadRequest)
	case peers[0].Addr().Is6() != c.relay.six:
		c.refuse(id, stun.CodePeerAddrFamilyMismatch)
	default:
		if code := c.relay.bind(channel, peers[0], c.server.cfg.Now()); code != 0 {
			c.refuse(id, code)
			return
		}
		c.succeed(id)
	}
}

// allocated answers if there is no allocation.
func (c *conn) allocated(id *identity) bool {
	if c.relay == nil {
		c.refuse(id, stun.CodeAllocMismatch)
	}
	return c.relay != nil
}

// sendIndication passes a packet on (RFC 8656 §11.2). What may not pass is lost.
func (c *conn) sendIndication() {
	data, err := c.request.Get(stun.AttrData)
	peers, ok := c.peers()
	if c.relay == nil || err != nil || !ok || len(peers) != 1 {
		return
	}
	if _, ok := c.relay.permitted(peers[0], c.server.cfg.Now()); ok && c.up.take(len(c.request.Raw)) {
		c.relay.send(data, peers[0])
	}
}

// maxPeers bounds the addresses in one request; a credential has four.
const maxPeers = 8

// peers are the request's peer addresses. It reports false if one is malformed or there are too many.
func (c *conn) peers() ([]netip.AddrPort, bool) {
	var peers []netip.AddrPort
	err := c.request.ForEach(stun.AttrXORPeerAddress, func(m *stun.Message) error {
		var x stun.XORMappedAddress
		if err := x.GetFromAs(m, stun.AttrXORPeerAddress); err != nil {
			return err
		}
		a, _ := netip.AddrFromSlice(x.IP)
		peers = append(peers, netip.AddrPortFrom(a.Unmap(), uint16(x.Port)))
		return nil
	})
	return peers, err == nil && len(peers) <= maxPeers
}
