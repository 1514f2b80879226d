package barcode

import (
	"math"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/aztec"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/qrcode"

	"postroom/mail"
)

// matrixDecoder reads one matrix symbology from a crop.
type matrixDecoder struct {
	symbology mail.Symbology
	reader    gozxing.Reader
	hints     map[gozxing.DecodeHintType]any
}

func (r *Reader) matrixDecoders() []matrixDecoder {
	var out []matrixDecoder
	if r.wants(mail.QR) {
		out = append(out, matrixDecoder{mail.QR, qrcode.NewQRCodeReader(),
			map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}})
	}
	if r.wants(mail.DataMatrix) {
		out = append(out, matrixDecoder{mail.DataMatrix, datamatrix.NewDataMatrixReader(), nil})
	}
	if r.wants(mail.Aztec) {
		out = append(out, matrixDecoder{mail.Aztec, aztec.NewAztecReader(), nil})
	}
	return out
}

// readMatrix finds and reads the matrix codes of the page.
func (r *Reader) readMatrix(m *merger) {
	stacked := r.wants(mail.PDF417)
	if len(r.matrix) == 0 && !stacked {
		return
	}
	s, g := &r.sheet, &r.grid
	finders := s.findFinders()
	var unread []spot
	for _, p := range s.groupFinders(finders) {
		if !r.wants(mail.QR) || s.effort.spent() || m.holds(p.quad(), ownPart) {
			continue
		}
		if s, ok := r.readFinders(p); ok {
			m.symbol(s)
		} else {
			unread = append(unread, p)
		}
	}
	r.fillGrid()
	if stacked {
		r.readPDF417(m)
	}
	if len(r.matrix) == 0 {
		return
	}
	g.cutRules(int(1.2 * s.workDPI() / gridCell))
	r.readBlobs(g.mark, true, finders, m)
	g.widen()
	r.readBlobs(g.wide, true, finders, m)
	g.sum()
	for _, reach := range [2]int{2, 4} {
		g.thicken(reach)
		r.readBlobs(g.dense, false, finders, m)
	}
	for _, p := range unread {
		if s.effort.spent() || m.holds(p.quad(), ownPart) {
			continue
		}
		if read, _ := r.readSpot(p, m); !read && p.timing > 0.45 {
			m.doubt(mail.Doubt{Looks: mail.LooksMatrix, Polygon: p.quad()})
		}
	}
}

// readBlobs tries every blob with a matrix code's texture: alone, or with all the
// ink in its box where the blob may be only the denser parts of a code.
func (r *Reader) readBlobs(mark []byte, alone bool, finders []finder, m *merger) {
	s := &r.sheet
	k := s.scale
	tried := 0
	for _, b := range r.grid.blobs(mark) {
		if s.effort.spent() {
			return
		}
		if tried == mostBlobs || !s.textured(b) {
			continue
		}
		p := spot{max(b.x0-gridCell, 0) * k, max(b.y0-gridCell, 0) * k, min(b.x1+gridCell, s.ww) * k, min(b.y1+gridCell, s.wh) * k, b.label, 0, [3]finder{}, 0}
		if m.holds(p.quad(), ownPart) {
			continue
		}
		tried++
		sure := false
		if !alone {
			p.label = 0
		}
		for _, f := range finders {
			if p.holds(f) {
				p.finders++
				if f.module >= 1.7*float64(k) {
					sure = true // no speck is that large
				}
			}
		}
		if read, looks := r.readSpot(p, m); !read && (looks || alone && s.solid(b) || p.square() && (p.finders >= 2 || sure) && !s.grain(b)) {
			m.doubt(mail.Doubt{Looks: mail.LooksMatrix, Polygon: p.quad()})
		}
	}
}

