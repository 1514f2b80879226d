package pipeline

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"postroom/pipeline/journal"
)

// The tables of samples.
const (
	tableSample  = "sample"  // sample id -> Sample
	tableSampled = "sampled" // sample/place -> Sampled
	tableDrawn   = "drawn"   // sample/document id -> place, as in tableSampled
	tableWrong   = "wrong"   // time of the verdict/document id/sample -> "", while it says wrong
)

// mostSampled is the most documents of one sample: a person judges each.
const mostSampled = 10_000

// SampleOrder asks for a random sample of the documents that the machine filed from one
// local day to another, both included.
type SampleOrder struct {
	Share      float64   `json:"share,omitempty"` // of the documents, above 0, at most 1; or
	Count      int       `json:"count,omitempty"` // so many, at most 10,000
	From       time.Time `json:"from"`
	To         time.Time `json:"to"`
	Store      string    `json:"store,omitempty"` // of this store only, and so on; "" = any
	Scheme     string    `json:"scheme,omitempty"`
	Rule       string    `json:"rule,omitempty"`
	Stratified bool      `json:"stratified,omitempty"` // from each scheme and rule its share, two at least
}

// Sample is a sample that was drawn. Whoever has the list of the documents that the machine
// filed can draw it again: those come first whose HMAC-SHA256 under the seed is least.
type Sample struct {
	ID      string      `json:"id"`
	Order   SampleOrder `json:"order"`
	From    time.Time   `json:"from"`           // the first moment of the period
	Until   time.Time   `json:"until"`          // the first after it
	Through int64       `json:"through"`        // entries of the log when it was drawn: what was filed later is not in it
	Once    bool        `json:"once,omitempty"` // what the machine filed several times counts once; former versions counted each
	Seed    []byte      `json:"seed"`           // 32 bytes
	By      string      `json:"by"`
	At      time.Time   `json:"at"`
	Strata  []Stratum   `json:"strata"` // one, without names, unless it is stratified
}

// Stratum is a part of the documents that is drawn from on its own.
type Stratum struct {
	Scheme    string `json:"scheme,omitempty"`
	Rule      string `json:"rule,omitempty"`
	Documents int    `json:"documents"` // that the machine filed
	Drawn     int    `json:"drawn"`
	Judged    int    `json:"judged"`
	Wrong     int    `json:"wrong"` // of those judged
}

// Sampled is a document of a sample.
type Sampled struct {
	Place    int       `json:"place"` // from 1, in a random order: the first ones alone are a random sample, too
	Document string    `json:"document"`
	Stratum  int       `json:"stratum"`           // index in Sample.Strata
	Verdict  *Verdict  `json:"verdict,omitempty"` // nil = not judged yet
	Former   []Verdict `json:"former,omitempty"`  // that were changed, oldest first
}

