package pipeline

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/sandbox"
	"postroom/pipeline/scan"
)

// Viewer shows pages for people; sandbox.Pool is the real one: a pool of its own, so that
// mail is read while people look.
type Viewer interface {
	View(ctx context.Context, f *os.File, key string, page int, o scan.Viewing) (sandbox.View, error)
}

// Cache keeps pictures that can be made again; cache.Dir is the real one.
type Cache interface {
	Get(key string) ([]byte, bool)
	Put(key string, b []byte) error
}

// PictureSize says how large a page's picture is.
type PictureSize int

// The sizes of pictures. None is larger than the page was scanned.
const (
	Thumb  PictureSize = iota // at most 220 pixels across
	Screen                    // at most 1240
	Full                      // at most 2480: A4 at 300 dpi
)

// width is the most pixels across; twice as many down.
func (s PictureSize) width() int {
	return map[PictureSize]int{Thumb: 220, Screen: 1240, Full: 2480}[s]
}

func (s PictureSize) haste() haste {
	if s == Thumb {
		return soon
	}
	return atOnce
}

// cropWidth is the most pixels across of a crop.
const cropWidth = 900

// PagePicture is a picture for a browser.
type PagePicture struct {
	Bytes  []byte // encoded here, from pixels
	Type   string // image/jpeg or image/png
	Width  int    // pixels
	Height int
	Tag    string // names the picture: another page, size or turn has another (an HTTP ETag without its quotes)
}

// Unseen is a page of which there is no picture; its text says why.
type Unseen struct {
	Reason mail.Reason
	Why    string
}

func (u *Unseen) Error() string { return u.Why }

// Picture gives an upright picture of a page, in colour where the page has any. An error
// is *Unseen for a page that can't be shown, ErrNoSuch for one that is not there, or the
// machine's. Pictures are kept; the same one is made once, however many ask for it.
func (m *Mailroom) Picture(ctx context.Context, batch string, page int, size PictureSize) (PagePicture, error) {
	return m.seen(ctx, batch, page, size.width(), mail.Box{}, size.haste())
}

// Prepare makes pictures that someone will want soon: the next document's, or the strip
// of thumbnails that a browser is about to ask for. It gives way to those who wait, takes
// one helper at most, and ends with the context; what can't be shown is left out.
func (m *Mailroom) Prepare(ctx context.Context, batch string, pages []int, sizes ...PictureSize) error {
	for _, n := range pages {
		for _, size := range sizes {
			_, err := m.seen(ctx, batch, n, size.width(), mail.Box{}, ahead)
			var unseen *Unseen
			if err != nil && !errors.As(err, &unseen) {
				return err
			}
		}
	}
	return nil
}

// Crop gives a place of a page as a PNG, upright, at most 900 pixels across: evidence. The
// polygon is of the page as it was read; margin is added on each side, as a share of the
// polygon's longer side. Errors are Picture's.
func (m *Mailroom) Crop(ctx context.Context, batch string, page int, place mail.Quad, margin float64) (PagePicture, error) {
	return m.crop(ctx, batch, page, place, margin, atOnce)
}

// PrepareCrop is Prepare of a crop.
func (m *Mailroom) PrepareCrop(ctx context.Context, batch string, page int, place mail.Quad, margin float64) error {
	_, err := m.crop(ctx, batch, page, place, margin, ahead)
	var unseen *Unseen
	if errors.As(err, &unseen) {
		err = nil
	}
	return err
}

func (m *Mailroom) crop(ctx context.Context, batch string, page int, place mail.Quad, margin float64, h haste) (PagePicture, error) {
	x0, y0, x1, y1 := place.Bounds()
	pad := margin * max(x1-x0, y1-y0)
	whole := func(v float64) int { return int(max(0, min(v, math.MaxInt32))) }
	box := mail.Box{X0: whole(math.Floor(x0 - pad)), Y0: whole(math.Floor(y0 - pad)), X1: whole(math.Ceil(x1 + pad)), Y1: whole(math.Ceil(y1 + pad))}
	if box.X0 >= box.X1 || box.Y0 >= box.Y1 {
		return PagePicture{}, &Unseen{mail.UnreadablePage, "the place has no size"}
	}
	return m.seen(ctx, batch, page, cropWidth, box, h)
}

