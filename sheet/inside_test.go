package sheet

import (
	"math"
	"reflect"
	"testing"

	"postroom/mail"
	"postroom/samples/symbol"
)

// EachText visits all that is said on the sheets.
func EachText(visit func(language, field, text string)) {
	for language, s := range words() {
		v := reflect.ValueOf(s)
		for i := range v.NumField() {
			visit(language, v.Type().Field(i).Name, v.Field(i).String())
		}
	}
}

// TestPatchesAreThoseOfTheSamples: two drawings, made apart, of the same codes.
func TestPatchesAreThoseOfTheSamples(t *testing.T) {
	for _, s := range []mail.Symbology{mail.Patch1, mail.Patch2, mail.Patch3, mail.Patch4, mail.Patch6, mail.PatchT} {
		runs, err := symbol.Patch(s)
		if err != nil {
			t.Fatal(err)
		}
		bars, y := patchBars(s, 100), 0.0
		for i, r := range runs {
			high := float64(r) / 2 * narrow
			if b := bars[i/2]; i%2 == 0 && (math.Abs(b.y-y) > 1e-9 || math.Abs(b.h-high) > 1e-9 || b.x != 0 || b.w != 100) {
				t.Errorf("%s: bar %d is %+v, and %v high at %v by the samples", s, i/2, b, high, y)
			}
			y += high
		}
		if len(bars) != (len(runs)+1)/2 {
			t.Errorf("%s has %d bars", s, len(bars))
		}
	}
}

// TestModulesAreTheLibrarys: every dark module is drawn, and what Code 128 has not is not
// drawn as something else (to the library, ñ is a function character).
func TestModulesAreTheLibrarys(t *testing.T) {
	code := linear("TX-2021-000001-33")
	all, size := modules(code)
	dark := 0
	for _, b := range all {
		dark += int(b.w)
	}
	want := 0
	for x := range size.X {
		if r, _, _, _ := code.At(x, 0).RGBA(); r == 0 {
			want++
		}
	}
	if dark != want || dark == 0 || size.Y != 1 {
		t.Errorf("%d dark modules of %d, size %v", dark, want, size)
	}
	for _, text := range []string{"", "é", "a\nb", "a\u00f1"} {
		if linear(text) != nil {
			t.Errorf("%q is drawn as Code 128", text)
		}
	}
}
