// Command bench-ocr compares what the mailroom makes of scanned letters with OCRmyPDF
// and bare tesseract on the same made-up pages, in one run: pages a second of processor
// time, wall time, peak memory, and how many of the printed words are in the text.
//
// `make bench-ocr` installs the two and runs it.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"postroom/durable"
	"postroom/pipeline/sandbox"
	"postroom/samples"
)

// languages are the four that the pages are written in.
var languages = []string{"fra", "deu", "eng", "nld"}

// helperCommand makes this binary a helper process, as the mailroom's own.
const helperCommand = "helper"

// file is a batch of pages as a scanner writes it.
type file struct {
	Path   string // PDF
	Pages  []page
	Images []string // of its pages, PNG
}

// page is what is printed on a page.
type page struct {
	Words     []string
	Reference string
}

// contestant makes text of all files, or looks for the references.
type contestant struct {
	name string
	read func(files []file) (share float64, err error) // of the words that are read right, or of the references found
}

func contestants(cache string) []contestant {
	return []contestant{
		{"postroom", ours(cache)},
		{"OCRmyPDF", ocrmypdf()},
		{"OCRmyPDF --deskew --rotate-pages --output-type pdfa", ocrmypdf("--deskew", "--rotate-pages", "--output-type", "pdfa")},
		{"tesseract --psm 1, text only", tesseract},
		{"postroom, no more than finds the reference", references(cache)},
	}
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == helperCommand {
		if err := sandbox.Helper(); err != nil {
			fmt.Fprintln(os.Stderr, "bench-ocr:", err)
			os.Exit(1)
		}
		return
	}
	dir := flag.String("dir", filepath.Join("bin", "bench-ocr-pages"), "a folder for the files")
	seed := flag.Uint64("seed", 5, "of the pages")
	pages := flag.Int("pages", 36, "how many")
	peers := flag.Bool("peers", false, "run OCRmyPDF and tesseract as well")
	one := flag.Int("contestant", -1, "run this one alone, on the files of the folder; used by the command itself")
	flag.Parse()
	err := error(nil)
	if *one >= 0 {
		err = compete(os.Stdout, *dir, *one)
	} else {
		err = run(*dir, *seed, *pages, *peers)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-ocr:", err)
		os.Exit(1)
	}
}

// run has each contestant compete in a process of its own, so that its memory is told apart.
func run(dir string, seed uint64, pages int, peers bool) error {
	files, err := write(filepath.Join(dir, "pages"), seed, pages)
	if err != nil {
		return err
	}
	if err := warm(files[0], cacheIn(dir)); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Printf("%d pages of letters in four languages, seed %d, %s at once, all cores\n\n", pages, seed, strings.Join(languages, "+"))
	fmt.Printf("| | CPU s a page | pages a CPU s | wall s | peak MB of a process | words right, %% |\n|---|---|---|---|---|---|\n")
	for i, c := range contestants(cacheIn(dir)) {
		if !peers && !strings.HasPrefix(c.name, "postroom") {
			continue
		}
		command := exec.Command(self, "-dir", dir, "-contestant", strconv.Itoa(i))
		command.Stdout, command.Stderr = os.Stdout, os.Stderr
		if err := command.Run(); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// cacheIn is where pdfium's compiled code is kept: it is made once on a machine, in 5 s.
func cacheIn(dir string) string { return filepath.Join(dir, "pdfium") }

// compete runs one contestant and prints its row of the table.
func compete(out io.Writer, dir string, n int) error {
	var files []file
	text, err := os.ReadFile(filepath.Join(dir, "pages", "files.json"))
	if err == nil {
		err = json.Unmarshal(text, &files)
	}
	if err != nil {
		return err
	}
	pages := 0
	for _, f := range files {
		pages += len(f.Pages)
	}
	c := contestants(cacheIn(dir))[n]
	before, at := spent(), time.Now()
	share, err := c.read(files)
	if err != nil {
		return err
	}
	wall, after := time.Since(at), spent()
	used := (after.cpu - before.cpu).Seconds() / float64(pages)
	_, err = fmt.Fprintf(out, "| %s | %.2f | %.2f | %.1f | %d | %.2f |\n", c.name, used, 1/used, wall.Seconds(), after.peak>>10, 100*share)
	return err
}

// usage is the processor time of this process and of all that it started and waited for,
// and the most memory, KiB, that one of those had.
type usage struct {
	cpu  time.Duration
	peak int64
}

func spent() (u usage) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if err := syscall.Getrusage(who, &r); err != nil {
			panic("bug: " + err.Error())
		}
		u.cpu += time.Duration(r.Utime.Nano() + r.Stime.Nano())
		if who == syscall.RUSAGE_CHILDREN {
			u.peak = r.Maxrss
		}
	}
	return u
}

// write makes the files: nine pages each.
func write(dir string, seed uint64, pages int) (files []file, err error) {
	const most = 9
	if err := durable.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	var f file
	var drawn []samples.TextPage
	n := 0
	for p := range samples.TextPages(seed, pages) {
		image := filepath.Join(dir, fmt.Sprintf("page-%03d.png", n))
		drawn, f.Pages, f.Images = append(drawn, p), append(f.Pages, page{p.Words, p.Reference}), append(f.Images, image)
		if err := save(image, func(w io.Writer) error { return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, p.Picture) }); err != nil {
			return nil, err
		}
		if n++; len(f.Pages) < most && n < pages {
			continue
		}
		text, err := samples.TextFile(drawn)
		if err != nil {
			return nil, err
		}
		f.Path = filepath.Join(dir, fmt.Sprintf("letters-%d.pdf", len(files)))
		if err := save(f.Path, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
			return nil, err
		}
		files, f, drawn = append(files, f), file{}, nil
	}
	text, err := json.Marshal(files)
	if err != nil {
		return nil, err
	}
	return files, save(filepath.Join(dir, "files.json"), func(w io.Writer) error { _, err := w.Write(text); return err })
}

func save(path string, write func(io.Writer) error) error {
	r, w := io.Pipe()
	go func() { w.CloseWithError(write(w)) }()
	return errors.Join(durable.Overwrite(path, r), r.Close())
}

// accuracy is the share of the printed words that are among the page's words.
func accuracy(files []file, texts [][]string) float64 {
	right, all := 0, 0
	for i, f := range files {
		for n, p := range f.Pages {
			have := map[string]int{}
			if n < len(texts[i]) {
				for _, w := range strings.Fields(texts[i][n]) {
					have[w]++
				}
			}
			for _, w := range p.Words {
				if have[w] > 0 {
					have[w]--
					right++
				}
			}
			all += len(p.Words)
		}
	}
	return float64(right) / float64(cmp.Or(all, 1))
}
