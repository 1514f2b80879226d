package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/abadojack/whatlanggo"
	"golang.org/x/text/language"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/sandbox"
	"postroom/pipeline/scan"
	"postroom/router/casestore"
)

// RenditionSheet is a document's searchable.json: what its searchable.pdf is, or why
// there is none.
type RenditionSheet struct {
	Document  string          `json:"document"`
	Rendition *Digest         `json:"rendition"` // searchable.pdf; null = there is none
	PDFA      bool            `json:"pdfa"`      // it is a PDF/A-2b
	Why       string          `json:"why,omitempty"`
	Original  Digest          `json:"original"` // what it was made of
	Title     string          `json:"title"`
	Language  string          `json:"language"`  // of most of its text, BCP 47; "" = not known
	Languages []string        `json:"languages"` // that its text was read in, BCP 47
	Pages     []RenditionPage `json:"pages"`
	Version   string          `json:"version"`
}

// RenditionPage is what was done with a page of the batch.
type RenditionPage struct {
	Page     int       `json:"page"`
	Dropped  bool      `json:"dropped"` // it has no mark at all, and blanks are dropped from renditions
	Text     scan.Text `json:"text"`
	Rotation int       `json:"rotation"` // degrees, clockwise, that it was turned by
	Words    int       `json:"words"`    // laid over its picture
}

// unreadText is a page whose text could not be read: what it says is not known.
const unreadText scan.Text = "unread"

// enqueueRendition has the rendition of a filed document made, once its text is read.
func enqueueRendition(tx journal.Tx, d docRow) error {
	return tx.Enqueue(task(taskRender, priorityLater, version(d), payload{Batch: d.Batch, Document: d.ID}))
}

// render makes the searchable rendition of a filed document, and its sheet, and keeps
// both as blobs: the store is given what is journalled and nothing else.
func (m *Mailroom) render(ctx context.Context, t journal.Task) (func(journal.Tx) error, error) {
	d, b, err := m.doc(ctx, carried(t).Document)
	if err != nil || d.State != mail.Filed {
		return nothing, err
	}
	pdf, sheet, suspect := d.Rendition, d.RenditionSheet, d.Suspect
	turns, err := m.turns(ctx, d.Batch, d.From, d.To)
	if err != nil {
		return nil, err
	}
	if sheet == (journal.Ref{}) {
		if pdf, sheet, suspect, err = m.rendition(ctx, b, d, turns, hopeless(t)); err != nil {
			return nil, fmt.Errorf("render %s: %w", d.ID, err)
		}
	}
	return func(tx journal.Tx) error {
		d, same, err := unchanged(tx, d)
		if err != nil || !same {
			return err
		}
		now, err := turnsOf(tx, d.Batch, d.From, d.To)
		if err != nil {
			return err
		}
		if d.RenditionSheet == (journal.Ref{}) && !maps.Equal(now, turns) {
			return fmt.Errorf("render %s: a page was turned meanwhile; it is made anew", d.ID)
		}
		known := d.Suspect != "" // and a person has confirmed it all the same
		d.Rendition, d.RenditionSheet, d.Suspect = pdf, sheet, suspect
		if suspect != "" && !known {
			return errors.Join(m.hold(tx, d, mail.Exception{Reason: mail.Recall, Detail: suspect, Says: copyOther(d, suspect)}), m.settle(tx, d.Batch))
		}
		if err := saveDoc(tx, d); err != nil {
			return err
		}
		return tx.Enqueue(task(taskEnrich, priorityLater, version(d), payload{Batch: d.Batch, Document: d.ID}))
	}, nil
}

// copyOther says what speaks against what is filed.
func copyOther(d docRow, suspect string) *mail.Saying {
	reference := d.Placement.Reference
	fault := strings.TrimPrefix(suspect, mail.Say("copy-other", "reference", reference, "fault", "").English())
	return mail.Say("copy-other", "reference", reference, "fault", fault)
}

