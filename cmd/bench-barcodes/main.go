// Command bench-barcodes compares the barcode reader with zxing-cpp and zbar on
// the same made-up pages: codes read, misread, and milliseconds a page.
//
// `make bench-barcodes` installs the two and runs it.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"postroom/barcode"
	"postroom/durable"
	"postroom/mail"
	"postroom/samples"
)

// result is what one reader made of one page.
type result struct {
	texts  []string
	doubts int
	took   time.Duration
}

// contestant reads pages one after the other, on one core.
type contestant struct {
	name string
	read func(page samples.CodePage, file string) (result, error)
	took []time.Duration
	good map[string]int // by symbology, by module width, and of all
	bad  int            // texts that stand on no page
	over int            // pages doubted though their code was read
	mute int            // pages whose code was neither read nor doubted
}

func main() {
	dir := flag.String("dir", filepath.Join("bin", "bench-barcodes"), "a folder for the page that is being read")
	seed := flag.Uint64("seed", 1, "of the pages")
	python := flag.String("python", "", "a Python that has zxing-cpp; empty = leave it out")
	zbar := flag.Bool("zbar", false, "run zbarimg as well")
	keep := flag.String("keep", "", "keep the pages that were not read in this folder")
	only := flag.String("only", "", "one symbology alone")
	patches := flag.Int("patches", 0, "read so many sheets with patch codes and letters instead")
	flag.Parse()
	if *patches > 0 {
		sweepPatches(os.Stdout, *seed, *patches, runtime.NumCPU())
		return
	}
	if err := run(*dir, *seed, *python, *zbar, *keep, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench-barcodes:", err)
		os.Exit(1)
	}
}

func run(dir string, seed uint64, python string, zbar bool, keep, only string) error {
	if err := durable.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	ours := barcode.New(barcode.Config{})
	all := []*contestant{{name: "postroom", read: func(p samples.CodePage, _ string) (result, error) { return own(ours, p), nil }}}
	if python != "" {
		zxing, stop, err := startZXing(python)
		if err != nil {
			return err
		}
		defer stop()
		var fast []time.Duration
		thorough := &contestant{name: "zxing-cpp", read: func(_ samples.CodePage, file string) (result, error) {
			r, quick, err := zxing(file)
			fast = append(fast, quick)
			return r, err
		}}
		all = append(all, thorough)
		defer func() {
			fmt.Printf("zxing-cpp without rotation, reduction and inversion: %.1f ms a page\n", mean(fast))
		}()
	}
	if zbar {
		all = append(all, &contestant{name: "zbar", read: func(_ samples.CodePage, file string) (result, error) { return runZBar(file) }})
	}
	pages := 0
	for p := range samples.CodePages(seed) {
		if only != "" && p.Symbology.String() != only {
			continue
		}
		pages++
		file := filepath.Join(dir, "page.png")
		if err := write(file, p.Picture); err != nil {
			return err
		}
		for i, c := range all {
			r, err := c.read(p, file)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if !c.count(p, r) && i == 0 && keep != "" {
				if err := write(filepath.Join(keep, name(p, pages)), p.Picture); err != nil {
					return err
				}
			}
		}
	}
	report(os.Stdout, all, pages)
	fmt.Printf("postroom doubted %d pages whose code it read, and passed %d in silence that it did not read\n", all[0].over, all[0].mute)
	return nil
}

func name(p samples.CodePage, n int) string {
	cut := ""
	if p.Bitonal {
		cut = "-bitonal"
	}
	return fmt.Sprintf("%03d-%s-%d-%d-%s%s-%d.png", n, p.Symbology, p.Mil, p.DPI, p.Level, cut, p.Turn)
}

func own(r *barcode.Reader, p samples.CodePage) (out result) {
	start := time.Now()
	f := r.Read(p.Picture, float64(p.DPI))
	out.took, out.doubts = time.Since(start), len(f.Doubts)
	for _, s := range f.Symbols {
		out.texts = append(out.texts, s.Text)
	}
	return out
}

