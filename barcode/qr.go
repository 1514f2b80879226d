package barcode

import (
	"math"

	qr "github.com/makiuchi-d/gozxing/qrcode/decoder"

	"postroom/mail"
)

// readFinders reads a QR code whose three finder patterns were found, by sampling
// its modules on the page itself: that stands more swelling and noise than
// gozxing's detector, which works on a picture already cut to black and white.
func (r *Reader) readFinders(p spot) (mail.Symbol, bool) {
	s := &r.sheet
	a, b, c := p.upright()
	a, b, c = s.centred(a), s.centred(b), s.centred(c)
	for _, k := range qrVersions(a, b, c) {
		l := qrLattice(a, b, c, 17+4*k)
		ks := knownQR(l.cols)
		if !s.scanned {
			l = s.leant(a, b, c, l)
		}
		if text, l, _, ok := s.readLattice(l, ks, decodeQR); ok {
			return mail.Symbol{Symbology: mail.QR, Text: text, Polygon: l.quad(), Module: l.module(), Confidence: 0.9}, true
		}
	}
	return mail.Symbol{}, false
}

// mostVersion is the largest version that is looked for by its frame alone.
const mostVersion = 10

// sureQR is more than any text agrees with the patterns of a QR code.
const sureQR = 0.6

// readQR reads a crop as a QR code by its frame: the size and the turn whose
// finder and timing patterns show best are sampled on the page. looks tells that
// they show, whether or not it was read.
func (r *Reader) readQR(c *crop) (sym mail.Symbol, read, looks bool) {
	s := &r.sheet
	for _, f := range c.frames() {
		if !c.square(f) {
			continue
		}
		var best lattice
		score := 0.35
		for version := 1; version <= mostVersion; version++ {
			dim := 17 + 4*version
			ks := knownQR(dim)
			for turn := range 4 {
				l, ok := c.lattice(f, turn, dim, dim)
				if !ok || l.module() < 1.3 {
					break
				}
				if k := s.agreement(l, ks); k > score {
					best, score = l, k
				}
			}
		}
		if best.cols == 0 {
			continue
		}
		text, l, agreed, ok := s.readLattice(best, knownQR(best.cols), decodeQR)
		if ok {
			return mail.Symbol{Symbology: mail.QR, Text: text, Polygon: l.quad(), Module: l.module()}, true, true
		}
		looks = looks || agreed > sureQR
	}
	return sym, false, looks
}

// upright gives the finder patterns as top left, top right, bottom left.
func (p spot) upright() (a, b, c finder) {
	a, b, c = p.corners[0], p.corners[1], p.corners[2]
	if (b.x-a.x)*(c.y-a.y)-(b.y-a.y)*(c.x-a.x) < 0 {
		b, c = c, b
	}
	return a, b, c
}

// qrVersions gives the versions that finder patterns so far apart may have, the
// likeliest first: 17 + 4 times the version is the number of modules across.
func qrVersions(a, b, c finder) []int {
	m := (a.module + b.module + c.module) / 3
	arm := (math.Hypot(b.x-a.x, b.y-a.y) + math.Hypot(c.x-a.x, c.y-a.y)) / 2
	likely := int(math.Round((arm/m + 7 - 17) / 4))
	var out []int
	for _, k := range [5]int{likely, likely - 1, likely + 1, likely - 2, likely + 2} {
		if k >= 1 && k <= 40 {
			out = append(out, k)
		}
	}
	return out
}

// qrLattice lays dim x dim modules by the middles of the finder patterns, which
// are 3.5 modules from the edges.
func qrLattice(a, b, c finder, dim int) lattice {
	return spanned(a.point(), b.point(), c.point(), dim-7, dim-7).widened(3.5)
}

// leant moves the fourth corner, which no finder pattern marks, by up to a quarter
// of the side, to where the known modules agree best: a camera's perspective.
func (s *sheet) leant(a, b, c finder, l lattice) lattice {
	ks := insideQR(l.cols)
	best, score := l, s.agreement(l, ks)
	reach := min(l.cols/4, 9)
	m := l.module()
	for y := -reach; y <= reach; y++ {
		for x := -reach; x <= reach; x++ {
			d := mail.Point{X: b.x + c.x - a.x + float64(x)*m, Y: b.y + c.y - a.y + float64(y)*m}
			t, ok := stretched(mail.Quad{a.point(), b.point(), d, c.point()}, l.cols-7, l.rows-7)
			if !ok {
				continue
			}
			t = t.widened(3.5)
			if k := s.agreement(t, ks); k > score {
				best, score = t, k
			}
		}
	}
	return best
}

func (f finder) point() mail.Point { return mail.Point{X: f.x, Y: f.y} }

func decodeQR(l lattice, tones []float64, threshold float64) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	bits := l.modules(tones, threshold)
	if bits == nil {
		return "", false
	}
	res, err := qr.NewDecoder().Decode(bits, nil)
	if err != nil || res.GetText() == "" || res.HasStructuredAppend() { // a part of a message is none
		return "", false
	}
	return res.GetText(), true
}

// centred moves a finder pattern's middle to the centre of its dark core.
func (s *sheet) centred(f finder) finder {
	for range 2 {
		var sum, sx, sy float64
		r := 2.2 * f.module
		for y := int(f.y - r); y <= int(f.y+r); y++ {
			for x := int(f.x - r); x <= int(f.x+r); x++ {
				dx, dy := float64(x)+0.5-f.x, float64(y)+0.5-f.y
				if dx*dx+dy*dy > r*r || x < 0 || y < 0 || x >= s.w || y >= s.h {
					continue
				}
				d := 255 - float64(s.pix[y*s.stride+x])
				sum, sx, sy = sum+d, sx+d*dx, sy+d*dy
			}
		}
		if sum > 0 {
			f.x, f.y = f.x+sx/sum, f.y+sy/sum
		}
	}
	return f
}
