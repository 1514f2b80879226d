package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"postroom/durable"
	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
	"postroom/pipeline/journal/bolt"
	"postroom/router/casestore"
)

// A full mailroom is made of a few batches that were really read: their rows are copied
// under other ids, other case numbers and earlier times. A copy's readings, PDFs and
// scanner's file are its model's; its digest is its own, so that its pictures are made
// anew. The lists and the figures are left to the server, which makes those that a
// journal lacks, and each copied event is logged and sealed as any other.

// Tables with rows of a batch, by its id or what begins with it, and of a document.
var (
	batchTables    = []string{"batch", "page", "disposition", "span", "unsettled", "chunks"}
	documentTables = []string{"doc", "exception", "decision"}
)

// model is a batch that is copied.
type model struct {
	batch     mail.Batch
	documents []modelDocument
	held      int
	rows      []modelRow
	events    []journal.Event
}

type modelDocument struct {
	mail.Document
	Placement *mail.Placement `json:"placement"`
}

type modelRow struct{ table, key, value string }

// models reads the batches with all that the log says of them.
func models(ctx context.Context, j journal.Store) (all []*model, err error) {
	of := map[string]*model{} // by the ids of batches and documents
	err = j.View(ctx, func(r journal.Reader) error {
		if err := rowsOf(r, "batch", "", func(row journal.Row) error {
			m := &model{}
			if err := json.Unmarshal(row.Value, &m.batch); err != nil {
				return err
			}
			all, of[m.batch.ID] = append(all, m), m
			return m.read(r, of)
		}); err != nil {
			return err
		}
		return rowsOf(r, journal.TableEvent, "", func(row journal.Row) error {
			var e journal.Event
			err := json.Unmarshal(row.Value, &e)
			if m := of[e.Subject]; m != nil && err == nil {
				m.events = append(m.events, e)
			}
			return err
		})
	})
	return all, err
}

func (m *model) read(r journal.Reader, of map[string]*model) error {
	add := func(table, prefix string) error {
		return rowsOf(r, table, prefix, func(row journal.Row) error {
			m.rows = append(m.rows, modelRow{table, row.Key, string(row.Value)})
			return nil
		})
	}
	for _, table := range batchTables {
		if err := add(table, m.batch.ID); err != nil {
			return err
		}
	}
	return rowsOf(r, "span", m.batch.ID, func(row journal.Row) error {
		id := row.Key[strings.LastIndexByte(row.Key, '/')+1:]
		for _, table := range documentTables {
			if err := add(table, id); err != nil {
				return err
			}
		}
		d, err := journal.Load[modelDocument](r, "doc", id)
		m.documents, of[id] = append(m.documents, d), m
		if d.State == mail.Held {
			m.held++
		}
		return err
	})
}

func rowsOf(r journal.Reader, table, prefix string, visit func(journal.Row) error) error {
	for after := ""; ; {
		rows, err := r.Scan(table, prefix, after, 500)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if err := visit(row); err != nil {
				return err
			}
			after = row.Key
		}
	}
}

// filling makes a journal of copies.
type filling struct {
	models      []*model
	random      *rand.Rand
	references  map[string][]string // by the store that they lead to
	branches    []branch
	begin, last time.Time // of the copies; of the last event
	step        time.Duration
	made, held  int // documents
	copies      int
}

// span is how many days the copies are spread over.
const span = 90 * 24 * time.Hour

