package serve

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// The socket's protocol: frames of one byte kind, four bytes length (big endian) and that many bytes.
//
//	client  request                      one command; the first frame, within helloTime
//	daemon  declined                     it does not look after that county: the client runs the command itself
//	daemon  stdout*, stderr*, want*      want: the command reads its input
//	client  stdin                        answers want; empty: the input has ended
//	client  cancel                       Ctrl-C
//	daemon  exit                         the exit code, the last frame
type frameKind byte

const (
	frameRequest  frameKind = 'r'
	frameDeclined frameKind = 'd'
	frameStdout   frameKind = 'o'
	frameStderr   frameKind = 'e'
	frameWant     frameKind = 'w'
	frameStdin    frameKind = 'i'
	frameCancel   frameKind = 'c'
	frameExit     frameKind = 'x'
)

// maxFrame bounds a frame's content in bytes.
const maxFrame = 64 << 10

// errFrame says that the other side does not speak this protocol.
var errFrame = errors.New("not a frame of this protocol")

func readFrame(r io.Reader) (frameKind, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	kind, n := frameKind(head[0]), binary.BigEndian.Uint32(head[1:])
	switch kind {
	case frameRequest, frameDeclined, frameStdout, frameStderr, frameWant, frameStdin, frameCancel, frameExit:
	default:
		return 0, nil, fmt.Errorf("%w: kind %#x", errFrame, byte(kind))
	}
	if n > maxFrame {
		return 0, nil, fmt.Errorf("%w: %d bytes, more than %d", errFrame, n, maxFrame)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(r, data); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	return kind, data, nil
}

func writeFrame(w io.Writer, kind frameKind, data []byte) error {
	if len(data) > maxFrame {
		return fmt.Errorf("%w: %d bytes, more than %d", errFrame, len(data), maxFrame)
	}
	buf := make([]byte, 5, 5+len(data))
	buf[0] = byte(kind)
	binary.BigEndian.PutUint32(buf[1:], uint32(len(data)))
	_, err := w.Write(append(buf, data...))
	return err
}

// side is one side of a connection.
type side struct {
	conn net.Conn
	mu   sync.Mutex // one frame at a time
}

func (s *side) write(kind frameKind, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	return writeFrame(s.conn, kind, data)
}

// Request is a command for the daemon.
type Request struct {
	// Version of the client. The daemon runs commands of its own version only.
	Version string `json:"version"`
	County  string `json:"county"`
	// Args is the command line without the program's name.
	Args []string `json:"args"`
	// Dir is the client's working directory: files that the command names are found from there.
	Dir string `json:"dir"`
	// Options are the client's settings from flags and environment.
	Options map[string]string `json:"options,omitempty"`
	// Terminal says that the client's output is one.
	Terminal bool `json:"terminal,omitempty"`
}

// exit is the content of the last frame.
type exit struct {
	Code int `json:"code"`
}

func decode[T any](data []byte) (T, error) {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return v, fmt.Errorf("%w: %w", errFrame, err)
	}
	return v, nil
}