// rendition has a helper make the rendition; pdf is zero when there is none. hopeless:
// it is not tried any more. turns are persons' words on which way pages are up. suspect tells what speaks against what is filed.
func (m *Mailroom) rendition(ctx context.Context, b batchRow, d docRow, turns map[int]int, hopeless bool) (pdf, sheet journal.Ref, suspect string, err error) {
	about := RenditionSheet{
		Document: d.ID, Original: Digest{d.Original.SHA256, d.Original.Size}, Pages: []RenditionPage{},
		Title:     fmt.Sprintf("%s, %s", d.Placement.Reference, b.Received.UTC().Format(time.DateOnly)),
		Languages: []string{}, Version: m.cfg.Version,
	}
	for _, l := range m.cfg.Languages {
		about.Languages = append(about.Languages, tag(l))
	}
	switch {
	case d.Whole || d.From == 0:
		about.Why = "The pages of its file were not told apart, so no text was read."
	case hopeless:
		m.cfg.Log.Error("the program died three times over a rendition; it is given up", "document", d.ID)
		about.Why = neverRendered
	default:
		if pdf, suspect, err = m.rendered(ctx, d, turns, &about); err != nil {
			return pdf, sheet, suspect, err
		}
	}
	if pdf != (journal.Ref{}) {
		about.Rendition = &Digest{pdf.SHA256, pdf.Size}
	}
	sheet, err = m.blobs.Put(ctx, bytes.NewReader(written(about)))
	return pdf, sheet, suspect, err
}

// rendered asks a helper for the PDF and notes what was done.
func (m *Mailroom) rendered(ctx context.Context, d docRow, turns map[int]int, about *RenditionSheet) (pdf journal.Ref, suspect string, err error) {
	readings, err := m.readings(ctx, d.Batch, d.From, d.To)
	if err != nil {
		return pdf, "", err
	}
	about.Language = spoken(readings, m.cfg.Languages)
	in, err := m.blob(ctx, d.Original)
	if err != nil {
		return pdf, "", err
	}
	defer in.Close()
	out, err := m.blobs.Scratch()
	if err != nil {
		return pdf, "", err
	}
	defer out.Close()
	unmarked := func(r mail.Reading) bool { return r.Unmarked }
	drop := m.cfg.DropBlanks && slices.ContainsFunc(readings, func(r mail.Reading) bool { return !unmarked(r) })
	done, err := m.helpers.Render(ctx, in, d.Original.SHA256, scan.Order{
		Title: about.Title, Language: about.Language, Producer: "postroom " + m.cfg.Version, Pages: len(readings),
		Page: func(n int) (scan.OrderPage, error) {
			page := scan.OrderPage{Reading: readings[n-1], Drop: drop && unmarked(readings[n-1])}
			if turn, said := turns[d.From+n-1]; said {
				page.Turn = &turn
			}
			return page, nil
		},
	}, out)
	if err != nil {
		return pdf, "", err
	}
	if done.Refused != nil {
		about.Why = done.Refused.Detail
		if done.Mistaken {
			suspect = mail.Say("copy-other", "reference", d.Placement.Reference, "fault", about.Why).English()
			m.cfg.Log.Error("a filed document is not what was read; compare it with its batch's file", "document", d.ID, "why", about.Why)
		}
		return pdf, suspect, nil
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return pdf, "", err
	}
	if pdf, err = m.blobs.Put(ctx, out); err != nil {
		return pdf, "", err
	}
	pages := renditionPages(d, readings, done)
	kept := 0
	for _, p := range pages {
		if !p.Dropped {
			kept++
		}
	}
	why, _, err := m.misshapen(ctx, pdf, kept)
	if err != nil {
		return pdf, "", err
	}
	if why != "" {
		m.cfg.Log.Error("a helper wrote something else than the rendition that it tells of; there is none", "document", d.ID, "why", why)
		about.Why = "What was written is not the rendition that it was said to be: " + why + "."
		return journal.Ref{}, "", nil
	}
	about.PDFA, about.Why, about.Pages = done.PDFA, done.Why, pages
	return pdf, "", nil
}

// renditionPages tells what was done with each page of the document.
func renditionPages(d docRow, readings []mail.Reading, done sandbox.Rendered) (pages []RenditionPage) {
	for i, p := range done.Pages {
		text := p.Text
		if text == scan.NoWords && !readings[i].HasText {
			text = unreadText
		}
		pages = append(pages, RenditionPage{d.From + i, p.Text == "", text, p.Rotation, p.Words})
	}
	return pages
}

