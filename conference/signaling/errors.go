package signaling

// DecodeError says why a message was not accepted. It names the type and the field, never the value, so it may be logged.
type DecodeError struct {
	// Type is the message's type, empty if that is unknown.
	Type string
	// Field is the offending field, empty for the message as a whole.
	Field string
	// Reason is in words, static.
	Reason string
	// Refusal is set when the connection cannot go on; it is the code for the client.
	Refusal RefusalCode
	// Problem is set when the connection may stay; it is the code for the client.
	Problem ErrorCode
}

func (e *DecodeError) Error() string {
	s := "signaling message"
	if e.Type != "" {
		s += " " + e.Type
	}
	if e.Field != "" {
		s += ", field " + e.Field
	}
	return s + ": " + e.Reason
}

func bad(typ, field, reason string) *DecodeError {
	return &DecodeError{Type: typ, Field: field, Reason: reason, Refusal: RefusedBadMessage}
}

func problem(typ, field, reason string, code ErrorCode) *DecodeError {
	return &DecodeError{Type: typ, Field: field, Reason: reason, Problem: code}
}
