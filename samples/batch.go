package samples

import (
	"image"
	"math/rand/v2"
	"strings"

	"postroom/mail"
)

// batch is one file in the making.
type batch struct {
	rng      *rand.Rand
	town     *town
	encoding string
	levels   []string
	kinds    []string
	truth    Truth
	sides    []side
}

// side is a page as it came out of the scanner.
type side struct {
	picture *image.Gray
	quality int // of JPEG
}

func (b *batch) dpi() int {
	if lowResolution(b.encoding) {
		return 200
	}
	return 300
}

func (b *batch) blackWhite() bool { return strings.Contains(b.encoding, "g4") || b.encoding == "png" }

// separators are the ways that letters are told apart, by the name that the truth
// gives them. patch2 stands on the letters themselves; none leaves it to their barcodes.
var separators = []string{"patcht", "patcht", "patcht", "qr", "code128", "datamatrix", "patch2", "none"}

// compose fills the batch with letters to about so many pages.
func (b *batch) compose(pages int) {
	b.truth.Separator = pick(b.rng, separators)
	if len(b.kinds) > 0 {
		b.truth.Separator = "patcht" // not every kind can be told apart without a sheet
	}
	for len(b.truth.Pages) < pages {
		b.separate()
		b.letter(newPlan(b.rng, b.town, b.truth.Separator, b.kinds))
	}
}

// single fills the batch with a letter of one page, as a picture file holds it.
func (b *batch) single() {
	b.truth.Separator = "none"
	p := newPlan(b.rng, b.town, "none", b.kinds)
	p.pages, p.codePage, p.printPage, p.every, p.blankBack = 1, 0, 0, false, false
	b.letter(p)
}

// separate adds a sheet that divides: a patch code, or a code with a text.
func (b *batch) separate() {
	rng, s := b.rng, newSheet(b.dpi())
	coded := map[string]mail.Symbology{"qr": mail.QR, "code128": mail.Code128, "datamatrix": mail.DataMatrix}[b.truth.Separator]
	switch {
	case b.truth.Separator == "none" || b.truth.Separator == "patch2":
		return
	case b.truth.Separator == "patcht":
		s.patch(rng, mail.PatchT)
	}
	s.text(s.pen("bold", 24), 60, 120, pick(rng, pick(rng, languages).captions))
	var codes []CodeTruth
	if b.truth.Separator != "patcht" {
		p := newPrinted(rng, symbologyOf(coded), "PATCHT", 0, s.dpi)
		s.code(p, 60+40*rng.Float64(), 45+20*rng.Float64())
		codes = append(codes, p.truth())
	}
	turn := 0
	if rng.IntN(12) == 0 {
		turn = 180
	}
	b.add(s, "separator", codes, turn)
}

// letter adds a letter's pages, and sometimes the blank back of its last sheet.
func (b *batch) letter(p plan) {
	sheets, codes := p.write(b.rng, b.dpi())
	d, turn := p.truth(), 0
	if b.rng.IntN(5) == 0 {
		turn = pick(b.rng, []int{180, 180, 90, 270})
		if p.patchKept { // a patch code lies across the feed
			turn = 180
		}
	}
	for i, s := range sheets {
		b.add(s, "content", codes[i], turn)
		d.Pages = append(d.Pages, len(b.truth.Pages))
	}
	if p.blankBack {
		b.add(newSheet(b.dpi()), "blank", nil, 0)
	}
	b.truth.Documents = append(b.truth.Documents, d)
}

// add sends a side through feeder and scanner.
func (b *batch) add(s *sheet, kind string, codes []CodeTruth, turn int) {
	level := pick(b.rng, b.levels)
	w := wornAt(b.rng, level)
	g := lying(w.worn(b.rng, s), turn)
	if b.blackWhite() {
		g = w.bitonal(g)
	}
	if codes == nil {
		codes = []CodeTruth{}
	}
	b.sides = append(b.sides, side{g, w.quality})
	b.truth.Pages = append(b.truth.Pages, PageTruth{Kind: kind, Rot: turn, Codes: codes, Level: level, Skew: w.skew})
}