// pictureForm is part of the name of every kept picture: it grows when pictures are made
// in another way, so that none of the old ones is shown.
const pictureForm = 1

// seen gives a picture that is kept, or has it made.
func (m *Mailroom) seen(ctx context.Context, batch string, page, width int, crop mail.Box, h haste) (PagePicture, error) {
	b, err := m.batch(ctx, batch)
	if err != nil {
		return PagePicture{}, err
	}
	if b.Refused != nil {
		return PagePicture{}, &Unseen{b.Refused.Reason, b.Refused.Detail}
	}
	if page < 1 || page > b.Pages {
		return PagePicture{}, fmt.Errorf("page %d of batch %s: %w", page, batch, ErrNoSuch)
	}
	turn, err := m.turn(ctx, batch, page)
	if err != nil {
		return PagePicture{}, err
	}
	o := scan.Viewing{Turn: turn, Width: width, Crop: crop}
	key := pictureKey(b, page, o)
	if p, kept := m.kept(key); kept {
		return p, nil
	}
	of := fmt.Sprintf("%s/%d", b.SHA256, page)
	if why := m.gallery.refused(of, m.cfg.Now()); why != nil {
		return PagePicture{}, why
	}
	if larger := (scan.Viewing{Turn: turn, Width: Screen.width()}); width == Thumb.width() && m.gallery.join(ctx, pictureKey(b, page, larger), h) {
		if p, kept := m.kept(key); kept {
			return p, nil
		}
	}
	return m.gallery.get(ctx, key, b.SHA256, h, func(ctx context.Context) (PagePicture, error) {
		if p, kept := m.kept(key); kept { // since this one asked
			return p, nil
		}
		p, err := m.show(ctx, b, page, o)
		var unseen *Unseen
		if errors.As(err, &unseen) {
			m.gallery.refuse(of, unseen, m.cfg.Now())
		}
		if err == nil {
			p.Tag = tagOf(key)
			m.keepPicture(key, p)
		}
		return p, err
	})
}

// show has a helper decode a page.
func (m *Mailroom) show(ctx context.Context, b batchRow, page int, o scan.Viewing) (PagePicture, error) {
	if m.cfg.Viewer == nil {
		return PagePicture{}, errors.New("this mailroom shows no pictures")
	}
	f, err := m.blob(ctx, b.Blob)
	if errors.Is(err, fs.ErrNotExist) {
		return PagePicture{}, &Unseen{mail.UnreadableFile, "the scanner's file is gone"}
	}
	if err != nil {
		return PagePicture{}, err
	}
	defer f.Close()
	v, err := m.cfg.Viewer.View(ctx, f, b.SHA256, page, o)
	if err != nil {
		return PagePicture{}, fmt.Errorf("picture of batch %s, page %d: %w", b.ID, page, err)
	}
	if v.Refused != nil {
		return PagePicture{}, &Unseen{v.Refused.Reason, v.Refused.Detail}
	}
	if o == (scan.Viewing{Turn: o.Turn, Width: Screen.width()}) {
		m.keepThumb(b, page, o, v)
	}
	return encodePicture(v, o.Crop != (mail.Box{}))
}

// pictureKey is a picture's name in the cache.
func pictureKey(b batchRow, page int, o scan.Viewing) string {
	return fmt.Sprintf("picture %d of %s, page %d: %+v", pictureForm, b.SHA256, page, o)
}

