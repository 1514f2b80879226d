package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unicode"
	"unicode/utf8"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/samples/symbol"
)

// attacks are texts that a citizen may print as a code, or a sender may give a file.
var attacks = []string{
	"../../../x", "..", "/etc/passwd", "a\x00b", "one\ntwo FILED", "tab\tfeed\r\x0b", "\x1b[2J\x1b]0;owned\x07", "\u009b31m", "\x7f\x08\x08",
	"\u202eFDP.gnp\u2066\u200f", "\ufeff\u200bab\u2028cd\u2029", "=cmd|'/c calc'!A0", "%2e%2e%2f%00%s%n", "$(reboot);`reboot`&&|", "'\"><script>\\u001b{{.}}</rdf:li>",
	"-rf --help", "caf\u00e9 \U0001F600\U000E0041", strings.Repeat("long \x1b[31m", 410),
}

// plain tells whether a terminal shows a text as it is.
func plain(text []byte) bool {
	return utf8.Valid(text) && bytes.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) < 0
}

func TestTextsThatAttackArePrinted(t *testing.T) {
	for _, a := range append(attacks, "\xff\xfe\xc0\x80") {
		if p := printable(a); !plain([]byte(p)) || strings.Contains(p, "\n") {
			t.Errorf("%q is printed as %q", a, p)
		}
		err := fmt.Errorf("open %s: %w", a, fs.ErrNotExist)
		if p := told(err); !plain([]byte(p)) || strings.Contains(p, "\n") {
			t.Errorf("%q is told as %q", a, p)
		}
		if p := told(configError{[]string{a, a}}); !plain([]byte(p)) || strings.Count(p, "\n") != 1 {
			t.Errorf("%q twice is told as %q", a, p)
		}
		for name, text := range map[string]string{
			"document": sentence(pipeline.DocumentLine{Status: mail.Held.String(), Detail: a, Reference: a, Path: a}),
			"filed":    sentence(pipeline.DocumentLine{Status: mail.Filed.String(), Detail: a, Reference: a, Path: a, DecidedBy: a}),
			"placed":   sentence(pipeline.DocumentLine{Status: mail.Placed.String(), Detail: a, Reference: a}),
		} {
			if !plain([]byte(text)) || strings.Contains(text, "\n") {
				t.Errorf("%s: %q", name, text)
			}
		}
		var out bytes.Buffer
		if err := printJSON(&out, map[string]string{"text": a}); err != nil {
			t.Fatal(err)
		}
		var back map[string]string
		if err := json.Unmarshal(out.Bytes(), &back); err != nil || back["text"] != strings.ToValidUTF8(a, "\ufffd") && utf8.ValidString(a) || !plain(out.Bytes()) {
			t.Errorf("%q is printed as %s: %q, %v", a, out.Bytes(), back, err)
		}
	}
}

