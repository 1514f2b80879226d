package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"postroom/barcode"
	"postroom/mail"
	"postroom/samples"
)

// patchTally counts what became of the patch codes of one kind of pages.
type patchTally struct{ pages, read, doubted, missed, confused int }

// sweepPatches reads sheets with patch codes and letters without, on all cores, and
// prints a row for each condition.
func sweepPatches(w io.Writer, seed uint64, pages, workers int) {
	var lock sync.Mutex
	rows := map[string]*patchTally{}
	letters, found, doubted := 0, 0, 0
	var took time.Duration
	todo := make(chan samples.PatchPage)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			r := barcode.New(barcode.Config{})
			for p := range todo {
				start := time.Now()
				f := r.Read(p.Picture, float64(p.DPI))
				d := time.Since(start)
				t := judge(p, f)
				lock.Lock()
				took += d
				if p.Patch == 0 {
					letters, found, doubted = letters+1, found+t.confused, doubted+t.doubted
				}
				for _, k := range kinds(p) {
					if rows[k] == nil {
						rows[k] = &patchTally{}
					}
					rows[k].add(t)
				}
				lock.Unlock()
			}
		})
	}
	for p := range samples.PatchPages(seed, pages) {
		todo <- p
	}
	close(todo)
	all.Wait()
	fmt.Fprintf(w, "seed %d, %d pages\n%-14s%8s%8s%8s%8s%10s%8s\n", seed, pages, "", "pages", "read", "doubted", "missed", "confused", "read %")
	for _, k := range slices.Sorted(maps.Keys(rows)) {
		t := rows[k]
		fmt.Fprintf(w, "%-14s%8d%8d%8d%8d%10d%8.2f\n", k, t.pages, t.read, t.doubted, t.missed, t.confused, 100*float64(t.read)/float64(t.pages))
	}
	fmt.Fprintf(w, "letters without a patch code: %d, found in %d, doubted in %d; %.1f ms a page\n", letters, found, doubted, float64(took.Milliseconds())/float64(pages))
}

// judge compares what was found with the page's patch code.
func judge(p samples.PatchPage, f barcode.Finding) patchTally {
	t := patchTally{pages: 1}
	for _, s := range f.Symbols {
		switch {
		case !s.Symbology.Patch():
		case s.Symbology == p.Patch:
			t.read = 1
		default:
			t.confused = 1
		}
	}
	for _, d := range f.Doubts {
		if t.read == 0 && d.Looks == mail.LooksPatch {
			t.doubted = 1
		}
	}
	if t.read+t.confused+t.doubted == 0 {
		t.missed = 1
	}
	return t
}

func (t *patchTally) add(o patchTally) {
	t.pages, t.read, t.doubted, t.missed, t.confused = t.pages+o.pages, t.read+o.read, t.doubted+o.doubted, t.missed+o.missed, t.confused+o.confused
}

// kinds names the rows that a page with a patch code counts in.
func kinds(p samples.PatchPage) []string {
	if p.Patch == 0 {
		return nil
	}
	scan, copied := "grey", "printed"
	if p.Bitonal {
		scan = "bitonal"
	}
	if p.Copied {
		copied = "photocopied"
	}
	return []string{"all", p.Patch.String(), fmt.Sprintf("%d dpi", p.DPI), p.Level, scan, copied, fmt.Sprintf("turned %d", p.Turn), fmt.Sprintf("streaks %d", p.Streaks)}
}
