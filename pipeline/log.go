package pipeline

import (
	"bufio"
	"context"
	"errors"
	"io"

	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
)

// What stands in the log besides batches and documents.
const (
	subjectConfiguration = "configuration"
	subjectRegister      = "register"
	subjectExceptions    = "exceptions"
	subjectLog           = "log"
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
	Pages    []int  `json:"pages"`
	Readings string `json:"readings"` // SHA-256
}

const actionRead = "pages read"

// inForce is what the mailroom works by, as it was logged last.
type inForce struct {
	Config  string `json:"config"`
	Version string `json:"version"`
}

// logConfiguration logs the configuration and the software when either is another than before.
func (m *Mailroom) logConfiguration(tx journal.Tx) error {
	now := inForce{m.cfg.Digest, m.cfg.Version}
	was, err := journal.Load[inForce](tx, tableInForce, subjectConfiguration)
	if err != nil && !errors.Is(err, journal.ErrNotFound) {
		return err
	}
	if err == nil && was == now {
		return nil
	}
	return errors.Join(
		journal.Save(tx, tableInForce, subjectConfiguration, now),
		tx.Log(m.event("configuration in force", subjectConfiguration, "", map[string]any{"settings": m.cfg.Settings, "was": was})))
}

// LogRegister logs the case register in force when it is another than before: what
// was live decides where a letter goes.
func (m *Mailroom) LogRegister(ctx context.Context) error {
	now, cases := m.cases.digest()
	known := func(r journal.Reader) (bool, error) {
		was, err := r.Get(tableInForce, subjectRegister)
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
			tx.Put(tableInForce, subjectRegister, []byte(now)),
			tx.Log(m.event("register in force", subjectRegister, "", map[string]any{"sha256": now, "cases": cases})))
	})
}

// LogView logs that someone looks at what the journal holds: a batch or document by
// its id, or "" for the list of exceptions. Nothing is shown before that is durable.
func (m *Mailroom) LogView(ctx context.Context, who, action, subject string) error {
	if subject == "" {
		subject = subjectExceptions
	}
	return m.journal.Tx(ctx, func(tx journal.Tx) error { return tx.Log(m.event(action, subject, who, nil)) })
}

// Export writes the log, or with documents what it says of these and their batches. The
// export is its own last entry.
func (m *Mailroom) Export(ctx context.Context, who string, documents []string, details bool, out io.Writer) error {
	s := audit.Selection{Details: details}
	for _, id := range documents {
		d, _, err := m.doc(ctx, id)
		if err != nil {
			return err
		}
		s.Subjects = append(s.Subjects, d.ID, d.Batch)
	}
	if err := m.journal.Tx(ctx, func(tx journal.Tx) error {
		return tx.Log(m.event("log exported", subjectLog, who, map[string]any{"documents": documents, "details": details}))
	}); err != nil {
		return err
	}
	// Whoever reads it slowly must not hold a transaction open.
	file, err := m.blobs.Scratch()
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	if err := m.journal.View(ctx, func(r journal.Reader) error { return m.cfg.Audit.Export(r, s, w) }); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	for lines := bufio.NewReader(file); ; {
		l, err := lines.ReadBytes('\n')
		if _, failed := out.Write(Escaped(l)); failed != nil || errors.Is(err, io.EOF) {
			return failed
		}
		if err != nil {
			return err
		}
	}
}

// Checkpoint gives the log's newest signed checkpoint and the number of its entries.
func (m *Mailroom) Checkpoint(ctx context.Context) (signed string, entries int64, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) (err error) {
		signed, entries, err = audit.Checkpoint(r)
		return err
	})
	return signed, entries, err
}
