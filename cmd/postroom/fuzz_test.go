package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sys/unix"

	"postroom/pipeline"
)

// FuzzConfig: a configuration is refused with places, a line for each problem, or it
// is one whose paths are absolute and which says what its digest stands for.
func FuzzConfig(f *testing.F) {
	whole := `data: ./data
intake: [{folder: ./inbox, name: s, quiet: 2s, max_age: 10m, done: ./done}]
languages: [eng]
separation: {separators: [{patch: T}, {text: PATCHT, keep: true}], max_pages: 50}
routing: {confirm: after}
references:
  - {scheme: tax, pattern: 'TX-\d{4}-\d{6}-\d{2}', check: iso7064-mod97-10, store: tax, labels: [Ref], symbologies: [qr]}
register: {csv: ./cases.csv}
stores: [{name: tax, folder: ./cases/tax}]
web: {listen: '127.0.0.1:0', metrics: '127.0.0.1:0'}
limits: {file: 500MB, pixels: 60M, page_cpu: 20s}
`
	f.Add(whole)
	f.Add(strings.Replace(whole, "tax", "&a [*a]", 1))
	f.Add("a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n? {}\n: !!binary x\n--- \n")
	f.Add("data: \"\\x1b[2J\\u202e\\0\"\nstores: 3\n\"\\n\": 1\n")
	base := f.TempDir()
	place := regexp.MustCompile(`^c\.yaml:\d+:\d+: `)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			return
		}
		r := &configReader{name: "c.yaml", base: base, have: func() []string { return []string{"eng"} }, where: map[spot]*yaml.Node{}}
		c := r.read([]byte(text))
		for _, p := range r.problems {
			if !place.MatchString(p) {
				t.Errorf("%q has the problem %q", text, p)
			}
		}
		if len(r.problems) > 0 {
			return
		}
		for _, path := range []string{c.Data, c.Register.CSV} {
			if !filepath.IsAbs(path) || filepath.Clean(path) != path {
				t.Errorf("%q: the path %q", text, path)
			}
		}
		if len(c.schemes) == 0 || len(c.Stores) == 0 || c.Digest() == "" {
			t.Errorf("%q is no configuration, and is taken for one", text)
		}
	})
}

// FuzzOrders sends a mailroom's socket what any program may: each order ends with an
// exit code, none meets a bug, and what a person is told is lines of print.
func FuzzOrders(f *testing.F) {
	for _, o := range []order{
		{Op: "exceptions"}, {Op: "exception", ID: "../../x\x00\x1b[2J"}, {Op: "batch", ID: "\u202e", JSON: true}, {Op: "batches"}, {Op: "nonsense\n"},
		{Op: "decide"}, {Op: "decide", ID: "x", Decision: &pipeline.Decision{Reference: "TX-2024-207485-78", By: "a\nb"}},
		{Op: "decide", ID: "x", Decision: &pipeline.Decision{SplitBefore: -1, By: "x", UID: "0"}}, {Op: "exception", Files: [][]byte{{0xff}}},
	} {
		text, err := json.Marshal(o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"op":["decide"]}`))
	f.Add([]byte(strings.Repeat(`[`, 20000)))
	c, digest := counterWithoutWork(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		var o order
		if json.Unmarshal(text, &o) == nil && (o.Op == "process" || o.Op == "verify" || o.Op == "rebuild") {
			return // they read files, and all of the journal
		}
		if o.Config = digest; o.Op != "" { // a client of another configuration is sent away before anything
			text, _ = json.Marshal(o)
		}
		exits := 0
		for _, l := range asked(t, c, text) {
			if strings.Contains(l.Err, "bug") && !strings.Contains(o.ID+o.Op, "bug") {
				t.Errorf("%q: %s", text, l.Err)
			}
			for _, said := range []string{l.Out, l.Err} {
				if strings.ContainsFunc(said, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) || !utf8.ValidString(said) {
					t.Errorf("%q: it says %q", text, said)
				}
			}
			if l.Exit != nil {
				exits++
			}
		}
		if exits != 1 {
			t.Errorf("%q ends with %d exit codes", text, exits)
		}
	})
}

// counterWithoutWork answers orders over an empty journal. Its queue is not worked.
func counterWithoutWork(f *testing.F) (*counter, string) {
	f.Helper()
	dir := f.TempDir()
	text := "data: ./data\nreferences: [{scheme: tax, pattern: 'TX-\\d{4}-\\d{6}-\\d{2}', check: iso7064-mod97-10, store: tax}]\n" +
		"register: {csv: ./cases.csv}\nstores: [{name: tax, folder: ./cases/tax}]\n"
	for name, text := range map[string]string{"postroom.yaml": text, "cases.csv": "reference,store\nTX-2024-207485-78,tax\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			f.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "cases"), 0o700); err != nil {
		f.Fatal(err)
	}
	cfg, err := readConfig(filepath.Join(dir, "postroom.yaml"), func() []string { return []string{"eng"} })
	if err != nil {
		f.Fatal(err)
	}
	p, err := openPremises(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	c, err := listen(p, true)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		c.close()
		if err := p.close(); err != nil {
			f.Error(err)
		}
	})
	return c, cfg.Digest()
}

// asked gives the lines that come back for an order.
func asked(t *testing.T, c *counter, text []byte) (all []line) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]*net.UnixConn
	for i, fd := range pair {
		file := os.NewFile(uintptr(fd), "end")
		conn, err := net.FileConn(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		ends[i] = conn.(*net.UnixConn)
	}
	defer ends[0].Close()
	done := make(chan struct{})
	go func() {
		c.serve(ends[1])
		close(done)
	}()
	go func() { // what is not read of a long order must not hold the answer up
		_, _ = ends[0].Write(text)
		if !json.Valid(text) {
			_ = ends[0].CloseWrite() // else more is waited for; a client that is gone ends its order
		}
	}()
	for in := bufio.NewReader(ends[0]); ; {
		said, err := in.ReadBytes('\n')
		if len(said) > 0 {
			var l line
			if err := json.Unmarshal(bytes.TrimSpace(said), &l); err != nil {
				t.Errorf("%q: %v", said, err)
			}
			all = append(all, l)
		}
		if err != nil {
			<-done
			return all
		}
	}
}
