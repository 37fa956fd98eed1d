package opsapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"unicode/utf8"
)

// readBody reads a request's body of limit bytes at the most.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	data, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, limit))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, invalid(CodeTooLarge, "body is larger than %d KiB", limit>>10)
	}
	if err != nil {
		return nil, invalid(CodeBadRequest, "body ended early")
	}
	return data, nil
}

// decodeAccounts reads exactly one Accounts object. Its errors repeat nothing of the body, which holds hashes.
func decodeAccounts(data []byte) (Accounts, error) {
	var list Accounts
	if err := json.Unmarshal(data, &list); err != nil {
		return Accounts{}, invalid(CodeBadRequest, "body is not a JSON list of accounts")
	}
	if len(list.Accounts) > MaxAccounts {
		return Accounts{}, invalid(CodeTooLarge, "more than %d accounts", MaxAccounts)
	}
	return list, nil
}

// DecodeMachines reads exactly one valid Machines object without unknown fields: a list that says more than this version knows must not
// be half obeyed. Returns an *Error.
func DecodeMachines(data []byte) (Machines, error) {
	var list Machines
	if err := strict(data, &list); err != nil {
		return Machines{}, err
	}
	if err := list.Validate(); err != nil {
		return Machines{}, err
	}
	return list, nil
}

// decodeRestart reads exactly one valid RestartOrder.
func decodeRestart(data []byte) (RestartOrder, error) {
	var order RestartOrder
	if err := strict(data, &order); err != nil {
		return RestartOrder{}, err
	}
	if err := order.Validate(); err != nil {
		return RestartOrder{}, err
	}
	return order, nil
}

// strict reads exactly one JSON object of known fields in UTF-8.
func strict(data []byte, into any) error {
	if !utf8.Valid(data) || !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		return invalid(CodeBadRequest, "body is not a JSON object")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return invalid(CodeBadRequest, "body is not the JSON object this version knows; operator and server are of different versions")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return invalid(CodeBadRequest, "more than one JSON object in the body")
	}
	return nil
}
