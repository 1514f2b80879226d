package barcode

import (
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"

	"postroom/mail"
)

// lineDecoder reads one scan line as one family of symbologies.
type lineDecoder struct {
	row   oned.RowDecoder
	hints map[gozxing.DecodeHintType]any
}

// lineDecoders builds gozxing's decoders of the linear symbologies that are wanted.
func (r *Reader) lineDecoders() []lineDecoder {
	var out []lineDecoder
	add := func(d gozxing.Reader, hints map[gozxing.DecodeHintType]any) {
		out = append(out, lineDecoder{d.(oned.RowDecoder), hints})
	}
	plain := map[gozxing.DecodeHintType]any{}
	if r.wants(mail.Code128) {
		add(oned.NewCode128Reader(), plain)
	}
	if r.wants(mail.Code39) {
		add(oned.NewCode39Reader(), plain)
	}
	if r.wants(mail.Code93) {
		add(oned.NewCode93Reader(), plain)
	}
	if r.wants(mail.ITF) {
		add(oned.NewITFReader(), map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_ALLOWED_LENGTHS: r.itfLengths()})
	}
	if r.wants(mail.Codabar) {
		add(oned.NewCodaBarReader(), plain)
	}
	var upc []gozxing.BarcodeFormat
	for _, f := range [3]gozxing.BarcodeFormat{gozxing.BarcodeFormat_EAN_13,
		gozxing.BarcodeFormat_EAN_8, gozxing.BarcodeFormat_UPC_A} {
		if r.wants(linearFormats[f]) {
			upc = append(upc, f)
		}
	}
	if len(upc) > 0 {
		hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_POSSIBLE_FORMATS: upc}
		add(oned.NewMultiFormatUPCEANReader(hints), hints)
	}
	return out
}

// itfLengths gives the digit counts that ITF may have.
func (r *Reader) itfLengths() []int {
	if len(r.config.ITFLengths) > 0 {
		return r.config.ITFLengths
	}
	var out []int
	for n := 6; n <= 80; n += 2 {
		out = append(out, n)
	}
	return out
}

// linearFormats maps gozxing's names to ours.
var linearFormats = map[gozxing.BarcodeFormat]mail.Symbology{
	gozxing.BarcodeFormat_CODE_128: mail.Code128,
	gozxing.BarcodeFormat_CODE_39:  mail.Code39,
	gozxing.BarcodeFormat_CODE_93:  mail.Code93,
	gozxing.BarcodeFormat_ITF:      mail.ITF,
	gozxing.BarcodeFormat_CODABAR:  mail.Codabar,
	gozxing.BarcodeFormat_EAN_13:   mail.EAN13,
	gozxing.BarcodeFormat_EAN_8:    mail.EAN8,
	gozxing.BarcodeFormat_UPC_A:    mail.UPCA,
}

// scanLines is how many heights of a code are read.
const scanLines = 12

// readLinear finds and reads the linear codes of the page.
func (r *Reader) readLinear(m *merger) {
	if len(r.linear) == 0 {
		return
	}
	cw, ch := r.gradients()
	for side := barCell; side <= 2*barCell; side *= 2 {
		for _, b := range r.findBars(cw, ch, side) {
			if !m.holds(b.quad()) {
				r.readBars(b, m)
			}
		}
		cw, ch = r.coarser(cw, ch)
	}
}

// readBars reads one place: every scan line votes.
func (r *Reader) readBars(b bars, m *merger) {
	s := &r.sheet
	b, l, lines := s.scan(b)
	alike := likeness(lines)
	if alike < 0.35 {
		return // text or a picture: bars look alike at all heights
	}
	votes := r.vote(lines)
	if votes.best() < scanLines/2 {
		// Streaks and specks: the medians of thirds vote as well.
		votes = append(votes, r.vote([]profile{medianOf(lines[:4]), medianOf(lines[4:8]), medianOf(lines[8:])})...)
	}
	if votes.best() < 3 {
		// Swollen or noisy print: so do their means, in which closed gaps show as grey.
		votes = append(votes, r.vote([]profile{meanOf(lines[:4]), meanOf(lines[4:8]), meanOf(lines[8:])})...)
	}
	symbols, contradiction := votes.verdict(scanLines)
	for _, c := range symbols {
		m.symbol(c.symbol(l, b))
	}
	if contradiction || len(symbols) == 0 && alike >= 0.65 && looksLinear(lines, b, s.dpi) {
		m.doubt(mail.Doubt{Looks: mail.LooksLinear, Polygon: b.quad()})
	}
}

