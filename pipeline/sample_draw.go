package pipeline

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
)

// ranked is a document with its place in the random order.
type ranked struct {
	rank     [sha256.Size]byte
	document string
}

func (a ranked) compare(b ranked) int {
	return cmp.Or(bytes.Compare(a.rank[:], b.rank[:]), cmp.Compare(a.document, b.document))
}

// least keeps the documents of the least ranks, a heap with the greatest on top.
type least []ranked

func (l least) Len() int           { return len(l) }
func (l least) Less(i, j int) bool { return l[i].compare(l[j]) > 0 }
func (l least) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *least) Push(x any)        { *l = append(*l, x.(ranked)) }
func (l *least) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

// keep takes a document in, and drops the greatest when there are more than most.
func (l *least) keep(r ranked, most int) {
	switch {
	case len(*l) < most:
		heap.Push(l, r)
	case r.compare((*l)[0]) < 0:
		(*l)[0] = r
		heap.Fix(l, 0)
	}
}

// layer is a stratum while it is drawn from.
type layer struct {
	Stratum
	least least
}

// draw walks over the documents that the machine filed in the period and keeps the first
// of each stratum in the random order. Its cost is a row and a digest for each document of
// the period; memory has those kept.
func (s Sample) draw(r journal.Reader) ([]Stratum, []Sampled, error) {
	digest := hmac.New(sha256.New, s.Seed)
	layers := map[[2]string]*layer{}
	most := mostSampled
	if s.Order.Count > 0 {
		most = s.Order.Count
	}
	if err := s.population(r, func(document string, f filedRow) {
		var of [2]string
		if s.Order.Stratified {
			of = [2]string{f.Scheme, f.Rule}
		}
		l := layers[of]
		if l == nil {
			l = &layer{Stratum: Stratum{Scheme: of[0], Rule: of[1]}}
			layers[of] = l
		}
		digest.Reset()
		digest.Write([]byte(document))
		d := ranked{document: document}
		digest.Sum(d.rank[:0])
		l.Documents++
		l.least.keep(d, max(most, fewestOfStratum))
	}); err != nil {
		return nil, nil, err
	}
	return s.choose(layers)
}

// population visits the documents that a sample is drawn from, each with its first filing.
func (s Sample) population(r journal.Reader, visit func(document string, f filedRow)) error {
	met := map[string]bool{} // of those that may come again
	after, until := s.From.UTC().Format(sortable), s.Until.UTC().Format(sortable)
	for {
		rows, err := r.Scan(tableMachine, "", after, 1000)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			at, document, ok := strings.Cut(row.Key, "/")
			if at >= until {
				return nil
			}
			f, err := decode[filedRow](tableMachine, row)
			if err != nil || !ok {
				return errors.Join(err, fmt.Errorf("row %s of table %s: %w", row.Key, tableMachine, journal.ErrDamaged))
			}
			after = row.Key
			if f.Entry > s.Through || !s.Order.asks(f) {
				continue
			}
			if again, err := s.again(r, document, met); err != nil {
				return err
			} else if again {
				continue
			}
			visit(document, f)
		}
	}
}

// again tells whether a document was met before. The machine files one a second time only
// when a person has made it of its pages anew: no others are kept in mind.
func (s Sample) again(r journal.Reader, document string, met map[string]bool) (bool, error) {
	if !s.Once || met[document] {
		return met[document], nil
	}
	row, err := r.Get(tableDoc, document)
	if errors.Is(err, journal.ErrNotFound) {
		return false, nil // verify tells of it
	}
	if bytes.Contains(row, []byte(`"born":`)) { // read as JSON, all of them would take longer than the draw
		met[document] = true
	}
	return false, err
}

func (o SampleOrder) asks(f filedRow) bool {
	return (o.Store == "" || o.Store == f.Store) && (o.Scheme == "" || o.Scheme == f.Scheme) && (o.Rule == "" || o.Rule == f.Rule)
}

// fewestOfStratum is how many of each stratum are drawn at least: of one alone nothing can
// be told of how much it varies.
const fewestOfStratum = 2

