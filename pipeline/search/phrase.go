package search

import (
	"context"

	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
	index "github.com/blevesearch/bleve_index_api"
)

// phrase is a row of words. The library looks at its context only when it has found a
// letter, and two words that stand everywhere and nowhere in a row are a long way to go: so
// the way is made to end with the context.
type phrase struct{ *query.MultiPhraseQuery }

func (p *phrase) Searcher(ctx context.Context, r index.IndexReader, m mapping.IndexMapping, o search.SearcherOptions) (search.Searcher, error) {
	return p.MultiPhraseQuery.Searcher(ctx, ending{r, ctx}, m, o)
}

// ending is a reader whose postings end, with an error, when its context has.
type ending struct {
	index.IndexReader
	ctx context.Context
}

func (e ending) TermFieldReader(ctx context.Context, term []byte, field string, freq, norm, vectors bool) (index.TermFieldReader, error) {
	r, err := e.IndexReader.TermFieldReader(ctx, term, field, freq, norm, vectors)
	if err != nil {
		return nil, err
	}
	return &postings{TermFieldReader: r, ctx: e.ctx}, nil
}

type postings struct {
	index.TermFieldReader
	ctx context.Context
	n   int
}

const lookEvery = 256 // postings

func (p *postings) ended() error {
	if p.n++; p.n%lookEvery == 0 {
		return p.ctx.Err()
	}
	return nil
}

func (p *postings) Next(into *index.TermFieldDoc) (*index.TermFieldDoc, error) {
	if err := p.ended(); err != nil {
		return nil, err
	}
	return p.TermFieldReader.Next(into)
}

func (p *postings) Advance(to index.IndexInternalID, into *index.TermFieldDoc) (*index.TermFieldDoc, error) {
	if err := p.ended(); err != nil {
		return nil, err
	}
	return p.TermFieldReader.Advance(to, into)
}