func (o *office) fill(ctx context.Context) (err error) {
	data := filepath.Join(o.dir, "data")
	path, kept := filepath.Join(data, "journal.db"), filepath.Join(o.dir, "models.db")
	if _, err := os.Stat(kept); errors.Is(err, os.ErrNotExist) {
		if err := durable.Rename(path, kept); err != nil {
			return err
		}
	}
	from, err := bolt.Open(kept, bolt.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	f := filling{random: rand.New(rand.NewPCG(o.seed, 91)), references: map[string][]string{}, branches: branches(), begin: time.Now().UTC().Add(-span)}
	if f.models, err = models(ctx, from); err != nil {
		return err
	}
	if err := f.measure(o); err != nil {
		return err
	}
	if err := errors.Join(durable.RemoveAll(path), durable.RemoveAll(filepath.Join(data, "search"))); err != nil {
		return err
	}
	var log *audit.Log
	to, err := bolt.Open(path, bolt.Config{Seal: func(tx journal.Tx) error { return log.Seal(tx) }})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if log, err = audit.Open(ctx, filepath.Join(data, "audit"), to); err != nil {
		return err
	}
	if err := f.copyAll(ctx, to, o); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d documents, %d of them waiting, in %d batches\n", f.made, f.held, f.copies)
	return o.addPeople(ctx, to)
}

// measure looks at what there is to copy.
func (f *filling) measure(o *office) error {
	documents, held := 0, 0
	for _, m := range f.models {
		documents, held = documents+len(m.documents), held+m.held
	}
	if held == 0 || held == documents {
		return fmt.Errorf("of %d documents %d wait: another -seed is needed", documents, held)
	}
	f.step = span / time.Duration(o.documents*len(f.models)/documents+1)
	for _, r := range o.references() {
		store := branchOf(f.branches, r)
		f.references[store] = append(f.references[store], r)
	}
	return nil
}

func (f *filling) copyAll(ctx context.Context, to journal.Store, o *office) error {
	for f.made < o.documents {
		if err := to.Tx(ctx, func(tx journal.Tx) error {
			for range 100 {
				if f.made >= o.documents {
					return nil
				}
				if err := f.copy(tx, f.next(o)); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// next draws a batch, such that the share of what waits becomes the one that is wanted.
func (f *filling) next(o *office) *model {
	few := f.held*o.documents < f.made*o.waiting
	fits := slices.Collect(func(yield func(*model) bool) {
		for _, m := range f.models {
			if many := m.held*o.documents > len(m.documents)*o.waiting; many == few && !yield(m) {
				return
			}
		}
	})
	if len(fits) == 0 {
		fits = f.models
	}
	return fits[f.random.IntN(len(fits))]
}

var moment = regexp.MustCompile(`"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"`)

// copy writes a batch once more.
func (f *filling) copy(tx journal.Tx, m *model) error {
	id := uuid.NewSHA1(uuid.Nil, fmt.Append(nil, f.copies)).String()
	sum := sha256.Sum256([]byte(id))
	digest := hex.EncodeToString(sum[:])
	received := f.begin.Add(time.Duration(f.copies) * f.step)
	f.copies, f.made, f.held = f.copies+1, f.made+len(m.documents), f.held+m.held
	names := []string{m.batch.ID, id, m.batch.SHA256, digest, `"source":"process"`, `"source":"scanner-1"`,
		m.batch.Name, fmt.Sprintf("Scan-%05d%s", f.copies, filepath.Ext(m.batch.Name))}
	for _, d := range m.documents {
		names = append(names, d.ID, mail.DocumentID(id, d.From, d.To, "copy"))
		if p := d.Placement; p != nil {
			was, is := p.Reference.String(), f.references[p.Store][f.random.IntN(len(f.references[p.Store]))]
			if names = append(names, was, is); casestore.Escape(was) != was {
				names = append(names, casestore.Escape(was), casestore.Escape(is))
			}
		}
	}
	other := strings.NewReplacer(names...)
	later := received.Sub(m.batch.Received)
	shift := func(text string) string {
		return moment.ReplaceAllStringFunc(text, func(t string) string {
			at, err := time.Parse(time.RFC3339Nano, strings.Trim(t, `"`))
			if err != nil {
				return t
			}
			return `"` + at.Add(later).Format(time.RFC3339Nano) + `"`
		})
	}
	for _, row := range m.rows {
		value := []byte(shift(other.Replace(row.value)))
		var err error
		switch row.table {
		case "batch":
			value, err = restored(value, row.value, "blob")
		case "doc": // its receipt names files that are there
			value, err = restored(value, shift(row.value), "receipt")
		}
		if err = errors.Join(err, tx.Put(row.table, other.Replace(row.key), value)); err != nil {
			return err
		}
	}
	for _, e := range m.events {
		e.Salt, e.Subject, e.Detail = nil, other.Replace(e.Subject), json.RawMessage(shift(other.Replace(string(e.Detail))))
		if e.Time = e.Time.Add(later); e.Time.Before(f.last) { // entries stand in the order of time
			e.Time = f.last
		}
		f.last = e.Time
		if len(e.Detail) == 0 {
			e.Detail = nil
		}
		if err := tx.Log(e); err != nil {
			return err
		}
	}
	return nil
}

// restored gives a row with one field as it was.
func restored(value []byte, was, field string) ([]byte, error) {
	var is, before map[string]json.RawMessage
	if err := cmp.Or(json.Unmarshal(value, &is), json.Unmarshal([]byte(was), &before)); err != nil {
		return nil, err
	}
	if is[field] = before[field]; is[field] == nil {
		delete(is, field)
	}
	return json.Marshal(is)
}
