// The house's own rules: floors, walls and style.
package postroom_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postroom/mail"
)

// floors: a package imports only from lower ones, or within its own room. The
// longest matching path counts.
var floors = map[string]int{
	"mail": 0, "durable": 0,
	"barcode": 1, "ocr": 1, "pipeline/scan": 1,
	"router": 2, "samples": 2, "sheet": 2,
	"pipeline/intake": 2, "pipeline/journal": 2, "pipeline/sandbox": 2, "pipeline/search": 2,
	"pipeline": 3, "web": 4, "cmd": 5,
}

// walls: who alone may import which modules.
var walls = map[string]string{
	"github.com/makiuchi-d/gozxing":   "barcode",
	"github.com/otiai10/gosseract":    "ocr",
	"github.com/pdfcpu":               "pipeline/scan",
	"github.com/klippa-app":           "pipeline/scan",
	"github.com/tetratelabs/wazero":   "pipeline/scan",
	"github.com/hhrutter/tiff":        "pipeline/scan",
	"github.com/fsnotify":             "pipeline/intake",
	"go.etcd.io/bbolt":                "pipeline/journal/bolt",
	"golang.org/x/mod":                "pipeline/journal/audit",
	"github.com/landlock-lsm":         "pipeline/sandbox",
	"github.com/elastic/go-seccomp":   "pipeline/sandbox",
	"github.com/alexedwards/argon2id": "web/access",
	"github.com/alexedwards/scs":      "web/session",
	"github.com/coreos/go-oidc":       "web/signon",
	"golang.org/x/oauth2":             "web/signon",
	"golang.org/x/term":               "cmd",
	"github.com/spf13":                "cmd",
	"go.yaml.in":                      "cmd",
	"C":                               "nobody: gosseract holds the only C",
	"github.com/blevesearch":          "pipeline/search",
	"gonum.org":                       "pipeline",
	"github.com/prometheus":           "web/metrics",
	"codeberg.org/go-pdf":             "sheet",
}

// pkg is what `go list` says of a package.
type pkg struct {
	ImportPath, Dir string
	GoFiles         []string
	Imports         []string
}

func room(path string) (name string, floor int, known bool) {
	for at := path; at != "." && at != ""; at = filepath.Dir(at) {
		if f, ok := floors[at]; ok {
			return at, f, true
		}
	}
	return "", 0, false
}

// trespasses lists what a package imports that it may not.
func trespasses(p pkg) (all []string) {
	self := strings.TrimPrefix(p.ImportPath, "postroom/")
	home, floor, known := room(self)
	if !known {
		return []string{p.ImportPath + " is in no room"}
	}
	for _, i := range p.Imports {
		if other, ours := strings.CutPrefix(i, "postroom/"); ours {
			there, below, known := room(other)
			if !known || there != home && below >= floor {
				all = append(all, fmt.Sprintf("%s (floor %d) imports %s (floor %d)", self, floor, other, below))
			}
		}
		for module, owner := range walls {
			if (i == module || strings.HasPrefix(i, module+"/")) && self != owner && !strings.HasPrefix(self, owner+"/") {
				all = append(all, fmt.Sprintf("%s imports %s, which is %s's alone", self, i, owner))
			}
		}
		if home == "mail" && strings.Contains(i, ".") {
			all = append(all, "mail imports "+i+": it has the standard library only")
		}
	}
	return all
}

func packages(t *testing.T) (all []pkg) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.ImportPath != "postroom" {
			all = append(all, p)
		}
	}
	if len(all) < 12 {
		t.Fatalf("only %d packages", len(all))
	}
	return all
}

func TestFloorsAndWalls(t *testing.T) {
	for _, p := range packages(t) {
		for _, wrong := range trespasses(p) {
			t.Error(wrong)
		}
	}
}

