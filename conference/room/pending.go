package room

// What the room does not follow yet.

func (i RaiseHand) apply(t *turn) { t.tell(Problem{Code: NotAllowed}, i.Conn) }
func (i React) apply(t *turn)     { t.tell(Problem{Code: NotAllowed}, i.Conn) }
func (i SetLine) apply(t *turn)   { t.tell(Problem{Code: NotAllowed}, i.Conn) }
func (i Allow) apply(t *turn)     { t.tell(Problem{Code: NotAllowed}, i.Conn) }
func (i Mute) apply(t *turn)      { t.tell(Problem{Code: NotAllowed}, i.Conn) }
func (i LowerHand) apply(t *turn) { t.tell(Problem{Code: NotAllowed}, i.Conn) }
func (i NewCode) apply(t *turn)   { t.tell(Problem{Code: NotAllowed}, i.Conn) }
func (i Admit) apply(t *turn)     { t.tell(Problem{Code: NotAllowed}, i.Conn) }
func (i TurnAway) apply(t *turn)  { t.tell(Problem{Code: NotAllowed}, i.Conn) }
func (i ToLobby) apply(t *turn)   { t.tell(Problem{Code: NotAllowed}, i.Conn) }
func (i Pardon) apply(t *turn)    { t.tell(Problem{Code: NotAllowed}, i.Conn) }
func (i SetRole) apply(t *turn)   { t.tell(Problem{Code: NotAllowed}, i.Conn) }
func (i Emergency) apply(t *turn) { t.tell(Problem{Code: NotAllowed}, i.Conn) }
func (i Release) apply(t *turn)   { t.tell(Problem{Code: NotAllowed}, i.Conn) }
func (i End) apply(t *turn)       { t.tell(Problem{Code: NotAllowed}, i.Conn) }
