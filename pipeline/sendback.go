package pipeline

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/router"
)

// Return is a person's word that a filed letter is not where it belongs.
type Return struct {
	Why     string `json:"why"`               // one line of text
	Version int    `json:"version,omitempty"` // of the document that the person looked at; 0 = not told
	By      string `json:"by"`
	UID     string `json:"uid,omitempty"`
}

// Complete tells what it lacks, whatever document it is about: a *Refused error.
func (p Return) Complete() error {
	if !legible(p.Why) {
		return refuse(refusedWhy)
	}
	return named(p.By)
}

// Return takes a filed document out of its case: it waits again, as `recall`, and its copy
// in the store is withdrawn at once, whatever is decided later. A *Refused error changes nothing.
func (m *Mailroom) Return(ctx context.Context, id string, p Return) error {
	if err := p.Complete(); err != nil {
		return err
	}
	p.Why, p.By = strings.TrimSpace(p.Why), strings.TrimSpace(p.By)
	said := Decision{Return: p.Why, Version: p.Version, By: p.By, UID: p.UID, At: m.cfg.Now().UTC()}
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		d, err := load[docRow](tx, tableDoc, id)
		switch {
		case err != nil:
			return err
		case d.State == mail.Placed:
			return refuse(refusedOnItsWay, "document", id)
		case d.State != mail.Filed:
			return refuse(refusedNotFiled, "document", id, "state", d.State)
		case p.Version != 0 && p.Version != d.Version:
			return refuse(refusedChanged, "document", id)
		}
		return errors.Join(
			m.record(tx, d, decisionRow{Decision: said}),
			m.sendBack(tx, d, said),
			m.settle(tx, d.Batch))
	})
}

// sendBack holds a filed document and withdraws its copy. It has no placement any more:
// when it comes to a case again, it is under another name.
func (m *Mailroom) sendBack(tx journal.Tx, d docRow, said Decision) error {
	if err := m.takeBack(tx, d, said.Return, said.By, said.At); err != nil {
		return err
	}
	was := d.Placement.Reference
	e := exception(mail.Recall, mail.Say("sent-back", "reference", was, "by", said.By, "why", said.Return))
	var err error
	if e.Evidence, err = whatWasRead(tx, d); err != nil {
		return err
	}
	d.SentBack = append(slices.Clone(d.SentBack), was)
	return m.hold(tx, d.letGo(), e)
}

// whatWasRead gives the evidence that a filed document was filed by, or had waited with
// until a person filed it: whoever decides next sees the same.
func whatWasRead(r journal.Reader, d docRow) (read []mail.Evidence, err error) {
	if d.Placement.By == "" {
		return d.Placement.Evidence, nil
	}
	at := -1
	err = each(r, tableDecision, d.ID+"/", func(row journal.Row) error {
		said, err := decode[decisionRow](tableDecision, row)
		n, err2 := strconv.Atoi(row.Key[len(d.ID)+1:])
		if n > at && said.Held != nil && len(said.Held.Evidence) > 0 {
			at, read = n, said.Held.Evidence
		}
		return errors.Join(err, err2)
	})
	return read, err
}

// unwelcome is why a document waits that the machine would file in a case from where a
// person has sent it, or pages of it, back.
func unwelcome(decision router.Decision) mail.Exception {
	e := exception(mail.Recall, mail.Say("sent-back-from", "reference", decision.Reference))
	e.Evidence = decision.Evidence
	e.Candidates = []mail.Candidate{candidate(decision.Reference, mail.Say("sent-back-before"))}
	return e
}

func candidate(of mail.Reference, why *mail.Saying) mail.Candidate {
	return mail.Candidate{Reference: of.String(), Why: why.English(), Says: why}
}
