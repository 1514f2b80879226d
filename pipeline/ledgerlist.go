package pipeline

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// The lists are rows that can be told from others: kept in the transactions that change
// those, so that a page of a list costs what it shows and not what there is. Each document
// has a row that names its rows in them; a change takes away the former ones, whatever
// they were.

// listing names what the lists have of a document.
type listing struct {
	Rows   []listed `json:"rows,omitempty"`
	Counts []string `json:"counts,omitempty"` // the rows of tableCount in which it is counted
}

// listed is a row of a list.
type listed struct {
	Table string `json:"t"`
	Key   string `json:"k"`
	value string
}

// What is counted of a batch.
const (
	countDocuments  = "documents" // that are not superseded
	countFiled      = "filed"
	countHeld       = "exceptions"
	countPlaced     = "placed"     // on their way to a case
	countCut        = "cut"        // of those
	countRendered   = "rendered"   // filed, and with a rendition or told that there is none
	countRead       = "read"       // pages
	countSeparators = "separators" // pages
	countDiscarded  = "discarded"  // pages
)

func batchCount(batch, what string) string { return "batch/" + batch + "/" + what }

// placeCount is where a page's place is counted; "" = it is not.
func placeCount(batch string, p mail.Place) string {
	switch p {
	case mail.PlaceSeparator:
		return batchCount(batch, countSeparators)
	case mail.PlaceDiscarded:
		return batchCount(batch, countDiscarded)
	}
	return ""
}

// count adds to a counter; one of nothing has no row.
func count(tx journal.Tx, key string, d int64) error {
	if key == "" || d == 0 {
		return nil
	}
	n, err := tx.Add(tableCount, key, d)
	if err == nil && n == 0 {
		err = tx.Delete(tableCount, key)
	}
	return err
}

// moment writes a time so that keys sort as times do.
func moment(t time.Time) string { return t.UTC().Format("20060102150405.000000000") }

// listingOf tells what the lists have to have of a document.
func listingOf(r journal.Reader, d docRow) (l listing, err error) {
	say := func(what string) { l.Counts = append(l.Counts, batchCount(d.Batch, what)) }
	if d.State != mail.Superseded {
		say(countDocuments)
	}
	switch d.State {
	case mail.Held:
		say(countHeld)
		w, err := waitingOf(r, d)
		if err != nil {
			return l, err
		}
		l.Counts = append(l.Counts, w.count())
		l.Rows = append(l.Rows, listed{tableWaits, w.key(d.Document), w.String()})
	case mail.Placed:
		say(countPlaced)
		if d.Sheet != (journal.Ref{}) {
			say(countCut)
		}
	case mail.Filed:
		say(countFiled)
		if !d.filed() {
			break // verify tells of it
		}
		if d.Receipt.RenditionSheet != "" || d.Unrendered != "" {
			say(countRendered)
		}
		l.Rows = append(l.Rows, letterRows(d)...)
	}
	return l, nil
}

// filed tells whether the document stands in a case.
func (d docRow) filed() bool { return d.State == mail.Filed && d.Receipt != nil && d.Placement != nil }

// letterRows are the rows of a filed letter.
func letterRows(d docRow) []listed {
	ref, at := d.Placement.Reference, moment(d.Receipt.At)+"/"+d.ID
	return []listed{
		{tableLetter, url.PathEscape(d.Receipt.Store) + "/" + at, ref.Scheme() + "\x00" + ref.String()},
		{tableCaseLetter, caseKey(d.Receipt.Store, ref.Scheme(), ref.String()) + at, ""},
	}
}

// caseKey is what the keys of a case's letters begin with.
func caseKey(store, scheme, reference string) string {
	return url.PathEscape(store) + "/" + url.PathEscape(scheme) + "/" + url.PathEscape(reference) + "/"
}

// relist brings the lists up to a document's row; saveDoc does it. What else a listing is
// made of (the row of its exception) must be written before.
func relist(tx journal.Tx, d docRow) error {
	was, err := journal.Load[listing](tx, tableListed, d.ID)
	if err != nil && !errors.Is(err, journal.ErrNotFound) {
		return err
	}
	is, err := listingOf(tx, d)
	if err != nil {
		return err
	}
	for _, row := range was.Rows {
		if !slices.ContainsFunc(is.Rows, row.same) {
			err = errors.Join(err, tx.Delete(row.Table, row.Key))
		}
	}
	for _, row := range is.Rows {
		err = errors.Join(err, tx.Put(row.Table, row.Key, []byte(row.value)))
	}
	for _, key := range was.Counts {
		if !slices.Contains(is.Counts, key) {
			err = errors.Join(err, count(tx, key, -1))
		}
	}
	for _, key := range is.Counts {
		if !slices.Contains(was.Counts, key) {
			err = errors.Join(err, count(tx, key, 1))
		}
	}
	return errors.Join(err, journal.Save(tx, tableListed, d.ID, is))
}

func (l listed) same(o listed) bool { return l.Table == o.Table && l.Key == o.Key }

// saveBatch writes a batch, and what the lists say of it.
func saveBatch(tx journal.Tx, b batchRow) error {
	key, value := arrivalOf(b)
	open := tx.Put
	if b.Closed {
		open = func(table, key string, _ []byte) error { return tx.Delete(table, key) }
	}
	return errors.Join(journal.Save(tx, tableBatch, b.ID, b),
		tx.Put(tableArrival, key, []byte(value.String())),
		open(tableOpen, key, []byte(value.String())))
}

// arrival is what the list of batches is filtered by.
type arrival struct{ state, source, name string }

func arrivalOf(b batchRow) (key string, a arrival) {
	return moment(b.Received) + "/" + b.ID, arrival{stateOf(b), b.Source, b.Name}
}

func (a arrival) String() string { return strings.Join([]string{a.state, a.source, a.name}, "\x00") }

func readArrival(text []byte) (a arrival) {
	var rest string
	a.state, rest, _ = strings.Cut(string(text), "\x00")
	a.source, a.name, _ = strings.Cut(rest, "\x00")
	return a
}

func stateOf(b batchRow) string {
	if b.Closed {
		return "closed"
	}
	return "open"
}
