package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// encoding is strict, so that every token has exactly one spelling; line breaks, which encoding/base64 skips even so, are refused apart.
var encoding = base64.RawURLEncoding.Strict()

type payload[T any] struct {
	// Expires is in milliseconds since 1970.
	Expires int64 `json:"e"`
	Claims  T     `json:"c"`
}

// Sign returns a token with the claims, good for the purpose until expires. It panics if the claims have no JSON form or make the
// token longer than MaxLength, or if the key is not from this package: bugs of the caller, whose claims are of its own making.
func Sign[T any](k Key, purpose string, claims T, expires time.Time) string {
	if len(k) != KeySize {
		panic("token: not a key")
	}
	body, err := json.Marshal(payload[T]{Expires: expires.UnixMilli(), Claims: claims})
	if err != nil {
		panic(fmt.Sprintf("token: claims of type %T have no JSON form", claims))
	}
	tok := encoding.EncodeToString(body) + "." + encoding.EncodeToString(sum(k, purpose, body))
	if len(tok) > MaxLength {
		panic(fmt.Sprintf("token: claims of type %T are too long", claims))
	}
	return tok
}

// Verify returns the claims of a token that was signed for the purpose and has not expired at now. Returns ErrInvalid or
// ErrExpired, nothing else; the comparison takes constant time.
func Verify[T any](k Key, purpose, tok string, now time.Time) (T, error) {
	var none T
	if len(tok) > MaxLength || len(k) != KeySize {
		return none, ErrInvalid
	}
	left, right, found := strings.Cut(tok, ".")
	if !found || strings.ContainsAny(tok, "\r\n") {
		return none, ErrInvalid
	}
	body, errBody := encoding.DecodeString(left)
	mac, errMAC := encoding.DecodeString(right)
	if errBody != nil || errMAC != nil || !hmac.Equal(mac, sum(k, purpose, body)) {
		return none, ErrInvalid
	}
	var p payload[T]
	if json.Unmarshal(body, &p) != nil {
		return none, ErrInvalid
	}
	if now.UnixMilli() >= p.Expires {
		return none, ErrExpired
	}
	return p.Claims, nil
}

// sum binds purpose and body without ambiguity: the purpose's length comes first.
func sum(k Key, purpose string, body []byte) []byte {
	h := hmac.New(sha256.New, k)
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(purpose))))
	h.Write([]byte(purpose))
	h.Write(body)
	return h.Sum(nil)
}
