package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/router/casestore"
)

// Sheet is a filed document's document.json: what was filed, where it came
// from, and why it stands in this case.
type Sheet struct {
	Document  string          `json:"document"`
	Reference string          `json:"reference"`
	Scheme    string          `json:"scheme"`
	Store     string          `json:"store"`
	Batch     string          `json:"batch"`
	File      string          `json:"file"`
	Source    string          `json:"source"`
	Received  time.Time       `json:"received"`
	Pages     []int           `json:"pages"`
	Blanks    []int           `json:"blanks"`
	Original  Digest          `json:"original"`   // original.pdf
	Scanned   Digest          `json:"batch_file"` // the scanner's file
	Recoded   []string        `json:"recoded,omitempty"`
	Rule      string          `json:"rule"`
	Evidence  []SheetEvidence `json:"evidence"`
	DecidedBy string          `json:"decided_by"`         // "machine" or the person
	KeyedBy   string          `json:"keyed_by,omitempty"` // the person who had keyed the same reference before
	Decided   time.Time       `json:"decided"`
	Config    string          `json:"config"`
	Register  string          `json:"register"` // SHA-256 of the case register in force
	Version   string          `json:"version"`
}

// SheetEvidence is a fact that decided, with its place on the page when it has one:
// what a person says stands nowhere.
type SheetEvidence struct {
	EvidenceLine
	Polygon *[4][2]int `json:"polygon,omitempty"`
}

func sheetEvidence(all []mail.Evidence) []SheetEvidence {
	lines := []SheetEvidence{}
	for i, line := range evidenceLines(all) {
		e := SheetEvidence{EvidenceLine: line}
		if q := all[i].Polygon; q != (mail.Quad{}) {
			c := q.Corners()
			e.Polygon = &c
		}
		lines = append(lines, e)
	}
	return lines
}

// Digest identifies bytes.
type Digest struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// cut makes the document's own PDF and its sheet, and keeps both as blobs: a PDF
// writer's output may differ from run to run, so that only what is journalled is delivered.
func (m *Mailroom) cut(ctx context.Context, t journal.Task) (func(journal.Tx) error, error) {
	d, b, err := m.doc(ctx, carried(t).Document)
	if err != nil || d.State != mail.Placed || t.Key != taskCut+"/"+version(d) {
		return nothing, err // of a former placement: by this one's own receipt unplace tells whether it was cut
	}
	if hopeless(t) && d.Original == (journal.Ref{}) {
		m.givenUp(t)
		return func(tx journal.Tx) error {
			return m.holdNow(tx, d, exception(mail.UnreadablePage, mail.Say("cut-unended")))
		}, nil
	}
	original, recoded, refused, err := m.original(ctx, b, d)
	if err != nil {
		return nil, fmt.Errorf("cut %s: %w", d.ID, err)
	}
	if refused != nil {
		return func(tx journal.Tx) error { return m.holdNow(tx, d, *refused) }, nil
	}
	d.Original, d.Recoded = original, recoded
	sheet, err := m.blobs.Put(ctx, bytes.NewReader(m.sheet(b, d)))
	if err != nil {
		return nil, fmt.Errorf("cut %s: keep its sheet: %w", d.ID, err)
	}
	return func(tx journal.Tx) error {
		d, same, err := unchanged(tx, d)
		if err != nil || !same {
			return err
		}
		d.Original, d.Recoded, d.Sheet = original, recoded, sheet
		if err := saveDoc(tx, d); err != nil {
			return err
		}
		return tx.Enqueue(task(taskDeliver, priorityDeliver, version(d), payload{Batch: d.Batch, Document: d.ID}))
	}, nil
}

// exception is one that says all in a saying.
func exception(reason mail.Reason, says *mail.Saying) mail.Exception {
	return mail.Exception{Reason: reason, Detail: says.English(), Says: says}
}

func nothing(journal.Tx) error { return nil }