func TestFloorsAndWallsSee(t *testing.T) {
	for _, p := range []pkg{
		{ImportPath: "postroom/mail", Imports: []string{"postroom/durable"}},
		{ImportPath: "postroom/barcode", Imports: []string{"postroom/ocr"}},
		{ImportPath: "postroom/router", Imports: []string{"postroom/pipeline"}},
		{ImportPath: "postroom/router/reference", Imports: []string{"postroom/samples"}},
		{ImportPath: "postroom/pipeline", Imports: []string{"go.etcd.io/bbolt"}},
		{ImportPath: "postroom/pipeline/scan", Imports: []string{"github.com/makiuchi-d/gozxing/qrcode"}},
		{ImportPath: "postroom/ocr", Imports: []string{"C"}},
		{ImportPath: "postroom/web", Imports: []string{"github.com/blevesearch/bleve/v2"}},
		{ImportPath: "postroom/util"},
	} {
		if len(trespasses(p)) != 1 {
			t.Errorf("%+v: %v", p, trespasses(p))
		}
	}
	for _, p := range []pkg{
		{ImportPath: "postroom/router", Imports: []string{"postroom/router/reference", "postroom/mail"}},
		{ImportPath: "postroom/cmd/postroom", Imports: []string{"postroom/pipeline", "github.com/spf13/cobra"}},
		{ImportPath: "postroom/pipeline/journal/bolt", Imports: []string{"postroom/pipeline/journal", "go.etcd.io/bbolt"}},
	} {
		if wrong := trespasses(p); len(wrong) > 0 {
			t.Error(wrong)
		}
	}
}

// writers are the calls that change a file system, and where they stand outside
// of package durable, with the reason.
var (
	writers = regexp.MustCompile(`^os\.(Create|CreateTemp|WriteFile|Rename|Remove|RemoveAll|Link|Symlink|Mkdir|MkdirAll|MkdirTemp|Truncate|Chmod|OpenFile)$`)
	excused = map[string]string{
		"pipeline/intake/intake.go os.OpenFile": "opens for reading, with flags that os.Open does not take",
		"cmd/postroom/socket.go os.Chmod":       "a socket's permissions, not a file's",
		"cmd/stress/soak.go os.OpenFile":        "writes in pieces, as a slow scanner does; durable's files are whole when they have a name",
	}
)

func TestStyle(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		documented := false
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			where := strings.TrimPrefix(p.ImportPath, "postroom/") + "/" + name
			if n := strings.Count(string(text), "\n"); n > 600 {
				t.Errorf("%s has %d lines, over 600", where, n)
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			documented = documented || f.Doc != nil
			ast.Inspect(f, func(n ast.Node) bool {
				if fn, ok := n.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s has an init function", where)
				}
				call, ok := n.(*ast.SelectorExpr)
				if !ok || strings.HasPrefix(where, "durable/") {
					return true
				}
				if x, ok := call.X.(*ast.Ident); ok && writers.MatchString(x.Name+"."+call.Sel.Name) {
					key := where + " " + x.Name + "." + call.Sel.Name
					if used[key] = true; excused[key] == "" {
						t.Errorf("%s: only package durable writes files", key)
					}
				}
				return true
			})
		}
		if !documented {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
	for key := range excused {
		if !used[key] {
			t.Errorf("%s is excused and not there any more", key)
		}
	}
}

// TestExceptionsAreExplained compares the reasons and exit codes with docs/exceptions.md.
func TestExceptionsAreExplained(t *testing.T) {
	text, err := os.ReadFile("docs/exceptions.md")
	if err != nil {
		t.Fatal(err)
	}
	var headings []string
	for _, m := range regexp.MustCompile("(?m)^### `([^`]+)`").FindAllStringSubmatch(string(text), -1) {
		headings = append(headings, m[1])
	}
	want := mail.Reasons()
	for code := range 9 {
		want = append(want, fmt.Sprintf("exit %d", code))
	}
	slices.Sort(headings)
	slices.Sort(want)
	if !slices.Equal(headings, want) {
		t.Errorf("docs/exceptions.md explains\n%v\nand should explain\n%v", headings, want)
	}
}

// TestLinksLead follows the relative links of the documents.
func TestLinksLead(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && path == "bin" {
			return filepath.SkipDir // what was built and fetched
		}
		if err != nil || e.IsDir() || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", path, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
