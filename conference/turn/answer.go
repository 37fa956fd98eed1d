package turn

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"github.com/pion/stun/v4"
)

// succeed answers the request. id is nil where nobody has to be anybody.
func (c *conn) succeed(id *identity, attributes ...stun.Setter) {
	c.answer(stun.ClassSuccessResponse, id, attributes)
}

// refuse answers the request with an error code. id is nil as long as nobody is authenticated.
func (c *conn) refuse(id *identity, code stun.ErrorCode, attributes ...stun.Setter) {
	c.answer(stun.ClassErrorResponse, id, append([]stun.Setter{code}, attributes...))
}

func (c *conn) answer(class stun.MessageClass, id *identity, attributes []stun.Setter) {
	setters := append([]stun.Setter{
		stun.NewTransactionIDSetter(c.request.TransactionID), stun.NewType(c.request.Type.Method, class),
	}, attributes...)
	if id != nil {
		setters = append(setters, id.integrity)
	}
	if m, err := stun.Build(setters...); err == nil { // all of it is ours, and fits
		c.write(m.Raw)
	}
}

// dataIndication carries a packet of a peer that has no channel (RFC 8656 §11.3).
func dataIndication(from netip.AddrPort, data []byte) (*stun.Message, error) {
	return stun.Build(stun.TransactionID, stun.NewType(stun.MethodData, stun.ClassIndication), xor(stun.AttrXORPeerAddress, from), attribute{stun.AttrData, data})
}

// attribute is a setter for any value.
type attribute struct {
	kind  stun.AttrType
	value []byte
}

// AddTo implements stun.Setter.
func (a attribute) AddTo(m *stun.Message) error {
	m.Add(a.kind, a.value)
	return nil
}

func lifetime(d time.Duration) stun.Setter {
	return attribute{stun.AttrLifetime, binary.BigEndian.AppendUint32(nil, uint32(d/time.Second))}
}

// xorAddress is an address obfuscated with the transaction ID (RFC 8489 §14.2), under any attribute.
type xorAddress struct {
	kind stun.AttrType
	at   netip.AddrPort
}

func xor(kind stun.AttrType, at netip.AddrPort) stun.Setter { return xorAddress{kind, at} }

// AddTo implements stun.Setter.
func (x xorAddress) AddTo(m *stun.Message) error {
	return stun.XORMappedAddress{IP: x.at.Addr().AsSlice(), Port: int(x.at.Port())}.AddToAs(m, x.kind)
}

// typeOf is an error's innermost type: its text has addresses.
func typeOf(err error) string {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok || u.Unwrap() == nil {
			return fmt.Sprintf("%T", err)
		}
		err = u.Unwrap()
	}
}