// coded writes a page that carries a text as a QR code.
func coded(t *testing.T, path, text string) {
	t.Helper()
	m, err := symbol.Draw(mail.QR, text)
	if err != nil {
		t.Fatalf("%.40q: %v", text, err)
	}
	const module, left, top = 3, 60, 60
	g := image.NewGray(image.Rect(0, 0, 500, 600))
	for i := range g.Pix {
		g.Pix[i] = 255
	}
	for y := range m {
		for x, dark := range m[y] {
			for i := range module * module {
				if dark {
					g.Pix[(top+y*module+i/module)*g.Stride+left+x*module+i%module] = 0
				}
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, g); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTextsThatAttackReachNothing drops pages whose codes and names attack, in a mailroom
// whose scheme takes any text, and files them by hand in cases of those very names:
// nothing leaves the stores, and whatever is said of them can be shown.
func TestTextsThatAttackReachNothing(t *testing.T) {
	s, _ := newServer(t, 14, 1, 1)
	var register strings.Builder
	register.WriteString("reference,store\n")
	for _, a := range attacks {
		if len(a) < 100 {
			fmt.Fprintf(&register, "\"%s\",any\n", strings.ReplaceAll(a, "\"", "\"\""))
		}
	}
	config := fmt.Sprintf("data: ./data\nweb: {listen: '%s'}\nintake: [{folder: ./inbox, name: scanner-1, quiet: 200ms, rescan: 100ms}]\nlanguages: [eng]\n"+
		"references: [{scheme: any, pattern: '(?s).{2,90}', check: none, store: any}]\nregister: {csv: ./cases.csv}\nstores: [{name: any, folder: ./cases/any}]\n", s.listen)
	for name, text := range map[string]string{"serve.yaml": config, "cases.csv": register.String()} {
		if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := s.names("")
	dropped := 0
	for i, a := range attacks {
		if i%2 == 1 && i != 1 && i != 7 { // half of them are enough, at a second a page
			continue
		}
		dropped++
		name := strings.NewReplacer("/", "|", "\x00", "0").Replace(a)
		name = fmt.Sprintf("%02d%s\xff.png", i, name[:min(len(name), 200)])
		coded(t, s.path("inbox/"+name), a[:min(len(a), 100)])
	}
	if err := os.Symlink("/etc/passwd", s.path("inbox/link\n\x1b[31m\u202e")); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.until("all is worked", func() bool {
		done := 0
		for _, b := range s.batches() {
			if b.Pages > 0 && b.Documents > 0 && b.Pending == 0 {
				done++
			}
		}
		return done == dropped
	})
	filed := s.fileByHand()
	if filed < 8 {
		t.Errorf("%d documents could be filed by hand", filed)
	}
	s.saysOnlyPrint()
	s.keepsToItsStores(before)
	s.verifies()
	if code := s.end(syscall.SIGTERM); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	if log := s.stderr.Bytes(); !plain(log) || bytes.Contains(log, []byte("two FILED\n")) || !bytes.Contains(log, []byte("refused in a watched folder")) {
		t.Errorf("the log says\n%q", log)
	}
}

// names lists all below a folder.
func (s *server) names(folder string) (all []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.path(folder), func(path string, _ fs.DirEntry, err error) error {
		all = append(all, strings.TrimPrefix(path, s.dir))
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// fileByHand files each document that waits in the case that its code names.
func (s *server) fileByHand() (filed int) {
	s.t.Helper()
	out, err := s.command("exceptions", "list", "--json", "--config", s.config).Output()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, text := range bytes.Split(bytes.TrimSpace(out), []byte("\n")) {
		var d pipeline.DocumentLine
		if err := json.Unmarshal(text, &d); err != nil {
			s.t.Fatalf("%q: %v", text, err)
		}
		for _, a := range attacks {
			mine := strings.HasPrefix(filepath.Base(d.File), fmt.Sprintf("%02d", indexOf(a)))
			if mine && !strings.Contains(a, "\x00") { // no argument holds a NUL
				c := s.command("exceptions", "decide", d.Document, "--reference="+a, "--by", "=cmd|'A. Clerk' %n", "--config", s.config)
				said, err := c.CombinedOutput()
				if err == nil {
					filed++
				}
				if !plain(said) {
					s.t.Errorf("deciding %q says %q", a, said)
				}
			}
		}
	}
	return filed
}

func indexOf(attack string) int {
	for i, a := range attacks {
		if a == attack {
			return i
		}
	}
	return -1
}

// saysOnlyPrint runs the commands that tell of documents and files.
func (s *server) saysOnlyPrint() {
	s.t.Helper()
	copies := s.path("copies")
	if err := os.Mkdir(copies, 0o700); err != nil {
		s.t.Fatal(err)
	}
	odd := filepath.Join(copies, "odd\n\x1b[31m\u202e\xff.png")
	coded(s.t, odd, attacks[6]+attacks[9])
	commands := [][]string{{"exceptions", "list"}, {"batches", "list"}, {"verify"}, {"inspect", odd}, {"inspect", "--text", odd, odd + "no\nfile"}, {"process", odd, odd + "no\nfile"}, {"exceptions", "show", odd}}
	for _, b := range s.batches() {
		commands = append(commands, []string{"batches", "show", b.Batch})
	}
	for _, found := range regexp.MustCompile(`"document":"([^"]+)"`).FindAllStringSubmatch(s.said("exceptions", "list", "--json"), -1) {
		commands = append(commands, []string{"exceptions", "show", found[1]})
	}
	for _, c := range commands {
		if said := s.said(c...); !plain([]byte(said)) {
			s.t.Errorf("%q says %q", c, said)
		}
		if c[0] == "process" || c[0] == "inspect" && len(c) > 2 {
			continue // with messages of what could not be opened
		}
		for _, text := range strings.Split(strings.TrimSpace(s.said(append(c, "--json")...)), "\n") {
			if !plain([]byte(text)) || text != "" && !strings.HasPrefix(text, "postroom: ") && !json.Valid([]byte(text)) {
				s.t.Errorf("%q --json says %q", c, text)
			}
		}
	}
}

// said gives all that a command says.
func (s *server) said(args ...string) string {
	s.t.Helper()
	out, _ := s.command(append(args, "--config", s.config)...).CombinedOutput() // some are refused, and say so
	return string(out)
}

// keepsToItsStores checks that what came since is in the data folder and the stores, under
// names that no shell and no path takes for anything else.
func (s *server) keepsToItsStores(before []string) {
	s.t.Helper()
	safe := regexp.MustCompile(`^/cases(/any(/[A-Za-z0-9%_~+.-]+(/[A-Za-z0-9-]+(/(original\.pdf|searchable\.(pdf|json)|document\.json))?)?)?)?$`)
	known := map[string]bool{}
	for _, n := range before {
		known[n] = true
	}
	sheets := 0
	for _, n := range s.names("") {
		if known[n] || strings.HasPrefix(n, "/data") || strings.HasPrefix(n, "/inbox/") || strings.HasPrefix(n, "/copies") {
			continue
		}
		if !safe.MatchString(n) {
			s.t.Errorf("%q came to be", n)
		}
		if filepath.Ext(n) == ".json" {
			sheets++
			if text, err := os.ReadFile(s.path(n)); err != nil || !json.Valid(text) || !plain(text) {
				s.t.Errorf("%q holds %q, %v", n, text, err)
			}
		}
		if filepath.Base(n) == "searchable.pdf" {
			text, err := os.ReadFile(s.path(n))
			title := regexp.MustCompile(`(?s)<rdf:li xml:lang="x-default">(.*?)</rdf:li>`).FindSubmatch(text)
			if err != nil || title == nil || !plain(title[1]) || bytes.ContainsAny(title[1], "<>\n") {
				s.t.Errorf("%q has the title %q, %v", n, title, err)
			}
		}
	}
	if sheets == 0 {
		s.t.Error("nothing was filed")
	}
}