// original gives the document's PDF: the received file when the document is all
// of it, what was cut before, or a new cutting.
func (m *Mailroom) original(ctx context.Context, b batchRow, d docRow) (journal.Ref, []string, *mail.Exception, error) {
	if d.Original != (journal.Ref{}) {
		return d.Original, d.Recoded, nil, nil
	}
	in, err := m.blob(ctx, b.Blob)
	if err != nil {
		return journal.Ref{}, nil, nil, err
	}
	defer in.Close()
	out, err := m.blobs.Scratch()
	if err != nil {
		return journal.Ref{}, nil, nil, err
	}
	defer out.Close()
	done, err := m.helpers.Cut(ctx, in, cutting(b), d.From, d.To, out)
	if err != nil {
		return journal.Ref{}, nil, nil, err
	}
	if done.Refused != nil {
		return journal.Ref{}, nil, &mail.Exception{Reason: done.Refused.Reason, Says: mail.Say("cut-refused", done.Refused.Saying()),
			Detail: "Its pages can't be cut from the scanner's file: " + done.Refused.Detail}, nil
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return journal.Ref{}, nil, nil, err
	}
	ref, err := m.blobs.Put(ctx, out)
	if err != nil {
		return ref, nil, nil, err
	}
	why, says, err := m.misshapen(ctx, ref, d.To-d.From+1)
	if err == nil && why != "" {
		m.cfg.Log.Error("a helper cut something else than it was asked to; look into the batch's file", "batch", b.ID, "document", d.ID, "why", why)
		return journal.Ref{}, nil, &mail.Exception{Reason: mail.UnreadablePage, Says: mail.Say("cut-other", says),
			Detail: "Its pages can't be cut from the scanner's file: what was cut is not what was asked for; " + why + "."}, nil
	}
	return ref, done.Recoded, nil, err
}

func (m *Mailroom) sheet(b batchRow, d docRow) []byte {
	p := d.Placement
	s := Sheet{
		Document: d.ID, Reference: p.Reference.String(), Scheme: p.Reference.Scheme(), Store: p.Store,
		Batch: b.ID, File: b.Name, Source: b.Source, Received: b.Received,
		Pages: d.Pages(), Blanks: append([]int{}, d.Blanks...),
		Original: Digest{d.Original.SHA256, d.Original.Size}, Scanned: Digest{b.SHA256, b.Size}, Recoded: d.Recoded,
		Rule: p.Rule, Evidence: sheetEvidence(p.Evidence), DecidedBy: decider(p), KeyedBy: p.KeyedBy, Decided: p.Since,
		Config: p.Config, Register: p.Register, Version: p.Version,
	}
	return written(s)
}

// Machine is who decided when no person did.
const Machine = "machine"

// decider names who placed a document.
func decider(p *mail.Placement) string {
	if p.By == "" {
		return Machine
	}
	return p.By
}

// deliver copies the document into its case's store and journals the store's receipt.
func (m *Mailroom) deliver(ctx context.Context, t journal.Task) (func(journal.Tx) error, error) {
	d, _, err := m.doc(ctx, carried(t).Document)
	if err != nil || d.State != mail.Placed || t.Key != taskDeliver+"/"+version(d) {
		return nothing, err // a person took it back before it began
	}
	unread, err := m.unread(ctx, d)
	if err != nil {
		return nil, err
	}
	receipt, err := m.file(ctx, d)
	if errors.Is(err, casestore.ErrRefused) {
		return func(tx journal.Tx) error { return m.storeRefused(tx, d, err) }, nil
	}
	if err != nil {
		return nil, m.unreachable(ctx, t, d.Placement.Store, err)
	}
	return func(tx journal.Tx) error {
		d, err := load[docRow](tx, tableDoc, d.ID)
		if err != nil {
			return err
		}
		d.Receipt, d.Document = &receipt, d.Move(mail.Filed)
		if err := errors.Join(
			saveDoc(tx, d),
			tx.Log(m.event(actionFiled, d.ID, "", receipt)),
		); err != nil {
			return err
		}
		if d.Undo != nil {
			return errors.Join(m.undelivered(tx, d), m.settle(tx, d.Batch))
		}
		next := enqueueRendition
		if unread {
			next = enqueueText
		}
		return errors.Join(next(tx, d), m.settle(tx, d.Batch))
	}, nil
}

// storeRefused holds a document that its store said no to. Whoever had it taken back
// meanwhile has it wait as before: it is not in the case.
func (m *Mailroom) storeRefused(tx journal.Tx, was docRow, why error) error {
	d, same, err := unchanged(tx, was)
	if err != nil || !same {
		return err
	}
	if d.Undo != nil {
		return m.notDelivered(tx, d)
	}
	return m.hold(tx, d, exception(mail.DeliveryRefused, mail.Say("store-refused", "store", d.Placement.Store, "fault", why)))
}

// file gives the document's blobs to its store.
func (m *Mailroom) file(ctx context.Context, d docRow) (mail.Receipt, error) {
	store, ok := m.cfg.Stores[d.Placement.Store]
	if !ok {
		return mail.Receipt{}, fmt.Errorf("%w: the configuration has no store %q any more", casestore.ErrRefused, d.Placement.Store)
	}
	original, err := m.blob(ctx, d.Original)
	if err != nil {
		return mail.Receipt{}, err
	}
	defer original.Close()
	sheet, err := m.contents(ctx, d.Sheet)
	if err != nil {
		return mail.Receipt{}, err
	}
	return store.Deliver(ctx, casestore.Filing{
		Reference: d.Placement.Reference.String(), Document: d.filedAs(),
		Original: original, SHA256: d.Original.SHA256, Sheet: sheet,
	})
}

