package sandbox

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"postroom/mail"
)

// request is what a helper is asked; its file descriptors travel with the frame:
// first the file, then (for a cut) the output.
type request struct {
	Op    string `json:"op"` // open, whole, read, cut, warm, level
	Key   string `json:"key,omitempty"`
	Pages []int  `json:"pages,omitempty"`
	From  int    `json:"from,omitempty"`
	To    int    `json:"to,omitempty"`
	Text  Text   `json:"text,omitempty"`
}

// answer is one frame of a helper's reply; the last has Done.
type answer struct {
	Reading  *mail.Reading `json:"reading,omitempty"`
	Contents *Contents     `json:"contents,omitempty"`
	Cutting  *Cutting      `json:"cutting,omitempty"`
	Whole    string        `json:"whole,omitempty"` // why the file is not whole
	Level    string        `json:"level,omitempty"` // isolation reached
	Failure  string        `json:"failure,omitempty"`
	Done     bool          `json:"done,omitempty"`
}

// A frame is a big-endian 32-bit length and as many bytes of JSON. The length's
// first byte carries the file descriptors.
const maxFrame = 64 << 20

func send(c *net.UnixConn, v any, files ...*os.File) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	var rights []byte
	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			fds[i] = int(f.Fd())
		}
		rights = unix.UnixRights(fds...)
	}
	if _, _, err := c.WriteMsgUnix(head, rights, nil); err != nil {
		return err
	}
	_, err = c.Write(body)
	return err
}

func receive(c *net.UnixConn, v any) ([]*os.File, error) {
	head, oob := make([]byte, 4), make([]byte, 128)
	n, oobn, _, _, err := c.ReadMsgUnix(head, oob)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, io.EOF
	}
	files, err := rights(oob[:oobn])
	if err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(c, head[n:]); err != nil {
		return files, err
	}
	size := binary.BigEndian.Uint32(head)
	if size > maxFrame {
		return files, fmt.Errorf("frame of %d bytes, at most %d are allowed", size, maxFrame)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(c, body); err != nil {
		return files, err
	}
	return files, json.Unmarshal(body, v)
}

func rights(oob []byte) ([]*os.File, error) {
	if len(oob) == 0 {
		return nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, err
	}
	var files []*os.File
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			return nil, err
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "passed"))
		}
	}
	return files, nil
}

// errDied is a helper that ended or was ended in the middle of an answer.
var errDied = errors.New("the helper process died")
