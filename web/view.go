package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/web/access"
)

// pageView is a page as it is looked at: its picture, and over it the words that were
// read, to be selected and found, and marks on what counts. All is in pixels of the
// upright page.
type pageView struct {
	N             int
	Picture       string // path of the picture
	Width, Height int
	Lines         [][]wordView // so that what is copied has its lines
	Boxes         []boxView
	Weak          []lineView // under words that were hardly read, where a decision depends on them
	Failure       string
	Says          *mail.Saying // the failure, for other languages
	Told          bool         // the failure is in the visitor's language
	sight         pipeline.Sight
}

type wordView struct {
	X, Y, Size, Length int
	Text               string
	Weak               bool // hardly read
}

type boxView struct{ Class, Points, ID string }

type lineView struct{ X, Y, X2 int }

// weak is the confidence under which a word is marked as hardly read.
const weak = 0.6

// pageView gives a page of a batch. pictures is the path under which its pictures are.
func (d *desk) pageView(v *visit, batch string, page int, pictures string) (pageView, error) {
	s, err := d.Mailroom.Sight(v.Context(), batch, page)
	if errors.Is(err, pipeline.ErrNoSuch) {
		return pageView{N: page, Failure: v.t("page.unread"), Told: true}, nil
	}
	if err != nil {
		return pageView{}, err
	}
	p := pageView{N: page, Picture: pictures + strconv.Itoa(page) + "/screen", Width: s.Width, Height: s.Height, sight: s}
	if s.Width < 1 || s.Height < 1 {
		p.Failure, p.Says = s.Failure, s.Says
		return p, nil
	}
	for i, w := range s.Words {
		size := max(1, w.Box.Y1-w.Box.Y0)
		if i == 0 || w.Line != s.Words[i-1].Line {
			p.Lines = append(p.Lines, nil)
		}
		line := &p.Lines[len(p.Lines)-1]
		*line = append(*line, wordView{w.Box.X0, w.Box.Y1 - size/5, size, max(1, w.Box.X1-w.Box.X0), w.Text, w.Confidence < weak})
	}
	for _, doubt := range s.Doubts {
		p.Boxes = append(p.Boxes, boxView{Class: "doubt", Points: points(doubt.Polygon)})
	}
	return p, nil
}

// mark puts marks on the evidence of the page, whose polygons are of the page as scanned.
func (p *pageView) mark(evidence []mail.Evidence) {
	for _, e := range evidence {
		if e.Page == p.N && e.Polygon != (mail.Quad{}) {
			p.Boxes = append(p.Boxes, boxView{Class: "fact", Points: points(p.sight.Place(e.Polygon))})
		}
	}
}

// nearest is the place of a page among a letter's, or of the one that comes closest when it has
// no such page; -1 = none was asked for.
func nearest(pages []int, page int) int {
	if page <= 0 {
		return -1
	}
	at, _ := slices.BinarySearch(pages, page)
	return min(at, len(pages)-1)
}

// underlineWeak marks the words that were hardly read.
func (p *pageView) underlineWeak() {
	for _, line := range p.Lines {
		for _, w := range line {
			if w.Weak {
				p.Weak = append(p.Weak, lineView{w.X, w.Y + w.Size/5, w.X + w.Length})
			}
		}
	}
}

// hits puts marks on words by their places in the reading; now is the one that is looked at.
func (p *pageView) hits(words []int, now int) {
	for _, i := range words {
		if i < 0 || i >= len(p.sight.Words) {
			continue
		}
		b := boxView{Class: "hit", Points: points(p.sight.Words[i].Box.Quad())}
		if i == now {
			b.Class, b.ID = "hit now", "hit"
		}
		p.Boxes = append(p.Boxes, b)
	}
}

func points(q mail.Quad) string {
	var out strings.Builder
	for _, c := range q {
		fmt.Fprintf(&out, "%.0f,%.0f ", c.X, c.Y)
	}
	return strings.TrimSpace(out.String())
}

