package search

import (
	"context"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
	"github.com/blevesearch/bleve/v2/search/searcher"
	index "github.com/blevesearch/bleve_index_api"
)

func is(field, value string) query.Query {
	q := query.NewTermQuery(value)
	q.SetField(field)
	return q
}

func anyOf(of []query.Query) query.Query {
	if len(of) == 1 {
		return of[0]
	}
	return query.NewDisjunctionQuery(of)
}

// textQueries makes what a letter's text must have, and must not have, of the clauses.
func textQueries(ix bleve.Index, asked []clause) (wanted, unwanted []query.Query, err error) {
	for _, c := range asked {
		var of []query.Query
		for _, w := range c.ways {
			q, err := w.query(ix)
			if err != nil {
				return nil, nil, err
			}
			of = append(of, q)
		}
		if c.not {
			unwanted = append(unwanted, anyOf(of))
		} else {
			wanted = append(wanted, anyOf(of))
		}
	}
	return wanted, unwanted, nil
}

func (w way) query(ix bleve.Index) (query.Query, error) {
	var forms [][]string
	for i, t := range w.tokens {
		some := w.forms(t)
		if w.begun && i == len(w.tokens)-1 {
			var err error
			if some, err = beginning(ix, t); err != nil {
				return nil, err
			}
		}
		forms = append(forms, some)
	}
	if len(forms) > 1 && !w.loose {
		return &phrase{query.NewMultiPhraseQuery(forms, fieldText)}, nil
	}
	var all []query.Query
	for _, some := range forms {
		var of []query.Query
		for _, t := range some {
			of = append(of, is(fieldText, t))
		}
		all = append(all, anyOf(of))
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return query.NewConjunctionQuery(all), nil
}

// forms gives the terms that a token is found by: itself, and its stem in each language.
func (w way) forms(t string) []string {
	some := []string{t}
	if !w.exact && inflects(token{term: t, digit: strings.ContainsAny(t, "0123456789")}) {
		for _, l := range languages {
			some = append(some, stemTerm(l, stemmers[l](t)))
		}
	}
	return some
}

// beginning gives the words that begin so, and last what was typed, which may be none.
func beginning(ix bleve.Index, start string) (some []string, err error) {
	dict, err := ix.FieldDictPrefix(fieldText, []byte(start))
	if err != nil {
		return nil, err
	}
	defer dict.Close()
	for {
		e, err := dict.Next()
		if err != nil {
			return nil, err
		}
		if e == nil {
			return append(some, start), nil
		}
		if len(some) >= mostBegun {
			return nil, &Refused{CommonStart, mostBegun}
		}
		some = append(some, e.Term) // never a stem: the mark in it is its third character
	}
}

func (q Filter) queries() (all []query.Query) {
	for field, value := range map[string]string{fieldStore: q.Store, fieldReference: q.Reference,
		fieldScheme: q.Scheme, fieldSource: q.Source, fieldBatch: q.Batch} {
		if value != "" {
			all = append(all, is(field, value))
		}
	}
	if q.Since.IsZero() && q.Until.IsZero() {
		return all
	}
	seconds := func(t time.Time) *float64 {
		if t.IsZero() {
			return nil
		}
		s := float64(t.Unix())
		return &s
	}
	yes, no := true, false
	r := query.NewNumericRangeInclusiveQuery(seconds(q.Since), seconds(q.Until), &yes, &no)
	r.SetField(fieldReceived)
	return append(all, r)
}

// query asks for the letters that the grants name.
func (s sight) query() query.Query {
	var of []query.Query
	for _, g := range s.grants {
		var both []query.Query
		var stores, references []query.Query
		for _, store := range g.stores {
			stores = append(stores, is(fieldStore, store))
		}
		for r := range g.references {
			references = append(references, is(fieldReference, r))
		}
		if len(stores) > 0 {
			both = append(both, anyOf(stores))
		}
		if len(references) > 0 {
			both = append(both, anyOf(references))
		}
		of = append(of, query.NewConjunctionQuery(both))
	}
	return anyOf(of)
}

// within asks the scope about each letter that a query finds, before it is counted.
type within struct {
	query.Query
	see sight
}

func (w *within) Searcher(ctx context.Context, r index.IndexReader, m mapping.IndexMapping, o search.SearcherOptions) (search.Searcher, error) {
	inner, err := w.Query.Searcher(ctx, r, m, o)
	if err != nil {
		return nil, err
	}
	values, err := r.DocValueReader([]string{fieldPlace})
	if err != nil {
		return nil, err
	}
	told := map[string]bool{}
	return searcher.NewFilteringSearcher(ctx, inner, func(_ *search.SearchContext, d *search.DocumentMatch) bool {
		seen := false // of what can't be told nothing is shown
		if err := values.VisitDocValues(d.IndexInternalID, func(_ string, value []byte) {
			was, ok := told[string(value)]
			if !ok {
				store, reference, _ := strings.Cut(string(value), "\x1f")
				was = w.see.sees(store, reference)
				told[string(value)] = was
			}
			seen = was
		}); err != nil {
			return false
		}
		return seen
	}), nil
}
