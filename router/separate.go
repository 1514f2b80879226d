package router

import (
	"slices"
	"strings"
	"unicode"

	"postroom/mail"
)

// Doubt is why a span of pages may not be one letter.
type Doubt struct {
	Page   int          `json:"page"`
	Reason mail.Reason  `json:"reason"`
	Detail string       `json:"detail"`
	Says   *mail.Saying `json:"says,omitempty"` // the detail, for other languages; nil = a former version wrote it
}

// Span is a document's pages, From to To.
type Span struct {
	From, To int
	Blanks   []int
	Doubts   []Doubt
}

// Separation gives every page of a batch its place: in exactly one span, or as a separator.
type Separation struct {
	Spans      []Span
	Separators map[int]string // page -> the code's name, or back
	Ticket     *mail.Ticket   // that lay on top of the batch; nil = none that counts
}

// back is what the ledger calls the other side of a separator sheet.
const back = "back"

// A page with more words than this, besides its code's caption, carries a letter's
// content. A caption has no more lines than that: a letter may go on about a patch.
const (
	mostCaption      = 12
	mostCaptionLines = 2
)

// Separator names the control code that makes the page a separator; "" = none does.
func (r *Rules) Separator(reading mail.Reading) string {
	c, ok := r.control(reading)
	if !ok {
		return ""
	}
	return c.name()
}

// control gives the control code that the page carries; of several, one that keeps the page.
func (r *Rules) control(reading mail.Reading) (found Control, ok bool) {
	for _, s := range reading.Symbols {
		for _, c := range r.cfg.Separators {
			if c.reads(s) && (!ok || c.Keep) {
				found, ok = c, true
			}
		}
	}
	return found, ok
}

// dropping gives a control code that the page carries and that would drop it.
func (r *Rules) dropping(reading mail.Reading) (Control, bool) {
	for _, s := range reading.Symbols {
		for _, c := range r.cfg.Separators {
			if c.reads(s) && !c.Keep {
				return c, true
			}
		}
	}
	return Control{}, false
}

// divider walks a batch's pages and makes spans.
type divider struct {
	rules *Rules
	out   Separation
	open  *Span
	refs  map[string]bool // case references in the open span's barcodes
	after bool            // the page before was a separator or its back
	clear bool            // the open span began behind a separator
}

// Separate divides a batch. readings are those of consecutive pages; where they
// begin behind page 1, a letter is known to begin with them. In a duplex batch the
// unmarked side behind a separator is its back.
func (r *Rules) Separate(readings []mail.Reading, duplex bool) Separation {
	d := &divider{rules: r, out: Separation{Separators: map[int]string{}}}
	for _, reading := range readings {
		d.page(reading, duplex)
	}
	d.end()
	return d.out
}

func (d *divider) page(reading mail.Reading, duplex bool) {
	if texts := TicketTexts(reading); len(texts) > 0 && reading.Failure == "" {
		d.ticket(reading, texts)
		return
	}
	if c, ok := d.rules.control(reading); ok && reading.Failure == "" {
		d.control(reading, c)
		return
	}
	if d.after && duplex && reading.Unmarked && reading.Failure == "" && d.out.Separators[reading.Page-1] != back {
		d.out.Separators[reading.Page] = back
		return
	}
	coded := d.rules.coded(reading)
	if d.open != nil && d.rules.cfg.OnReference && d.another(coded) {
		switch {
		case len(d.refs) > 0:
			d.end()
		case !d.clear && len(d.open.Blanks) <= d.open.To-d.open.From:
			// No separator and no code says where this letter began: the pages
			// before may be another letter, or its own cover.
			d.doubt(reading.Page, mail.Say("first-code-late", "page", reading.Page))
		}
	}
	d.add(reading, coded)
	d.missed(reading, coded)
}

// control takes a page with a control code.
func (d *divider) control(reading mail.Reading, c Control) {
	letter := d.rules.carriesLetter(reading)
	switch {
	case c.Keep:
		d.end()
		d.add(reading, d.rules.coded(reading))
		d.clear = true
		if other, ok := d.rules.dropping(reading); ok {
			d.doubt(reading.Page, mail.Say("separators-differ", "page", reading.Page, "keeps", c.name(), "drops", other.name()))
		}
	case letter == nil:
		d.end()
		d.out.Separators[reading.Page] = c.name()
		d.after = true
	default:
		d.suspect(reading, mail.Say("separator-and-letter", "page", reading.Page, "code", c.name(), letter))
	}
}

// suspect takes a page whose code may be a letter's. Anyone can print a code: the page
// stays, and whether it divides is a person's to say, for what came before it as for
// what comes.
func (d *divider) suspect(reading mail.Reading, why *mail.Saying) {
	if d.open != nil {
		d.doubt(reading.Page, why)
	}
	d.end()
	d.add(reading, d.rules.coded(reading))
	d.doubt(reading.Page, why)
}

// another tells whether the codes name another case than the open span's. A page
// that names both is no boundary but a conflict.
func (d *divider) another(coded []mail.Mention) bool {
	for _, m := range coded {
		if d.refs[m.Text] {
			return false
		}
	}
	return len(coded) > 0
}

func (d *divider) add(reading mail.Reading, coded []mail.Mention) {
	if d.open == nil {
		d.open = &Span{From: reading.Page}
		d.refs, d.clear = map[string]bool{}, d.after || len(d.out.Spans)+len(d.out.Separators) == 0 && reading.Page > 1
	}
	d.after = false
	d.open.To = reading.Page
	if reading.Blank && reading.Failure == "" {
		d.open.Blanks = append(d.open.Blanks, reading.Page)
	}
	for _, m := range coded {
		d.refs[m.Text] = true
	}
}

