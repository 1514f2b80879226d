package router

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"postroom/mail"
	"postroom/router/reference"
	"postroom/router/register"
)

// office is an office with three schemes and a register of random cases.
type office struct {
	rules *Rules
	cases *register.Register
	live  []string
}

func newOffice(t testing.TB, rnd *rand.Rand, n int) office {
	t.Helper()
	var o office
	var schemes []*reference.Scheme
	for _, c := range []reference.Config{
		{Name: "tax", Pattern: `TX-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: "tax"},
		{Name: "social", Pattern: `\+\+\+\d{3}/\d{4}/\d{5}\+\+\+`, Check: "be-ogm", Store: "social"},
		{Name: "permits", Pattern: `PER/\d{6}/[A-Z]`, Check: "es-nif-letter", Store: "permits"},
	} {
		s, err := reference.New(c)
		if err != nil {
			t.Fatal(err)
		}
		schemes = append(schemes, s)
	}
	csv := "reference,store\n"
	for range n {
		s := schemes[rnd.IntN(3)]
		ref := newReference(rnd, s)
		if !slices.Contains(o.live, ref) {
			o.live = append(o.live, ref)
			csv += ref + "," + s.Store() + "\n"
		}
	}
	cases, err := register.Parse(strings.NewReader(csv), schemes)
	if err != nil {
		t.Fatal(err)
	}
	o.cases, o.rules = cases, New(Config{Separators: []Control{{Patch: mail.PatchT}}, OnReference: true, Schemes: schemes})
	return o
}

// newReference tries check digits until the scheme takes them.
func newReference(rnd *rand.Rand, s *reference.Scheme) string {
	for {
		var tries []string
		switch s.Name() {
		case "tax":
			stem := fmt.Sprintf("TX-%d-%06d-", 2018+rnd.IntN(9), rnd.IntN(1e6))
			for c := range 100 {
				tries = append(tries, fmt.Sprintf("%s%02d", stem, c))
			}
		case "social":
			stem := fmt.Sprintf("+++%03d/%04d/%03d", rnd.IntN(1000), rnd.IntN(10000), rnd.IntN(1000))
			for c := range 100 {
				tries = append(tries, fmt.Sprintf("%s%02d+++", stem, c))
			}
		default:
			stem := fmt.Sprintf("PER/%06d/", rnd.IntN(1e6))
			for c := 'A'; c <= 'Z'; c++ {
				tries = append(tries, stem+string(c))
			}
		}
		for _, text := range tries {
			if _, err := s.Parse(text); err == nil {
				return text
			}
		}
	}
}

// misreadings are what a recognizer makes of a printed character.
var misreadings = map[rune][]string{
	'0': {"O", "o", "D", "Q"}, '1': {"I", "l", "7", "|"}, '2': {"Z"}, '5': {"S"}, '6': {"G", "b"}, '7': {"1", "/"}, '8': {"B"},
	'/': {"7", "1", "l", "I", "|"}, '-': {"", "_", " "}, '+': {"", "4", "-", "t"}, 'P': {"F"}, 'E': {"F"}, 'T': {"I"}, 'X': {"x"},
}

// misread damages so many characters of a text.
func misread(rnd *rand.Rand, text string, damages int) string {
	parts := strings.Split(text, "")
	for done := 0; done < damages; {
		i := rnd.IntN(len(parts))
		if options := misreadings[[]rune(parts[i] + " ")[0]]; len(parts[i]) == 1 && len(options) > 0 {
			parts[i] = options[rnd.IntN(len(options))]
			if parts[i] == "" {
				parts[i] = "\x00"
			}
			done++
			if parts[i] != "\x00" {
				parts[i] += "\x00" // not again
			}
		} else if rnd.IntN(50) == 0 {
			break
		}
	}
	return strings.ReplaceAll(strings.Join(parts, ""), "\x00", "")
}

// printed is a page with a line of print, read with a confidence; page divides its
// description at bars.
func printed(n int, text string, confidence float64) mail.Reading {
	r := page(n, prose)
	for i, w := range strings.Fields(text) {
		r.Words = append(r.Words, mail.Word{Text: w, Confidence: confidence, Line: 99, Box: mail.Box{X0: 100 + 200*i, Y0: 900, X1: 290 + 200*i, Y1: 930}})
	}
	return r
}

// TestNeverTwoCases: beside a barcode of one case, print of another case holds
// the document, as badly as it may have been read.
func TestNeverTwoCases(t *testing.T) {
	const seed, letters = 21, 1500
	rnd := rand.New(rand.NewPCG(seed, seed))
	o := newOffice(t, rnd, 300)
	for damages, most := range map[int]int{0: 0, 1: 0, 2: 10} {
		filed := 0
		for range letters {
			a, b := o.live[rnd.IntN(len(o.live))], o.live[rnd.IntN(len(o.live))]
			if a == b {
				continue
			}
			bad := misread(rnd, b, damages)
			all := []mail.Reading{page(1, "code:"+a), printed(2, "Notre référence : "+bad, 0.7)}
			if d := o.rules.Route(Span{From: 1, To: 2}, all, o.cases, true); d.Hold == nil {
				filed++
				t.Logf("barcode %s, print %s read %q: filed in %s", a, b, bad, d.Reference)
			} else if d.Hold.Says == nil || d.Hold.Says.English() != d.Hold.Detail {
				t.Errorf("%q is told as %+v", d.Hold.Detail, d.Hold.Says)
			} else if damages == 0 && d.Hold.Reason != mail.Conflict {
				t.Errorf("barcode %s, print %s: %s", a, b, d.Hold.Reason)
			}
		}
		if filed > most {
			t.Errorf("seed %d, %d characters misread: %d of %d conflicts are filed", seed, damages, filed, letters)
		}
	}
}

// TestOneReferenceMisreadStillFiles: what is read badly beside its own barcode
// must not hold ordinary letters.
func TestOneReferenceMisreadStillFiles(t *testing.T) {
	const seed, letters = 22, 1000
	rnd := rand.New(rand.NewPCG(seed, seed))
	o := newOffice(t, rnd, 300)
	for damages, least := range map[int]int{0: letters, 1: letters * 98 / 100, 2: letters * 95 / 100} {
		filed := 0
		for range letters {
			a := o.live[rnd.IntN(len(o.live))]
			bad := misread(rnd, a, damages)
			all := []mail.Reading{page(1, "code:"+a), printed(2, "Notre référence : "+bad, 0.7)}
			if d := o.rules.Route(Span{From: 1, To: 2}, all, o.cases, true); d.Hold == nil {
				filed++
			} else if damages == 1 {
				t.Logf("%s read %q: %s", a, bad, d.Hold.Detail)
			}
		}
		if filed < least {
			t.Errorf("seed %d, %d characters misread: only %d of %d are filed", seed, damages, filed, letters)
		}
	}
}

// TestMisreadNeverFilesElsewhere: print alone, however it is misread, files in
// its own case or not at all.
func TestMisreadNeverFilesElsewhere(t *testing.T) {
	const seed = 23
	rnd := rand.New(rand.NewPCG(seed, seed))
	o := newOffice(t, rnd, 300)
	for range 3000 {
		a := o.live[rnd.IntN(len(o.live))]
		bad := misread(rnd, a, rnd.IntN(4))
		d := o.rules.Route(Span{From: 1, To: 1}, []mail.Reading{printed(1, "ref "+bad, 0.7)}, o.cases, true)
		if d.Hold == nil && d.Reference.String() != a {
			t.Errorf("seed %d: %s read %q is filed in %s", seed, a, bad, d.Reference)
		}
		if d.Hold == nil && strings.ReplaceAll(bad, " ", "") != a && bad != a {
			t.Errorf("seed %d: %s is filed though it reads %q", seed, a, bad)
		}
	}
}

// TestDenseRegister: where every number is a case, a misread print beside a
// barcode still never files in another case, and a clean one still files.
func TestDenseRegister(t *testing.T) {
	permits, err := reference.New(reference.Config{Name: "permits", Pattern: `PER/\d{6}/[A-Z]`, Check: "es-nif-letter", Store: "p"})
	if err != nil {
		t.Fatal(err)
	}
	csv := strings.Builder{}
	csv.WriteString("reference,store\n")
	for n := range 3000 {
		fmt.Fprintf(&csv, "PER/%06d/%c,p\n", n, "TRWAGMYFPDXBNJZSQVHLCKE"[n%23])
	}
	schemes := []*reference.Scheme{permits}
	cases, err := register.Parse(strings.NewReader(csv.String()), schemes)
	if err != nil {
		t.Fatal(err)
	}
	r := New(Config{Schemes: schemes})
	const seed = 24
	rnd := rand.New(rand.NewPCG(seed, seed))
	for range 300 {
		n := rnd.IntN(3000)
		a := fmt.Sprintf("PER/%06d/%c", n, "TRWAGMYFPDXBNJZSQVHLCKE"[n%23])
		for _, damages := range []int{0, 1} {
			bad := misread(rnd, a, damages)
			d := r.Route(Span{From: 1, To: 2}, []mail.Reading{page(1, "code:"+a), printed(2, "ref "+bad, 0.7)}, cases, true)
			if d.Hold == nil && d.Reference.String() != a || damages == 0 && d.Hold != nil {
				t.Errorf("seed %d: %s read %q: %+v %+v", seed, a, bad, d, d.Hold)
			}
		}
	}
}
