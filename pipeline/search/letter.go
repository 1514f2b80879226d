package search

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	index "github.com/blevesearch/bleve_index_api"

	"postroom/mail"
)

// The fields of a letter in the index. What people see of a hit is kept as JSON; the
// text itself is not kept, only where its words are.
const (
	fieldText      = "t" // array position: 0 = the reference, n = the n-th page
	fieldStore     = "store"
	fieldReference = "reference"
	fieldPlace     = "place" // store and reference, which a scope is asked about
	fieldScheme    = "scheme"
	fieldSource    = "source"
	fieldBatch     = "batch"
	fieldMonth     = "month"    // received, UTC: 2006-01
	fieldReceived  = "received" // seconds since 1970, for ranges
	fieldOrder     = "order"    // received, and the id, for sorting
	fieldKept      = "kept"     // JSON of kept
)

// kept is what the index gives back of a letter.
type kept struct {
	Store     string    `json:"store"`
	Scheme    string    `json:"scheme"`
	Reference string    `json:"reference"`
	Received  time.Time `json:"received"`
	Filed     time.Time `json:"filed"`
	Pages     []int     `json:"pages"`
	Version   int       `json:"version"`
	Entries   uint64    `json:"entries"` // of the log when it was read
}

const (
	asWord  = index.IndexField | index.SkipFreqNorm // found as a whole
	asFacet = asWord | index.DocValues              // and counted
	asText  = index.IndexField | index.IncludeTermVectors
)

// indexed makes a letter a document of the index.
func indexed(l mail.Letter) *document.Document {
	d := document.NewDocument(l.ID)
	add := func(name, value string, how index.FieldIndexingOptions) {
		if value != "" {
			d.AddField(document.NewTextFieldCustom(name, nil, []byte(value), how, nil))
		}
	}
	received := l.Received.UTC()
	add(fieldStore, l.Store, asFacet)
	add(fieldReference, l.Reference, asWord)
	add(fieldPlace, place(l.Store, l.Reference), index.DocValues|index.IndexField|index.SkipFreqNorm)
	add(fieldScheme, l.Scheme, asWord)
	add(fieldSource, l.Source, asFacet)
	add(fieldBatch, l.Batch, asWord)
	add(fieldMonth, received.Format("2006-01"), asFacet)
	add(fieldOrder, fmt.Sprintf("%016x/%s", uint64(max(received.UnixMilli(), 0)), l.ID), asFacet)
	d.AddField(document.NewNumericFieldWithIndexingOptions(fieldReceived, nil, float64(received.Unix()), index.IndexField))

	k := kept{Store: l.Store, Scheme: l.Scheme, Reference: l.Reference, Received: received, Filed: l.Filed.UTC(),
		Pages: []int{}, Version: l.Version, Entries: l.Entries}
	d.AddField(text(0, appendTokens(nil, l.Reference, 0, 0), ""))
	for i, page := range l.Text {
		k.Pages = append(k.Pages, page.Page)
		d.AddField(text(i+1, tokens(page.Words), l.Language))
	}
	b, err := json.Marshal(k)
	if err != nil {
		panic(fmt.Sprintf("bug: a letter can't be written as JSON: %v", err))
	}
	d.AddField(document.NewTextFieldCustom(fieldKept, nil, b, index.StoreField, nil))
	return d
}

// place joins what a scope is asked about; neither part has the mark.
func place(store, reference string) string { return store + "\x1f" + reference }

func text(page int, all []token, language string) *document.TextField {
	return document.NewTextFieldCustom(fieldText, []uint64{uint64(page)}, nil, asText, stream{all, language})
}

// stream gives the index a page's terms. Places on the page are not kept: they are told
// from the letter itself.
type stream struct {
	all      []token
	language string
}

func (s stream) Analyze([]byte) analysis.TokenStream {
	found := terms(s.all, s.language)
	out, each := make(analysis.TokenStream, len(found)), make([]analysis.Token, len(found))
	for i, t := range found {
		each[i] = analysis.Token{Term: []byte(t.text), Position: t.at + 1, Type: analysis.AlphaNumeric}
		out[i] = &each[i]
	}
	return out
}
