package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"io/fs"
	"math"
	"slices"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
	"postroom/router/casestore"
)

// Story is all that is known of a document, as `audit show --json` prints it.
type Story struct {
	DocumentLine
	Received StoryFile     `json:"received"`
	Original *Digest       `json:"original,omitempty"` // original.pdf; absent while it is not cut
	Recoded  []string      `json:"recoded,omitempty"`
	Seen     []StoryPage   `json:"seen"`  // its pages, as they can be seen in the scanner's file now; none when Told
	Facts    []StoryFact   `json:"facts"` // what decided, or made it wait
	Config   string        `json:"config,omitempty"`
	Register string        `json:"register,omitempty"` // SHA-256 of the case register that it was decided by
	Software string        `json:"software,omitempty"`
	Receipt  *mail.Receipt `json:"receipt,omitempty"`
	Former   []StoryPlace  `json:"former,omitempty"` // the cases that it stood in before, or was on its way to, as the log has them
	// Contradictions tell where the journal says other than the log; none when all is well.
	Contradictions []string     `json:"contradictions,omitempty"`
	Unseen         []string     `json:"unseen,omitempty"` // what could not be looked at now
	Touches        []StoryTouch `json:"touches"`          // what the log says of it, of its batch, and of what it is a part of
	Checkpoint     string       `json:"checkpoint"`
}

// StoryFile is the scanner's file.
type StoryFile struct {
	Digest
	Name   string    `json:"name"`
	Source string    `json:"source"`
	At     time.Time `json:"at"`
}

// StoryPage is a page: its picture, and what was read on it.
type StoryPage struct {
	Page     int           `json:"page"`
	Picture  string        `json:"picture,omitempty"` // SHA-256; see sandbox.Picture
	Width    int           `json:"width"`
	Height   int           `json:"height"`
	Readings string        `json:"readings,omitempty"` // SHA-256 of what was read, as the log has it
	Words    int           `json:"words"`
	Symbols  []mail.Symbol `json:"symbols,omitempty"`
	Failure  string        `json:"failure,omitempty"` // why it can't be seen or read
}

// StoryPlace is a case that a document was placed in, and what decided.
type StoryPlace struct {
	Entry     int64          `json:"entry"` // of the log
	Reference string         `json:"reference"`
	Store     string         `json:"store"`
	Rule      string         `json:"rule"`
	Evidence  []EvidenceLine `json:"evidence"`
	DecidedBy string         `json:"decided_by"`
	Decided   time.Time      `json:"decided"`
	Config    string         `json:"config"`
	Register  string         `json:"register"`
	Software  string         `json:"software"`
	Receipt   *mail.Receipt  `json:"receipt,omitempty"` // absent: it did not come there
}

// StoryFact is evidence with its picture.
type StoryFact struct {
	SheetEvidence
	Crop []byte `json:"crop,omitempty"` // PNG of its place on the page; only when asked for
}

// StoryTouch is an entry of the log.
type StoryTouch struct {
	Entry  int64           `json:"entry"`
	Time   time.Time       `json:"time"`
	Actor  string          `json:"actor"`
	Action string          `json:"action"`
	About  string          `json:"about"`
	Config string          `json:"config"`
	Detail json.RawMessage `json:"detail,omitempty"`
	Proven bool            `json:"proven"` // it is what was logged, and in the log that was signed
}

// Depth is how far a Story looks.
type Depth int

// What a Story looks at.
const (
	Told    Depth = iota // what the journal, the log and the stores say
	Seen                 // its pages too, each decoded anew from the scanner's file
	Cropped              // the pictures of what decided too
)

