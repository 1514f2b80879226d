package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"postroom/mail"
	"postroom/pipeline/scan"
)

// Rendered tells how a rendition was made.
type Rendered struct {
	scan.Rendered
	Refused *Refusal `json:"refused,omitempty"` // why there is none; the rest is then empty
	// Mistaken tells of a Refusal that the file has other pages than were read.
	Mistaken bool `json:"mistaken,omitempty"`
}

// Render writes a searchable rendition of the PDF f to out, which is open for reading
// and writing and which it empties before; see scan.File.Render. key names f's content,
// as for Open. The order's Page is asked for each page in turn, and from the first again
// when a helper died by bad luck; it is called while a helper waits, and its readings
// travel one at a time, so that a page of thousands of words is no more than a page.
//
// A Refusal says in a sentence why there is no rendition: the file is signed, it can't be
// read, what was written would show something else, or helpers died over it; out is then
// empty. An error is the order's, or the machine's: out can't be written, no helper starts.
func (p *Pool) Render(ctx context.Context, f *os.File, key string, o scan.Order, out *os.File) (Rendered, error) {
	if o.Pages < 1 || o.Pages > p.cfg.Pages {
		return Rendered{}, fmt.Errorf("bug: a rendition of %d pages", o.Pages)
	}
	give := o.Page
	o.Page = func(n int) (scan.OrderPage, error) {
		page, err := give(n)
		page.Reading.Symbols, page.Reading.Doubts = nil, nil // a layer has words only
		return page, err
	}
	var done Rendered
	err := twice(func() error {
		if err := empty(out); err != nil {
			return err
		}
		return p.ask(ctx, request{Op: "render", Key: key, Order: &o}, []*os.File{f, out}, func(a answer) {
			if a.Rendered != nil {
				done = *a.Rendered
			}
		})
	})
	if died, why := deathOf(err); died {
		done, err = Rendered{Refused: death(mail.UnreadableFile, why, err)}, nil
	}
	switch {
	case err != nil:
		return Rendered{}, err
	case done.Refused != nil:
		return Rendered{Refused: done.Refused, Mistaken: done.Mistaken}, empty(out)
	case done.Pages == nil:
		return Rendered{}, errors.New("the helper answered without a rendition")
	}
	return done, nil
}

// check holds what a helper says of a rendition against the order.
func (r Rendered) check(q request) error {
	if r.Refused != nil {
		return nil
	}
	if q.Order == nil || len(r.Pages) != q.Order.Pages || r.PDFA != (r.Why == "") {
		return fmt.Errorf("it answered a rendition of %d pages", len(r.Pages))
	}
	for i, page := range r.Pages {
		known := page.Text == "" || page.Text == scan.NoWords || page.Text == scan.LaidWords || page.Text == scan.OwnWords
		if !known || page.Rotation%90 != 0 || page.Rotation < 0 || page.Rotation > 270 || page.Words < 0 || (page.Words > 0) != (page.Text == scan.LaidWords) {
			return fmt.Errorf("it answered a page %d that can't be", i+1)
		}
	}
	return nil
}

// render makes a rendition. What is wrong with the file is a finding; an error is the
// installation's.
func (h *bench) render(conn *net.UnixConn, q request, files []*os.File) (Rendered, error) {
	if len(files) < 2 || q.Order == nil {
		return Rendered{}, errors.New("no output or order came with the request")
	}
	f, refused := h.file(q.Key, files[:1])
	if refused != nil {
		return Rendered{Refused: refused}, nil
	}
	o := *q.Order
	o.Page = func(n int) (page scan.OrderPage, err error) {
		if err = send(conn, answer{Wants: n}); err == nil {
			err = receive(conn, &page)
		}
		if err != nil {
			err = &orderError{err}
		}
		return page, err
	}
	done, err := f.Render(o, files[1])
	var lost *orderError
	if errors.Is(err, scan.ErrOutput) || errors.As(err, &lost) {
		return Rendered{}, err
	}
	if err != nil {
		return Rendered{Refused: refusal(err), Mistaken: errors.Is(err, scan.ErrPages)}, nil
	}
	return Rendered{Rendered: done}, nil
}

// orderError is a page's order that did not come.
type orderError struct{ error }
