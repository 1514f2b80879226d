package barcode

import (
	"testing"

	"postroom/samples"
)

// glassFloor is of how many of the upright sheets with streaks below one is found; fewer is
// a step back. The sheets have light streaks too, which are not seen on paper.
const glassFloor = 9

// TestStreaksOfSamples: no streak is found where the samples have none, be it on codes,
// text, or sheets with patch codes, and not more than were drawn.
func TestStreaksOfSamples(t *testing.T) {
	const seed = 4
	pages, with, found := 0, 0, 0
	for p := range samples.PatchPages(seed, 30) {
		pages++
		got := Streaks(p.Picture, float64(p.DPI))
		if p.Turn%180 != 0 {
			p.Streaks = 0 // they lie, and no scanner draws them
		}
		if len(got) > p.Streaks {
			t.Errorf("sheet %d (seed %d), %s, bitonal %v: %+v, %d are there", pages, seed, p.Level, p.Bitonal, got, p.Streaks)
		}
		if p.Streaks > 0 {
			if with++; len(got) > 0 {
				found++
			}
		}
	}
	for p := range samples.TextPages(seed, 6) {
		most := map[string]int{"office": 1, "poor": 2}[p.Level]
		pages++
		if got := Streaks(p.Picture, float64(p.DPI)); len(got) > most {
			t.Errorf("letter %d (seed %d), %s: %+v", pages, seed, p.Level, got)
		}
	}
	if t.Logf("%d pages; of %d with streaks, dark or light, %d show one", pages, with, found); found < glassFloor {
		t.Errorf("found on %d, was %d", found, glassFloor)
	}
}
