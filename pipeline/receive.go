package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"postroom/mail"
	"postroom/pipeline/intake"
	"postroom/pipeline/journal"
	"postroom/pipeline/sandbox"
)

// Origin says where a file came from.
type Origin struct {
	Source  string // the intake folder's name, or "process"
	Duplex  bool
	Watched bool   // the source is removed once the batch is journalled
	Done    string // where a watched source moves to; "" = it is deleted
	Partial string // what it lacks, when it was taken although it is not whole
	Named   string // the path that the scanner gave it, when it has another by now; "" = it has not
	By      string // who named the file; "" = the machine found it
}

// sourceRow is a watched file that is journalled and not yet removed.
type sourceRow struct {
	Path  []byte       `json:"path"` // bytes: a name need not be UTF-8
	Stamp intake.Stamp `json:"stamp"`
	Done  string       `json:"done,omitempty"`
	Named []byte       `json:"named,omitempty"` // the path that the scanner gave it, when Path is another
}

// named gives the path that the scanner gave the file.
func (s sourceRow) named() string {
	if len(s.Named) > 0 {
		return string(s.Named)
	}
	return string(s.Path)
}

// ErrChanging is a file that was written to while it was copied: try again later.
var ErrChanging = errors.New("the file is still being written")

// Accept copies a file into the blobs and journals it as a batch; when it
// returns, the batch is durable. The same watched file again (a crash came
// before its removal), and the same named path with the same bytes, give the
// batch that there is.
func (m *Mailroom) Accept(ctx context.Context, path string, o Origin) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	stamp, err := intake.StampOf(path)
	if err != nil {
		return "", err
	}
	return m.accept(ctx, path, stamp, o)
}

// accept takes the file in the state that the stamp tells: ErrChanging when it
// is in another by the time it is copied.
func (m *Mailroom) accept(ctx context.Context, path string, stamp intake.Stamp, o Origin) (string, error) {
	grown := ""
	if o.Watched {
		batch, same, err := m.known(ctx, path, stamp)
		if same || err != nil {
			return batch, err
		}
		if grown = batch; grown != "" {
			o.Partial = grownDetail(grown) // a person compares it with what was taken before
		}
	}
	if err := m.space.admit(path, stamp.Size, o.Watched); err != nil {
		return "", fmt.Errorf("take %s: %w", path, err)
	}
	ref, err := m.copyIn(ctx, path, stamp)
	if err != nil {
		return "", err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	source := sourceRow{[]byte(path), stamp, o.Done, []byte(o.Named)}
	b := batchRow{Renders: true, Batch: mail.Batch{
		ID: id.String(), SHA256: ref.SHA256, Size: ref.Size, Name: strings.ToValidUTF8(filepath.Base(source.named()), "\uFFFD"),
		Path: source.named(), Source: o.Source, Duplex: o.Duplex, Received: m.cfg.Now().UTC(),
	}, Blob: ref, Config: m.cfg.Digest, Partial: o.Partial, Listed: true}
	batch, err := m.insert(ctx, b, o, source, grown)
	if err == nil && o.Watched {
		m.cfg.Log.Info("batch received", "batch", batch, "folder", o.Source)
	}
	return batch, err
}

// copyIn makes the file's bytes durable. It never renames the source: the
// scanner may still hold it, and the share is another file system.
func (m *Mailroom) copyIn(ctx context.Context, path string, before intake.Stamp) (journal.Ref, error) {
	f, err := intake.Open(path)
	if err != nil {
		return journal.Ref{}, err
	}
	defer f.Close()
	ref, err := m.blobs.Put(ctx, f)
	if err != nil {
		return ref, fmt.Errorf("copy %s: %w", path, err)
	}
	after, err := intake.StampOf(path)
	if err != nil || after != before || ref.Size != before.Size {
		return ref, fmt.Errorf("%s: %w", path, ErrChanging)
	}
	return ref, nil
}

// What a person is told of files that were taken before they were whole.
func agedDetail() string { return mail.Say("file-not-whole").English() }

// agedBefore is what a former version said of one, which a batch of its may still have.
const agedBefore = "The file was still not whole when its folder's max_age had passed."

func grownDetail(first string) string { return mail.Say("file-grown", "batch", first).English() }

// partial is what a person was told of such a file when it was taken.
func partial(detail string) *sandbox.Refusal {
	before, after, _ := strings.Cut(grownDetail("\n"), "\n")
	r := &sandbox.Refusal{Reason: mail.Incomplete, Detail: detail}
	if detail == agedDetail() || detail == agedBefore {
		r.Says = mail.Say("file-not-whole")
	} else if rest, ok := strings.CutPrefix(detail, before); ok && strings.HasSuffix(rest, after) {
		r.Says = mail.Say("file-grown", "batch", strings.TrimSuffix(rest, after))
	}
	return r
}

// refusal is one of the server's own.
func refusal(reason mail.Reason, says *mail.Saying) *sandbox.Refusal {
	return &sandbox.Refusal{Reason: reason, Detail: says.English(), Says: says}
}

// known finds the batch of a watched file that is journalled already and whose
// source is still there: the same, or what the scanner has made of it since.
func (m *Mailroom) known(ctx context.Context, path string, stamp intake.Stamp) (batch string, same bool, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		return each(r, tableSource, "", func(row journal.Row) error {
			s, err := load[sourceRow](r, tableSource, row.Key)
			if err == nil && string(s.Path) == path && s.Stamp.Same(stamp) {
				batch, same = row.Key, s.Stamp.Unchanged(stamp)
			}
			return err
		})
	})
	return batch, same, err
}