// Story tells all that is known of a document.
func (m *Mailroom) Story(ctx context.Context, id string, depth Depth) (s Story, err error) {
	if s.DocumentLine, err = m.Document(ctx, id); err != nil {
		return s, err
	}
	s.Type, s.Facts, s.Seen = "story", []StoryFact{}, []StoryPage{}
	d, b, err := m.doc(ctx, id)
	if err != nil {
		return s, err
	}
	s.Received = StoryFile{Digest{b.SHA256, b.Size}, b.Name, b.Source, b.Received}
	if d.Original != (journal.Ref{}) {
		s.Original = &Digest{d.Original.SHA256, d.Original.Size}
	}
	s.Recoded, s.Receipt = d.Recoded, d.Receipt
	var evidence []mail.Evidence
	if p := d.Placement; p != nil {
		s.Config, s.Register, s.Software, evidence = p.Config, p.Register, p.Version, p.Evidence
	}
	if err := m.journal.View(ctx, func(r journal.Reader) error {
		if d.State == mail.Held {
			e, err := load[mail.Exception](r, tableException, id)
			if err != nil {
				return err
			}
			evidence = append(slices.Clone(evidence), e.Evidence...) // of a recalled one both
		}
		return m.touches(r, d, &s)
	}); err != nil {
		return s, err
	}
	for _, e := range sheetEvidence(evidence) {
		s.Facts = append(s.Facts, StoryFact{SheetEvidence: e})
	}
	m.inStore(ctx, d, &s)
	if err := m.blobs.Verify(ctx, b.Blob); err != nil {
		s.Contradictions = append(s.Contradictions, "the received file: "+err.Error())
		return s, nil // its pictures would be another file's
	}
	if depth == Told {
		return s, nil
	}
	return s, m.see(ctx, b, d, &s, depth == Cropped)
}

// inStore tells where the store says other than the journal.
func (m *Mailroom) inStore(ctx context.Context, d docRow, s *Story) {
	if d.Receipt == nil {
		return
	}
	store, ok := m.cfg.Stores[d.Receipt.Store]
	if !ok {
		s.Unseen = append(s.Unseen, fmt.Sprintf("the configuration has no store %q", d.Receipt.Store))
		return
	}
	err := store.Verify(ctx, *d.Receipt)
	switch told := fmt.Sprintf("in store %q: %v", d.Receipt.Store, err); {
	case errors.Is(err, casestore.ErrAway):
		s.Unseen = append(s.Unseen, told)
	case err != nil:
		s.Contradictions = append(s.Contradictions, told)
	}
}

// touches adds what the log says.
func (m *Mailroom) touches(r journal.Reader, d docRow, s *Story) error {
	about, err := subjects(r, d)
	if err != nil {
		return err
	}
	b, err := load[batchRow](r, tableBatch, d.Batch)
	if err != nil {
		return err
	}
	of, err := batchDisagreements(r, b)
	if err != nil {
		return err
	}
	if s.Contradictions, err = disagreements(r, d); err != nil {
		return err
	}
	s.Contradictions = append(s.Contradictions, of...)
	touches, err := m.cfg.Audit.Story(r, about...)
	if err != nil {
		return err
	}
	s.Touches = []StoryTouch{}
	for _, t := range touches {
		if t.Action == actionRead && ofOthers(t.Detail, d.Document) {
			continue
		}
		who := t.Actor
		if who == "" {
			who = Machine
		}
		s.Touches = append(s.Touches, StoryTouch{t.Entry, t.Time, who, t.Action, t.Subject, t.Config, t.Detail, t.Proven})
	}
	s.Former = placesOf(s.Touches, d.ID)
	if n := len(s.Former); n > 0 && d.Placement != nil && s.Former[n-1].Decided.Equal(d.Placement.Since) {
		s.Former = s.Former[:n-1] // it is there, and told of besides
	}
	s.Checkpoint, _, err = audit.Checkpoint(r)
	return err
}

// placesOf gives where the log says that a document was placed, in the order of time. An entry
// that can't be read is among those that are not proven.
func placesOf(touches []StoryTouch, document string) (all []StoryPlace) {
	for _, t := range touches {
		if t.About != document {
			continue
		}
		switch t.Action {
		case actionPlaced:
			var p mail.Placement
			if json.Unmarshal(t.Detail, &p) != nil {
				continue
			}
			all = append(all, StoryPlace{Entry: t.Entry, Reference: p.Reference.String(), Store: p.Store, Rule: p.Rule, Evidence: evidenceLines(p.Evidence),
				DecidedBy: t.Actor, Decided: p.Since, Config: p.Config, Register: p.Register, Software: p.Version})
		case actionFiled:
			var r mail.Receipt
			if len(all) > 0 && json.Unmarshal(t.Detail, &r) == nil {
				all[len(all)-1].Receipt = &r
			}
		}
	}
	return all
}

// ofOthers tells whether none of the pages that were read is the document's.
func ofOthers(detail json.RawMessage, d mail.Document) bool {
	var read pagesRead
	err := json.Unmarshal(detail, &read)
	return err == nil && !slices.ContainsFunc(read.Pages, func(n int) bool { return d.From <= n && n <= d.To })
}

