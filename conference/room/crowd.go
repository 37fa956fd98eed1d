package room

// crowd is how many visitors of one source stay at a full door whoever else comes: a class and some more.
const crowd = 40

// makePlace frees a place at a full door for a visitor of another source, and reports whether it could. The last one of the
// source with the most visitors goes: somebody who takes all places from one network keeps nobody out, and a class keeps its own. Who was
// inside keeps the place, too.
func (t *turn) makePlace(from Source) bool {
	count := map[Source]int{}
	for _, v := range t.door {
		if v.pass != nil {
			continue
		}
		count[v.source]++
	}
	most := max(crowd, count[from]+1)
	var last *visitor
	for _, v := range t.door {
		if v.pass != nil {
			continue
		}
		if n := count[v.source]; n > most {
			most, last = n, v
		} else if last != nil && v.source == last.source {
			last = v
		}
	}
	if last == nil {
		return false
	}
	t.dismiss(last)
	t.tell(Refused{Reason: Busy}, last.conn)
	return true
}