// tag is the BCP 47 tag of a tesseract language pack, "" when it is none's: fra = fr,
// deu_frak = de.
func tag(pack string) string {
	code, _, _ := strings.Cut(pack, "_")
	base, err := language.ParseBase(code)
	if err != nil {
		return ""
	}
	return base.String()
}

// spoken is the language, BCP 47, of the most part of the text, of those that it was
// read in; "" = it can't be told. It goes by the frequency of trigrams (Cavnar and
// Trenkle, 1994).
func spoken(readings []mail.Reading, packs []string) string {
	known := map[whatlanggo.Lang]bool{}
	for _, p := range packs {
		code, _, _ := strings.Cut(p, "_")
		if l := whatlanggo.CodeToLang(code); l >= 0 {
			known[l] = true
		}
	}
	var text strings.Builder
	for _, r := range readings {
		for _, w := range r.Words {
			text.WriteString(w.Text + " ")
		}
	}
	if text.Len() == 0 || len(known) == 0 {
		return ""
	}
	found := whatlanggo.DetectLangWithOptions(text.String(), whatlanggo.Options{Whitelist: known})
	if found < 0 {
		return ""
	}
	return tag(found.Iso6393())
}

// enrich gives the rendition to the document's store.
func (m *Mailroom) enrich(ctx context.Context, t journal.Task) (func(journal.Tx) error, error) {
	d, _, err := m.doc(ctx, carried(t).Document)
	if err != nil || d.State != mail.Filed || d.RenditionSheet == (journal.Ref{}) {
		return nothing, err
	}
	add, release, err := m.addition(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("enrich %s: %w", d.ID, err)
	}
	defer release()
	receipt, err := m.enriched(ctx, d, add)
	if errors.Is(err, casestore.ErrRefused) {
		return func(tx journal.Tx) error { return m.notEnriched(tx, d.ID, receipt, err) }, nil
	}
	if err != nil {
		return nil, m.unreachable(ctx, t, d.Receipt.Store, err)
	}
	return func(tx journal.Tx) error {
		d, err := load[docRow](tx, tableDoc, d.ID)
		if err != nil || d.Receipt == nil || d.Receipt.Locator != receipt.Locator {
			return err
		}
		d.Receipt, d.Unrendered = &receipt, ""
		return errors.Join(saveDoc(tx, d), tx.Log(m.event(actionEnriched, d.ID, "", receipt)))
	}, nil
}

func (m *Mailroom) enriched(ctx context.Context, d docRow, add casestore.Rendition) (mail.Receipt, error) {
	store, ok := m.cfg.Stores[d.Receipt.Store]
	if !ok {
		return *d.Receipt, fmt.Errorf("the configuration has no store %q any more", d.Receipt.Store)
	}
	return store.Enrich(ctx, *d.Receipt, add)
}

// notEnriched ends the attempt to give a rendition to a store that holds another one, as
// it does when an older journal was put back: verify tells of it.
func (m *Mailroom) notEnriched(tx journal.Tx, id string, at mail.Receipt, why error) error {
	d, err := load[docRow](tx, tableDoc, id)
	if err != nil || d.Receipt == nil || d.Receipt.Locator != at.Locator {
		return err // it was placed elsewhere meanwhile
	}
	d.Unrendered = why.Error()
	return errors.Join(saveDoc(tx, d), tx.Log(m.event("rendition refused", id, "", d.Unrendered)))
}

// addition opens what is added to a document in its store.
func (m *Mailroom) addition(ctx context.Context, d docRow) (add casestore.Rendition, release func(), err error) {
	if add.Sheet, err = m.contents(ctx, d.RenditionSheet); err != nil || d.Rendition == (journal.Ref{}) {
		return add, func() {}, err
	}
	pdf, err := m.blob(ctx, d.Rendition)
	if err != nil {
		return add, nil, err
	}
	add.PDF, add.SHA256 = pdf, d.Rendition.SHA256
	return add, func() { pdf.Close() }, nil
}
