package reference

import (
	"errors"
	"strings"
	"testing"
	"time"

	"postroom/mail"
)

// FuzzScheme compiles what a configuration may say: it is refused, or it reads
// texts with nothing that fails its own check, within a time.
func FuzzScheme(f *testing.F) {
	f.Add(`TX-\d{4}-\d{6}-\d{2}`, uint8(3), 0, "Votre réf", "0123456789X", 11, "TX-2024-207485-78")
	f.Add(`(A|B)?(\d{1,9})([A-Z]{0,3})`, uint8(1), 2, "", "", 0, "A123")
	f.Add(`(?i)[^a]{3,20}\PN`, uint8(9), 0, "\x00", "", -1, "../..\x00/‮x")
	f.Add(`(((((((((\d?){9}){9}){9}))))))x`, uint8(4), 9, "", "", 97, "x")
	f.Fuzz(func(t *testing.T, pattern string, check uint8, covers int, label, letters string, modulus int, text string) {
		if len(pattern) > 200 || len(text) > 500 {
			return
		}
		began := time.Now()
		all := Checks()
		s, err := New(Config{Name: "s", Pattern: pattern, Check: all[int(check)%len(all)], Covers: covers, Labels: []string{label},
			Store: "s", Weights: []int{3, 1, modulus, 0}, Modulus: modulus, Map: letters})
		if err != nil {
			return
		}
		clean, err := s.Parse(text)
		if err != nil && !errors.Is(err, ErrPattern) && !errors.Is(err, ErrCheck) {
			t.Errorf("%q, %q: %v", pattern, text, err)
		}
		if again, err2 := s.Parse(clean); err == nil && (err2 != nil || again != clean) {
			t.Errorf("%q: %q is %q, which is %q, %v", pattern, text, clean, again, err2)
		}
		words := page(text + "\n" + label + " " + text)
		for _, m := range append(s.FromWords(1, words), s.Faint(mail.Reading{Words: words})...) {
			if got, err := s.Parse(m.Text); m.Valid && (err != nil || got != m.Text) {
				t.Errorf("%q: %q holds the valid %+v: %v", pattern, text, m, err)
			}
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%q, %q: it took %v", pattern, text, took)
		}
	})
}

// FuzzMisread compares texts that a page and a register may hold.
func FuzzMisread(f *testing.F) {
	f.Add("TX-2O24", "TX-2024", 3)
	f.Add("", "\x00\xff", -1)
	f.Fuzz(func(t *testing.T, raw, ref string, most int) {
		if len(raw) > 300 || len(ref) > 300 {
			return
		}
		plain := !strings.ContainsFunc(ref, func(r rune) bool { return r > '~' || !alphanumeric(r) })
		if n := Misread(ref, ref, max(most, 0)); n > 0 && plain && ref != "" && len(ref) <= longestForm {
			t.Errorf("%q misread as itself: %d", ref, n)
		}
		_ = Misread(raw, ref, most)
		_ = OtherDigit(raw, ref, most%2 == 0)
	})
}