// insert journals a batch, and its source when that is watched. grown names the
// batch whose source this file was before the scanner wrote to it again.
func (m *Mailroom) insert(ctx context.Context, b batchRow, o Origin, source sourceRow, grown string) (string, error) {
	name := sha256.Sum256([]byte(b.Path + "\x00" + b.SHA256))
	named := hex.EncodeToString(name[:])
	var batch string
	err := m.journal.Tx(ctx, func(tx journal.Tx) error {
		batch, b.First = b.ID, ""
		if !o.Watched {
			if had, err := tx.Get(tableNamed, named); err == nil {
				again, err := m.mayTryAgain(tx, string(had), true)
				if err != nil || !again {
					batch = string(had)
					return err
				}
			}
			if err := tx.Put(tableNamed, named, []byte(b.ID)); err != nil {
				return err
			}
		}
		if first, err := tx.Get(tableContent, b.SHA256); err == nil {
			again, err := m.mayTryAgain(tx, string(first), false)
			if err != nil {
				return err
			}
			if !again {
				b.First = string(first)
			}
		}
		if b.First == "" {
			if err := tx.Put(tableContent, b.SHA256, []byte(b.ID)); err != nil {
				return err
			}
		}
		if grown != "" {
			if err := errors.Join(tx.Delete(tableSource, grown), tx.Log(m.event("source released", grown, "",
				map[string]string{"how": "it grew before it could be claimed; the later version is batch " + b.ID}))); err != nil {
				return err
			}
		}
		if o.Watched {
			if err := journal.Save(tx, tableSource, b.ID, source); err != nil {
				return err
			}
		}
		return errors.Join(
			saveBatch(tx, b),
			tx.Log(m.event(actionReceived, b.ID, o.By, map[string]any{
				"sha256": b.SHA256, "size": b.Size, "source": b.Source, "path": b.Path})),
			tx.Enqueue(task(taskReceive, priorityReceive, b.ID, payload{Batch: b.ID})))
	})
	return batch, err
}

// mayTryAgain tells whether the same bytes as those of a batch are worth another
// try: its file was refused as a whole, and was not filed all the same. A file
// that is only named again, not dropped again, must have something changed for
// it: the configuration, or a person's mind.
func (m *Mailroom) mayTryAgain(r journal.Reader, batch string, named bool) (bool, error) {
	b, err := load[batchRow](r, tableBatch, batch)
	if err != nil || b.Refused == nil || b.Refused.Reason == mail.Duplicate {
		return false, err
	}
	docs, err := documents(r, batch)
	if err != nil || len(docs) != 1 {
		return false, err
	}
	switch docs[0].State {
	case mail.Held:
		return !named || b.Config != m.cfg.Digest, nil
	case mail.Discarded:
		return true, nil
	}
	return false, nil
}

