package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"postroom/durable"
)

// The socket carries one order as a line of JSON, and back lines of JSON: what
// to print on stdout and stderr, and last the exit code. Only the owner of the
// data folder can connect.
const socketName = "postroom.sock"

// line is one line of an answer.
type line struct {
	Out  string `json:"out,omitempty"`
	Err  string `json:"err,omitempty"`
	Busy bool   `json:"busy,omitempty"` // the journal is only being read: ask again
	Exit *int   `json:"exit,omitempty"`
}

// errBusy is an order to work that came to a process which only reads.
var errBusy = errors.New("the journal is being read")

// shortly gives the socket's path through a file descriptor of its folder,
// because a socket path of over 108 bytes fails.
func shortly(data string, use func(path string) error) error {
	dir, err := os.Open(data)
	if err != nil {
		return err
	}
	defer dir.Close()
	return use(fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), socketName))
}

func dial(data string) (conn *net.UnixConn, err error) {
	err = shortly(data, func(path string) error {
		conn, err = net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
		return err
	})
	return conn, err
}

// ask sends the order to the process that holds the journal and prints its answer.
func ask(ctx context.Context, conn *net.UnixConn, o order, out, messages io.Writer) error {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if err := json.NewEncoder(conn).Encode(o); err != nil {
		return fmt.Errorf("ask the running postroom: %w", err)
	}
	answer := json.NewDecoder(conn)
	for {
		var l line
		if err := answer.Decode(&l); err != nil {
			if ctx.Err() != nil {
				return errors.New("interrupted; the running postroom goes on with it")
			}
			return fmt.Errorf("the running postroom ended before it had answered: %w", err)
		}
		if _, err := io.WriteString(out, l.Out); err != nil {
			return err
		}
		if l.Err != "" {
			fmt.Fprintln(messages, strings.TrimSuffix(l.Err, "\n"))
		}
		if l.Busy {
			return errBusy
		}
		if l.Exit != nil {
			if *l.Exit == exitDone {
				return nil
			}
			return exit{code: *l.Exit}
		}
	}
}

// counter is where the holder of the journal answers others' orders.
type counter struct {
	premises *premises
	works    bool // the queue is worked here
	socket   *net.UnixListener
	ctx      context.Context // of the orders in hand
	stop     context.CancelFunc
	open     context.Context // for more orders
	shut     context.CancelFunc
	serving  sync.WaitGroup
}

// listen answers other commands; works tells whether the queue is worked meanwhile.
func listen(p *premises, works bool) (*counter, error) {
	var socket *net.UnixListener
	err := shortly(p.cfg.Data, func(path string) (err error) {
		// We hold the journal, so that a socket that is there is a dead process's.
		if err := durable.Remove(p.cfg.Data + "/" + socketName); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if socket, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"}); err != nil {
			return err
		}
		socket.SetUnlinkOnClose(false) // its path goes through a descriptor that will be closed
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		return nil, fmt.Errorf("listen for other commands: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	open, shut := context.WithCancel(ctx)
	c := &counter{premises: p, works: works, socket: socket, ctx: ctx, stop: stop, open: open, shut: shut}
	c.serving.Go(c.accept)
	return c, nil
}

func (c *counter) accept() {
	for {
		conn, err := c.socket.AcceptUnix()
		if err != nil {
			return // closed
		}
		c.serving.Go(func() { c.serve(conn) })
	}
}

// close lets the orders in hand end, for some seconds, and takes no more.
func (c *counter) close() {
	patience, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	c.drain(patience)
}

// drain takes no more orders and lets those in hand end, or cuts them when the context ends.
func (c *counter) drain(ctx context.Context) {
	c.socket.Close()
	c.shut()
	forget := context.AfterFunc(ctx, c.stop)
	c.serving.Wait()
	forget()
	c.stop()
	_ = durable.Remove(c.premises.cfg.Data + "/" + socketName) // the next holder removes it too
}

func (c *counter) serve(conn *net.UnixConn) {
	defer conn.Close()
	// The end closes the connection, too: a client that sends or reads nothing would
	// hold it up for ever.
	defer context.AfterFunc(c.ctx, func() { conn.Close() })()
	w := &lines{enc: json.NewEncoder(conn)}
	silent := context.AfterFunc(c.open, func() { conn.Close() })
	var o order
	err := json.NewDecoder(io.LimitReader(conn, 16<<20)).Decode(&o)
	silent()
	if err == nil {
		err = c.admit(conn, &o)
	}
	if err == nil && o.works() && !c.works {
		w.send(line{Busy: true})
		return
	}
	if err == nil {
		ctx, gone := context.WithCancel(c.ctx)
		defer gone()
		go func() { // the client sends nothing more: a read ends when it is gone
			_, _ = conn.Read(make([]byte, 1))
			gone()
		}()
		err = c.run(ctx, o, w)
	}
	if err != nil && err.Error() != "" {
		w.send(line{Err: told(err)})
	}
	status := codeOf(err)
	w.send(line{Exit: &status})
}

// run carries an order out. A bug that it meets ends the order, not the server
// with everybody else's.
func (c *counter) run(ctx context.Context, o order, w *lines) (err error) {
	defer func() {
		if bug := recover(); bug != nil {
			c.premises.log.Error("an order met a bug", "order", o.Op, "bug", bug, "stack", string(debug.Stack()))
			err = fmt.Errorf("a bug ended this order (%v); please report it with the server's log", bug)
		}
	}()
	return o.run(ctx, c.premises, writer(w.out), writer(w.err))
}

// admit refuses a client that works by another configuration, and notes who asks.
func (c *counter) admit(conn *net.UnixConn, o *order) error {
	if o.Config != c.premises.cfg.Digest() {
		return exit{exitConfig, errors.New("the running postroom works by another configuration: " +
			"restart it, or name the configuration that it was started with")}
	}
	uid, err := peer(conn)
	if err != nil {
		return err
	}
	o.UID = uid
	return nil
}

// peer gives the user id at the other end, as the kernel knows it (unix(7), SO_PEERCRED).
func peer(conn *net.UnixConn) (string, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return "", err
	}
	var cred *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) { cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err := errors.Join(err, failed); err != nil {
		return "", fmt.Errorf("who asks: %w", err)
	}
	return strconv.Itoa(int(cred.Uid)), nil
}

// lines writes an answer's lines; a client that is gone misses them.
type lines struct {
	mu  sync.Mutex
	enc *json.Encoder
}

func (w *lines) send(l line) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.enc.Encode(l)
}

func (w *lines) out(text string) { w.send(line{Out: text}) }
func (w *lines) err(text string) { w.send(line{Err: text}) }

// writer makes an io.Writer of a function that takes text.
type writer func(text string)

func (f writer) Write(b []byte) (int, error) {
	f(string(b))
	return len(b), nil
}
