package sandbox

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"postroom/mail"
	"postroom/samples"
)

// TestMain lets the test binary be a helper process: the real one, or a double
// with a fault, named by the second argument.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "be-helper" {
		if err := helperOf(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func helperOf(kind string) error {
	switch kind {
	case "real":
		return Helper()
	case "real-without-landlock":
		return errors.Join(withoutLandlock(), Helper())
	}
	if try, ok := attempts[kind]; ok {
		return try()
	}
	return double(kind)
}

// double answers as a helper does, until it is asked for page 2.
func double(fault string) error {
	conn, err := parent(os.NewFile(3, "parent"))
	if err != nil {
		return err
	}
	var cfg Config
	if err := receive(conn, &cfg); err != nil {
		return err
	}
	if err := doubleReady(fault, conn); err != nil {
		return err
	}
	for {
		var q request
		files, err := receiveFiles(conn, &q)
		if err != nil {
			return err
		}
		if q.Op == "cut" {
			if err := doubleCut(fault, conn, cfg, files[1]); err != nil {
				return err
			}
		}
		if q.Op == "render" {
			if err := doubleRender(fault, conn, cfg, q, files[1]); err != nil {
				return err
			}
		}
		for _, f := range files {
			f.Close()
		}
		if q.Op == "cut" || q.Op == "render" {
			continue
		}
		doubleWarm(fault, q)
		if q.Op == "view" && strings.HasPrefix(fault, "views-") {
			if err := send(conn, doubleView(fault)); err != nil {
				return err
			}
			continue
		}
		if fault == "counts-wrong" && q.Op == "open" {
			if err := send(conn, answer{Contents: &Contents{Kind: mail.PDF, Pages: cfg.Pages + 1}, Done: true}); err != nil {
				return err
			}
			continue
		}
		if fault == "dies-of-all" && q.Op != "level" {
			os.Exit(3)
		}
		if q.Op == "level" {
			if err := send(conn, answer{Level: fmt.Sprintf("%d %v", os.Getpid(), os.Environ()), Done: true}); err != nil {
				return err
			}
			continue
		}
		for _, page := range q.Pages {
			if fault == "grows" {
				if _, err := unix.Mmap(-1, 0, int(cfg.Memory/8*5), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_POPULATE); err != nil {
					return err
				}
			}
			if page == 2 {
				if err := fail(fault, conn, cfg); err != nil {
					return err
				}
				if fault == "silent" {
					continue
				}
			}
			if err := send(conn, answer{Reading: &mail.Reading{Page: page, Width: 1}}); err != nil {
				return err
			}
		}
		if fault == "hangs-afterwards" && len(q.Pages) > 0 {
			select {}
		}
		if err := send(conn, answer{Done: true}); err != nil {
			return err
		}
	}
}

func fail(fault string, conn *net.UnixConn, cfg Config) error {
	switch fault {
	case "dies":
		os.Exit(3)
	case "dies-once": // bad luck: the next one finds the mark and goes on
		if err := os.Mkdir(cfg.Cache, 0o700); err == nil {
			os.Exit(3)
		}
	case "hangs":
		select {}
	case "spins":
		for {
		}
	case "hogs":
		var all [][]byte
		for {
			b := make([]byte, 16<<20)
			for i := range b {
				b[i] = 1
			}
			all = append(all, b)
		}
	case "lies":
		return send(conn, answer{Reading: &mail.Reading{Page: 77}})
	case "floods":
		for {
			if err := send(conn, answer{Reading: &mail.Reading{Page: 2, Width: 1}}); err != nil {
				return err
			}
		}
	case "stutters":
		for {
			if err := send(conn, answer{}); err != nil {
				return err
			}
		}
	case "babbles":
		_, err := conn.Write([]byte("\xff\xff\xff\xffno frame"))
		return err
	case "fails":
		return send(conn, answer{Failure: "its disk is gone", Done: true})
	}
	return nil
}

func pool(t testing.TB, kind string, cfg Config) *Pool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Command == nil {
		cfg.Command = []string{self, "be-helper", kind}
	}
	if cfg.Slots == 0 {
		cfg.Slots = 1
	}
	p := New(cfg)
	t.Cleanup(p.Close)
	return p
}

// scanned gives one of the committed small batches as an open file.
func scanned(t testing.TB, name string) *os.File {
	t.Helper()
	text, err := samples.FS.ReadFile("mail/" + name)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