// receive opens the file and counts its pages: a file that can't be worked on
// becomes one exception, any other read tasks.
func (m *Mailroom) receive(ctx context.Context, t journal.Task) (func(journal.Tx) error, error) {
	id := carried(t).Batch
	b, err := m.batch(ctx, id)
	if err != nil {
		return nil, err
	}
	f, err := m.blob(ctx, b.Blob)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	contents := sandbox.Contents{Refused: refusal(mail.UnreadableFile, mail.Say("file-unended"))}
	if hopeless(t) {
		m.givenUp(t)
	} else if contents, err = m.helpers.Open(ctx, f, b.SHA256); err != nil {
		return nil, fmt.Errorf("open batch %s: %w", id, err)
	}
	return func(tx journal.Tx) error {
		b, err := load[batchRow](tx, tableBatch, id)
		if err != nil {
			return err
		}
		b.Kind, b.Pages, b.Refused = contents.Kind, contents.Pages, m.refused(b, contents)
		if err := errors.Join(
			saveBatch(tx, b),
			tx.Log(m.event(actionCounted, id, "", map[string]any{"kind": b.Kind, "pages": b.Pages})),
		); err != nil {
			return err
		}
		if b.Refused != nil {
			return m.holdFile(tx, b)
		}
		return m.enqueueReads(tx, b)
	}, nil
}

// refused tells why the whole file is one exception; nil = it can be read.
func (m *Mailroom) refused(b batchRow, c sandbox.Contents) *sandbox.Refusal {
	switch {
	case b.Partial == agedDetail() && b.Size == 0:
		return refusal(mail.Incomplete, mail.Say("file-no-bytes"))
	case b.Partial != "":
		return partial(b.Partial)
	case b.Size == 0:
		return refusal(mail.UnreadableFile, mail.Say("file-no-bytes"))
	case c.Refused != nil:
		return c.Refused
	case c.Pages == 0:
		return refusal(mail.UnreadableFile, mail.Say("file-empty"))
	case b.First != "":
		return refusal(mail.Duplicate, mail.Say("file-again", "batch", b.First))
	}
	return nil
}

func (m *Mailroom) enqueueReads(tx journal.Tx, b batchRow) error {
	// Small portions let all helpers work on one batch; 16 pages bound what a crash repeats.
	size := min(m.cfg.MaxRead, (b.Pages+2*m.helpers.Slots()-1)/(2*m.helpers.Slots()))
	var tasks []journal.Task
	for from := 1; from <= b.Pages; from += size {
		to := min(from+size-1, b.Pages)
		tasks = append(tasks, task(taskRead, priorityRead, pageKey(b.ID, from), payload{Batch: b.ID, From: from, To: to}))
	}
	if _, err := tx.Add(tableChunks, b.ID, int64(len(tasks))); err != nil {
		return err
	}
	return tx.Enqueue(tasks...)
}

// holdFile makes the whole file one document that waits for a person.
func (m *Mailroom) holdFile(tx journal.Tx, b batchRow) error {
	d := docRow{Document: mail.Document{Batch: b.ID, To: b.Pages}, Whole: true}
	if b.Pages > 0 {
		d.From = 1
	}
	d.ID = mail.DocumentID(b.ID, d.From, d.To, "file")
	if b.Kind == mail.PDF && b.Refused.Reason != mail.UnreadableFile {
		d.Original = b.Blob // the received bytes themselves
	}
	if err := m.saveNew(tx, d); err != nil {
		return err
	}
	return m.hold(tx, d, mail.Exception{Reason: b.Refused.Reason, Detail: b.Refused.Detail, Says: b.Refused.Says})
}

// batch reads a batch's row.
func (m *Mailroom) batch(ctx context.Context, id string) (b batchRow, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		b, err = load[batchRow](r, tableBatch, id)
		return err
	})
	return b, err
}

// Knows tells whether the journal has a batch.
func (m *Mailroom) Knows(ctx context.Context, batch string) (bool, error) {
	_, err := m.batch(ctx, batch)
	if errors.Is(err, ErrNoSuch) {
		return false, nil
	}
	return err == nil, err
}

// sourceGone tells whether a path has nothing any more.
func sourceGone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, os.ErrNotExist)
}
