package pipeline

import (
	"context"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/router"
)

// Replayed is what the rules of today, with the register of today, would do with a document.
type Replayed struct {
	Scheme    string
	Reference string // "" = it would be held
	Store     string
	Rule      string
	Reason    string // why it would be held: the name of a mail.Reason
	Detail    string
	Says      *mail.Saying // the same, for other languages
	Evidence  []mail.Evidence
	Unwelcome bool // a person has sent it back from that case: it would be held for that
	Unread    bool // its text was not read: only its codes speak
	Config    string
	Register  string
	Software  string
}

// Replay routes a document's readings anew, as they are kept, and changes nothing. A second
// look at the pixels, which a decision may rest on, is part of the readings since.
// ErrNoSuch: there is no such document, or its pages were never told apart.
func (m *Mailroom) Replay(ctx context.Context, id string) (p Replayed, err error) {
	d, b, err := m.doc(ctx, id)
	if err != nil {
		return p, err
	}
	if d.Whole || d.From == 0 {
		return p, ErrNoSuch
	}
	readings, err := m.readings(ctx, b.ID, d.From, d.To)
	if err != nil {
		return p, err
	}
	cases := m.cases.current()
	p.Config, p.Software = m.cfg.Digest, m.cfg.Version
	p.Register, _ = m.cases.digest()
	for _, r := range readings {
		p.Unread = p.Unread || !r.HasText && r.Failure == "" && !r.Blank
	}
	var decision router.Decision
	if m.cfg.After && !p.Unread {
		decision = m.reconsider(d, readings)
	} else {
		decision = m.cfg.Rules.Route(router.Span{From: d.From, To: d.To, Blanks: d.Blanks, Doubts: d.Doubts}, readings, cases, !p.Unread)
	}
	p.Rule, p.Evidence = decision.Rule, decision.Evidence
	if h := decision.Hold; h != nil {
		p.Reason, p.Detail, p.Says, p.Evidence = h.Reason.String(), h.Detail, h.Says, h.Evidence
		return p, nil
	}
	if decision.NeedText {
		return p, nil
	}
	p.Scheme, p.Reference, p.Store = decision.Reference.Scheme(), decision.Reference.String(), decision.Store
	for _, r := range d.SentBack {
		p.Unwelcome = p.Unwelcome || r == decision.Reference
	}
	return p, nil
}

// WasRead tells whether a user has ever opened a document: who has may be told that it is
// elsewhere now.
func (m *Mailroom) WasRead(ctx context.Context, user, document string) (was bool, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		rows, err := r.Scan(tableReadMark, markKey(user, document), "", 1)
		was = len(rows) == 1 && rows[0].Key == markKey(user, document)
		return err
	})
	return was, err
}
