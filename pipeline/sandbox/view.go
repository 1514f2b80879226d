package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"postroom/mail"
	"postroom/pipeline/scan"
)

// View is a page's picture for people: raw pixels, so that whoever encodes them parses
// none of a helper's bytes.
type View struct {
	Width   int      `json:"width"` // pixels
	Height  int      `json:"height"`
	Colours int      `json:"colours"` // bytes a pixel: 1 grey; 3 red, green, blue
	Pix     []byte   `json:"-"`       // row by row
	Refused *Refusal `json:"refused,omitempty"`
	Drawn   bool     `json:"drawn"` // by pdfium
}

// View has a helper decode a page and make it upright, and smaller where it is over the
// width, see scan.Viewing. A Refusal tells why there is no picture; an error is the
// machine's. key names f's content, as for Open.
func (p *Pool) View(ctx context.Context, f *os.File, key string, page int, o scan.Viewing) (View, error) {
	var v View
	err := twice(func() error {
		out, err := sealed(mostPixels(o.Width) * 3)
		if err != nil {
			return err
		}
		defer out.Close()
		v = View{}
		if err := p.ask(ctx, request{Op: "view", Key: key, Pages: []int{page}, View: &o}, []*os.File{f, out}, func(a answer) {
			if a.View != nil {
				v = *a.View
				p.expect(v.Drawn)
			}
		}); err != nil || v.Refused != nil {
			return err
		}
		v.Pix = make([]byte, v.Width*v.Height*v.Colours)
		_, err = out.ReadAt(v.Pix, 0)
		return err
	})
	if died, why := deathOf(err); died {
		return View{Refused: death(mail.UnreadablePage, why, err)}, nil
	}
	return v, err
}

// mostPixels is of a view that is width pixels across.
func mostPixels(width int) int64 { return 2 * int64(width) * int64(width) }

// sealed gives memory for a helper to write to, of a size that it can't change: pixels
// touch no disk, and who fills it fills nothing else.
func sealed(size int64) (*os.File, error) {
	fd, err := unix.MemfdCreate("view", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memory for a picture: %w", err)
	}
	f := os.NewFile(uintptr(fd), "view")
	if err = f.Truncate(size); err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("memory for a picture: %w", err), f.Close())
	}
	return f, nil
}

// check holds what a helper says of a view against what was asked for.
func (v View) check(o scan.Viewing) error {
	if v.Refused != nil {
		return nil
	}
	if v.Width < 1 || v.Height < 1 || v.Width > o.Width || v.Height > 2*o.Width || v.Colours != 1 && v.Colours != 3 {
		return fmt.Errorf("it answered a view of %d by %d pixels in %d colours", v.Width, v.Height, v.Colours)
	}
	return nil
}

// view shows a page. What is wrong with the file is a finding; an error is the output's.
func (h *bench) view(q request, files []*os.File) (View, error) {
	if len(files) < 2 || len(q.Pages) != 1 || q.View == nil {
		return View{}, errors.New("no output, page or view came with the request")
	}
	f, refused := h.file(q.Key, files[:1])
	if refused != nil {
		return View{Refused: refused}, nil
	}
	v, err := f.View(q.Pages[0], *q.View)
	if err != nil {
		return View{Refused: refusal(err)}, nil
	}
	_, err = files[1].Write(v.Pix)
	return View{Width: v.Width, Height: v.Height, Colours: v.Colours, Drawn: f.Drawn()}, err
}