// keepThumb makes the thumbnail of a page whose larger picture was made: to decode the page
// is most of what either costs, and whoever looks at it is mostly shown both.
func (m *Mailroom) keepThumb(b batchRow, page int, o scan.Viewing, v sandbox.View) {
	o.Width = Thumb.width()
	key := pictureKey(b, page, o)
	if _, kept := m.kept(key); kept || m.cfg.Pictures == nil {
		return
	}
	if p, err := encodePicture(smaller(v, o.Width), false); err == nil {
		m.keepPicture(key, p)
	}
}

// turn tells how far a page is turned, clockwise in degrees, to be upright: 0, 90, 180 or
// 270. Pictures and words follow this one function.
func (m *Mailroom) turn(ctx context.Context, batch string, page int) (int, error) {
	var row pageRow
	var said *turnRow
	err := m.journal.View(ctx, func(r journal.Reader) (err error) {
		said, err = turnOf(r, batch, page)
		if err != nil || said != nil {
			return err
		}
		row, err = load[pageRow](r, tablePage, pageKey(batch, page))
		return err
	})
	switch {
	case errors.Is(err, ErrNoSuch):
		return 0, nil // it is not read yet
	case err != nil:
		return 0, err
	case said != nil:
		return said.Degrees, nil
	}
	return m.rotation(ctx, row)
}

// turnOf gives a person's word on which way a page is up; nil = nobody said one.
func turnOf(r journal.Reader, batch string, page int) (*turnRow, error) {
	said, err := journal.Load[turnRow](r, tableTurn, pageKey(batch, page))
	if errors.Is(err, journal.ErrNotFound) {
		return nil, nil
	}
	return &said, err
}

// rotation is what the machine saw. A portion of pages is read once for all of them:
// pictures come one by one.
func (m *Mailroom) rotation(ctx context.Context, row pageRow) (int, error) {
	all, known := m.gallery.turns(row.Readings)
	if !known {
		var err error
		if all, err = m.rotations(ctx, row.Readings); errors.Is(err, fs.ErrNotExist) {
			return 0, nil // what was read is gone; the page is not
		} else if err != nil {
			return 0, err
		}
		m.gallery.keepTurns(row.Readings, all)
	}
	if row.Index >= len(all) {
		return 0, fmt.Errorf("the readings %.12s have no page %d", row.Readings.SHA256, row.Index)
	}
	return all[row.Index], nil
}

// rotations reads no more of a portion than its pages' turns.
func (m *Mailroom) rotations(ctx context.Context, portion journal.Ref) (all []int, err error) {
	f, err := m.blob(ctx, portion)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var readings []struct {
		Rotation int `json:"rotation"`
	}
	err = json.NewDecoder(f).Decode(&readings)
	for _, r := range readings {
		all = append(all, r.Rotation)
	}
	return all, err
}

// kept gives a picture from the cache.
func (m *Mailroom) kept(key string) (p PagePicture, ok bool) {
	if m.cfg.Pictures == nil {
		return p, false
	}
	text, ok := m.cfg.Pictures.Get(key)
	const head = 9
	if !ok || len(text) < head {
		return p, false
	}
	p = PagePicture{Type: typeJPEG, Width: int(binary.BigEndian.Uint32(text[1:])), Height: int(binary.BigEndian.Uint32(text[5:])), Bytes: text[head:], Tag: tagOf(key)}
	if text[0] == 'P' {
		p.Type = typePNG
	}
	return p, true
}

// keepPicture puts a picture into the cache, unless the disk's reserve would have to give
// way. That it can't be kept only costs the next one who asks.
func (m *Mailroom) keepPicture(key string, p PagePicture) {
	if m.cfg.Pictures == nil || m.space.lacks(m.space.left(), int64(len(p.Bytes))) {
		return
	}
	text := []byte{'J'}
	if p.Type == typePNG {
		text[0] = 'P'
	}
	text = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(text, uint32(p.Width)), uint32(p.Height))
	err := m.cfg.Pictures.Put(key, append(text, p.Bytes...))
	if was := m.gallery.troubled.Swap(err != nil); err != nil && !was {
		m.cfg.Log.Warn("pictures of pages can't be kept, and are made each time", "error", err)
	}
}
