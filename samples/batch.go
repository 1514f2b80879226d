package samples

import (
	"image"
	"math/rand/v2"
	"strings"
)

// batch is one file in the making.
type batch struct {
	rng      *rand.Rand
	town     *town
	encoding string
	levels   []string
	truth    Truth
	sheets   []*image.Gray
}

func (b *batch) dpi() int {
	if lowResolution(b.encoding) {
		return 200
	}
	return 300
}

func (b *batch) blackWhite() bool { return strings.Contains(b.encoding, "g4") || b.encoding == "png" }

// compose fills the batch with letters to about so many pages.
func (b *batch) compose(pages int) {
	b.truth.Separator = pick(b.rng, []string{"patcht", "patcht", "qr", "code128", "none"})
	for len(b.truth.Pages) < pages {
		p := b.plan()
		if b.truth.Separator != "none" {
			s, codes, err := separatorSheet(b.rng, b.dpi(), b.truth.Separator, pick(b.rng, languages))
			b.must(err)
			b.add(s, "separator", codes, 0)
		}
		b.letter(p)
	}
}

// single fills the batch with a letter of one page.
func (b *batch) single() {
	b.truth.Separator = "none"
	p := b.plan()
	p.pages, p.onPage = 1, 0
	b.letter(p)
	if len(b.sheets) > 1 { // a blank back has no place in a picture file
		b.sheets, b.truth.Pages = b.sheets[:1], b.truth.Pages[:1]
	}
}

// must panics on what can't be: a built-in text that a code can't carry.
func (b *batch) must(err error) {
	if err != nil {
		panic("bug: made-up mail: " + err.Error())
	}
}

// plan draws a letter. Without separator sheets each must begin with a barcode,
// because nothing else would show where it begins.
func (b *batch) plan() plan {
	rng := b.rng
	p := plan{lang: pick(rng, languages), pages: 1 + rng.IntN(3), foreign: rng.IntN(6) == 0, form: rng.IntN(5) == 0}
	kinds := []string{"bar", "bar", "bar", "ocr", "ocr", "both", "both", "conflict", "unknown", "closed", "invalid", "none"}
	if b.truth.Separator == "none" {
		kinds = []string{"bar", "bar", "both", "conflict"}
	}
	p.kind = pick(rng, kinds)
	own, other := b.town.live(rng), aCase{}
	other = b.town.other(rng, own)
	switch p.kind {
	case "bar":
		p.code = &own
	case "ocr":
		p.print = &own
	case "both":
		p.code, p.print = &own, &own
	case "conflict":
		p.code, p.print = &own, &other
	case "unknown":
		own = b.town.stranger(rng)
		p.print = &own
	case "closed":
		own = pick(rng, b.town.closed)
		p.code = &own
	case "invalid":
		own = spoilt(rng, own)
		p.print = &own
	}
	if p.pages > 1 && b.truth.Separator != "none" && rng.IntN(5) == 0 {
		p.onPage = 1
	}
	return p
}

// exceptions tells which reasons fit a letter that must be held.
var exceptions = map[string]string{"conflict": "conflict", "unknown": "unknown-case", "closed": "closed-case",
	"invalid": "invalid-reference|unknown-case", "none": "no-reference"}

func (b *batch) letter(p plan) {
	sheets, codes, err := p.write(b.rng, b.dpi())
	b.must(err)
	d := DocumentTruth{Type: p.kind, Language: p.lang.code, Exception: exceptions[p.kind]}
	if d.Exception == "" {
		own := p.code
		if own == nil {
			own = p.print
		}
		d.Case, d.Store = own.reference, own.store
	}
	turn := 0
	if b.rng.IntN(5) == 0 {
		turn = pick(b.rng, []int{180, 180, 90, 270})
	}
	for i, s := range sheets {
		b.add(s, "content", codes[i], turn)
		d.Pages = append(d.Pages, len(b.truth.Pages))
	}
	if b.rng.IntN(4) == 0 {
		b.add(newSheet(b.dpi()), "blank", nil, 0)
	}
	b.truth.Documents = append(b.truth.Documents, d)
}

// add sends a side through feeder and scanner.
func (b *batch) add(s *sheet, kind string, codes []CodeTruth, turn int) {
	level := pick(b.rng, b.levels)
	w := wornAt(b.rng, level)
	g := lying(w.worn(b.rng, s).picture, turn)
	if b.blackWhite() {
		g = bitonal(g, w.paper)
	}
	if codes == nil {
		codes = []CodeTruth{}
	}
	b.sheets = append(b.sheets, g)
	b.truth.Pages = append(b.truth.Pages, PageTruth{Kind: kind, Rot: turn, Codes: codes, Level: level, Skew: w.skew})
}
