package frontdoor

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/cryptobyte"
)

// Numbers of TLS, RFC 8446 §4, §5.1 and RFC 6066 §3.
const (
	recordHandshake     = 22
	recordHeader        = 5
	maxRecord           = 1 << 14
	messageClientHello  = 1
	messageHeader       = 4
	extensionServerName = 0
	nameTypeHost        = 0
	// maxHello bounds a ClientHello with its record headers, in bytes. Browsers send about two thousand with post-quantum keys.
	maxHello = 32 << 10
)

var (
	errNotTLS       = errors.New("not a TLS ClientHello")
	errHelloTooLong = fmt.Errorf("the ClientHello is longer than %d bytes", maxHello)
	errNoName       = errors.New("the ClientHello names no host")
)

// readClientHello reads a TLS ClientHello, which may span several records, and returns exactly the bytes read and the host named in it
// (SNI), in lower case. Nothing beyond the ClientHello's last record is read.
func readClientHello(r io.Reader) (raw []byte, name string, err error) {
	var message []byte
	for {
		var header [recordHeader]byte
		if _, err := io.ReadFull(r, header[:]); err != nil {
			return nil, "", err
		}
		length := int(header[3])<<8 | int(header[4])
		if header[0] != recordHandshake || header[1] != 3 || length == 0 || length > maxRecord {
			return nil, "", errNotTLS
		}
		if len(raw)+recordHeader+length > maxHello {
			return nil, "", errHelloTooLong
		}
		raw = append(raw, header[:]...)
		start := len(raw)
		raw = append(raw, make([]byte, length)...)
		if _, err := io.ReadFull(r, raw[start:]); err != nil {
			return nil, "", err
		}
		message = append(message, raw[start:]...)
		if message[0] != messageClientHello {
			return nil, "", errNotTLS
		}
		if len(message) < messageHeader {
			continue
		}
		want := int(message[1])<<16 | int(message[2])<<8 | int(message[3])
		if want > maxHello {
			return nil, "", errHelloTooLong
		}
		if len(message) >= messageHeader+want {
			name, err = serverName(message[messageHeader : messageHeader+want])
			return raw, name, err
		}
	}
}

// serverName finds the host name in the body of a ClientHello.
func serverName(body []byte) (string, error) {
	s := cryptobyte.String(body)
	var session, suites, compressions, extensions cryptobyte.String
	if !s.Skip(2+32) || // legacy_version, random
		!s.ReadUint8LengthPrefixed(&session) || !s.ReadUint16LengthPrefixed(&suites) || !s.ReadUint8LengthPrefixed(&compressions) {
		return "", errNotTLS
	}
	if s.Empty() {
		return "", errNoName
	}
	if !s.ReadUint16LengthPrefixed(&extensions) || !s.Empty() {
		return "", errNotTLS
	}
	for !extensions.Empty() {
		var kind uint16
		var data cryptobyte.String
		if !extensions.ReadUint16(&kind) || !extensions.ReadUint16LengthPrefixed(&data) {
			return "", errNotTLS
		}
		if kind == extensionServerName {
			return hostName(data)
		}
	}
	return "", errNoName
}

func hostName(data cryptobyte.String) (string, error) {
	var names cryptobyte.String
	if !data.ReadUint16LengthPrefixed(&names) || !data.Empty() {
		return "", errNotTLS
	}
	for !names.Empty() {
		var kind uint8
		var name cryptobyte.String
		if !names.ReadUint8(&kind) || !names.ReadUint16LengthPrefixed(&name) {
			return "", errNotTLS
		}
		if kind == nameTypeHost && len(name) > 0 && len(name) <= 253 {
			return strings.ToLower(string(name)), nil
		}
	}
	return "", errNoName
}
