package sandbox

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// doubleCut writes what it cuts in two goes; one that dies between them has bad luck once.
func doubleCut(fault string, conn *net.UnixConn, cfg Config, out *os.File) error {
	if _, err := out.WriteString("half "); err != nil {
		return err
	}
	if fault == "cuts-half" {
		if err := os.Mkdir(filepath.Join(cfg.Tessdata, "mark"), 0o700); err == nil {
			os.Exit(3)
		}
	}
	if _, err := out.WriteString("and half"); err != nil {
		return err
	}
	return send(conn, answer{Cutting: &Cutting{}, Done: true})
}

// TestCutAgain: a helper that died once while it cut is bad luck, and what it wrote is gone.
func TestCutAgain(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p := pool(t, "cuts-half", Config{Tessdata: t.TempDir()})
	c, err := p.Cut(t.Context(), scanned(t, "batch-000.pdf"), "k", 1, 2, out)
	if err != nil || c.Refused != nil {
		t.Fatalf("%+v, %v", c, err)
	}
	if text, err := os.ReadFile(out.Name()); string(text) != "half and half" {
		t.Errorf("%q, %v", text, err)
	}
}

// pidOf asks a double for its process.
func pidOf(t *testing.T, p *Pool) int {
	t.Helper()
	said, err := p.Level(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.Fields(said)[0])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// TestKilledAfterItsAnswer: a helper whose answer came in while it was killed is
// not asked again.
func TestKilledAfterItsAnswer(t *testing.T) {
	p := pool(t, "none", Config{})
	pid := pidOf(t, p)
	ctx, giveUp := context.WithCancel(t.Context())
	err := p.ask(ctx, request{Op: "level"}, nil, func(answer) {
		giveUp()
		var info unix.Siginfo // waits for its death and leaves it to be reaped
		if err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Errorf("an answer that came in whole: %v", err)
	}
	if again := pidOf(t, p); again == pid {
		t.Error("the killed process answered")
	}
}

func TestLargeHelperIsReplaced(t *testing.T) {
	p := pool(t, "grows", Config{Memory: 400 << 20})
	before := pidOf(t, p)
	if got, err := p.Read(t.Context(), scanned(t, "batch-000.pdf"), "k", []int{1}, NoText); err != nil || got[0].Failure != "" {
		t.Fatalf("%+v, %v", got, err)
	}
	if after := pidOf(t, p); after == before {
		t.Error("a helper that kept 5/8 of its memory was asked again")
	}
}