// sizes are the pictures' sizes by their names in paths.
func sizeOf(name string) (pipeline.PictureSize, bool) {
	switch name {
	case "thumb":
		return pipeline.Thumb, true
	case "screen":
		return pipeline.Screen, true
	case "full":
		return pipeline.Full, true
	}
	return 0, false
}

// picture answers with a page's picture. Whoever calls it has asked reach.
func (d *desk) picture(v *visit, batch string, page int) error {
	size, ok := sizeOf(v.PathValue("size"))
	if !ok {
		return errNotFound
	}
	return v.image(func(ctx context.Context) (pipeline.PagePicture, error) {
		return d.Mailroom.Picture(ctx, batch, page, size)
	})
}

// pictureWait is how long a picture is waited for. It is less than the server's time for
// an answer: a browser that is told to come again is better off than one that is cut off.
const pictureWait = 20 * time.Second

// image answers with a picture, or with a sign that there is none.
func (v *visit) image(of func(context.Context) (pipeline.PagePicture, error)) error {
	ctx, cancel := context.WithTimeout(v.Context(), pictureWait)
	defer cancel()
	pic, err := of(ctx)
	if errors.Is(err, context.DeadlineExceeded) && v.Context().Err() == nil {
		v.w.Header().Set("Retry-After", "10")
		return errBusy
	}
	var unseen *pipeline.Unseen
	if errors.As(err, &unseen) {
		v.w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = v.w.Write(v.desk.static.files["unseen.svg"]) // the browser may be gone
		return nil
	}
	if err != nil {
		return err
	}
	// Kept by this browser for a while, asked for again each time, and gone at sign-out. One that
	// is a page by itself is not kept: going back to it would show it without asking.
	h := v.w.Header()
	if v.Header.Get("Sec-Fetch-Dest") != "document" {
		h.Set("Cache-Control", "private, no-cache")
		h.Set("ETag", `"`+pic.Tag+`"`)
		if v.Header.Get("If-None-Match") == `"`+pic.Tag+`"` {
			v.w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.Set("Content-Type", pic.Type)
	h.Set("Content-Length", strconv.Itoa(len(pic.Bytes)))
	_, _ = v.w.Write(pic.Bytes) // the browser may be gone
	return nil
}

// documentPicture is a page of a letter that the visitor may see in a role.
func (d *desk) documentPicture(as access.Role) func(*visit) error {
	return func(v *visit) error {
		h, err := d.readable(v, as)
		if err != nil {
			return err
		}
		page, err := strconv.Atoi(v.PathValue("page"))
		if err != nil || page < h.From || page > h.To {
			return errNotFound
		}
		if _, err := d.looked(v, "document viewed", h.Document, false); err != nil {
			return err
		}
		return d.picture(v, h.Batch, page)
	}
}

// factMargin is what is shown around a fact, as a share of its longer side.
const factMargin = 0.15

// documentFact is the picture of a fact that decided, cut from its page.
func (d *desk) documentFact(as access.Role) func(*visit) error {
	return func(v *visit) error {
		h, err := d.readable(v, as)
		if err != nil {
			return err
		}
		line, err := d.Mailroom.Document(v.Context(), h.Document)
		if err != nil {
			return err
		}
		if masked(v.user, line) {
			return errNotFound
		}
		facts, err := d.Mailroom.Facts(v.Context(), h.Document)
		if err != nil {
			return err
		}
		i, err := strconv.Atoi(v.PathValue("fact"))
		if err != nil || i < 0 || i >= len(facts.Evidence) {
			return errNotFound
		}
		e := facts.Evidence[i]
		if e.Page < h.From || e.Page > h.To { // a page of another letter, as the pages were grouped before
			return errNotFound
		}
		if _, err := d.looked(v, "document viewed", h.Document, false); err != nil {
			return err
		}
		return v.image(func(ctx context.Context) (pipeline.PagePicture, error) {
			return d.Mailroom.Crop(ctx, h.Batch, e.Page, e.Polygon, factMargin)
		})
	}
}