func (m *Mailroom) contents(ctx context.Context, ref journal.Ref) ([]byte, error) {
	f, err := m.blob(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// unreachable notes a store that does not answer, so that the wait is seen, and has it tried again later.
func (m *Mailroom) unreachable(ctx context.Context, t journal.Task, store string, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := m.note(ctx, t, trouble{Store: store, Error: cause.Error()}); err != nil {
		return err
	}
	return &journal.Later{After: m.cfg.StoreRetry, Err: cause}
}

// note journals a task's trouble, since when it first had any.
func (m *Mailroom) note(ctx context.Context, t journal.Task, why trouble) error {
	why.Since = m.cfg.Now().UTC()
	return m.journal.Tx(ctx, func(tx journal.Tx) error { return saveTrouble(tx, troubleKey(t), why) })
}

// From this attempt on a task that fails is in trouble: people are told, and
// `process` does not wait for it.
const patientAttempts = 4

// watched makes a handler whose lasting failures, panics too, are seen, and whose
// trouble ends with its success.
func (m *Mailroom) watched(h journal.Handler) journal.Handler {
	return func(ctx context.Context, t journal.Task) (func(journal.Tx) error, error) {
		// A commit that failed took all with it that it could have noted; so it is
		// noted at the next attempt.
		if last, ok := m.spoilt.LoadAndDelete(t.Key); ok && t.Attempts > patientAttempts {
			if err := m.note(ctx, t, trouble{Error: last.(error).Error()}); err != nil {
				return nil, err
			}
		}
		var commit func(journal.Tx) error
		err := journal.Try(func() (err error) { commit, err = h(ctx, t); return err })
		var later *journal.Later
		if err != nil && ctx.Err() == nil && m.WantsRoom(err) {
			return nil, err // no trouble of this task's
		}
		if err != nil && ctx.Err() == nil && !errors.As(err, &later) && t.Attempts >= patientAttempts {
			return nil, errors.Join(err, m.note(ctx, t, trouble{Error: err.Error()}))
		}
		if err != nil {
			return nil, err
		}
		return func(tx journal.Tx) error {
			err := journal.Try(func() error { return errors.Join(endTrouble(tx, troubleKey(t)), commit(tx)) })
			if err != nil {
				m.spoilt.Store(t.Key, err)
			}
			return err
		}, nil
	}
}

// holdNow holds the document as it stands in the transaction, if it was not moved meanwhile.
func (m *Mailroom) holdNow(tx journal.Tx, was docRow, e mail.Exception) error {
	d, same, err := unchanged(tx, was)
	if err != nil || !same {
		return err
	}
	return m.hold(tx, d, e)
}

// unchanged reads a document's row anew and tells whether it is still the one that the
// task has worked on: a person may have moved it meanwhile.
func unchanged(tx journal.Tx, was docRow) (d docRow, same bool, err error) {
	d, err = load[docRow](tx, tableDoc, was.ID)
	return d, err == nil && d.State == was.State && d.Version == was.Version, err
}

// withdraw marks a document in the case that it does not belong to.
func (m *Mailroom) withdraw(ctx context.Context, t journal.Task) (func(journal.Tx) error, error) {
	p := carried(t)
	store, ok := m.cfg.Stores[p.Store]
	if !ok {
		return nil, m.unreachable(ctx, t, p.Store, fmt.Errorf("withdraw %s: the configuration has no store %q any more", p.Document, p.Store))
	}
	if err := store.Withdraw(ctx, p.Locator, p.Note); err != nil {
		return nil, m.unreachable(ctx, t, p.Store, fmt.Errorf("withdraw %s: %w", p.Document, err))
	}
	return func(tx journal.Tx) error {
		return tx.Log(m.event("document withdrawn", p.Document, "", map[string]string{"store": p.Store, "locator": p.Locator}))
	}, nil
}

// doc reads a document's row and its batch's.
func (m *Mailroom) doc(ctx context.Context, id string) (d docRow, b batchRow, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		if d, err = load[docRow](r, tableDoc, id); err != nil {
			return err
		}
		b, err = load[batchRow](r, tableBatch, d.Batch)
		return err
	})
	return d, b, err
}
