package barcode

import (
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
			if r.sheet.effort.spent() {
				return
			}
			if m.holds(b.quad(), mostPart) || r.readBars(b, m) {
				continue
			}
			before := len(m.symbols)
			for _, band := range b.bands(r.sheet.dpi) {
				if r.sheet.effort.spent() {
					break
				}
				r.readBars(band, m)
			}
			m.uniteBands(before)
		}
		cw, ch = r.coarser(cw, ch)
	}
}

// Heights, inches: of a piece of a code that was widened, at least; and of any code that
// is printed as the standards have it (5 mm), while a few words side by side, whose
// letters look alike from top to foot, are as high as a line.
const (
	leastPiece = 0.35
	leastCode  = 0.2
)

// readBars reads one place: every scan line votes. A place from which the bars run
// on is read again, wider. looks tells that the place is a code, whether or not it
// was read.
func (r *Reader) readBars(b bars, m *merger) (looks bool) {
	s := &r.sheet
	var doubts []mail.Quad
	for try := range 3 {
		var l line
		var lines []profile
		var ok bool
		if b, l, lines, ok = s.scan(b); !ok {
			break
		}
		alike := likeness(lines)
		if alike < 0.35 {
			break // text or a picture: bars look alike at all heights
		}
		looks = true
		symbols, contradiction := r.elect(lines, alike)
		// A piece of a code is wide enough only later. Lines of large letters look
		// alike, too, but are less high.
		least := leastPiece * s.dpi
		if len(symbols) > 0 || try == 0 {
			least = 0
		}
		sure := 0.65
		if b.height < leastCode*s.dpi {
			sure = 0.75
		}
		if len(symbols) > 0 || alike >= sure && b.height >= least {
			var high []mail.Quad
			all := unread(lines, symbols, b, s.dpi)
			for _, u := range all {
				if b.height/scanLines*float64(u.last-u.first+1) >= least {
					high = append(high, b.stretch(l, u))
				}
			}
			if len(all) == 0 || len(high) > 0 { // low ones don't take an earlier doubt back
				doubts = high
			}
		}
		if contradiction {
			m.conflict(b.quad()) // no second look may outvote it
			doubts = append(doubts, b.quad())
		}
		for _, c := range symbols {
			if s.quietOnPage(c, l) {
				m.symbol(c.symbol(l, b))
			} else {
				doubts = append(doubts, c.symbol(l, b).Polygon)
			}
		}
		if len(symbols) > 0 || contradiction || !lines[scanLines/2].cutOff() {
			break
		}
		b.length += b.length/2 + s.dpi
	}
	for _, q := range doubts {
		m.doubt(mail.Doubt{Looks: mail.LooksLinear, Polygon: q}) // dropped where a symbol was read
	}
	return looks
}

// surelyAlike is how alike the scan lines of a linear code are at least, whose
// modules are looked for one by one.
const surelyAlike = 0.8

// elect has the scan lines vote, which are alike to so much.
func (r *Reader) elect(lines []profile, alike float64) (symbols []candidate, contradiction bool) {
	votes := r.vote(lines)
	if votes.best() < scanLines/2 {
		// Streaks and specks: the medians of thirds vote as well.
		votes = append(votes, r.vote([]profile{medianOf(lines[:4]), medianOf(lines[4:8]), medianOf(lines[8:])})...)
	}
	if votes.best() < 3 {
		// Swollen or noisy print: so do their means, in which closed gaps show as grey.
		votes = append(votes, r.vote([]profile{meanOf(lines[:4]), meanOf(lines[4:8]), meanOf(lines[8:])})...)
	}
	if votes.best() == 0 && alike >= surelyAlike {
		// Modules of hardly more than a pixel: so do their means' likeliest sequences.
		for k := 0; k < scanLines; k += scanLines / 3 {
			votes = append(votes, r.readSequence(meanOf(lines[k:k+scanLines/3])))
		}
	}
	return votes.verdict()
}

// readSequence reads the likeliest modules of a scan line.
func (r *Reader) readSequence(p profile) []reading {
	for _, rs := range p.sequences(&r.sheet.effort) {
		if found := r.readRuns(rs); len(found) > 0 {
			return found
		}
	}
	return nil
}

// quietOnPage tells whether the quiet zones of an ITF code lie on the picture: it
// ends in no sign of its own, and cut by the picture's edge it may pass for a shorter one.
func (s *sheet) quietOnPage(c candidate, l line) bool {
	if c.symbology != mail.ITF {
		return true
	}
	for _, i := range [2]float64{float64(c.x0) - 3*c.module, float64(c.x1) + 3*c.module} {
		if x, y := l.point(i, 0); x < 0 || y < 0 || x > float64(s.w) || y > float64(s.h) {
			return false
		}
	}
	return true
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
		if b.bars < 10 || b.cut {
			continue
		}
		if !r.sheet.effort.spend(perBar * b.bars) {
			break
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
