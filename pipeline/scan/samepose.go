package scan

import (
	"fmt"
	"math"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/structs"
)

// samePose tells whether page n and page m of the rendition are each one picture and
// nothing else that can be seen, in the same place, so that they need not be drawn: to
// decode a page's JPEG twice takes longer than all else. Both parsers have to say so;
// that the picture itself is the same, its digest says. Where they do not, it is
// drawing that tells.
func (f *pdfFile) samePose(rendition *pdfFile, n, m, turn int) (bool, error) {
	p, q := f.page(n), rendition.page(m)
	before, err := f.content(p.Dict)
	if err != nil {
		return false, err
	}
	after, err := rendition.content(q.Dict)
	if err != nil {
		return false, err
	}
	a, one := f.only(p, before)
	b, other := rendition.only(q, after)
	if !one || !other || *a.place != *b.place || *visible(p) != *visible(q) || (p.Rotate+turn-q.Rotate)%360 != 0 {
		return false, nil
	}
	x, err := f.doc.pose(n)
	if err != nil {
		return false, err
	}
	y, err := rendition.doc.pose(m)
	if err != nil {
		return false, err
	}
	if turn%180 != 0 {
		y.w, y.h = y.h, y.w
	}
	y.turn = (y.turn + 360 - turn) % 360
	return x.picture && y.picture && x.near(y), nil
}

// pose is how pdfium finds a page, and the last thing that is painted on it.
type pose struct {
	w, h    float64 // points, as shown
	turn    int     // degrees, clockwise
	picture bool    // what is painted last is a picture
	place   structs.FPDF_FS_MATRIX
}

// near allows for numbers that were written in other words.
func (p pose) near(q pose) bool {
	const slack = 0.01 // points
	m, o := p.place, q.place
	for _, d := range []float64{p.w - q.w, p.h - q.h, float64(m.A - o.A), float64(m.B - o.B), float64(m.C - o.C),
		float64(m.D - o.D), float64(m.E - o.E), float64(m.F - o.F)} {
		if !(math.Abs(d) < slack) {
			return false
		}
	}
	return p.turn == q.turn
}

func (d *document) pose(n int) (p pose, err error) {
	i, page := d.r.instance, requests.Page{ByIndex: &requests.PageByIndex{Document: d.ref, Index: n - 1}}
	fail := func(err error) (pose, error) { return p, fmt.Errorf("%w: page %d: %v", ErrUnreadable, n, err) }
	size, err := i.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: d.ref, Index: n - 1})
	if err != nil {
		return fail(err)
	}
	turned, err := i.FPDFPage_GetRotation(&requests.FPDFPage_GetRotation{Page: page})
	if err != nil {
		return fail(err)
	}
	p.w, p.h, p.turn = size.Width, size.Height, 90*int(turned.PageRotation)
	all, err := i.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: page})
	if err != nil || all.Count == 0 {
		return p, err
	}
	last, err := i.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: page, Index: all.Count - 1})
	if err != nil {
		return fail(err)
	}
	kind, err := i.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: last.PageObject})
	if err != nil || kind.Type != enums.FPDF_PAGEOBJ_IMAGE {
		return p, err
	}
	at, err := i.FPDFPageObj_GetMatrix(&requests.FPDFPageObj_GetMatrix{PageObject: last.PageObject})
	if err != nil {
		return fail(err)
	}
	p.picture, p.place = true, at.Matrix
	return p, nil
}
