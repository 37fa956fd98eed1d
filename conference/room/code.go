package room

func (s SetCode) apply(t *turn) {
	if t.organiser(s.Conn) == nil {
		return
	}
	if s.Code == "" && t.rules.CodeRequired {
		t.refuse(s.Conn, CodeInvalid)
		return
	}
	t.changeCode(s.Code)
}

func (n NewCode) apply(t *turn) {
	if t.organiser(n.Conn) != nil {
		t.changeCode(newCode(t.random))
	}
}

// changeCode sets another code. It binds those too who wait already, also in the lobby.
func (t *turn) changeCode(code Code) {
	if t.hidden == nil && !sameCode(code, t.code) || t.hidden != nil && !t.hidden.opens(Code(bare(code))) {
		t.codes++
	}
	t.setCode(code)
	t.recheck()
}

// setCode makes the code known to organisers.
func (t *turn) setCode(code Code) {
	t.code, t.hidden = code, nil
	t.tellInside(CodeChanged{Code: t.code}, organisers)
}

// known reveals the hidden code if this is it, and reports whether it is.
func (t *turn) known(code Code) bool {
	if code == "" || !t.hidden.opens(Code(bare(code))) {
		return false
	}
	t.setCode(code)
	return true
}

// opens says whether a code is the room's.
func (t *turn) opens(code Code) bool {
	if t.hidden != nil {
		return t.known(code)
	}
	return sameCode(code, t.code)
}
