package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/sandbox"
	"postroom/router"
)

// The journal's tables. A page has at most one disposition because its number is the key.
const (
	tableBatch       = "batch"       // batch id -> batchRow
	tableSource      = "source"      // batch id -> sourceRow, until the source is gone
	tableNamed       = "named"       // digest of path and content -> batch id: `process` again resumes
	tableContent     = "content"     // content digest -> first batch with it
	tableKey         = "key"         // keyTicket -> its bytes
	tableTicket      = "ticket"      // ticket id -> the batch that it lay on
	tableDiffers     = "differs"     // batch id -> differsRow, while it is open for nothing but a difference from its ticket
	tableChunks      = "chunks"      // batch id -> read tasks left
	tablePage        = "page"        // batch/page -> pageRow
	tableDisposition = "disposition" // batch/page -> mail.Disposition
	tableDoc         = "doc"         // document id -> docRow
	tableSpan        = "span"        // batch/from/document id -> "", a batch's documents in order
	tableUnsettled   = "unsettled"   // batch/document id -> "", while the document is not settled; see batchRow.Listed
	tableException   = "exception"   // document id -> mail.Exception, while it is open
	tableTrouble     = "trouble"     // batch/task key -> trouble, while a task can't be done
	tableDecision    = "decision"    // document id/version -> decisionRow
	tableInForce     = "inforce"     // configuration, register -> what was logged of it last
	tableRescan      = "rescan"      // batch/first page/document id -> "", while its paper is asked for again
	tableTurn        = "turn"        // batch/page -> turnRow

	// The lists: what can be told from the rows above, in the order that people read it in.
	tableListed     = "listed"     // document id -> listing: which of the rows below are its
	tableWaits      = "waits"      // since/batch/from/document id -> waitRow, of what is held
	tableLetter     = "letter"     // store/when filed/document id -> scheme, reference
	tableCaseLetter = "caseletter" // store/scheme/reference/when filed/document id -> ""
	tableArrival    = "arrival"    // when received/batch id -> arrival
	tableOpen       = "open"       // the same of those that are not closed
	tableCount      = "count"      // waits/lane/reason/source, batch/id/what, trouble/kind -> how many
	tableReadMark   = "readmark"   // user/document id -> when that user read it last
	tableLists      = "lists"      // "kept" -> by which version, once the lists have all
)

// batchRow is a batch as the journal keeps it.
type batchRow struct {
	mail.Batch
	Blob    journal.Ref      `json:"blob"`
	Closed  bool             `json:"closed"`
	Listed  bool             `json:"listed,omitempty"`  // tableUnsettled has all of its documents; older journals did without
	Renders bool             `json:"renders,omitempty"` // its filed documents get renditions; older versions made none
	First   string           `json:"first,omitempty"`   // the batch that had the same bytes before
	Config  string           `json:"config,omitempty"`  // digest of the configuration that it was received under
	Partial string           `json:"partial,omitempty"` // what it lacked when it was taken
	Ticket  *mail.Ticket     `json:"ticket,omitempty"`  // that lay on top of it
	Closing *Closing         `json:"closing,omitempty"` // what a person said of its difference from the ticket
	Refused *sandbox.Refusal `json:"refused,omitempty"` // why the file as a whole is an exception
}

// pageRow says where a page's reading is.
type pageRow struct {
	Readings journal.Ref `json:"readings"` // a JSON list of mail.Reading
	Index    int         `json:"index"`    // of the page in it
	Seen     *seenPage   `json:"seen,omitempty"`
}

// seenPage is what a list of pages tells of a reading, so that it need not be opened.
// Older journals did without.
type seenPage struct {
	Blank    bool         `json:"blank,omitempty"`
	Unmarked bool         `json:"unmarked,omitempty"`
	Rotation int          `json:"rotation,omitempty"`
	Failure  string       `json:"failure,omitempty"`
	Says     *mail.Saying `json:"says,omitempty"` // the failure
}

