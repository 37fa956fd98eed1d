package room

import (
	"slices"
	"strconv"
)

// history is what was said in this epoch, bounded in number and bytes.
type history struct {
	messages []Message
	bytes    int
	// last numbers the messages of the epoch, those already dropped included.
	last int
}

// add numbers the message, keeps it and drops the oldest ones beyond the bounds.
func (h *history) add(m Message) Message {
	h.last++
	m.ID = strconv.Itoa(h.last)
	h.messages = append(h.messages, m)
	h.bytes += size(m)
	drop := 0
	for len(h.messages)-drop > MaxHistory || h.bytes > MaxHistoryBytes {
		h.bytes -= size(h.messages[drop])
		drop++
	}
	h.messages = slices.Delete(h.messages, 0, drop) // clears what it drops
	return m
}

// of is what somebody may read.
func (h *history) of(id string) []Message {
	return slices.DeleteFunc(slices.Clone(h.messages), func(m Message) bool { return !m.readBy(id) })
}

func size(m Message) int { return len(m.Name) + len(m.Text) }
