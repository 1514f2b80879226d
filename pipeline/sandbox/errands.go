package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"postroom/mail"
	"postroom/ocr"
)

// Whole tells whether a file is structurally complete: "" or what is missing.
func (p *Pool) Whole(ctx context.Context, f *os.File) (missing string, err error) {
	err = p.ask(ctx, request{Op: "whole"}, []*os.File{f}, func(a answer) { missing = a.Whole })
	if errors.Is(err, errDied) {
		return "", nil // taken as it is: its death shows again when it is opened, with a reason
	}
	return missing, err
}

// Open counts a file's pages. A helper that dies over the file is a Refusal.
// key names the content (its digest), so that a helper can keep the file open; with
// "" it is opened by a helper that has seen no file, and sees no other.
func (p *Pool) Open(ctx context.Context, f *os.File, key string) (Contents, error) {
	var c Contents
	err := twice(func() error {
		return p.ask(ctx, request{Op: "open", Key: key}, []*os.File{f}, func(a answer) {
			if a.Contents != nil {
				c = *a.Contents
			}
		})
	})
	if died, why := deathOf(err); died {
		return Contents{Refused: death(mail.UnreadableFile, why, err)}, nil
	}
	return c, err
}

// Again reads a place of a page again, in several ways: the words of each. Nothing comes
// of a page over which helpers die.
func (p *Pool) Again(ctx context.Context, f *os.File, key string, page int, at ocr.Place) (looks [][]mail.Word, err error) {
	readings, err := p.pages(ctx, f, request{Op: "read", Key: key, Pages: []int{page}, Text: again, Place: &at})
	if err != nil {
		return nil, err
	}
	last := -1
	for _, w := range readings[0].Words {
		if w.Line != last {
			looks, last = append(looks, nil), w.Line
		}
		looks[len(looks)-1] = append(looks[len(looks)-1], w)
	}
	return looks, nil
}

// Read reads pages, in their order. A page over which helpers die is a Reading
// with a Failure; the pages after it are read all the same.
func (p *Pool) Read(ctx context.Context, f *os.File, key string, pages []int, text Text) ([]mail.Reading, error) {
	return p.pages(ctx, f, request{Op: "read", Key: key, Pages: pages, Text: text})
}

// pages asks for readings until each page has one.
func (p *Pool) pages(ctx context.Context, f *os.File, q request) ([]mail.Reading, error) {
	var readings []mail.Reading
	pages, deaths := q.Pages, 0
	for len(readings) < len(pages) {
		left := pages[len(readings):]
		before := len(readings)
		q.Pages = left
		err := p.ask(ctx, q, []*os.File{f}, func(a answer) {
			if a.Reading != nil {
				readings = append(readings, *a.Reading)
			}
		})
		if len(readings) > before {
			deaths = 0
		}
		died, why := deathOf(err)
		switch {
		case len(readings) == len(pages): // all were read: how the helper ended afterwards is its own affair
		case died:
			// The first death may have been bad luck (the machine out of memory);
			// a page that takes too long is not asked again.
			if deaths++; deaths > 1 || errors.Is(err, errSlow) {
				readings = append(readings, mail.Reading{Page: pages[len(readings)], Failure: why, Says: saysDeath(err)})
				deaths = 0
			}
		case err != nil:
			return readings, err
		case len(readings) == before:
			return readings, fmt.Errorf("the helper answered without page %d", left[0])
		}
	}
	return readings, nil
}

// Cut writes the pages from..to of f as a PDF of their own to out, which it empties before.
func (p *Pool) Cut(ctx context.Context, f *os.File, key string, from, to int, out *os.File) (Cutting, error) {
	var c Cutting
	err := twice(func() error {
		if err := empty(out); err != nil {
			return err
		}
		return p.ask(ctx, request{Op: "cut", Key: key, From: from, To: to}, []*os.File{f, out}, func(a answer) {
			if a.Cutting != nil {
				c = *a.Cutting
			}
		})
	})
	if died, why := deathOf(err); died {
		return Cutting{Refused: death(mail.UnreadablePage, why, err)}, nil
	}
	return c, err
}

// empty takes away what a helper wrote before it died; the offset is shared with it.
func empty(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("empty the output: %w", err)
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// twice asks again when the helper died for another reason than time: bad luck is not a finding.
func twice(ask func() error) error {
	err := ask()
	if errors.Is(err, errDied) && !errors.Is(err, errSlow) {
		err = ask()
	}
	return err
}

// death is the refusal that a helper's death is.
func death(reason mail.Reason, why string, err error) *Refusal {
	return &Refusal{reason, why, saysDeath(err)}
}

// saysDeath says of what helpers died.
func saysDeath(err error) *mail.Saying {
	if errors.Is(err, errSlow) {
		return mail.Say("fault-slow", "fault", err)
	}
	return mail.Say("fault-died", "fault", err)
}

func deathOf(err error) (bool, string) {
	if errors.Is(err, errDied) {
		return true, err.Error()
	}
	return false, ""
}