// holds tells whether a finder pattern lies in the spot, and is of the size that a
// QR code as large as the spot has.
func (p spot) holds(f finder) bool {
	side := float64(min(p.x1-p.x0, p.y1-p.y0))
	return f.x > float64(p.x0) && f.x < float64(p.x1) && f.y > float64(p.y0) && f.y < float64(p.y1) &&
		f.module*17 < side && f.module*200 > side
}

func (p spot) square() bool {
	w, h := p.x1-p.x0, p.y1-p.y0
	return w*2 < h*3 && h*2 < w*3
}

// readSpot tries binarizations from the gentlest on, until a decoder reads. looks
// tells that the spot is a matrix code, whether or not it was read.
func (r *Reader) readSpot(p spot, m *merger) (read, looks bool) {
	side := float64(max(p.x1-p.x0, p.y1-p.y0))
	zoom := math.Min(math.Max(math.Round(240/side), 1), 4)
	if side*zoom > 1000 {
		zoom = 1000 / side
	}
	c := r.cut(p, zoom, 24)
	var votes []mail.Symbol
	tries := 0
	vote := func(s mail.Symbol, ok bool) {
		tries++
		if ok {
			votes = append(votes, s)
		}
	}
	if r.wants(mail.DataMatrix) {
		s, ok, frame := r.readDataMatrix(c)
		looks = frame
		if ok || frame {
			vote(s, ok)
		}
	}
	proven := false // by an Aztec code's rings
	if r.wants(mail.Aztec) && p.square() {
		s, ok, rings := r.readAztec(c)
		looks = looks || rings
		if ok {
			proven = true
			vote(s, ok)
		}
	}
	if r.wants(mail.QR) && p.square() && len(votes) == 0 {
		s, ok, patterns := r.readQR(c)
		looks = looks || patterns
		if ok {
			vote(s, ok)
		}
	}
	vote(r.decodeCrop(c, 0))
	soft := c.blurred(max(1, int(zoom/2)))
	vote(r.decodeCrop(soft, 0))
	if len(votes) == 0 && (p.finders > 0 || p.square()) {
		vote(r.decodeCrop(soft, 25))
		vote(r.decodeCrop(soft, -25))
		vote(r.decodeCrop(c.blurred(max(2, int(zoom))), 0))
	}
	if len(votes) == 0 {
		return false, looks
	}
	for _, v := range votes[1:] {
		if v.Text != votes[0].Text || v.Symbology != votes[0].Symbology {
			return false, true
		}
	}
	s := votes[0]
	if s.Symbology == mail.Aztec && len(votes) < 2 && !proven {
		return false, true // its mode message has too few check bits for a single look
	}
	s.Confidence = float64(len(votes)) / float64(tries)
	m.symbol(s)
	return true, true
}

// decodeCrop asks every decoder for the crop cut at Otsu's threshold plus shift.
func (r *Reader) decodeCrop(c *crop, shift int) (mail.Symbol, bool) {
	if !r.sheet.effort.spend(perPixel * c.w * c.h) {
		return mail.Symbol{}, false
	}
	bits := c.bits(c.otsu() + shift)
	if bits == nil {
		return mail.Symbol{}, false
	}
	for _, d := range r.matrix {
		res := d.decode(bits)
		if res == nil || strings.TrimSpace(res.GetText()) == "" {
			continue
		}
		if _, part := res.GetResultMetadata()[gozxing.ResultMetadataType_STRUCTURED_APPEND_SEQUENCE]; part || d.symbology == mail.DataMatrix && startsPart(res.GetRawBytes()) {
			continue
		}
		q, module, ok := c.outline(d.symbology, res.GetResultPoints())
		if !ok {
			continue
		}
		return mail.Symbol{Symbology: d.symbology, Text: res.GetText(), Polygon: q, Module: module}, true
	}
	return mail.Symbol{}, false
}

// decode asks one decoder; it gives nil where gozxing finds nothing or breaks.
func (d matrixDecoder) decode(bits *gozxing.BinaryBitmap) (res *gozxing.Result) {
	defer func() {
		if recover() != nil {
			res = nil
		}
	}()
	d.reader.Reset()
	res, err := d.reader.Decode(bits, d.hints)
	if err != nil {
		return nil
	}
	return res
}