// Verdict is what an auditor found: whether the machine filed the document in the right case.
type Verdict struct {
	Right   bool      `json:"right"`
	Why     string    `json:"why,omitempty"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Version int       `json:"version"` // of the document that was looked at
}

// judged is the detail of a verdict's entry in the log.
type judged struct {
	Sample string `json:"sample"`
	Verdict
}

func sampledKey(sample string, place int) string { return fmt.Sprintf("%s/%06d", sample, place) }

func wrongKey(s Sampled, sample string) string {
	return s.Verdict.At.Format(sortable) + "/" + s.Document + "/" + sample
}

// DrawSample draws a sample with a new seed, and logs who did. An order that can't be
// carried out is *Refused.
func (m *Mailroom) DrawSample(ctx context.Context, by string, o SampleOrder) (Sample, error) {
	if err := o.complete(by); err != nil {
		return Sample{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Sample{}, err
	}
	s := Sample{ID: id.String(), Order: o, From: m.day(o.From).UTC(), Until: m.day(o.To).AddDate(0, 0, 1).UTC(),
		Once: true, Seed: make([]byte, 32), By: strings.TrimSpace(by), At: m.cfg.Now().UTC()}
	if _, err := rand.Read(s.Seed); err != nil {
		return Sample{}, err
	}
	if err := m.Tally(ctx); err != nil {
		return Sample{}, err
	}
	var drawn []Sampled
	if err := m.journal.View(ctx, func(r journal.Reader) error {
		state, err := m.loadTallyState(r)
		if err != nil {
			return err
		}
		if state.Anew {
			return refuse(refusedCounting)
		}
		s.Through = state.Through
		s.Strata, drawn, err = s.draw(r)
		return err
	}); err != nil {
		return Sample{}, err
	}
	if len(drawn) == 0 {
		return Sample{}, refuse(refusedNoneFiled)
	}
	return s, m.journal.Tx(ctx, func(tx journal.Tx) error { return m.saveSample(tx, s, drawn) })
}

// complete tells what an order lacks.
func (o SampleOrder) complete(by string) error {
	if err := named(by); err != nil {
		return err
	}
	for _, name := range []string{o.Store, o.Scheme, o.Rule} {
		if name != "" && !legible(name) {
			return refuse(refusedFilter)
		}
	}
	switch {
	case (o.Share == 0) == (o.Count == 0):
		return refuse(refusedShareCount)
	case o.Count < 0 || o.Count > mostSampled:
		return refuse(refusedSize, "most", mostSampled)
	case o.Count == 0 && !(o.Share > 0 && o.Share <= 1):
		return refuse(refusedShare)
	case o.From.IsZero() || o.To.Before(o.From):
		return refuse(refusedPeriod)
	}
	return nil
}

func (m *Mailroom) saveSample(tx journal.Tx, s Sample, drawn []Sampled) error {
	for _, d := range drawn {
		if err := errors.Join(journal.Save(tx, tableSampled, sampledKey(s.ID, d.Place), d),
			tx.Put(tableDrawn, s.ID+"/"+d.Document, fmt.Appendf(nil, "%d", d.Place))); err != nil {
			return err
		}
	}
	return errors.Join(
		journal.Save(tx, tableSample, s.ID, s),
		tx.Log(m.event(actionDrawn, SubjectSamples, s.By, s)))
}

// Judge keeps an auditor's verdict on a document of a sample, and logs it; the document
// itself is left as it is. A verdict that was given before is kept as a former one, and
// changing it needs a reason, as does "wrong". A *Refused error changes nothing; ErrNoSuch
// is a sample or document that is not there.
func (m *Mailroom) Judge(ctx context.Context, by, sample, document string, right bool, why string) error {
	by, why = strings.TrimSpace(by), strings.TrimSpace(why)
	if err := named(by); err != nil {
		return err
	}
	if why != "" && !legible(why) {
		return refuse(refusedWhy)
	}
	if !right && why == "" {
		return refuse(refusedWrongWhy)
	}
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		s, err1 := load[Sample](tx, tableSample, sample)
		place, err2 := load[int](tx, tableDrawn, sample+"/"+document)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		item, err1 := load[Sampled](tx, tableSampled, sampledKey(sample, place))
		d, err2 := load[docRow](tx, tableDoc, document)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if item.Verdict != nil && why == "" {
			return refuse(refusedJudged, "by", item.Verdict.By)
		}
		return m.saveVerdict(tx, s, item, Verdict{right, why, by, m.cfg.Now().UTC(), d.Version})
	})
}

func (m *Mailroom) saveVerdict(tx journal.Tx, s Sample, item Sampled, v Verdict) error {
	part := &s.Strata[item.Stratum]
	if was := item.Verdict; was != nil {
		if !was.Right {
			part.Wrong--
			if err := tx.Delete(tableWrong, wrongKey(item, s.ID)); err != nil {
				return err
			}
		}
		part.Judged--
		item.Former = append(slices.Clone(item.Former), *was)
	}
	item.Verdict = &v
	part.Judged++
	if !v.Right {
		part.Wrong++
		if err := tx.Put(tableWrong, wrongKey(item, s.ID), nil); err != nil {
			return err
		}
	}
	return errors.Join(
		journal.Save(tx, tableSample, s.ID, s),
		journal.Save(tx, tableSampled, sampledKey(s.ID, item.Place), item),
		tx.Log(m.event(actionJudged, item.Document, v.By, judged{s.ID, v})))
}

// Samples lists all samples, the newest first.
func (m *Mailroom) Samples(ctx context.Context) (all []Sample, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		all = nil
		return each(r, tableSample, "", func(row journal.Row) error {
			s, err := decode[Sample](tableSample, row)
			all = append(all, s)
			return err
		})
	})
	slices.Reverse(all) // ids ascend with time
	return all, err
}

// Sample gives a sample with its progress; ErrNoSuch.
func (m *Mailroom) Sample(ctx context.Context, id string) (s Sample, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		s, err = load[Sample](r, tableSample, id)
		return err
	})
	return s, err
}

// Sampled lists up to n documents of a sample behind a place; 0 begins.
func (m *Mailroom) Sampled(ctx context.Context, sample string, after, n int) (all []Sampled, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		all = nil
		rows, err := r.Scan(tableSampled, sample+"/", sampledKey(sample, after), n)
		for _, row := range rows {
			s, err := decode[Sampled](tableSampled, row)
			if err != nil {
				return err
			}
			all = append(all, s)
		}
		return err
	})
	return all, err
}

// Wrong is a document that an auditor found in a wrong case, for those who may move it.
type Wrong struct {
	Key      string // where the list goes on behind it; see FoundWrong
	Document string
	Sample   string
	Verdict  Verdict
	Status   string // of the document now: filed, exception, …
	Touched  bool   // it was changed since it was judged, or stands elsewhere than where the machine had filed it
}

// FoundWrong lists up to n documents that were found wrong, oldest first, behind a key of
// the list; "" begins.
func (m *Mailroom) FoundWrong(ctx context.Context, after string, n int) (all []Wrong, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		all = nil
		rows, err := r.Scan(tableWrong, "", after, n)
		for _, row := range rows {
			w, err := m.foundWrong(r, row.Key)
			if err != nil {
				return err
			}
			all = append(all, w)
		}
		return err
	})
	return all, err
}

// WrongAt gives one of FoundWrong by its key: ErrNoSuch, also when its verdict is another by now.
func (m *Mailroom) WrongAt(ctx context.Context, key string) (w Wrong, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) (err error) {
		if _, err := r.Get(tableWrong, key); errors.Is(err, journal.ErrNotFound) {
			return fmt.Errorf("%s %s: %w", tableWrong, key, ErrNoSuch)
		} else if err != nil {
			return err
		}
		w, err = m.foundWrong(r, key)
		return err
	})
	return w, err
}

func (m *Mailroom) foundWrong(r journal.Reader, key string) (w Wrong, err error) {
	parts := strings.Split(key, "/")
	if len(parts) != 3 {
		return w, fmt.Errorf("row %s of table %s: %w", key, tableWrong, journal.ErrDamaged)
	}
	w = Wrong{Key: key, Document: parts[1], Sample: parts[2]}
	place, err1 := load[int](r, tableDrawn, w.Sample+"/"+w.Document)
	item, err2 := load[Sampled](r, tableSampled, sampledKey(w.Sample, place))
	d, err3 := load[docRow](r, tableDoc, w.Document)
	s, err4 := load[Sample](r, tableSample, w.Sample)
	if err := errors.Join(err1, err2, err3, err4); err != nil || item.Verdict == nil {
		return w, err
	}
	w.Verdict, w.Status, w.Touched = *item.Verdict, d.State.String(), d.Version != item.Verdict.Version
	if w.Touched || !d.filed() {
		return w, nil
	}
	// What is judged is where the machine had filed it: it may have been moved before.
	then, err := m.filedThen(r, w.Document, s.Through)
	w.Touched = d.Placement.Reference != then.Reference || d.Placement.Store != then.Store
	return w, err
}
