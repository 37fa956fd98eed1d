package signaling

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

var clientTypes = map[string]decoder[ClientMessage]{
	Join{}.Type():           decodeAs[Join, ClientMessage],
	EnterCode{}.Type():      decodeAs[EnterCode, ClientMessage],
	Offer{}.Type():          decodeAs[Offer, ClientMessage],
	View{}.Type():           decodeAs[View, ClientMessage],
	State{}.Type():          requires(decodeAs[State, ClientMessage], "mic", "camera", "screen"),
	SendChat{}.Type():       notEmpty(decodeAs[SendChat, ClientMessage], "to"),
	RaiseHand{}.Type():      requires(decodeAs[RaiseHand, ClientMessage], "up"),
	React{}.Type():          decodeAs[React, ClientMessage],
	SetLine{}.Type():        decodeAs[SetLine, ClientMessage],
	AskICE{}.Type():         decodeAs[AskICE, ClientMessage],
	Leave{}.Type():          decodeAs[Leave, ClientMessage],
	ChangeSettings{}.Type(): decodeAs[ChangeSettings, ClientMessage],
	Allow{}.Type():          decodeAs[Allow, ClientMessage],
	Mute{}.Type():           notEmpty(decodeAs[Mute, ClientMessage], "participant"),
	LowerHand{}.Type():      notEmpty(decodeAs[LowerHand, ClientMessage], "participant"),
	SetCode{}.Type():        decodeAs[SetCode, ClientMessage],
	NewCode{}.Type():        decodeAs[NewCode, ClientMessage],
	Admit{}.Type():          notEmpty(decodeAs[Admit, ClientMessage], "visitor"),
	TurnAway{}.Type():       decodeAs[TurnAway, ClientMessage],
	ToLobby{}.Type():        decodeAs[ToLobby, ClientMessage],
	Remove{}.Type():         decodeAs[Remove, ClientMessage],
	Pardon{}.Type():         decodeAs[Pardon, ClientMessage],
	SetRole{}.Type():        decodeAs[SetRole, ClientMessage],
	SetEmergency{}.Type():   requires(decodeAs[SetEmergency, ClientMessage], "on"),
	Release{}.Type():        notEmpty(decodeAs[Release, ClientMessage], "participant"),
	End{}.Type():            decodeAs[End, ClientMessage],
}

var serverTypes = map[string]decoder[ServerMessage]{
	Door{}.Type():               decodeAs[Door, ServerMessage],
	Refused{}.Type():            decodeAs[Refused, ServerMessage],
	Joined{}.Type():             decodeAs[Joined, ServerMessage],
	ParticipantJoined{}.Type():  decodeAs[ParticipantJoined, ServerMessage],
	ParticipantLeft{}.Type():    decodeAs[ParticipantLeft, ServerMessage],
	ParticipantState{}.Type():   decodeAs[ParticipantState, ServerMessage],
	ParticipantChanged{}.Type(): decodeAs[ParticipantChanged, ServerMessage],
	ParticipantAway{}.Type():    decodeAs[ParticipantAway, ServerMessage],
	Answer{}.Type():             decodeAs[Answer, ServerMessage],
	Slots{}.Type():              decodeAs[Slots, ServerMessage],
	Speakers{}.Type():           decodeAs[Speakers, ServerMessage],
	Chat{}.Type():               decodeAs[Chat, ServerMessage],
	RoomCode{}.Type():           decodeAs[RoomCode, ServerMessage],
	Settings{}.Type():           decodeAs[Settings, ServerMessage],
	Emergency{}.Type():          decodeAs[Emergency, ServerMessage],
	Pause{}.Type():              decodeAs[Pause, ServerMessage],
	Muted{}.Type():              decodeAs[Muted, ServerMessage],
	Visitor{}.Type():            decodeAs[Visitor, ServerMessage],
	VisitorGone{}.Type():        decodeAs[VisitorGone, ServerMessage],
	Reaction{}.Type():           decodeAs[Reaction, ServerMessage],
	ICE{}.Type():                decodeAs[ICE, ServerMessage],
	Notice{}.Type():             decodeAs[Notice, ServerMessage],
	Queue{}.Type():              decodeAs[Queue, ServerMessage],
	Ended{}.Type():              decodeAs[Ended, ServerMessage],
	Problem{}.Type():            decodeAs[Problem, ServerMessage],
}

// decoder reads a frame of one type.
type decoder[M any] func(frame []byte) (M, error)

// Decode reads one frame from a client. Unknown fields are ignored; everything else that docs/signaling.md does not allow is a
// *DecodeError. The returned message is one of the values listed at ClientMessage, validated and trimmed.
func Decode(frame []byte) (ClientMessage, error) {
	return decode(frame, MaxFrame, clientTypes)
}

// DecodeServer reads one frame from a server, for the headless client. It is as strict about types and codes as Decode.
func DecodeServer(frame []byte) (ServerMessage, error) {
	return decode(frame, MaxServerFrame, serverTypes)
}

func decode[M any](frame []byte, most int, types map[string]decoder[M]) (M, error) {
	var none M
	if len(frame) > most {
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
	m, err := as(frame)
	if d := (*DecodeError)(nil); errors.As(err, &d) {
		d.Type = head.Type // a known one; the frame may have fields of other cases
	}
	return m, err
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

// requires insists on fields whose absence would mean something: a missing one must not unmute anybody.
func requires[M any](as decoder[M], fields ...string) decoder[M] {
	return func(frame []byte) (M, error) {
		var none M
		given := fieldsOf(frame)
		for _, f := range fields {
			if v, there := given[f]; !there || string(v) == "null" {
				return none, bad("", f, "is required")
			}
		}
		return as(frame)
	}
}

// notEmpty refuses a field that is there and says nothing, where its absence would mean all.
func notEmpty[M any](as decoder[M], field string) decoder[M] {
	return func(frame []byte) (M, error) {
		var none M
		given := fieldsOf(frame)
		for name, v := range given {
			if strings.EqualFold(name, field) && (string(v) == `""` || string(v) == "null") { // encoding/json does not mind the case either
				return none, bad("", field, "is there and empty")
			}
		}
		return as(frame)
	}
}

func fieldsOf(frame []byte) (fields map[string]json.RawMessage) {
	_ = json.Unmarshal(frame, &fields) // it was an object a moment ago
	return fields
}
