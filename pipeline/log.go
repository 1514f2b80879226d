package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"

	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
)

// What entries of the log are about besides batches, documents and what is named KIND:ID.
const (
	SubjectConfiguration = "configuration"
	SubjectRegister      = "register"
	SubjectExceptions    = "exceptions"
	SubjectLetters       = "letters"
	SubjectLog           = "log"
	SubjectTickets       = "tickets"
	SubjectSamples       = "samples"
)

// tableAbout tells which table has the row that a subject of the log stands for; "" = it stands
// for none. A word that is not listed above is taken for a document: verify says then that
// it is gone.
func tableAbout(subject string) string {
	switch subject {
	case SubjectConfiguration, SubjectRegister, SubjectExceptions, SubjectLetters, SubjectLog, SubjectTickets, SubjectSamples:
		return ""
	}
	switch {
	case strings.Contains(subject, ":"): // KIND:ID, which is not the mailroom's
		return ""
	case len(subject) == len(uuid.UUID{}.String()): // a document's has no hyphens
		return tableBatch
	}
	return tableDoc
}

// The actions whose details rows are held against; see disagreements.
const (
	actionReceived = "batch received"
	actionCounted  = "batch counted"
	actionRead     = "pages read"
	actionPlaced   = "document placed"
	actionHeld     = "document held"
	actionFiled    = "document filed"
	actionEnriched = "rendition added"
	actionDecided  = "person decided"
	actionTicket   = "batch ticket read"
	actionClosed   = "person closed batch"
	actionRetried  = "batch tried again"
	actionDrawn    = "sample drawn"
	actionJudged   = "document judged"

	actionParked    = "document parked" // or taken out of its lane
	actionKeyed     = "reference keyed"
	actionUnkeyed   = "keying taken back"
	actionUndone    = "decision taken back"
	actionUnmade    = "document unmade" // with the regrouping that had made it
	actionRegrouped = "pages regrouped" // about a batch
	actionTurned    = "page turned"     // about a batch
)

// event is an entry of the audit log; actor "" is the machine. What is personal goes
// into the detail, which the log holds a commitment to and no more.
func (m *Mailroom) event(action, subject, actor string, detail any) journal.Event {
	e := journal.Event{Time: m.cfg.Now().UTC(), Actor: actor, Action: action, Subject: subject, Config: m.cfg.Digest, Version: m.cfg.Version}
	if detail != nil {
		e.Detail = encode(detail)
	}
	return e
}

// pagesRead is the detail of an event that says what was read of which pages.
type pagesRead struct {
	Pages    []int    `json:"pages"`
	Readings string   `json:"readings"`       // SHA-256
	Scan     *scanned `json:"scan,omitempty"` // what they tell of the scanner; older entries have none
}

// inForce is what the mailroom works by, as it was logged last.
type inForce struct {
	Config  string `json:"config"`
	Version string `json:"version"`
	Key     string `json:"key"` // that the log is signed with
}

// logConfiguration logs the configuration, the software and the log's key when any is another than before.
func (m *Mailroom) logConfiguration(tx journal.Tx) error {
	now := inForce{m.cfg.Digest, m.cfg.Version, m.cfg.Audit.Public()}
	was, err := journal.Load[inForce](tx, tableInForce, SubjectConfiguration)
	if err != nil && !errors.Is(err, journal.ErrNotFound) {
		return err
	}
	if err == nil && was == now {
		return nil
	}
	if was.Version != now.Version { // one that keeps no lists may have run
		if err := tx.Delete(tableLists, listsKept); err != nil {
			return err
		}
	}
	return errors.Join(
		journal.Save(tx, tableInForce, SubjectConfiguration, now),
		tx.Log(m.event("configuration in force", SubjectConfiguration, "", map[string]any{"settings": m.cfg.Settings, "key": now.Key, "was": was})))
}

// LogConfiguration logs what the mailroom works by, when it is another than before. Who
// changes in the journal what is not the mailroom's does that first: the entry names it.
func (m *Mailroom) LogConfiguration(ctx context.Context) error {
	return m.journal.Tx(ctx, m.logConfiguration)
}

