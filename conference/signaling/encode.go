package signaling

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Encode writes one frame to a client. Lists are never null. The only error is an invalid message, which is a bug of the caller.
func Encode(m ServerMessage) ([]byte, error) {
	m, err := m.check()
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return encode(m.Type(), m)
}

// EncodeClient writes one frame to a server, after the same validation as Decode.
func EncodeClient(m ClientMessage) ([]byte, error) {
	m, err := m.check()
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return encode(m.Type(), m)
}

// encode puts the type in front of the message's own fields. HTML escaping is off: the frame is not HTML, and escaped it may grow
// sixfold.
func encode(typ string, m any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("encode %s: %w", typ, err)
	}
	fields := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	frame := make([]byte, 0, len(fields)+len(typ)+len(`{"type":"",`))
	frame = append(frame, `{"type":"`+typ+`"`...)
	if string(fields) != "{}" {
		frame = append(frame, ',')
	}
	return append(frame, fields[1:]...), nil
}