// docRow is a document as the journal keeps it.
type docRow struct {
	mail.Document
	Blanks         []int            `json:"blanks,omitempty"`
	Doubts         []router.Doubt   `json:"doubts,omitempty"`
	Whole          bool             `json:"whole,omitempty"` // the file itself: its pages were not told apart
	Original       journal.Ref      `json:"original"`        // the document's own PDF
	Sheet          journal.Ref      `json:"sheet"`           // its document.json
	Recoded        []string         `json:"recoded,omitempty"`
	Rendition      journal.Ref      `json:"rendition,omitzero"`       // its searchable.pdf
	Unrendered     string           `json:"unrendered,omitempty"`     // why the store refused it
	Suspect        string           `json:"suspect,omitempty"`        // what its rendition's making showed against what is filed
	RenditionSheet journal.Ref      `json:"rendition_sheet,omitzero"` // its searchable.json
	Placement      *mail.Placement  `json:"placement,omitempty"`
	Receipt        *mail.Receipt    `json:"receipt,omitempty"`
	Why            string           `json:"why,omitempty"`  // of a discarded document
	Left           []mail.Reference `json:"left,omitempty"` // the cases that it was taken back from

	// What persons made of it.
	Of     []string `json:"of,omitzero"`      // the documents whose pages it was made of; absent: not known, of an older journal
	Into   []string `json:"into,omitempty"`   // of a superseded one: the documents that its pages were made into
	Born   int      `json:"born,omitempty"`   // the version that it was made in by a person
	Joined []int    `json:"joined,omitempty"` // pages on which a person says that no letter begins
	// SentBack are the cases that a person took it, or pages of it, back from: the machine files it there no more.
	SentBack []mail.Reference `json:"sent_back,omitempty"`

	Lane  *laneRow `json:"lane,omitempty"`  // where it waits; nil = among all that is open
	Keyed []keying `json:"keyed,omitempty"` // the references that persons keyed, while they do not decide; two differ
	Undo  *Undo    `json:"undo,omitempty"`  // taken back on its way to the case: withdrawn as soon as it is there
}

// letGo notes that a document was taken back from the case that it stood in.
func (d docRow) letGo() docRow {
	if d.Receipt != nil {
		d.Left = append(slices.Clone(d.Left), d.Placement.Reference)
		d.Receipt, d.Placement = nil, nil
	}
	return d
}

// freed is the document with nothing left that was only of its waiting.
func (d docRow) freed() docRow {
	d.Lane, d.Keyed, d.Undo = nil, nil, nil
	return d
}

// filedAs gives the document's name in its case: its id, numbered when it was
// taken back from there before. What stands there as withdrawn is evidence, and
// whoever knows it by its name must not find another sheet under it.
func (d docRow) filedAs() string {
	times := 1
	for _, r := range d.Left {
		if r == d.Placement.Reference {
			times++
		}
	}
	return numbered(d.ID, times)
}

func pageKey(batch string, page int) string { return fmt.Sprintf("%s/%06d", batch, page) }

func spanKey(d mail.Document) string { return fmt.Sprintf("%s/%06d/%s", d.Batch, d.From, d.ID) }

func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("bug: %T can't be written as JSON: %v", v, err))
	}
	return b
}

// load reads a row that must be there: its absence is ErrNoSuch with its name.
func load[T any](r journal.Reader, table, key string) (T, error) {
	v, err := journal.Load[T](r, table, key)
	if errors.Is(err, journal.ErrNotFound) {
		return v, fmt.Errorf("%s %s: %w", table, key, ErrNoSuch)
	}
	return v, err
}

// documents lists a batch's documents by their first page.
func documents(r journal.Reader, batch string) ([]docRow, error) {
	var docs []docRow
	err := each(r, tableSpan, batch+"/", func(row journal.Row) error {
		d, err := load[docRow](r, tableDoc, row.Key[len(batch)+len("/000000/"):])
		docs = append(docs, d)
		return err
	})
	return docs, err
}

// each visits a table's rows with the prefix, in the order of their keys, a portion at a time.
func each(r journal.Reader, table, prefix string, visit func(journal.Row) error) error {
	const portion = 500
	after := ""
	for {
		rows, err := r.Scan(table, prefix, after, portion)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := visit(row); err != nil {
				return err
			}
		}
		if len(rows) < portion {
			return nil
		}
		after = rows[len(rows)-1].Key
	}
}

// payload is what a task carries.
type payload struct {
	Batch    string `json:"batch"`
	Document string `json:"document,omitempty"`
	From     int    `json:"from,omitempty"`
	To       int    `json:"to,omitempty"`
	Locator  string `json:"locator,omitempty"` // withdraw: what to take back
	Store    string `json:"store,omitempty"`
	Note     []byte `json:"note,omitempty"`
}

// task names a step. The key is unique for ever, so that a repeat is known as one.
func task(kind string, priority int, key string, p payload) journal.Task {
	return journal.Task{Kind: kind, Batch: p.Batch, Key: kind + "/" + key, Priority: priority, Payload: encode(p)}
}

func carried(t journal.Task) payload {
	var p payload
	if err := json.Unmarshal(t.Payload, &p); err != nil {
		panic(fmt.Sprintf("bug: task %s carries %q: %v", t.Key, t.Payload, err))
	}
	return p
}
