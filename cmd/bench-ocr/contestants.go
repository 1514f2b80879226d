package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"postroom/durable"
	"postroom/mail"
	"postroom/ocr"
	"postroom/pipeline/sandbox"
	"postroom/pipeline/scan"
)

// helpers starts the mailroom's helper processes.
func helpers(cache string) (*sandbox.Pool, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	tessdata, err := ocr.Locate()
	if err != nil {
		return nil, err
	}
	return sandbox.New(sandbox.Config{Command: []string{self, helperCommand}, Languages: languages, Tessdata: tessdata, Cache: cache}), nil
}

// warm opens a file once, so that pdfium is compiled.
func warm(f file, cache string) error {
	pool, err := helpers(cache)
	if err != nil {
		return err
	}
	defer pool.Close()
	in, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = pool.Open(context.Background(), in, f.Path)
	return err
}

// ours is what the mailroom does with every page of a file, codes and all: it is read
// once, and the words make the searchable rendition, which is checked.
func ours(cache string) func([]file) (float64, error) {
	return func(files []file) (float64, error) {
		pool, err := helpers(cache)
		if err != nil {
			return 0, err
		}
		all, err := each(files, func(f file) ([]string, error) {
			out := strings.TrimSuffix(f.Path, ".pdf") + "-postroom.pdf"
			if err := rendered(pool, f, out); err != nil {
				return nil, err
			}
			return texts(out, len(f.Pages))
		})
		pool.Close() // its helpers' processor time counts once they have ended
		return accuracy(files, all), err
	}
}

// references is what the mailroom does, where routing.confirm is after, until it has a
// letter's printed reference: the codes, the head of the page and, where that does
// not say it, the page. Each page is a letter.
func references(cache string) func([]file) (float64, error) {
	return func(files []file) (float64, error) {
		pool, err := helpers(cache)
		if err != nil {
			return 0, err
		}
		found, err := each(files, func(f file) (found []string, err error) {
			in, err := os.Open(f.Path)
			if err != nil {
				return nil, err
			}
			defer in.Close()
			var pages []int
			for i := range f.Pages {
				pages = append(pages, i+1)
			}
			if _, err := pool.Read(context.Background(), in, f.Path, pages, sandbox.NoText); err != nil {
				return nil, err // which parts the file
			}
			for i, p := range f.Pages {
				for _, text := range []sandbox.Text{sandbox.HeadText, sandbox.AllText} {
					readings, err := pool.Read(context.Background(), in, f.Path, []int{i + 1}, text)
					if err != nil {
						return nil, err
					}
					if says(readings[0], p.Reference) {
						found = append(found, p.Reference)
						break
					}
				}
			}
			return found, nil
		})
		pool.Close()
		n, all := 0, 0
		for i, f := range files {
			n, all = n+len(found[i]), all+len(f.Pages)
		}
		return float64(n) / float64(all), err
	}
}

// says tells whether a page's words hold a reference.
func says(r mail.Reading, reference string) bool {
	var text strings.Builder
	for _, w := range r.Words {
		text.WriteString(w.Text)
	}
	return strings.Contains(text.String(), strings.ReplaceAll(reference, " ", ""))
}

// rendered writes a file's searchable rendition.
func rendered(pool *sandbox.Pool, f file, path string) error {
	in, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := durable.NewTemp(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer out.Drop()
	var pages []int
	for i := range f.Pages {
		pages = append(pages, i+1)
	}
	ctx := context.Background()
	readings, err := pool.Read(ctx, in, f.Path, pages, sandbox.AllText)
	if err != nil {
		return err
	}
	done, err := pool.Render(ctx, in, f.Path, scan.Order{Title: f.Path, Producer: "postroom", Pages: len(pages),
		Page: func(n int) (scan.OrderPage, error) { return scan.OrderPage{Reading: readings[n-1]}, nil }}, out.File)
	if err == nil && done.Refused != nil {
		err = errors.New(done.Refused.Detail)
	}
	if err == nil && !done.PDFA {
		err = fmt.Errorf("no PDF/A: %s", done.Why)
	}
	if err != nil {
		return err
	}
	return out.Replace(path, 0o640)
}

// each has all cores work on files.
func each(files []file, do func(file) ([]string, error)) ([][]string, error) {
	all, faults := make([][]string, len(files)), make([]error, len(files))
	var workers sync.WaitGroup
	next := make(chan int)
	for range runtime.NumCPU() {
		workers.Go(func() {
			for i := range next {
				all[i], faults[i] = do(files[i])
			}
		})
	}
	for i := range files {
		next <- i
	}
	close(next)
	workers.Wait()
	return all, errors.Join(faults...)
}

// foundInvalid is OCRmyPDF's exit code when it finds fault with the PDF that it wrote;
// version 14 does with some of its own re-coded pictures. Its text counts all the same.
const foundInvalid = 4

// ocrmypdf makes PDFs with text of the files, one after the other, each on all cores.
func ocrmypdf(options ...string) func([]file) (float64, error) {
	return func(files []file) (float64, error) {
		var all [][]string
		for _, f := range files {
			out := strings.TrimSuffix(f.Path, ".pdf") + "-ocrmypdf.pdf"
			args := append([]string{"--quiet", "-l", strings.Join(languages, "+"), "--jobs", strconv.Itoa(runtime.NumCPU())}, options...)
			text, err := exec.Command("ocrmypdf", append(args, f.Path, out)...).CombinedOutput()
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == foundInvalid {
				err = nil
			}
			if err != nil {
				return 0, fmt.Errorf("ocrmypdf: %w: %s", err, text)
			}
			pages, err := texts(out, len(f.Pages))
			if err != nil {
				return 0, err
			}
			all = append(all, pages)
		}
		return accuracy(files, all), nil
	}
}

// tesseract reads the pages' pictures, one thread each.
func tesseract(files []file) (float64, error) {
	all, err := each(files, func(f file) (all []string, err error) {
		for _, image := range f.Images {
			c := exec.Command("tesseract", image, "stdout", "-l", strings.Join(languages, "+"), "--psm", "1")
			c.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
			text, err := c.Output()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", image, err)
			}
			all = append(all, string(text))
		}
		return all, nil
	})
	return accuracy(files, all), err
}

// texts takes the pages' text out of a PDF.
func texts(path string, pages int) ([]string, error) {
	text, err := exec.Command("pdftotext", path, "-").Output()
	if err != nil {
		return nil, fmt.Errorf("pdftotext %s: %w", path, err)
	}
	all := strings.Split(strings.TrimSuffix(string(text), "\f"), "\f")
	if len(all) != pages {
		return nil, fmt.Errorf("%s has %d pages of text, not %d", path, len(all), pages)
	}
	return all, nil
}
