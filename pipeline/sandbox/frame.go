package sandbox

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// A frame is a big-endian 32-bit length and as many bytes of JSON. The length's
// first byte carries the file descriptors.
// What a frame becomes in memory is bounded by its commas, because none of an
// array's elements but the first stands without one: "[0,0" is 2 bytes an
// element, and a word of 64. The densest page has some 10,000 words of 7 commas.
const (
	maxFrame  = 8 << 20
	maxCommas = 500_000
)

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

// receive reads a frame. Descriptors that came with it are none of the reader's:
// a read without room for them makes the kernel close them.
func receive(r io.Reader, v any) error {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return err
	}
	return receiveBody(r, head, v)
}

// receiveFiles reads a frame and the descriptors that came with it.
func receiveFiles(c *net.UnixConn, v any) ([]*os.File, error) {
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
	return files, receiveBody(c, head, v)
}

func receiveBody(r io.Reader, head []byte, v any) error {
	size := binary.BigEndian.Uint32(head)
	if size > maxFrame {
		return fmt.Errorf("frame of %d bytes, at most %d are allowed", size, maxFrame)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return err
	}
	if n := bytes.Count(body, []byte{','}); n > maxCommas {
		return fmt.Errorf("frame with %d commas, at most %d are allowed", n, maxCommas)
	}
	return json.Unmarshal(body, v)
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

// errDied is a helper that ended, or was ended, in the middle of an answer or for a wrong one.
var errDied = errors.New("the helper process died")