// outline turns gozxing's points into the corners on the page. A QR code's points
// are the centres of its finder patterns (bottom left, top left, top right), the
// others' are corners.
func (c *crop) outline(s mail.Symbology, points []gozxing.ResultPoint) (mail.Quad, float64, bool) {
	if len(points) < 3 {
		return mail.Quad{}, 0, false
	}
	at := func(i int) mail.Point {
		x, y := c.place(points[i].GetX(), points[i].GetY())
		return mail.Point{X: x, Y: y}
	}
	scale := math.Hypot(c.ux, c.uy)
	if s == mail.QR {
		bl, tl, tr := at(0), at(1), at(2)
		module := 0.0
		if f, ok := points[1].(interface{ GetEstimatedModuleSize() float64 }); ok {
			module = f.GetEstimatedModuleSize() * scale
		}
		return growQR(bl, tl, tr, module), module, true
	}
	if len(points) < 4 {
		return mail.Quad{}, 0, false
	}
	q := mail.Quad{at(0), at(1), at(2), at(3)}
	if s == mail.DataMatrix { // top left, bottom left, bottom right, top right
		q = mail.Quad{at(0), at(3), at(2), at(1)}
		turns := math.Max(c.turns(points[0], points[3]), c.turns(points[3], points[2]))
		return q, math.Max(dist(q[0], q[1]), dist(q[1], q[2])) / turns, true
	}
	// Half of the neighbouring modules of an Aztec code differ.
	turns := (c.turns(points[0], points[2]) + c.turns(points[1], points[3])) / 2
	return q, dist(q[0], q[2]) / math.Sqrt2 / (1.5 * turns), true
}

func dist(a, b mail.Point) float64 { return math.Hypot(a.X-b.X, a.Y-b.Y) }

// turns counts the changes between ink and paper between two points, at least one.
func (c *crop) turns(a, b gozxing.ResultPoint) float64 {
	n := int(math.Hypot(a.GetX()-b.GetX(), a.GetY()-b.GetY()))
	threshold := c.otsu()
	count, last := 0, -1
	for i := range n + 1 {
		t := float64(i) / float64(max(n, 1))
		x, y := int(a.GetX()+t*(b.GetX()-a.GetX())), int(a.GetY()+t*(b.GetY()-a.GetY()))
		if x < 0 || y < 0 || x >= c.w || y >= c.h {
			continue
		}
		v := 0
		if int(c.pix[y*c.w+x]) < threshold {
			v = 1
		}
		if v != last && last >= 0 {
			count++
		}
		last = v
	}
	return math.Max(1, float64(count))
}

// growQR grows the triangle of the finder patterns' centres by the 3.5 modules
// that lie around it.
func growQR(bl, tl, tr mail.Point, module float64) mail.Quad {
	ux, uy := tr.X-tl.X, tr.Y-tl.Y
	vx, vy := bl.X-tl.X, bl.Y-tl.Y
	lu, lv := math.Hypot(ux, uy), math.Hypot(vx, vy)
	if lu == 0 || lv == 0 {
		return mail.Quad{tl, tr, tr, bl}
	}
	k := 3.5 * module
	ux, uy, vx, vy = ux/lu*k, uy/lu*k, vx/lv*k, vy/lv*k
	br := mail.Point{X: tr.X + bl.X - tl.X, Y: tr.Y + bl.Y - tl.Y}
	return mail.Quad{
		{X: tl.X - ux - vx, Y: tl.Y - uy - vy}, {X: tr.X + ux - vx, Y: tr.Y + uy - vy},
		{X: br.X + ux + vx, Y: br.Y + uy + vy}, {X: bl.X - ux + vx, Y: bl.Y - uy + vy},
	}
}