// count tells whether the page's code was read.
func (c *contestant) count(p samples.CodePage, r result) (read bool) {
	if c.good == nil {
		c.good = map[string]int{}
	}
	c.took = append(c.took, r.took)
	for _, text := range r.texts {
		if same(p, text) {
			read = true
		} else {
			c.bad++
		}
	}
	switch {
	case read && r.doubts > 0:
		c.over++
	case !read && r.doubts == 0:
		c.mute++
	}
	if read {
		for _, column := range []string{p.Symbology.String(), mils(p.Mil), condition(p), fmt.Sprintf("%d dpi", p.DPI), "all"} {
			c.good[column]++
		}
	}
	return read
}

// same tells whether a reader said the page's text; some leave out the letters
// that begin and end a Codabar.
func same(p samples.CodePage, text string) bool {
	text = strings.TrimRight(text, "\n")
	if p.Symbology == mail.Codabar {
		return strings.Trim(text, "ABCD") == strings.Trim(p.Text, "ABCD")
	}
	return text == p.Text
}

func mils(tenths int) string { return fmt.Sprintf("%g mil", float64(tenths)/10) }

// startZXing starts the reader in Python; it gives the time of the thorough search
// and that of the fast one.
func startZXing(python string) (read func(file string) (result, time.Duration, error), stop func(), err error) {
	script := filepath.Join("cmd", "bench-barcodes", "zxing.py")
	if _, err := os.Stat(script); err != nil {
		return nil, nil, fmt.Errorf("%w: run it in the project's folder", err)
	}
	cmd := exec.Command(python, script)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	lines := bufio.NewReader(out)
	read = func(file string) (result, time.Duration, error) {
		if _, err := io.WriteString(in, file+"\n"); err != nil {
			return result{}, 0, err
		}
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return result{}, 0, err
		}
		var said struct {
			Texts    []string
			MS, Fast float64
		}
		if err := json.Unmarshal(line, &said); err != nil {
			return result{}, 0, err
		}
		return result{texts: said.Texts, took: milliseconds(said.MS)}, milliseconds(said.Fast), nil
	}
	return read, func() { _, _ = in.Close(), cmd.Wait() }, nil
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// runZBar starts zbarimg; its time includes starting and opening the picture.
func runZBar(file string) (result, error) {
	start := time.Now()
	out, err := exec.Command("zbarimg", "--quiet", "--raw", file).Output()
	took := time.Since(start)
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 4) { // 4: no code was found
		return result{}, err
	}
	r := result{took: took}
	for line := range bytes.Lines(out) {
		r.texts = append(r.texts, strings.TrimSpace(string(line)))
	}
	return r, nil
}

func write(file string, g *image.Gray) error {
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&b, g); err != nil {
		return err
	}
	return durable.Overwrite(file, &b)
}

func mean(all []time.Duration) float64 {
	var sum time.Duration
	for _, d := range all {
		sum += d
	}
	return float64(sum.Microseconds()) / 1000 / float64(max(1, len(all)))
}

// report prints a row for each reader.
func report(w io.Writer, all []*contestant, pages int) {
	columns := []string{"code-128", "code-39", "itf", "codabar", "ean-13", "qr", "data-matrix", "aztec", "pdf417",
		"7.5 mil", "10 mil", "13 mil", "20 mil", "200 dpi", "300 dpi", "office", "fair", "office-bw", "fair-bw", "all"}
	fmt.Fprintf(w, "%d pages\n%-10s", pages, "")
	for _, c := range columns {
		fmt.Fprintf(w, "%12s", c)
	}
	fmt.Fprintf(w, "%10s%10s%10s\n", "misread", "ms mean", "ms median")
	for _, c := range all {
		fmt.Fprintf(w, "%-10s", c.name)
		for _, k := range columns {
			fmt.Fprintf(w, "%12d", c.good[k])
		}
		slices.Sort(c.took)
		fmt.Fprintf(w, "%10d%10.1f%10.1f\n", c.bad, mean(c.took), float64(c.took[len(c.took)/2].Microseconds())/1000)
	}
}

// condition names how a page was scanned.
func condition(p samples.CodePage) string {
	if p.Bitonal {
		return p.Level + "-bw"
	}
	return p.Level
}