// choose takes each stratum's share, rounded up.
func (s Sample) choose(layers map[[2]string]*layer) ([]Stratum, []Sampled, error) {
	all := slices.SortedFunc(maps.Values(layers), func(a, b *layer) int {
		return cmp.Or(cmp.Compare(a.Scheme, b.Scheme), cmp.Compare(a.Rule, b.Rule))
	})
	documents := 0
	for _, l := range all {
		documents += l.Documents
	}
	share := s.Order.Share
	if s.Order.Count > 0 && documents > 0 {
		share = min(1, float64(s.Order.Count)/float64(documents))
	}
	var strata []Stratum
	type chosen struct {
		ranked
		stratum int
	}
	var drawn []chosen
	for i, l := range all {
		n := int(math.Ceil(share*float64(l.Documents) - 1e-9)) // 0.07 × 100 is 7.000000000000001
		l.Drawn = min(l.Documents, max(n, 1))
		if s.Order.Stratified {
			l.Drawn = min(l.Documents, max(n, fewestOfStratum))
		}
		if l.Drawn > len(l.least) {
			return nil, nil, refuse(refusedTooMany, "drawn", l.Drawn, "most", mostSampled)
		}
		slices.SortFunc(l.least, ranked.compare)
		for _, r := range l.least[:l.Drawn] {
			drawn = append(drawn, chosen{r, i})
		}
		strata = append(strata, l.Stratum)
	}
	if len(drawn) > mostSampled {
		return nil, nil, refuse(refusedTooMany, "drawn", len(drawn), "most", mostSampled)
	}
	slices.SortFunc(drawn, func(a, b chosen) int { return a.compare(b.ranked) })
	var items []Sampled
	for i, c := range drawn {
		items = append(items, Sampled{Place: i + 1, Document: c.document, Stratum: c.stratum})
	}
	return strata, items, nil
}

// samples draws each sample again by its seed, and holds the verdicts against the log.
func (v *verification) samples(ctx context.Context) error {
	all, err := v.m.Samples(ctx)
	for _, s := range all {
		if err == nil {
			err = v.m.journal.View(ctx, func(r journal.Reader) error { return v.sample(r, s) })
		}
	}
	return err
}

func (v *verification) sample(r journal.Reader, s Sample) error {
	state, err := v.m.loadTallyState(r)
	if err != nil || state.Anew || state.Through < s.Through {
		return err // the list that it was drawn from is being made anew
	}
	strata, again, err := s.draw(r)
	if err != nil {
		return err
	}
	var kept []Sampled
	if err := each(r, tableSampled, s.ID+"/", func(row journal.Row) error {
		item, err := decode[Sampled](tableSampled, row)
		if err != nil {
			return err
		}
		if item.Stratum >= 0 && item.Stratum < len(strata) && item.Verdict != nil {
			strata[item.Stratum].Judged++
			if !item.Verdict.Right {
				strata[item.Stratum].Wrong++
			}
			if err := v.verdict(r, s.ID, item); err != nil {
				return err
			}
		}
		item.Verdict, item.Former = nil, nil
		kept = append(kept, item)
		return nil
	}); err != nil {
		return err
	}
	if !reflect.DeepEqual(kept, again) {
		v.say("sample %s has other documents than its seed draws", s.ID)
	}
	if !reflect.DeepEqual(s.Strata, strata) {
		v.say("sample %s says otherwise how many are judged and wrong than its documents do", s.ID)
	}
	return nil
}

// verdict holds a verdict against the log.
func (v *verification) verdict(r journal.Reader, sample string, item Sampled) error {
	events, err := audit.About(r, item.Document)
	if err != nil {
		return err
	}
	var last []byte
	for _, e := range events {
		var j judged
		if e.Action == actionJudged && detail(e, &j) == nil && j.Sample == sample {
			last = e.Detail
		}
	}
	if !bytes.Equal(last, encode(judged{sample, *item.Verdict})) {
		v.say("document %s: the log has another verdict in sample %s", item.Document, sample)
	}
	return nil
}
