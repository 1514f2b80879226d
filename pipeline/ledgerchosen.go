package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"postroom/pipeline/journal"
)

// LetterFilter chooses among the letters that a person may see; a zero field chooses all.
type LetterFilter struct {
	Store, Source string
	From, To      time.Time // filed then or later; before To
	User          string    // whose marks Unread and Read are about
	Unread, Read  bool      // only those that the user has not read since they were filed; that he has
}

// chooses tells whether a letter of the chosen time and store passes; it reads rows only
// when they are asked about.
func (f LetterFilter) chooses(r journal.Reader, l filed) (bool, error) {
	if f.Unread || f.Read {
		at, err := journal.Load[time.Time](r, tableReadMark, markKey(f.User, l.at.document()))
		if err != nil && !errors.Is(err, journal.ErrNotFound) {
			return false, err
		}
		if unread := err != nil || moment(at) < l.at.time(); unread && f.Read || !unread && f.Unread {
			return false, nil
		}
	}
	if f.Source == "" {
		return true, nil
	}
	line, err := letterLine(r, l.at.document())
	return line.Source == f.Source, err
}

// time is when a letter of a list was filed, as its key has it.
func (c Cursor) time() string {
	t, _, _ := strings.Cut(string(c), "/")
	return t
}

// LettersChosen lists the filed letters before the cursor that may be seen and pass a filter, the
// newest first, n at most. next is where to go on: "" when that was all. There may be fewer than
// n before that is said: one call goes through 20,000 letters at most, for those of a source
// through 2,000.
func (m *Mailroom) LettersChosen(ctx context.Context, sees Sees, f LetterFilter, before Cursor, n int) (lines []LetterLine, next Cursor, err error) {
	if end := Cursor(moment(f.To)); !f.To.IsZero() && (before == "" || end < before) {
		before = end
	}
	return m.choose(ctx, sees, f, before, n, false)
}

// LetterBeside gives the letter that comes behind (older) or before (newer) a filed one among
// those that pass the filter; "": there is none.
func (m *Mailroom) LetterBeside(ctx context.Context, sees Sees, f LetterFilter, document string, newer bool) (string, error) {
	d, _, err := m.doc(ctx, document)
	if err != nil || !d.filed() {
		return "", err
	}
	lines, _, err := m.choose(ctx, sees, f, Cursor(moment(d.Receipt.At)+"/"+document), 1, newer)
	if err != nil || len(lines) == 0 {
		return "", err
	}
	return lines[0].Document, nil
}

func (m *Mailroom) choose(ctx context.Context, sees Sees, f LetterFilter, from Cursor, n int, up bool) (lines []LetterLine, next Cursor, err error) {
	stores := sees.Stores
	if f.Store != "" {
		stores = nil
		for _, s := range sees.Stores {
			if s == f.Store {
				stores = append(stores, s)
			}
		}
	}
	most := mostVisited
	if f.Source != "" {
		most /= 10 // each is read to be chosen
	}
	err = m.lists(ctx, func(r journal.Reader) error {
		lines, next = []LetterLine{}, ""
		merged := merge{r: r, from: from, up: up}
		if err := merged.open(stores); err != nil {
			return err
		}
		last := from
		for visited := 0; ; visited++ {
			l, err := merged.take()
			if l == nil || err != nil || f.over(l.at, up) {
				return err
			}
			if len(lines) == n || visited == most {
				next = last
				return ctx.Err()
			}
			last = l.at
			if sees.Case != nil && !sees.Case(l.store, l.scheme, l.reference) {
				continue
			}
			if ok, err := f.chooses(r, *l); !ok || err != nil {
				if err != nil {
					return err
				}
				continue
			}
			line, err := letterLine(r, l.at.document())
			if err != nil {
				return err
			}
			lines = append(lines, line)
		}
	})
	return lines, next, err
}

// over tells that no letter behind this one is of the chosen time.
func (f LetterFilter) over(at Cursor, up bool) bool {
	if up {
		return !f.To.IsZero() && at.time() >= moment(f.To)
	}
	return !f.From.IsZero() && at.time() < moment(f.From)
}

// merge gives the letters of several stores as one list, down from a cursor or up.
type merge struct {
	r      journal.Reader
	from   Cursor
	up     bool
	stores []*storeLetters
}

// storeLetters is what was read ahead of one store.
type storeLetters struct {
	store, prefix string
	ahead         []filed
	done          bool // there is no more than that
}

// filed is a letter in a list.
type filed struct {
	at                       Cursor
	store, scheme, reference string
}

func (m *merge) open(stores []string) error {
	seen := map[string]bool{}
	for _, s := range stores {
		if !seen[s] {
			seen[s] = true
			m.stores = append(m.stores, &storeLetters{store: s, prefix: url.PathEscape(s) + "/"})
		}
	}
	for _, s := range m.stores {
		if err := m.fill(s, m.from, 64); err != nil {
			return err
		}
	}
	return nil
}

// fill reads ahead of a store.
func (m *merge) fill(s *storeLetters, cursor Cursor, n int) error {
	from, scan := "", m.r.ScanDown
	if m.up {
		scan = m.r.Scan
	}
	if cursor != "" {
		from = s.prefix + string(cursor)
	}
	rows, err := scan(tableLetter, s.prefix, from, n)
	for _, row := range rows {
		scheme, reference, _ := strings.Cut(string(row.Value), "\x00")
		s.ahead = append(s.ahead, filed{Cursor(row.Key[len(s.prefix):]), s.store, scheme, reference})
	}
	s.done = len(rows) < n
	return err
}

// take gives the newest that is left, upwards the oldest; nil: there is none.
func (m *merge) take() (*filed, error) {
	var best *storeLetters
	for _, s := range m.stores {
		if len(s.ahead) > 0 && (best == nil || (s.ahead[0].at > best.ahead[0].at) != m.up) {
			best = s
		}
	}
	if best == nil {
		return nil, nil
	}
	f := best.ahead[0]
	if best.ahead = best.ahead[1:]; len(best.ahead) == 0 && !best.done {
		return &f, m.fill(best, f.at, 512)
	}
	return &f, nil
}

// FiledLetter gives one filed letter as the lists do; ErrNoSuch: it is not filed.
func (m *Mailroom) FiledLetter(ctx context.Context, document string) (l LetterLine, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		d, err := load[docRow](r, tableDoc, document)
		if err == nil && !d.filed() {
			err = fmt.Errorf("letter %s: %w", document, ErrNoSuch)
		}
		if err == nil {
			l, err = letterLine(r, document)
		}
		return err
	})
	return l, err
}

// MarkUnread takes back that a user has read a document.
func (m *Mailroom) MarkUnread(ctx context.Context, user, document string) error {
	return m.journal.Tx(ctx, func(tx journal.Tx) error { return tx.Delete(tableReadMark, markKey(user, document)) })
}
