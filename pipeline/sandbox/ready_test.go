package sandbox

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	seccomp "github.com/elastic/go-seccomp-bpf"

	"postroom/mail"
)

// doubleReady is what a double does before it is ready.
func doubleReady(fault string, conn *net.UnixConn) error {
	switch fault {
	case "unready-dies": // as the dynamic linker does without a library
		os.Exit(127)
	case "unready-fails":
		return send(conn, answer{Failure: "no isolation", Done: true})
	case "unready-hangs":
		select {}
	}
	return send(conn, answer{Done: true})
}

// burnt is more processor time than a page has in these tests.
const burnt = 400 * time.Millisecond

// doubleWarm is what a double does to compile pdfium.
func doubleWarm(fault string, q request) {
	if q.Op != "warm" {
		return
	}
	switch fault {
	case "warm-dies":
		os.Exit(3)
	case "warm-takes-long":
		burn(burnt)
	}
}

// withoutLandlock makes this process's kernel one without it.
func withoutLandlock() error {
	return seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls:      []seccomp.SyscallGroup{{Action: seccomp.ActionErrno, Names: []string{"landlock_create_ruleset"}}},
	}})
}

// errands asks for all that a file is asked for, and gives the errors.
func errands(ctx context.Context, t *testing.T, p *Pool) map[string]error {
	f := scanned(t, "batch-000.pdf")
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	errs := map[string]error{}
	_, errs["whole"] = p.Whole(ctx, f)
	_, errs["open"] = p.Open(ctx, f, "k")
	_, errs["read"] = p.Read(ctx, f, "k", []int{1}, NoText)
	_, errs["cut"] = p.Cut(ctx, f, "k", 1, 1, out)
	return errs
}

// TestBrokenInstallationIsNoFinding: what keeps helpers from their work is said as
// an error, to be tried again, and nothing is said of the file.
func TestBrokenInstallationIsNoFinding(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "cache")
	for name, c := range map[string]struct {
		kind string
		cfg  Config
		says string
	}{
		"a library is missing":     {"unready-dies", Config{}, "not ready"},
		"isolation falls short":    {"unready-fails", Config{}, "no isolation"},
		"pdfium can't be compiled": {"warm-dies", Config{Cache: cache}, "compile pdfium"},
		"no landlock":              {"real-without-landlock", Config{Require: true}, "no landlock"},
		"no program":               {"none", Config{Command: []string{"/nonexistent"}}, "no such file"},
	} {
		for what, err := range errands(t.Context(), t, pool(t, c.kind, c.cfg)) {
			if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, errDied) {
				t.Errorf("%s: %s: %v, want %q", name, what, err, c.says)
			}
		}
	}
}

func TestGivenUpBeforeReady(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	for what, err := range errands(ctx, t, pool(t, "unready-hangs", Config{})) {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestCompilingIsNoPage: a page's limits are not those of compiling pdfium.
func TestCompilingIsNoPage(t *testing.T) {
	p := pool(t, "warm-takes-long", Config{Cache: t.TempDir(), PageCPU: burnt / 4})
	if got, err := p.Read(t.Context(), scanned(t, "batch-000.pdf"), "k", []int{1}, NoText); err != nil || got[0].Failure != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestDeadlyFileArrives: a file over which helpers die is taken, and is an exception then.
func TestDeadlyFileArrives(t *testing.T) {
	p, f := pool(t, "dies-of-all", Config{}), scanned(t, "batch-000.pdf")
	if missing, err := p.Whole(t.Context(), f); missing != "" || err != nil {
		t.Errorf("whole: %q, %v", missing, err)
	}
	if c, err := p.Open(t.Context(), f, "k"); err != nil || c.Refused == nil || c.Refused.Reason != mail.UnreadableFile {
		t.Errorf("open: %+v, %v", c, err)
	}
}

// TestMissingLanguageIsNoFinding: data that went missing says nothing about a page.
func TestMissingLanguageIsNoFinding(t *testing.T) {
	p := pool(t, "real", Config{Languages: []string{"xxx"}, Tessdata: t.TempDir()})
	_, err := p.Read(t.Context(), withDPI(t, patchT(200, 200), 200, 200), "k", []int{1}, AllText)
	if err == nil || !strings.Contains(err.Error(), "xxx") {
		t.Error(err)
	}
}
