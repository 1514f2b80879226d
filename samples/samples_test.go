package samples

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/image/ccitt"
)

func TestSameSeedSameBytes(t *testing.T) {
	digest := func() string {
		dir := t.TempDir()
		if _, err := Write(dir, Config{Seed: 5, Batches: 2, Pages: 1}); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.*"))
		if err != nil || len(files) != 5 {
			t.Fatal(files, err)
		}
		h := sha256.New()
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(h, "%s %x\n", filepath.Base(f), sha256.Sum256(b))
		}
		return fmt.Sprintf("%x", h.Sum(nil))
	}
	if a, b := digest(), digest(); a != b {
		t.Error("the same seed gave other bytes")
	}
}

// TestCommittedMailIsReproducible makes the folder mail anew. -update writes it.
func TestCommittedMailIsReproducible(t *testing.T) {
	dir := t.TempDir()
	if *update {
		dir = "mail"
	}
	truths, err := Write(dir, Committed())
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"cases.csv", "postroom.yaml", "truth.json"}
	for _, b := range truths {
		names = append(names, b.File)
	}
	size := 0
	for _, n := range names {
		fresh, err1 := os.ReadFile(filepath.Join(dir, n))
		kept, err2 := FS.ReadFile("mail/" + n)
		if err := errors.Join(err1, err2); err != nil {
			t.Error(err)
			continue
		}
		if size += len(kept); !bytes.Equal(fresh, kept) {
			t.Errorf("mail/%s is not what the generator makes; go test ./samples -update writes it anew", n)
		}
	}
	if size > 3<<20 {
		t.Errorf("the committed mail has %d bytes", size)
	}
}

var update = flag.Bool("update", false, "write the committed mail anew")

func TestGroupFourDecodes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][2]int{{1, 1}, {17, 9}, {2481, 40}, {2700, 5}} {
		for _, density := range []int{0, 1, 50, 500, 1000} {
			g := image.NewGray(image.Rect(0, 0, size[0], size[1]))
			for i := range g.Pix {
				if g.Pix[i] = 255; rng.IntN(1000) < density {
					g.Pix[i] = 0
				} else if i > 0 && rng.IntN(3) > 0 {
					g.Pix[i] = g.Pix[i-1]
				}
			}
			back := image.NewGray(g.Rect)
			if err := ccitt.DecodeIntoGray(back, bytes.NewReader(groupFour(g)), ccitt.MSB, ccitt.Group4, nil); err != nil {
				t.Fatalf("%v, density %d: %v", size, density, err)
			}
			if !bytes.Equal(back.Pix, g.Pix) {
				t.Fatalf("%v, density %d: the picture comes back otherwise", size, density)
			}
		}
	}
}

func TestTruthIsWhole(t *testing.T) {
	truths, err := Write(t.TempDir(), Config{Seed: 9, Batches: 3, Pages: 4, Levels: []string{"clean"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range truths {
		places := make([]int, len(b.Pages)+1)
		for _, d := range b.Documents {
			if (d.Case == "") == (d.Exception == "") {
				t.Errorf("%s %v: a case or an exception, not %q and %q", b.File, d.Pages, d.Case, d.Exception)
			}
			if !slices.IsSorted(d.Pages) {
				t.Errorf("%s: pages %v", b.File, d.Pages)
			}
			for _, p := range d.Pages {
				places[p]++
			}
		}
		for i, p := range b.Pages {
			if want := map[string]int{"content": 1}[p.Kind]; places[i+1] != want {
				t.Errorf("%s page %d is %s and in %d documents", b.File, i+1, p.Kind, places[i+1])
			}
		}
	}
}

func TestReferencesAreProven(t *testing.T) {
	town := newTown(rand.New(rand.NewPCG(3, 0)))
	if len(town.open) != casesOfATown || len(town.closed) == 0 {
		t.Fatalf("%d open and %d closed cases", len(town.open), len(town.closed))
	}
	for _, known := range []string{"TX-2021-696366-27", "TX-2024-348096-98"} {
		digits := known[3:7] + known[8:14] + known[15:]
		if modulo(digits, 97) != 1 {
			t.Errorf("%s: modulo 97 is %d", known, modulo(digits, 97))
		}
	}
}

func BenchmarkPage(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	town := newTown(rng)
	b.ReportAllocs()
	for b.Loop() {
		batch := &batch{rng: rng, town: town, encoding: "pdf-g4", levels: []string{"office"}, truth: Truth{Separator: "none"}}
		batch.single()
		groupFour(batch.sides[0].picture)
	}
}