// LogRegister logs the case register in force when it is another than before: what
// was live decides where a letter goes.
func (m *Mailroom) LogRegister(ctx context.Context) error {
	m.cases.current()
	now, cases := m.cases.digest()
	known := func(r journal.Reader) (bool, error) {
		was, err := r.Get(tableInForce, SubjectRegister)
		if errors.Is(err, journal.ErrNotFound) {
			return false, nil
		}
		return string(was) == now, err
	}
	var is bool
	if err := m.journal.View(ctx, func(r journal.Reader) (err error) { is, err = known(r); return err }); is || err != nil {
		return err
	}
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		if is, err := known(tx); is || err != nil {
			return err
		}
		return errors.Join(
			tx.Put(tableInForce, SubjectRegister, []byte(now)),
			tx.Log(m.event("register in force", SubjectRegister, "", map[string]any{"sha256": now, "cases": cases})))
	})
}

// LogView logs that someone looks at what the journal holds: a batch or document by
// its id, or a Subject. Nothing is shown before that is durable.
func (m *Mailroom) LogView(ctx context.Context, who, action, subject string) error {
	return m.logView(ctx, who, action, subject, nil)
}

// LogReading is LogView of a document that a user opens to read, and notes that he has read
// it, in one commit: the person waits for it. user is an id of any text.
func (m *Mailroom) LogReading(ctx context.Context, who, user, document string) error {
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		e := m.event("document viewed", document, who, nil)
		return errors.Join(m.logConfiguration(tx), tx.Log(e), journal.Save(tx, tableReadMark, markKey(user, document), e.Time))
	})
}

// LogViews is LogView of several at once.
func (m *Mailroom) LogViews(ctx context.Context, who, action string, subjects []string) error {
	if len(subjects) == 0 {
		return nil
	}
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		err := m.logConfiguration(tx)
		for _, s := range subjects {
			err = errors.Join(err, tx.Log(m.event(action, s, who, nil)))
		}
		return err
	})
}

// LogReason is LogView of a look for which the person gives a reason.
func (m *Mailroom) LogReason(ctx context.Context, who, action, subject, why string) error {
	return m.logView(ctx, who, action, subject, map[string]string{"why": why})
}

func (m *Mailroom) logView(ctx context.Context, who, action, subject string, detail any) error {
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		if table := tableAbout(subject); table != "" {
			if _, err := tx.Get(table, subject); err != nil {
				return fmt.Errorf("to log %q about %q: %w", action, subject, err) // an entry can't be taken back
			}
		}
		return errors.Join(m.logConfiguration(tx), tx.Log(m.event(action, subject, who, detail)))
	})
}

// Export writes the log, or with documents what it says of these, of their batches and of
// what they are parts of. That it was exported is an entry, about each of the documents.
func (m *Mailroom) Export(ctx context.Context, who string, documents []string, details bool, out io.Writer) error {
	s := audit.Selection{Details: details}
	if err := m.journal.Tx(ctx, func(tx journal.Tx) error {
		s.Subjects = nil
		if err := m.logConfiguration(tx); err != nil {
			return err
		}
		if len(documents) == 0 {
			return tx.Log(m.event("log exported", SubjectLog, who, map[string]any{"details": details}))
		}
		for _, id := range documents {
			d, err := load[docRow](tx, tableDoc, id)
			if err != nil {
				return err
			}
			about, err := subjects(tx, d)
			if err != nil {
				return err
			}
			s.Subjects = append(s.Subjects, about...)
			if err := tx.Log(m.event("document exported", id, who, map[string]any{"details": details})); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	return m.cfg.Audit.Export(m.view(ctx), s, escaping{out})
}

// subjects are what the log says of a document under: itself, its batch, and what it was made of.
func subjects(r journal.Reader, d docRow) ([]string, error) {
	about := []string{d.ID, d.Batch}
	of, err := ancestors(r, d)
	for _, former := range of {
		about = append(about, former.ID)
	}
	return about, err
}

// view reads the journal for a while.
func (m *Mailroom) view(ctx context.Context) audit.View {
	return func(read func(journal.Reader) error) error { return m.journal.View(ctx, read) }
}

// escaping writes whole lines of JSON with nothing in them that does not print.
type escaping struct{ io.Writer }

func (e escaping) Write(lines []byte) (int, error) {
	if _, err := e.Writer.Write(Escaped(lines)); err != nil {
		return 0, err
	}
	return len(lines), nil
}

// Checkpoint gives the log's newest signed checkpoint and the number of its entries.
func (m *Mailroom) Checkpoint(ctx context.Context) (signed string, entries int64, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) (err error) {
		signed, entries, err = audit.Checkpoint(r)
		return err
	})
	return signed, entries, err
}
