package samples

import (
	"fmt"
	"math/rand/v2"

	"postroom/mail"
)

// slot is a place where codes are printed.
type slot struct {
	x, y    float64 // top left, or top right with right
	wide    float64 // room, millimetres
	right   bool
	upright bool // along the right edge
	foot    bool // the text must end above
}

var slots = []slot{
	{x: 198, y: 12, wide: 112, right: true},
	{x: 22, y: 258, wide: 95, foot: true},
	{x: 196, y: 258, wide: 70, right: true, foot: true},
	{x: 190, y: 95, wide: 140, upright: true},
}

// room takes a free slot that is wide enough; a code wider than all goes to the
// foot and takes that whole.
func room(rng *rand.Rand, free []slot, p printed) (slot, []slot, bool) {
	for _, i := range rng.Perm(len(free)) {
		if free[i].wide >= p.wide() && (!free[i].upright || p.linear()) {
			return free[i], append(append([]slot(nil), free[:i]...), free[i+1:]...), true
		}
	}
	var rest []slot
	feet := 0
	for _, f := range free {
		if f.foot {
			feet++
		} else {
			rest = append(rest, f)
		}
	}
	return slot{x: 15, y: 258, wide: 180, foot: true}, rest, feet == 2 && p.wide() <= 180
}

// placeCodes prints the page's codes, each in a place of its own, and tells those
// that matter.
func (w *writer) placeCodes(s *sheet, n int) (on []CodeTruth) {
	free := slots
	if n == 0 && w.form {
		free = slots[:3]
	}
	for _, p := range w.codesOf(n) {
		at, rest, ok := room(w.rng, free, p.printed)
		if !ok && p.foreign {
			continue
		}
		if !ok {
			panic(fmt.Sprintf("bug: made-up mail: no room for %s %q", p.name, p.text))
		}
		free = rest
		down := 0.0
		if at.y < 100 {
			down = w.down
		}
		switch {
		case at.upright:
			s.upright(p.printed, at.x, at.y+down)
			w.wide = min(w.wide, at.x-8-w.left)
		case at.right:
			s.code(p.printed, at.x-p.wide(), at.y+down)
		default:
			s.code(p.printed, at.x, at.y+down)
		}
		if !p.foreign {
			on = append(on, p.truth())
		}
	}
	return on
}

// placed is a code and whose it is.
type placed struct {
	printed
	foreign bool
}

// codesOf lists what stands on a page: the letter's own codes first.
func (w *writer) codesOf(n int) (all []placed) {
	add := func(k symbology, text string, mil int) {
		p := newPrinted(w.rng, k, text, mil, w.dpi)
		for p.wide() > 178 { // a code must fit on the paper
			k = symbologies[0]
			p = newPrinted(w.rng, k, text, 13, w.dpi)
		}
		all = append(all, placed{p, false})
	}
	if w.code != nil && (n == w.codePage || w.every) {
		add(w.symbology, w.code.reference, w.mil)
	}
	if w.second != nil && n == 0 {
		add(symbologyOf(mail.QR), w.second.reference, 0)
	}
	if w.control && n == 0 {
		add(symbologyOf(mail.QR), "PATCHT", 25)
	}
	for range w.foreign {
		if n == 0 || w.rng.IntN(2) == 0 {
			all = append(all, placed{w.foreignCode(), true})
		}
	}
	return all
}

// foreignCode is a code that every pile has and that must steer nothing: franking,
// payment, a registered letter, a parcel, a product.
func (w *writer) foreignCode() printed {
	rng := w.rng
	var k symbology
	text, mil, caption := "", 15, false
	switch rng.IntN(7) {
	case 0:
		k, text, mil = symbologyOf(mail.DataMatrix), fmt.Sprintf("DEA%08d%08d%06d", rng.IntN(1e8), rng.IntN(1e8), rng.IntN(1e6)), 20
	case 1:
		k, text = symbologyOf(mail.QR), fmt.Sprintf("BCD\n002\n1\nSCT\nKREDBEBB\n%s\nBE71096123456769\nEUR%d.50", pick(rng, people), 10+rng.IntN(900))
	case 2:
		k, text, caption = symbologyOf(mail.Code128), fmt.Sprintf("RR%s", registered(rng.IntN(1e8))), true
	case 3:
		k, text = symbologyOf(mail.EAN13), withCheckDigit(fmt.Sprintf("54%010d", rng.Int64N(1e10)))
	case 4:
		k, text, mil = symbologyOf(mail.ITF), withCheckDigit(fmt.Sprintf("%013d", rng.Int64N(1e13))), 20
	case 5:
		k, text, mil = symbologyOf(mail.Codabar), fmt.Sprintf("A%010dB", rng.Int64N(1e10)), 13
	default:
		k, text, mil = symbologyOf(mail.DataMatrix), fmt.Sprintf("JGB 0%043d", rng.Int64N(1e18)), 20
	}
	p := newPrinted(rng, k, text, mil, w.dpi)
	p.caption = caption
	return p
}

// registered gives a registered letter's number by UPU S10, without its service.
func registered(n int) string {
	text, sum := fmt.Sprintf("%08d", n), 0
	for i, w := range []int{8, 6, 4, 2, 3, 5, 9, 7} {
		sum += w * int(text[i]-'0')
	}
	return fmt.Sprintf("%s%dGB", text, []int{5, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1}[sum%11])
}

// withCheckDigit completes a GS1 number.
func withCheckDigit(digits string) string {
	sum := 0
	for i := range digits {
		sum += int(digits[len(digits)-1-i]-'0') * (3 - i%2*2)
	}
	return fmt.Sprintf("%s%d", digits, (10-sum%10)%10)
}
