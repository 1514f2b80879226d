package sandbox

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postroom/mail"
	"postroom/ocr"
)

// TestCorpusText reads the pictures in $POSTROOM_CORPUS/ocr beside the tesseract command,
// upright and turned: no fewer of their characters may be right.
func TestCorpusText(t *testing.T) {
	root := os.Getenv("POSTROOM_CORPUS")
	if root == "" {
		t.Skip("POSTROOM_CORPUS names no corpus")
	}
	data, err := ocr.Locate()
	if err != nil {
		t.Fatal(err)
	}
	p := pool(t, "real", Config{Languages: []string{"fra", "deu", "eng", "nld"}, Tessdata: data})
	for picture, says := range map[string]string{
		"8087_054.3B.tif": "8087_054.3B.txt", "eurotext.tif": "eurotext.txt", "phototest.tif": "phototest.gold.txt",
		"phototest-rotated-180.png": "phototest.gold.txt", "phototest-rotated-L.png": "phototest.gold.txt",
	} {
		path := filepath.Join(root, "ocr", picture)
		printed, err := os.ReadFile(filepath.Join(root, "ocr", says))
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		readings, err := p.Read(t.Context(), f, path, []int{1}, AllText)
		f.Close()
		if err != nil {
			t.Fatalf("%s: %v", picture, err)
		}
		ours, best := right(lines(readings[0].Words), string(printed)), 0.0
		for _, mode := range []string{"1", "3"} { // with and without looking how the page lies
			c := exec.Command("tesseract", path, "stdout", "-l", "fra+deu+eng+nld", "--psm", mode)
			text, err := c.Output()
			if err != nil {
				t.Fatalf("%s: %v", c, err)
			}
			best = max(best, right(string(text), string(printed)))
		}
		t.Logf("%s: %.2f %% of the characters are right, %.2f of tesseract's", picture, 100*ours, 100*best)
		if ours < best {
			t.Errorf("%s: tesseract reads it better", picture)
		}
	}
}

// lines is a page's text.
func lines(words []mail.Word) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 && w.Line != words[i-1].Line {
			b.WriteString("\n")
		} else if i > 0 {
			b.WriteString(" ")
		}
		b.WriteString(w.Text)
	}
	return b.String()
}

// right is the share of the printed characters that were read, by the edit distance;
// how space is set does not count.
func right(read, printed string) float64 {
	a, b := []rune(strings.Join(strings.Fields(read), " ")), []rune(strings.Join(strings.Fields(printed), " "))
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range b {
			cost := diagonal
			if r != s {
				cost++
			}
			diagonal, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return 1 - float64(row[len(b)])/float64(len(b))
}

// TestCorpusStreaks tells on how many pages of $POSTROOM_CORPUS/practice, ocr and hostile a
// streak of the glass is seen, and on which.
func TestCorpusStreaks(t *testing.T) {
	root := os.Getenv("POSTROOM_CORPUS")
	if root == "" {
		t.Skip("POSTROOM_CORPUS names no corpus")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip("no cache folder for compiled code:", err)
	}
	p := pool(t, "real", Config{Cache: filepath.Join(cache, "postroom"), PageWall: 20 * time.Second})
	pages, files := 0, 0
	for _, folder := range []string{"practice", "ocr", "hostile"} {
		paths, err := filepath.Glob(filepath.Join(root, folder, "*.[ptj]*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			n, with := streaked(t, p, path)
			if pages += n; n > 0 {
				files++
			}
			for _, s := range with {
				t.Logf("%s page %d: %+v of %d pixels", path, s.Page, s.Streaks, s.Width)
			}
		}
	}
	if t.Logf("%d pages of %d files", pages, files); pages == 0 {
		t.Error("none was read")
	}
}

// streaked gives how many pages of a file could be read, and those that show a streak.
func streaked(t *testing.T, p *Pool, path string) (n int, with []mail.Reading) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, end := context.WithTimeout(t.Context(), 20*time.Second) // what is broken on purpose
	defer end()
	c, err := p.Open(ctx, f, path)
	if err != nil || c.Refused != nil {
		return 0, nil
	}
	for page := range min(c.Pages, 30) {
		readings, err := p.Read(ctx, f, path, []int{page + 1}, NoText)
		if err != nil || readings[0].Failure != "" {
			continue
		}
		if n++; len(readings[0].Streaks) > 0 {
			with = append(with, readings[0])
		}
	}
	return n, with
}
