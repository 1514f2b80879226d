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

// reading is what one scan line said.
type reading struct {
	symbology mail.Symbology
	text      string
	x0, x1    int  // the bars that were read, quiet zones excluded, samples
	reversed  bool // read from right to left
	module    float64
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

// block is a stretch of a scan line between two quiet zones.
type block struct {
	from, to int // indexes of the first and last bar's runs
	x0, x1   int // samples
	bars     int
	narrow   float64
}

// quietModules is the width of a gap that ends a code, in narrow elements: more
// than any space inside a code, less than the quiet zones that printers leave.
const quietModules = 6.5

// blocks cuts runs at the quiet zones.
func (rs runs) blocks() []block {
	narrow := rs.narrow()
	var out []block
	x := rs[0]
	cur := block{from: 1, x0: x}
	for i := 1; i < len(rs); i += 2 {
		end := x + rs[i]
		last := i+2 >= len(rs)
		if last || float64(rs[i+1]) > quietModules*narrow {
			cur.to, cur.x1, cur.bars, cur.narrow = i, end, (i-cur.from)/2+1, narrow
			out = append(out, cur)
			if !last {
				cur = block{from: i + 2, x0: end + rs[i+1]}
			}
		}
		if !last {
			x = end + rs[i+1]
		}
	}
	return out
}

// bits gives a block as gozxing's bits, in white paper.
func (b block) bits(rs runs, reversed bool) *gozxing.BitArray {
	pad := int(20*b.narrow) + 20
	row := gozxing.NewBitArray(b.x1 - b.x0 + 2*pad)
	x := pad
	for i := b.from; i <= b.to; i++ {
		w := rs[i]
		if reversed {
			w = rs[b.to-(i-b.from)]
		}
		if (i-b.from)%2 == 0 {
			_ = row.SetRange(x, x+w)
		}
		x += w
	}
	return row
}

// accept refuses results that don't span their block from quiet zone to quiet
// zone: a short read out of a longer code starts or ends among bars.
func (r *Reader) accept(res *gozxing.Result, b block, size int, reversed bool) (reading, bool) {
	sym, ok := linearFormats[res.GetBarcodeFormat()]
	points := res.GetResultPoints()
	text := res.GetText()
	if !ok || !r.wants(sym) || len(points) < 2 || len(text) < leastText(sym) {
		return reading{}, false
	}
	modules := modulesOf(sym, text)
	if modules == 0 {
		return reading{}, false
	}
	pad := int(20*b.narrow) + 20
	width := float64(b.x1 - b.x0)
	module := math.Max(width/modules, b.narrow)
	// gozxing reports the middles of the guards.
	reach := 9 * module
	if sym == mail.ITF {
		reach = 6 * module
	}
	left, right := points[0].GetX()-float64(pad), points[1].GetX()-float64(pad)
	if left > reach || width-right > reach+6*module || left < -2*module || right > width+2*module {
		return reading{}, false
	}
	return reading{sym, text, b.x0, b.x1, reversed, module}, true
}

// leastText is the shortest text that is believed.
func leastText(s mail.Symbology) int {
	switch s {
	case mail.Code39, mail.Code93:
		return 2
	case mail.Codabar:
		return 4
	case mail.ITF:
		return 6
	}
	return 1
}

// modulesOf estimates how many modules wide a code of that text is, guards included.
func modulesOf(s mail.Symbology, text string) float64 {
	n := float64(len(text))
	switch s {
	case mail.Code128:
		return 11*n + 35 // at most: digit pairs take half
	case mail.Code39:
		return 14 * (n + 2)
	case mail.Code93:
		return 9*(n+4) + 1
	case mail.ITF:
		return 8*n + 9
	case mail.Codabar:
		return 11 * (n + 2)
	case mail.EAN13, mail.UPCA:
		return 95
	case mail.EAN8:
		return 67
	}
	return 0
}

// ballot holds the readings of each scan line.
type ballot [][]reading

// candidate is a text with its votes.
type candidate struct {
	reading
	votes int
}

// best is the number of lines that agree on the commonest text.
func (b ballot) best() int {
	most := 0
	for _, c := range b.candidates() {
		most = max(most, c.votes)
	}
	return most
}

func (b ballot) candidates() []candidate {
	var out []candidate
	for _, line := range b {
		for _, rd := range line {
			k := -1
			for i, c := range out {
				if c.symbology == rd.symbology && c.text == rd.text && c.overlaps(rd) {
					k = i
				}
			}
			if k < 0 {
				out = append(out, candidate{reading: rd})
				k = len(out) - 1
			}
			out[k].votes++
		}
	}
	return out
}

// overlaps tells whether two readings lie on the same bars.
func (rd reading) overlaps(o reading) bool {
	return min(rd.x1, o.x1)-max(rd.x0, o.x0) > min(rd.x1-rd.x0, o.x1-o.x0)/2
}

// leastVotes is how many scan lines must agree: more where no check digit helps.
func leastVotes(s mail.Symbology) int {
	switch s {
	case mail.Code128, mail.Code93, mail.EAN13, mail.UPCA:
		return 2
	}
	return 3
}

// verdict gives the candidates that enough lines agree on and none contradicts,
// and whether any line contradicted.
func (b ballot) verdict(lines int) (symbols []candidate, contradiction bool) {
	all := b.candidates()
	for i, c := range all {
		agreed := c.votes >= leastVotes(c.symbology)
		for j, o := range all {
			if i != j && c.overlaps(o.reading) {
				agreed = false
				if c.votes >= 2 || o.votes >= 2 {
					contradiction = true
				}
			}
		}
		if agreed {
			symbols = append(symbols, c)
		}
	}
	return symbols, contradiction
}

// symbol turns a candidate into a symbol on the page.
func (c candidate) symbol(l line, b bars) mail.Symbol {
	h := b.height / 2
	p := func(i int, v float64) mail.Point {
		x, y := l.point(float64(i), v)
		return mail.Point{X: x, Y: y}
	}
	q := mail.Quad{p(c.x0, -h), p(c.x1, -h), p(c.x1, h), p(c.x0, h)}
	if c.reversed {
		q = mail.Quad{q[2], q[3], q[0], q[1]}
	}
	return mail.Symbol{Symbology: c.symbology, Text: c.text, Polygon: q,
		Module: c.module * l.step, Confidence: math.Min(1, float64(c.votes)/scanLines)}
}

// likeness is the median correlation of scan lines at different heights.
func likeness(lines []profile) float64 {
	at := [4]int{1, 4, 7, 10}
	var all []float64
	for i := range at {
		for j := range i {
			all = append(all, correlation(lines[at[i]], lines[at[j]]))
		}
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// correlation is Pearson's.
func correlation(a, b profile) float64 {
	var sa, sb, aa, bb, ab float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		sa, sb, aa, bb, ab = sa+x, sb+y, aa+x*x, bb+y*y, ab+x*y
	}
	n := float64(len(a))
	va, vb := aa-sa*sa/n, bb-sb*sb/n
	if va <= 0 || vb <= 0 {
		return 0
	}
	return (ab - sa*sb/n) / math.Sqrt(va*vb)
}

// looksLinear tells whether bars that gave no text are a linear code all the same:
// many bars of more than one width on most scan lines.
func looksLinear(lines []profile, b bars, dpi float64) bool {
	if b.height < 0.1*dpi || b.length < 0.5*dpi || b.length < b.height/2 {
		return false
	}
	var rs runs
	good := 0
	for _, p := range lines {
		lo, hi := envelope(p, max(len(p)/20, 40))
		rs = p.threshold(lo, hi, 0.5, rs)
		for _, k := range rs.blocks() {
			if k.bars >= 14 && k.varied(rs) {
				good++
				break
			}
		}
	}
	return good >= len(lines)/2
}

// varied tells whether the bars and spaces of a block have narrow and wide
// elements, as every linear code but the postal four-state codes has.
func (b block) varied(rs runs) bool {
	wide, n := 0, 0
	for i := b.from; i < b.to; i++ {
		n++
		if float64(rs[i]) > 1.6*b.narrow {
			wide++
		}
	}
	return wide*8 >= n && wide*8 <= n*7
}
