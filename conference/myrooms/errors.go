package myrooms

import "errors"

var (
	// ErrNone says that the account has no such room, or nobody has.
	ErrNone = errors.New("there is no such room of the account")
	// ErrTitle says that the title is empty, too long, or has characters that change how the text around it reads.
	ErrTitle = errors.New("title is not 1 to 80 characters without controls")
	// ErrAddress says that the address is no room name.
	ErrAddress = errors.New("address is not a room name")
	// ErrTooMany says that the account, or the county, has as many rooms as it may.
	ErrTooMany = errors.New("too many rooms")
)

// TakenError says that the address is another room's. Match it with errors.As.
type TakenError struct {
	// Suggestion is an address like it that nobody has.
	Suggestion string
}

func (*TakenError) Error() string { return "the address is another room's" }
