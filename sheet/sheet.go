// Package sheet prints the paper that a mailroom needs: separator sheets, patch codes,
// batch tickets and case labels.
//
// In comes an order that says what to print; out goes a PDF, A4, whose codes are drawn as
// rectangles and never as pictures, so that every printer prints them sharp. The package
// signs no ticket, proves no reference and knows no cases: it prints what it is given.
package sheet

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"postroom/mail"
)

// Kind is what is printed.
type Kind string

// The kinds of sheets.
const (
	SeparatorSheet Kind = "separator" // goes before each letter: the patch code and the text code that divide and are dropped
	PatchSheet     Kind = "patch"     // a sheet for each patch code, those that stay with the letter too
	TicketSheet    Kind = "ticket"    // goes on top of a batch
	LabelSheet     Kind = "label"     // 24 labels of 70 x 37 mm a sheet, with a case's reference
)

// Kinds lists the kinds.
func Kinds() []string {
	return []string{string(SeparatorSheet), string(PatchSheet), string(TicketSheet), string(LabelSheet)}
}

// Separator is a control code that the mailroom is configured with: a patch code, or the
// exact text of a code of any symbology.
type Separator struct {
	Patch mail.Symbology
	Text  string
	Keep  bool // the page stays in the document that it begins
}

// Ticket is a batch ticket that was issued.
type Ticket struct {
	mail.Ticket
	Code string // what its QR code must say, signed
	Name string // of the batch, for people; "" = none
}

// Order says what to print. Languages gives the languages of what people read on it.
type Order struct {
	Kind       Kind
	Language   string           // "" = en
	Copies     int              // of each sheet, or of each label; 0 = 1. Of a ticket there is one: a copy does not count
	Separators []Separator      // separator, patch: all that is configured, in that order
	References []mail.Reference // label: proven by their scheme, as all references are
	Tickets    []Ticket         // ticket: a sheet each
}

// Most that one order may print: what is longer is a slip of the finger.
const (
	MostSheets = 500
	MostLabels = 100 * labelsAcross * labelsDown
)

// Print writes the PDF. An error before anything was written is a sentence that says what
// to change in the order; another one is the writer's.
func Print(w io.Writer, o Order) error {
	if o.Copies == 0 {
		o.Copies = 1
	}
	if o.Language == "" {
		o.Language = "en"
	}
	said, ok := words()[o.Language]
	if !ok {
		return fmt.Errorf("there are no sheets in the language %q: choose one of %s", o.Language, strings.Join(Languages(), ", "))
	}
	if err := o.printable(); err != nil {
		return err
	}
	p := newPrinter(o.Language, said)
	switch o.Kind {
	case SeparatorSheet:
		patch, text := o.dividing()
		for range o.Copies {
			p.separator(patch, text)
		}
	case PatchSheet:
		for _, s := range o.patches() {
			for range o.Copies {
				p.patch(s)
			}
		}
	case TicketSheet:
		for _, t := range o.Tickets {
			p.ticket(t)
		}
	case LabelSheet:
		p.labels(o.References, o.Copies)
	}
	return p.write(w)
}

// printable tells why an order can't be printed, and what would do.
func (o Order) printable() error {
	if o.Copies < 0 {
		return fmt.Errorf("%d copies can't be printed: order 1 or more", o.Copies)
	}
	n, most := 0, MostSheets
	switch o.Kind {
	case SeparatorSheet:
		patch, text := o.dividing()
		if patch == mail.NoSymbology && text == "" {
			return errors.New("no separator is configured whose sheet is dropped: add {patch: T} to separation.separators, and order again")
		}
		n = o.Copies
	case PatchSheet:
		if n = len(o.patches()) * o.Copies; n == 0 {
			return errors.New("no patch code is configured: add {patch: T} to separation.separators, and order again")
		}
	case TicketSheet:
		if n = len(o.Tickets); n == 0 || o.Copies > 1 {
			return errors.New("a ticket counts once: order as many tickets as there are batches, and no copies")
		}
	case LabelSheet:
		if n, most = len(o.References)*o.Copies, MostLabels; n == 0 {
			return errors.New("there is no reference to print a label for: name one")
		}
	default:
		return fmt.Errorf("there is no kind of sheet %q: choose one of %s", o.Kind, strings.Join(Kinds(), ", "))
	}
	if n > most || o.Copies > most {
		return fmt.Errorf("an order prints at most %d sheets or %d labels: order fewer at a time", MostSheets, MostLabels)
	}
	return o.legible()
}

// legible refuses texts that the sheets' font or codes do not have.
func (o Order) legible() error {
	var texts []string
	for _, r := range o.References {
		if r.IsZero() || len(r.String()) > mostLabel {
			return fmt.Errorf("the reference %q is empty, or longer than the %d characters that a label has room for: write it by hand", r, mostLabel)
		}
		texts = append(texts, r.String())
	}
	for _, t := range o.Tickets {
		texts = append(texts, t.Name)
	}
	if o.Kind == SeparatorSheet {
		_, text := o.dividing()
		texts = append(texts, text)
		if len(text) > mostText {
			return fmt.Errorf("the separator text %q is longer than the %d bytes that its code has room for: configure a shorter one", text, mostText)
		}
	}
	font, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		panic("bug: the built-in font can't be read: " + err.Error())
	}
	for _, text := range texts {
		for _, r := range text {
			if at, err := font.GlyphIndex(nil, r); err != nil || at == 0 {
				return fmt.Errorf("%q has the character %q, which can't be printed here: spell it with Latin, Greek or Cyrillic letters", text, r)
			}
		}
	}
	return nil
}

// dividing gives the first patch code and the first text that divide and are dropped: two
// patch codes on one sheet would contradict each other.
func (o Order) dividing() (patch mail.Symbology, text string) {
	for _, s := range o.Separators {
		switch {
		case s.Keep:
		case s.Text != "" && text == "":
			text = s.Text
		case s.Text == "" && patch == mail.NoSymbology:
			patch = s.Patch
		}
	}
	return patch, text
}

// patches lists the configured patch codes, each once.
func (o Order) patches() (all []Separator) {
	for _, s := range o.Separators {
		if s.Text == "" && !slices.ContainsFunc(all, func(had Separator) bool { return had.Patch == s.Patch }) {
			all = append(all, s)
		}
	}
	return all
}
