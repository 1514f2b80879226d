package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"postroom/samples"
)

// TestMain lets the test binary be postroom itself, and its helper processes.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == helperCommand {
		os.Exit(run(os.Args[1:]))
	}
	if os.Getenv("POSTROOM_BE") == "postroom" {
		main()
	}
	testscript.Main(m, map[string]func(){"postroom": main})
}

// TestStories plays testdata/*.txtar: a subcommand's ordinary day, and each refusal.
func TestStories(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip("no cache folder for compiled code:", err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_CACHE_HOME", cache) // pdfium is compiled once, not once a story
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"mail":    makeMail,
			"letter":  makeLetter,
			"capture": capture,
			"damage":  damage,
			"shorten": shorten,
			"replace": replace,
		},
	})
}

// exits CODE COMMAND ARGS...: the command must end with exactly this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if failed, ok := err.(*exec.ExitError); ok {
		got = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// mail DIR SEED BATCHES PAGES: made-up mail with its configuration and truth.
func makeMail(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: mail DIR SEED BATCHES PAGES")
	}
	seed, err := strconv.ParseUint(args[1], 10, 64)
	ts.Check(err)
	batches, err := strconv.Atoi(args[2])
	ts.Check(err)
	pages, err := strconv.Atoi(args[3])
	ts.Check(err)
	_, err = samples.Write(ts.MkAbs(args[0]), samples.Config{Seed: seed, Batches: batches, Pages: pages, Levels: []string{"clean"}})
	ts.Check(err)
}

// letter DIR NAME...: copies files of the committed small batches.
func makeLetter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: letter DIR NAME...")
	}
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o700))
	for _, name := range args[1:] {
		text, err := samples.FS.ReadFile(name)
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[0]), filepath.Base(name)), text, 0o600))
	}
}

// shorten TEXT N NAME: the text's first letters become an environment variable.
func shorten(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: shorten TEXT N NAME")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Setenv(args[2], args[0][:n])
}

// replace FILE OLD NEW: changes a file's first OLD, which must be there, to NEW.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o600))
}

// damage FILE cut|noise|header: spoils a journal as a failing disk would.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: damage FILE cut|noise|header")
	}
	const page = 4096
	path := ts.MkAbs(args[0])
	text, err := os.ReadFile(path)
	ts.Check(err)
	switch args[1] {
	case "cut":
		text = text[:len(text)/2]
	case "noise": // of all but the headers, as none knows which pages are in use
		for i := 2 * page; i < len(text); i++ {
			text[i] = byte(i*i>>5 ^ i)
		}
	case "header":
		clear(text[:2*page])
	}
	ts.Check(os.WriteFile(path, text, 0o600))
}

// capture NAME PATTERN: the pattern's group, as the last command's stdout has it,
// becomes an environment variable.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME PATTERN")
	}
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	found := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("no match for %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

func TestEveryCommandTeaches(t *testing.T) {
	for _, c := range append(rootCommand().Commands(), exceptionsCommand().Commands()...) {
		if c.Short == "" {
			t.Errorf("%s has no short help", c.Name())
		}
	}
	if got := fmt.Sprint(worse(exit{code: exitExceptions}, exitUnreadable).code, worse(exit{code: exitStore}, exitUnreadable).code, worse(exit{}, exitExceptions).code); got != "5 6 4" {
		t.Errorf("exit codes that meet give %s", got)
	}
	if !strings.Contains(rootCommand().Long, "demo") {
		t.Error("the root help does not name the demo")
	}
}
