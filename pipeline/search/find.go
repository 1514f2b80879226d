package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
)

// Query is what is looked for.
type Query struct {
	Text    string // see Find
	Scope   Scope
	Filter  Filter
	From    int  // hits to leave out
	Size    int  // hits to give: 20, at most 100
	ByScore bool // best first; else the newest received first
	Counts  bool // Stores, Sources and Months are wanted: they cost as much as the search
}

// Filter is what a letter must be besides; empty fields ask nothing.
type Filter struct {
	Store     string
	Reference string
	Scheme    string
	Source    string
	Batch     string
	Since     time.Time // received then or later; to the second
	Until     time.Time // received before
}

// Result is what was found, all of it in the query's scope.
type Result struct {
	Total   int
	Hits    []Hit
	Stores  []Count // most first
	Sources []Count // most first
	Months  []Count // received, UTC, "2006-01"; newest first
	// Whole tells that the index has followed the journal to its end since it was opened
	// or made: before, letters may be missing.
	Whole bool
}

// Hit is a letter that was found.
type Hit struct {
	Document  string
	Store     string
	Scheme    string
	Reference string
	Received  time.Time
	Filed     time.Time
	Pages     []int    // of its batch
	Page      int      // on which most was found; the first when the text asked nothing
	Terms     []string // words and stems that were found, folded, in their order; at most 20
}

// Count is how many of what was found have a value.
type Count struct {
	Value string
	Count int
}

const (
	usualSize  = 20
	mostSize   = 100
	mostFrom   = 10_000
	mostTerms  = 20
	mostCounts = 200
	tooLong    = 3 * time.Second // after which a search is given up
)

// Find looks for letters. A letter has each word of the text, in any form of its language,
// and each "quoted phrase" as it stands, none of -these, and a word of each beginning*;
// accents and capitals do not count. A *Refused error tells the asker what to write else;
// context.DeadlineExceeded is a search that took too long.
func (x *Index) Find(ctx context.Context, q Query) (result Result, err error) {
	asked, err := clauses(q.Text)
	if err != nil {
		return result, err
	}
	see, err := q.Scope.sight()
	if err != nil {
		return result, err
	}
	if q.From < 0 || q.From > mostFrom {
		return result, &Refused{TooFar, mostFrom}
	}
	if q.Size <= 0 {
		q.Size = usualSize
	}
	q.Size = min(q.Size, mostSize)
	ctx, stop := context.WithTimeout(ctx, tooLong)
	defer stop()
	if !see.all && len(see.grants) == 0 {
		return Result{Whole: x.whole.Load()}, nil
	}
	err = x.use(func(ix bleve.Index) error {
		result, err = find(ctx, ix, q, asked, see)
		return err
	})
	result.Whole = x.whole.Load() && err == nil
	return result, err
}

func find(ctx context.Context, ix bleve.Index, q Query, asked []clause, see sight) (r Result, err error) {
	wanted, unwanted, err := textQueries(ix, asked)
	if err != nil {
		return r, err
	}
	must := append(slices.Clone(wanted), q.Filter.queries()...)
	if !see.all && see.listed() {
		must = append(must, see.query())
	}
	if len(must) == 0 {
		must = append(must, query.NewMatchAllQuery())
	}
	var all query.Query = query.NewConjunctionQuery(must)
	if len(unwanted) > 0 {
		all = query.NewBooleanQuery(must, nil, unwanted)
	}
	if !see.all && !see.listed() {
		all = &within{all, see}
	}
	req := bleve.NewSearchRequestOptions(all, q.Size, q.From, false)
	req.Fields = []string{fieldKept}
	req.SortByCustom(search.SortOrder{&search.SortField{Field: fieldOrder, Desc: true, Type: search.SortFieldAsString}})
	if req.Score = "none"; q.ByScore {
		req.Score = ""
		req.SortByCustom(append(search.SortOrder{&search.SortScore{Desc: true}}, req.Sort...))
	}
	for _, f := range []string{fieldStore, fieldSource, fieldMonth} {
		if q.Counts {
			req.AddFacet(f, bleve.NewFacetRequest(f, mostCounts))
		}
	}
	found, err := ix.SearchInContext(ctx, req)
	if err != nil {
		return r, err
	}
	if r, err = told(found); err != nil || len(wanted) == 0 || len(r.Hits) == 0 {
		return r, err
	}
	return r, places(ctx, ix, r.Hits, wanted)
}

// told makes a result of what the library says.
func told(found *bleve.SearchResult) (r Result, err error) {
	r.Total = int(found.Total)
	for _, h := range found.Hits {
		text, _ := h.Fields[fieldKept].(string)
		var k kept
		if err := json.Unmarshal([]byte(text), &k); err != nil {
			return r, &broken{fmt.Sprintf("letter %s: %v", h.ID, err)}
		}
		hit := Hit{Document: h.ID, Store: k.Store, Scheme: k.Scheme, Reference: k.Reference, Received: k.Received, Filed: k.Filed, Pages: k.Pages}
		if len(k.Pages) > 0 {
			hit.Page = k.Pages[0]
		}
		r.Hits = append(r.Hits, hit)
	}
	counts := func(name string) (all []Count) {
		if f := found.Facets[name]; f != nil && f.Terms != nil {
			for _, t := range f.Terms.Terms() {
				all = append(all, Count{t.Term, t.Count})
			}
		}
		return all
	}
	r.Stores, r.Sources, r.Months = counts(fieldStore), counts(fieldSource), counts(fieldMonth)
	slices.SortFunc(r.Months, func(a, b Count) int { return strings.Compare(b.Value, a.Value) })
	return r, nil
}

// places finds on which pages of the hits most of what was asked for stands. Only these
// letters are asked: to look for the places in all that match would take long.
func places(ctx context.Context, ix bleve.Index, hits []Hit, wanted []query.Query) error {
	at := map[string]int{}
	var ids []string
	for i, h := range hits {
		at[h.Document] = i
		ids = append(ids, h.Document)
	}
	req := bleve.NewSearchRequestOptions(query.NewConjunctionQuery(append([]query.Query{query.NewDocIDQuery(ids)}, wanted...)), len(ids), 0, false)
	req.IncludeLocations = true
	found, err := ix.SearchInContext(ctx, req)
	if err != nil {
		return err
	}
	for _, m := range found.Hits {
		if i, ok := at[m.ID]; ok {
			best(&hits[i], m.Locations[fieldText])
		}
	}
	return nil
}

// best tells the hit what was found and where most of it stands.
func best(h *Hit, found search.TermLocationMap) {
	pages := map[int]int{}
	terms := map[string]bool{}
	for term, places := range found {
		if _, stem, is := strings.Cut(term, "_"); is {
			term = stem
		}
		terms[term] = true
		on := map[int]bool{}
		for _, p := range places {
			if len(p.ArrayPositions) > 0 && !on[int(p.ArrayPositions[0])] {
				on[int(p.ArrayPositions[0])] = true
				pages[int(p.ArrayPositions[0])]++
			}
		}
	}
	most := 0
	for i, page := range h.Pages {
		if pages[i+1] > most {
			most, h.Page = pages[i+1], page
		}
	}
	for t := range terms {
		h.Terms = append(h.Terms, t)
	}
	slices.Sort(h.Terms)
	h.Terms = h.Terms[:min(len(h.Terms), mostTerms)]
}

// TooSlow tells a search that was given up.
func TooSlow(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