// see adds the pages' pictures, and those of the facts.
func (m *Mailroom) see(ctx context.Context, b batchRow, d docRow, s *Story, crops bool) error {
	if d.Whole {
		return nil // its pages were never told apart
	}
	for _, n := range d.Pages() {
		page := StoryPage{Page: n}
		if err := m.readOf(ctx, b.ID, n, &page); err != nil {
			return err
		}
		whole, _, err := m.picture(ctx, b, n, mail.Box{})
		if err != nil {
			return err
		}
		page.Picture, page.Width, page.Height = whole.sum, whole.width, whole.height
		if whole.failure != "" {
			page.Failure = whole.failure
		}
		for i := range s.Facts {
			if f := &s.Facts[i]; crops && f.Page == n && f.Polygon != nil && whole.failure == "" {
				if _, f.Crop, err = m.picture(ctx, b, n, around(*f.Polygon)); err != nil {
					return err
				}
			}
		}
		s.Seen = append(s.Seen, page)
	}
	return nil
}

// readOf adds what was read of a page.
func (m *Mailroom) readOf(ctx context.Context, batch string, n int, page *StoryPage) error {
	var row pageRow
	if err := m.journal.View(ctx, func(r journal.Reader) (err error) {
		row, err = load[pageRow](r, tablePage, pageKey(batch, n))
		return err
	}); err != nil && !errors.Is(err, ErrNoSuch) {
		return err
	}
	page.Readings = row.Readings.SHA256
	readings, err := m.readings(ctx, batch, n, n)
	if errors.Is(err, ErrNoSuch) || errors.Is(err, fs.ErrNotExist) {
		page.Failure = "what was read of it is gone"
		return nil
	}
	if err != nil {
		return err
	}
	page.Words, page.Symbols, page.Failure = len(readings[0].Words), readings[0].Symbols, readings[0].Failure
	return nil
}

// seen is a page's picture.
type seen struct {
	sum, failure  string
	width, height int
}

// picture has a helper decode a page of the scanner's file, one that has read no page of
// it; what lies in the crop becomes a PNG.
func (m *Mailroom) picture(ctx context.Context, b batchRow, page int, crop mail.Box) (s seen, crops []byte, err error) {
	f, err := m.blob(ctx, b.Blob)
	if errors.Is(err, fs.ErrNotExist) {
		return seen{failure: "the scanner's file is gone"}, nil, nil
	}
	if err != nil {
		return s, nil, err
	}
	defer f.Close()
	out, err := m.blobs.Scratch()
	if err != nil {
		return s, nil, err
	}
	defer out.Close()
	p, err := m.helpers.Picture(ctx, f, "picture/"+b.SHA256, page, crop, out)
	if err != nil {
		return s, nil, fmt.Errorf("picture of batch %s, page %d: %w", b.ID, page, err)
	}
	if p.Refused != nil {
		return seen{failure: p.Refused.Detail}, nil, nil
	}
	s = seen{sum: p.SHA256, width: p.Width, height: p.Height}
	at := p.Within(crop)
	if at.Empty() {
		return s, nil, nil
	}
	shown := image.NewGray(image.Rect(0, 0, at.Dx(), at.Dy()))
	if _, err := io.ReadFull(io.NewSectionReader(out, 0, int64(len(shown.Pix))), shown.Pix); err != nil {
		return seen{failure: "its picture came without the crop"}, nil, nil
	}
	var text bytes.Buffer
	err = png.Encode(&text, shown)
	return s, text.Bytes(), err
}

// around gives the place of a fact with some of what stands around it.
func around(corners [4][2]int) mail.Box {
	xs, ys := []int{}, []int{}
	for _, c := range corners {
		xs, ys = append(xs, c[0]), append(ys, c[1])
	}
	b := mail.Box{X0: slices.Min(xs), Y0: slices.Min(ys), X1: slices.Max(xs), Y1: slices.Max(ys)}
	const least, share = 20, 0.15 // pixels; of the longer side
	pad := max(least, int(math.Ceil(share*float64(max(b.X1-b.X0, b.Y1-b.Y0)))))
	return mail.Box{X0: max(0, b.X0-pad), Y0: max(0, b.Y0-pad), X1: b.X1 + pad, Y1: b.Y1 + pad}
}