// scan reads the scan lines of a place, laid exactly across its bars. The gradient
// overrates the lean of narrow bars, so the lean is measured again by how far the
// lines must be moved to match: first near ones, then distant ones.
func (s *sheet) scan(b bars) (bars, line, []profile) {
	var l line
	lines := make([]profile, scanLines)
	rows := min(max(int(b.height/scanLines), 1), 9)
	gap := b.height * 0.9 / scanLines
	for round := range 3 {
		l = s.lineOf(b)
		for k := range lines {
			lines[k] = s.sample(l, gap*(float64(k)+0.5-scanLines/2), rows, lines[k])
		}
		switch round {
		case 0:
			b.angle += leanOf(lines, 2, gap, 0.1, l.step)
		case 1:
			b.angle += leanOf(lines, 8, gap, 0.02, l.step)
		}
	}
	return b, l, lines
}

// leanOf is the angle, radians and at most most, by which bars lean against the
// scan lines: the median over the pairs of lines that stand apart by apart lines.
func leanOf(lines []profile, apart int, gap, most, step float64) float64 {
	reach := int(math.Ceil(float64(apart)*gap*most/step)) + 1
	var all []float64
	for k := 1; k+apart < len(lines)-1; k++ {
		all = append(all, shift(lines[k], lines[k+apart], reach))
	}
	slices.Sort(all)
	d := (all[len(all)/2] + all[(len(all)-1)/2]) / 2 * step
	// Bars that move right further down run along (d, apart*gap): the page's lines must turn the other way.
	return -math.Atan2(d, float64(apart)*gap)
}

// shift is by how many samples b must be moved left to match a best.
func shift(a, b profile, reach int) float64 {
	if len(a) <= 4*reach {
		return 0
	}
	scores := make([]float64, 2*reach+1)
	best := 0
	for i := range scores {
		d := i - reach
		scores[i] = correlation(a[reach:len(a)-reach], b[reach+d:len(b)-reach+d])
		if scores[i] > scores[best] {
			best = i
		}
	}
	at := float64(best - reach)
	if best > 0 && best < len(scores)-1 {
		l, m, r := scores[best-1], scores[best], scores[best+1]
		if c := l - 2*m + r; c < 0 {
			at += 0.5 * (l - r) / c
		}
	}
	return at
}

// quad gives the corners of a place with bars.
func (b bars) quad() mail.Quad {
	sin, cos := math.Sincos(b.angle)
	var q mail.Quad
	for i, c := range [4][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
		u, v := c[0]*b.length/2, c[1]*b.height/2
		q[i] = mail.Point{X: b.cx + u*cos - v*sin, Y: b.cy + u*sin + v*cos}
	}
	return q
}

// vote reads every profile. Each gives at most one reading per place and text.
func (r *Reader) vote(lines []profile) ballot {
	var all ballot
	for _, p := range lines {
		all = append(all, r.readProfile(p))
	}
	return all
}

// readProfile reads one scan line by the gentlest binarization that gives anything.
func (r *Reader) readProfile(p profile) []reading {
	radius := max(len(p)/20, 40)
	lo, hi := envelope(p, radius)
	rs := p.threshold(lo, hi, 0.5, nil)
	if len(rs) < 16 {
		return nil
	}
	narrow := rs.narrow()
	if found := r.readRuns(rs); len(found) > 0 {
		return found
	}
	if found := r.readRuns(rs.despeckled(0.45 * narrow)); len(found) > 0 {
		return found
	}
	if found := r.readRuns(rs.evened()); len(found) > 0 {
		return found
	}
	for _, share := range [4]float32{0.38, 0.62, 0.25, 0.75} {
		rs = p.threshold(lo, hi, share, rs)
		if found := r.readRuns(rs); len(found) > 0 {
			return found
		}
		if found := r.readRuns(rs.evened()); len(found) > 0 {
			return found
		}
	}
	q := sharpen(p, max(int(narrow), 2))
	lo, hi = envelope(q, radius)
	rs = q.threshold(lo, hi, 0.5, rs)
	if found := r.readRuns(rs); len(found) > 0 {
		return found
	}
	return r.readRuns(rs.evened())
}

// readRuns hands a scan line to every decoder, in both directions. A line is cut
// at its quiet zones first: each piece must be one whole code.
func (r *Reader) readRuns(rs runs) []reading {
	var found []reading
	for _, b := range rs.blocks() {
		if b.bars < 10 {
			continue
		}
		for _, reversed := range [2]bool{false, true} {
			row := b.bits(rs, reversed)
			for _, d := range r.linear {
				if res := d.decode(row); res != nil {
					if rd, ok := r.accept(res, b, row.GetSize(), reversed); ok {
						found = append(found, rd)
					}
				}
			}
		}
	}
	return found
}

// decode asks one decoder; it gives nil where gozxing finds nothing or breaks.
func (d lineDecoder) decode(row *gozxing.BitArray) (res *gozxing.Result) {
	defer func() {
		if recover() != nil {
			res = nil
		}
	}()
	res, err := d.row.DecodeRow(0, row, d.hints)
	if err != nil {
		return nil
	}
	return res
}
