package samples

import (
	"math/rand/v2"
	"strings"
)

// plan is a letter before it is written.
type plan struct {
	kind  string // the truth's type
	lang  language
	pages int

	code      *aCase // in a barcode
	print     *aCase // in print
	codePage  int    // where the code stands, counted from 0
	printPage int
	second    *aCase // in another barcode beside the code
	every     bool   // the code stands on every page
	control   bool   // a text control code stands on the letter: a citizen's prank or a copy

	form      bool // a cover form instead of a free letter
	foreign   int  // codes of someone else's that stand there too
	patchKept bool // a patch code 2 stands at the head of the first page
	symbology symbology
	mil       int // 0 = chosen
	blankBack bool
}

// pick gives one of a list.
func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// kindsOf lists the types of letters, the more frequent ones more often.
// Without separators each must begin with a barcode, because nothing else would
// show where it begins.
func kindsOf(separator string) []string {
	if separator == "none" {
		return strings.Fields("bar bar bar bar both both conflict unknown closed invalid")
	}
	return strings.Fields("bar bar bar bar bar ocr ocr ocr both both both conflict conflict unknown closed invalid none doubtful")
}

// newPlan draws a letter, of the given kinds when there are any.
func newPlan(rng *rand.Rand, t *town, separator string, kinds []string) plan {
	if len(kinds) == 0 {
		kinds = kindsOf(separator)
	}
	p := plan{kind: pick(rng, kinds), lang: pick(rng, languages), pages: 1 + rng.IntN(3), form: rng.IntN(5) == 0,
		patchKept: separator == "patch2", symbology: pick(rng, symbologies[:4]), blankBack: rng.IntN(5) == 0}
	if rng.IntN(12) == 0 {
		p.symbology = symbologies[4]
	}
	if rng.IntN(3) == 0 {
		p.foreign = 1 + rng.IntN(2)
	}
	own := t.live(rng)
	p.evidence(rng, t, own, t.other(rng, own), separator == "none")
	if p.pages > 1 && separator != "none" && p.second == nil {
		switch rng.IntN(6) {
		case 0:
			p.codePage, p.printPage = 1, 1
		case 1:
			p.printPage = 1
		}
	}
	p.every = p.code != nil && p.codePage == 0 && p.pages > 1 && rng.IntN(8) == 0
	return p
}

// evidence puts the references where the letter's kind wants them.
func (p *plan) evidence(rng *rand.Rand, t *town, own, other aCase, coded bool) {
	stranger := t.stranger(rng)
	byCode := coded || rng.IntN(2) == 0
	put := func(c aCase) {
		if byCode {
			p.code = &c
		} else {
			p.print = &c
		}
	}
	switch p.kind {
	case "bar":
		p.code = &own
	case "ocr":
		p.print = &own
	case "both":
		p.code, p.print = &own, &own
	case "conflict":
		p.code, p.print = &own, &other
		switch rng.IntN(5) {
		case 0:
			if !coded {
				p.print, p.second = nil, &other
			}
		case 1:
			near := clipped(rng, other)
			p.print = &near
		}
	case "unknown":
		put(stranger)
	case "closed":
		put(pick(rng, t.closed))
	case "invalid":
		wrong := spoilt(rng, own)
		if rng.IntN(3) == 0 {
			p.code, p.print = &own, &wrong // the print is one digit off the code
		} else {
			put(wrong)
		}
	case "doubtful":
		p.code, p.control = &own, true
	}
}

// truth tells the letter's case, or which reasons fit if it must be held.
func (p plan) truth() DocumentTruth {
	d := DocumentTruth{Type: p.kind, Language: p.lang.code}
	switch p.kind {
	case "conflict":
		d.Exception = "conflict|invalid-reference" // the second print may be a misprint
	case "unknown":
		d.Exception = "unknown-case"
	case "closed":
		d.Exception = "closed-case"
	case "invalid":
		d.Exception = "invalid-reference|unknown-case|conflict"
	case "none":
		d.Exception = "no-reference"
	case "doubtful":
		d.Exception = "doubtful-separator"
	default:
		own := p.code
		if own == nil {
			own = p.print
		}
		d.Case, d.Store = own.reference, own.store
	}
	return d
}
