package sandbox

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// doubleCut writes what it cuts in two goes; one that dies between them has bad luck once.
func doubleCut(fault string, conn *net.UnixConn, cfg Config, out *os.File) error {
	if _, err := out.WriteString("half "); err != nil {
		return err
	}
	if fault == "cuts-slowly" || fault == "cuts-for-ever" {
		return cutSlowly(fault == "cuts-slowly", conn)
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

// doubleLong is how many pages a double cuts slowly.
const doubleLong = 8

// cutSlowly takes the time of several pages for its pages, and says each; a lying one
// goes on to say steps.
func cutSlowly(honest bool, conn *net.UnixConn) error {
	for step := 1; step <= doubleLong || !honest; step++ {
		if honest {
			burn(burnt / 4)
		}
		if err := send(conn, answer{Step: step}); err != nil {
			return err
		}
	}
	return send(conn, answer{Cutting: &Cutting{Recoded: []string{"all"}}, Done: true})
}

// burn takes processor time.
func burn(time time.Duration) {
	before, _, _ := usage(os.Getpid())
	for cpu := before; cpu < before+time; {
		cpu, _, _ = usage(os.Getpid())
	}
}

// TestLimitsCountAPageOfACut: a cut may take as long as its pages may, and no longer.
func TestLimitsCountAPageOfACut(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	f := scanned(t, "batch-000.pdf")
	c, err := pool(t, "cuts-slowly", Config{PageCPU: burnt}).Cut(t.Context(), f, "k", 1, doubleLong, out)
	if err != nil || c.Refused != nil || len(c.Recoded) != 1 {
		t.Errorf("a long cut: %+v, %v", c, err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	c, err = pool(t, "cuts-for-ever", Config{}).Cut(ctx, f, "k", 1, doubleLong, out)
	if err != nil || c.Refused == nil || !strings.Contains(c.Refused.Detail, "out of turn") {
		t.Errorf("a cut of more steps than pages: %+v, %v", c, err)
	}
}

// TestStepsOfACut: the real helper says when the file is open and when each page is done.
func TestStepsOfACut(t *testing.T) {
	p := pool(t, "real", Config{})
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	for _, want := range []int{1 + 3, 3} { // the second time it is open
		steps := 0
		err := p.ask(t.Context(), request{Op: "cut", Key: "k", From: 2, To: 4}, []*os.File{scanned(t, "batch-001.tif"), out}, func(a answer) {
			steps = max(steps, a.Step)
			if a.Cutting != nil && a.Cutting.Refused != nil {
				t.Errorf("%+v", a.Cutting.Refused)
			}
		})
		if err != nil || steps != want {
			t.Errorf("%d steps, want %d; %v", steps, want, err)
		}
	}
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
