package signaling

import (
	"encoding/json"
	"unicode/utf8"
)

var clientTypes = map[string]func([]byte) (ClientMessage, error){
	Join{}.Type():      decodeAs[Join, ClientMessage],
	EnterCode{}.Type(): decodeAs[EnterCode, ClientMessage],
	Offer{}.Type():     decodeAs[Offer, ClientMessage],
	View{}.Type():      decodeAs[View, ClientMessage],
	State{}.Type():     decodeState,
	SendChat{}.Type():  decodeAs[SendChat, ClientMessage],
	SetCode{}.Type():   decodeAs[SetCode, ClientMessage],
	SetLock{}.Type():   decodeSetLock,
	Remove{}.Type():    decodeAs[Remove, ClientMessage],
	Leave{}.Type():     decodeAs[Leave, ClientMessage],
}

var serverTypes = map[string]func([]byte) (ServerMessage, error){
	Door{}.Type():              decodeAs[Door, ServerMessage],
	Refused{}.Type():           decodeAs[Refused, ServerMessage],
	Joined{}.Type():            decodeAs[Joined, ServerMessage],
	ParticipantJoined{}.Type(): decodeAs[ParticipantJoined, ServerMessage],
	ParticipantLeft{}.Type():   decodeAs[ParticipantLeft, ServerMessage],
	ParticipantState{}.Type():  decodeAs[ParticipantState, ServerMessage],
	Answer{}.Type():            decodeAs[Answer, ServerMessage],
	Slots{}.Type():             decodeAs[Slots, ServerMessage],
	Speakers{}.Type():          decodeAs[Speakers, ServerMessage],
	Chat{}.Type():              decodeAs[Chat, ServerMessage],
	RoomCode{}.Type():          decodeAs[RoomCode, ServerMessage],
	Queue{}.Type():             decodeAs[Queue, ServerMessage],
	ParticipantAway{}.Type():   decodeAs[ParticipantAway, ServerMessage],
	Locked{}.Type():            decodeAs[Locked, ServerMessage],
	Notice{}.Type():            decodeAs[Notice, ServerMessage],
	Ended{}.Type():             decodeAs[Ended, ServerMessage],
	Problem{}.Type():           decodeAs[Problem, ServerMessage],
}

// Decode reads one frame from a client. Unknown fields are ignored; everything else that docs/signaling.md does not allow is a
// *DecodeError. The returned message is one of the values listed at ClientMessage, validated and trimmed.
func Decode(frame []byte) (ClientMessage, error) {
	return decode(frame, clientTypes)
}

// DecodeServer reads one frame from a server, for the headless client. It is as strict about types and codes as Decode.
func DecodeServer(frame []byte) (ServerMessage, error) {
	return decode(frame, serverTypes)
}

func decode[M any](frame []byte, types map[string]func([]byte) (M, error)) (M, error) {
	var none M
	if len(frame) > MaxFrame {
		return none, bad("", "", "larger than a frame may be")
	}
	if !utf8.Valid(frame) {
		return none, bad("", "", "not UTF-8")
	}
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(frame, &head); err != nil {
		return none, bad("", "", "not a JSON object with a type") // the cause may quote the frame
	}
	as, known := types[head.Type]
	if !known {
		return none, bad("", "type", "unknown")
	}
	return as(frame)
}

func decodeAs[T interface {
	Type() string
	check() (M, error)
}, M any](frame []byte) (M, error) {
	var none M
	var m T
	if err := json.Unmarshal(frame, &m); err != nil {
		return none, bad(m.Type(), "", "a field has the wrong JSON type")
	}
	return m.check()
}

// decodeState insists on all three fields, see State.
func decodeState(frame []byte) (ClientMessage, error) {
	var wire struct {
		Mic    *bool `json:"mic"`
		Camera *bool `json:"camera"`
		Screen *bool `json:"screen"`
	}
	if err := json.Unmarshal(frame, &wire); err != nil {
		return nil, bad(State{}.Type(), "", "a field has the wrong JSON type")
	}
	if wire.Mic == nil || wire.Camera == nil || wire.Screen == nil {
		return nil, bad(State{}.Type(), "", "mic, camera and screen are all required")
	}
	return State{Mic: *wire.Mic, Camera: *wire.Camera, Screen: *wire.Screen}, nil
}

// decodeSetLock insists on the field, see SetLock.
func decodeSetLock(frame []byte) (ClientMessage, error) {
	var wire struct {
		Locked *bool `json:"locked"`
	}
	if err := json.Unmarshal(frame, &wire); err != nil {
		return nil, bad(SetLock{}.Type(), "", "a field has the wrong JSON type")
	}
	if wire.Locked == nil {
		return nil, bad(SetLock{}.Type(), "locked", "is required")
	}
	return SetLock{Locked: *wire.Locked}, nil
}