func (d *divider) doubt(page int, why *mail.Saying) {
	d.open.Doubts = append(d.open.Doubts, Doubt{page, mail.DoubtfulSeparator, why.English(), why})
}

func (d *divider) end() {
	if d.open != nil {
		d.out.Spans = append(d.out.Spans, *d.open)
	}
	d.open, d.after = nil, false
}

// missed looks for a boundary that the codes did not show: the remains of a
// separator sheet, or a page on which a letter begins again.
func (d *divider) missed(reading mail.Reading, coded []mail.Mention) {
	for _, doubt := range reading.Doubts {
		if doubt.Looks == mail.LooksPatch && d.rules.usesPatches() {
			d.doubt(reading.Page, mail.Say("patch-unread", "page", reading.Page))
			return
		}
	}
	if !reading.HasText || reading.Failure != "" {
		return
	}
	words := letterWords(reading)
	switch {
	case len(words) <= mostCaption && slices.ContainsFunc(linesOf(reading.Words), captioned):
		if len(reading.Symbols) > 0 {
			d.doubt(reading.Page, mail.Say("sheet-not-configured", "page", reading.Page, "code", reading.Symbols[0].Text))
			return
		}
		d.doubt(reading.Page, mail.Say("sheet-unread", "page", reading.Page))
	case len(words) <= mostCaption && len(reading.Doubts) > 0 && len(d.rules.cfg.Separators) > 0 && len(coded) == 0:
		d.doubt(reading.Page, mail.Say("sheet-doubtful", "page", reading.Page))
	case reading.Page > d.open.From:
		if why := opening(reading.Page, reading.Words); why != nil {
			d.doubt(reading.Page, why)
		}
	}
}

func (r *Rules) usesPatches() bool {
	for _, c := range r.cfg.Separators {
		if c.Patch != mail.NoSymbology {
			return true
		}
	}
	return false
}

// carriesLetter tells what of a letter stands beside a control code; nil = nothing.
func (r *Rules) carriesLetter(reading mail.Reading) *mail.Saying {
	if n := len(letterWords(reading)); n > mostCaption {
		return mail.Say("letter-words", "count", n)
	}
	if all := r.Mentions(reading); len(all) > 0 {
		return mail.Say("letter-reference", "reference", all[0].Text)
	}
	if reading.Illegible {
		return mail.Say("letter-illegible")
	}
	// A sheet may carry its own code twice, also in another symbology; any other
	// code may be a letter's.
	if slices.ContainsFunc(reading.Symbols, func(s mail.Symbol) bool { return !r.sheets(s) }) {
		return mail.Say("letter-code")
	}
	if slices.ContainsFunc(reading.Doubts, func(d mail.Doubt) bool { return d.Looks != mail.LooksPatch }) {
		return mail.Say("letter-code-unread")
	}
	return nil
}

// sheets tells whether a symbol is a separator sheet's own: a patch code, a
// configured control code, or a text that is nothing but a sheet's caption.
func (r *Rules) sheets(s mail.Symbol) bool {
	said := strings.Join(parts(s.Text), " ")
	return s.Symbology.Patch() || slices.Contains(captions, said) ||
		slices.ContainsFunc(r.cfg.Separators, func(c Control) bool { return c.reads(s) })
}

// captions are what separator sheets say of themselves, in upper case without
// accents; of two words where the one alone stands in letters.
var captions = []string{"SEPARATOR", "SEPARATEUR", "TRENNBLATT", "TRENNSEITE", "SCHEIDINGSBLAD", "SCHEIDINGSVEL", "INTERCALAIRE",
	"PATCHT", "PATCH", "PATCHCODE", "BATCH TICKET", "BORDEREAU DE LOT", "BATCHBON", "STAPELZETTEL", "FEUILLE DE SEPARATION", "PAGE DE SEPARATION", "CODE DE SEPARATION", "SEPARATION SHEET", "SEPARATION PAGE"}

// captioned tells whether a line names a separator sheet.
func captioned(line []mail.Word) bool {
	said := " " + strings.Join(strings.FieldsFunc(plain(text(line)), func(r rune) bool { return !unicode.IsLetter(r) }), " ") + " "
	return slices.ContainsFunc(captions, func(c string) bool { return strings.Contains(said, " "+c+" ") })
}

// letterWords gives the words that a letter would have: not the code's own
// surroundings, not its caption's line, not what a recognizer makes of bars and specks.
func letterWords(reading mail.Reading) (all []mail.Word) {
	captions := 0
	for _, line := range linesOf(reading.Words) {
		if captions < mostCaptionLines && len(line) <= mostCaption && captioned(line) {
			captions++
			continue
		}
		for _, w := range line {
			if w.Confidence >= 0.3 && letters(w.Text) >= 2 && !onCode(w, reading.Symbols) {
				all = append(all, w)
			}
		}
	}
	return all
}

func letters(s string) (n int) {
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// onCode tells whether a word is a code's bars misread as text, or its text in print.
func onCode(w mail.Word, symbols []mail.Symbol) bool {
	return slices.ContainsFunc(symbols, func(s mail.Symbol) bool { return w.Text == s.Text || within(w, s.Polygon) })
}

// within tells whether a word's middle lies in a place of the page.
func within(w mail.Word, place mail.Quad) bool {
	x, y := float64(w.Box.X0+w.Box.X1)/2, float64(w.Box.Y0+w.Box.Y1)/2
	x0, y0, x1, y1 := place.Bounds()
	return x0 <= x && x <= x1 && y0 <= y && y <= y1
}
