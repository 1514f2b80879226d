// Command bench-ocr compares what the mailroom makes of scanned letters with OCRmyPDF
// and bare tesseract on the same made-up pages, in one run: pages a second of processor
// time, wall time, peak memory, and how many of the printed words are in the text.
//
// `make bench-ocr` installs the two and runs it.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
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
	path   string // PDF
	pages  []samples.TextPage
	images []string // of its pages, PNG
}

// contestant makes text of all files; it gives each page's, by file.
type contestant struct {
	name string
	read func(files []file) ([][]string, error)
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == helperCommand {
		if err := sandbox.Helper(); err != nil {
			fmt.Fprintln(os.Stderr, "bench-ocr:", err)
			os.Exit(1)
		}
		return
	}
	dir := flag.String("dir", filepath.Join("bin", "bench-ocr"), "a folder for the files")
	seed := flag.Uint64("seed", 5, "of the pages")
	pages := flag.Int("pages", 36, "how many")
	peers := flag.Bool("peers", false, "run OCRmyPDF and tesseract as well")
	flag.Parse()
	if err := run(os.Stdout, *dir, *seed, *pages, *peers); err != nil {
		fmt.Fprintln(os.Stderr, "bench-ocr:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, dir string, seed uint64, pages int, peers bool) error {
	files, err := write(filepath.Join(dir, "pages"), seed, pages)
	if err != nil {
		return err
	}
	cache := filepath.Join(dir, "pdfium") // compiled once on a machine, in 5 s
	if err := warm(files[0], cache); err != nil {
		return err
	}
	all := []contestant{{"postroom", ours(cache)}}
	if peers {
		all = append(all, contestant{"OCRmyPDF, plain", ocrmypdf()},
			contestant{"OCRmyPDF --deskew --rotate-pages --output-type pdfa", ocrmypdf("--deskew", "--rotate-pages", "--output-type", "pdfa")},
			contestant{"tesseract --psm 1", tesseract})
	}
	fmt.Fprintf(out, "%d pages of letters in four languages, seed %d, %s at once, all cores\n\n", pages, seed, strings.Join(languages, "+"))
	fmt.Fprintf(out, "| | CPU s a page | pages a CPU s | wall s | peak MB of a process | words right, %% |\n|---|---|---|---|---|---|\n")
	for _, c := range all {
		before, at := spent(), time.Now()
		texts, err := c.read(files)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		wall, after := time.Since(at), spent()
		used := (after.cpu - before.cpu).Seconds() / float64(pages)
		fmt.Fprintf(out, "| %s | %.2f | %.2f | %.1f | %d | %.2f |\n", c.name, used, 1/used, wall.Seconds(), after.peak>>10, 100*accuracy(files, texts))
	}
	return nil
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
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := durable.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	var f file
	n := 0
	for p := range samples.TextPages(seed, pages) {
		image := filepath.Join(dir, fmt.Sprintf("page-%03d.png", n))
		f.pages, f.images = append(f.pages, p), append(f.images, image)
		if err := save(image, func(w io.Writer) error { return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, p.Picture) }); err != nil {
			return nil, err
		}
		if n++; len(f.pages) < most && n < pages {
			continue
		}
		text, err := samples.TextFile(f.pages)
		if err != nil {
			return nil, err
		}
		f.path = filepath.Join(dir, fmt.Sprintf("letters-%d.pdf", len(files)))
		if err := save(f.path, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
			return nil, err
		}
		for i := range f.pages {
			f.pages[i].Picture = nil
		}
		files, f = append(files, f), file{}
	}
	return files, nil
}

func save(path string, write func(io.Writer) error) error {
	r, w := io.Pipe()
	go func() { w.CloseWithError(write(w)) }()
	_, err := durable.Ensure(path, r)
	return errors.Join(err, r.Close())
}

// accuracy is the share of the printed words that are among the page's words.
func accuracy(files []file, texts [][]string) float64 {
	right, all := 0, 0
	for i, f := range files {
		for n, p := range f.pages {
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
