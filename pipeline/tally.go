package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// The tables of the figures. All of them follow from the log, are written by one that
// reads it (see follow.go) and can be made anew from it.
const (
	tableTally   = "tally"   // "day/2026-11-26", "all" -> counters; "state" -> tallyState; "streak/scanner-1" -> scanLines
	tableTallied = "tallied" // document id -> talliedRow: what was counted of it last
	tableWaiting = "waiting" // reason/since/document id -> "", while it waits
	tableMachine = "machine" // time of filing/document id -> filedRow, of what the machine filed
)

// The counters: places in a list of numbers. More may be added at the end, none is removed.
const (
	nFiles = iota
	nPages
	nDocuments
	nMachine
	nPerson
	nDiscarded
	nDivided
	nHeld
	nDecided
	nRecalled
	nOpen
	nFiledSeconds
	nDecidedSeconds
	nFiledWithin
	nDecidedWithin = nFiledWithin + bounds + 1
	nSeparators    = nDecidedWithin + bounds + 1
	nConfidence    = nSeparators + 1
	nPatchDoubts   = nConfidence + 1
	nScanned       = nPatchDoubts + 1
	nStreaked      = nScanned + 1
	nSkewed        = nStreaked + 1
	nSkew          = nSkewed + 1
	nAll           = nSkew + 1
)

// bounds is how many bounds of durations there are.
const bounds = 14

// Bounds gives the upper bounds that durations are counted by, ascending; longer ones
// are counted behind the last.
func Bounds() [bounds]time.Duration {
	const day = 24 * time.Hour
	return [bounds]time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute,
		time.Hour, 4 * time.Hour, 8 * time.Hour, day, 2 * day, 3 * day, 7 * day, 30 * day}
}

// What is counted apart, before its name.
const (
	forAll    = "all"
	forSource = "source/"
	forScheme = "scheme/"
	forReason = "reason/"
)

// counters are lists of numbers by what they are of: forAll, forSource + name and so on.
type counters map[string][]int64

func (c counters) add(of string, n int, d int64) {
	list := c[of]
	for len(list) <= n {
		list = append(list, 0)
	}
	list[n] += d
	c[of] = list
}

// took adds a duration to those whose sum is counted at one place and whose bounds from another on.
func (c counters) took(of string, seconds, within int, d time.Duration) {
	d = max(d, 0) // the clock was put back
	at := 0
	for _, bound := range Bounds() {
		if d > bound {
			at++
		}
	}
	c.add(of, seconds, int64(d.Round(time.Second)/time.Second))
	c.add(of, within+at, 1)
}

// book is where figures are written: a transaction, or a copy in memory to compare with.
type book interface {
	getter
	Put(table, key string, value []byte) error
	Delete(table, key string) error
}

// getter is what is read of a book; a journal.Reader is one.
type getter interface {
	Get(table, key string) ([]byte, error)
}

// talliedRow is what was counted of a document.
type talliedRow struct {
	Source   string    `json:"source"`
	Received time.Time `json:"received"`
	Scheme   string    `json:"scheme,omitempty"` // of its last placement, as what follows
	Store    string    `json:"store,omitempty"`
	Rule     string    `json:"rule,omitempty"`
	Person   bool      `json:"person,omitempty"`
	Reason   string    `json:"reason,omitempty"` // while it waits, as what follows
	Since    time.Time `json:"since,omitzero"`
}

// filedRow is a document that the machine filed.
type filedRow struct {
	Scheme string `json:"scheme"`
	Store  string `json:"store"`
	Rule   string `json:"rule"`
	Entry  int64  `json:"entry"` // of the log, that tells of it
}

// sortable writes a time so that keys sort as times do.
const sortable = "2006-01-02T15:04:05.000000000Z"

func waitingKey(row talliedRow, document string) string {
	return row.Reason + "/" + row.Since.UTC().Format(sortable) + "/" + document
}

func machineKey(at time.Time, document string) string {
	return at.UTC().Format(sortable) + "/" + document
}

// tallying reads events into counters.
type tallying struct {
	book
	zone *time.Location
	days map[string]counters // that were touched, by key
	all  counters
}

func newTallying(b book, zone *time.Location) (*tallying, error) {
	c := &tallying{book: b, zone: zone, days: map[string]counters{}}
	var err error
	c.all, err = countersOf(b, forAll)
	return c, err
}

const (
	dayPrefix = "day/"
	dayFormat = "2006-01-02"
)

// at gives the lists that something at that time is added to: its day's and those of all time.
func (c *tallying) at(t time.Time) ([2]counters, error) {
	key := dayPrefix + t.In(c.zone).Format(dayFormat)
	if c.days[key] == nil {
		day, err := countersOf(c, key)
		if err != nil {
			return [2]counters{}, err
		}
		c.days[key] = day
	}
	return [2]counters{c.days[key], c.all}, nil
}

// add counts at a place, for all and for what else it is of; names that are empty are left out.
func (c *tallying) add(t time.Time, n int, d int64, of ...string) error {
	lists, err := c.at(t)
	for _, list := range lists {
		if err != nil {
			return err
		}
		list.add(forAll, n, d)
		for _, name := range of {
			list.add(name, n, d)
		}
	}
	return err
}

// took counts a duration that ended at that time.
func (c *tallying) took(t time.Time, seconds, within int, d time.Duration, of ...string) error {
	lists, err := c.at(t)
	for _, list := range lists {
		if err != nil {
			return err
		}
		for _, name := range of {
			list.took(name, seconds, within, d)
		}
	}
	return err
}

// flush writes the counters back.
func (c *tallying) flush() error {
	for key, day := range c.days {
		if err := c.Put(tableTally, key, day.row()); err != nil {
			return err
		}
	}
	return c.Put(tableTally, forAll, c.all.row())
}

// event counts an entry of the log. What it looks up besides never changes once it is
// there, so that it does not matter how much later an event is counted.
func (c *tallying) event(entry int64, e journal.Event) error {
	switch e.Action {
	case actionReceived:
		return c.received(e)
	case actionCounted:
		return c.counted(e)
	case actionRead:
		return c.scannedPages(e)
	case actionPlaced, actionHeld, actionFiled, actionDecided, actionUnmade, actionUndone:
		return c.document(entry, e)
	}
	return nil
}

func (c *tallying) received(e journal.Event) error {
	var file struct{ Source string }
	if err := detail(e, &file); err != nil {
		return err
	}
	return c.add(e.Time, nFiles, 1, forSource+file.Source)
}

func (c *tallying) counted(e journal.Event) error {
	var file struct{ Pages int64 }
	if err := detail(e, &file); err != nil {
		return err
	}
	b, err := rowOf[mail.Batch](c, tableBatch, e.Subject)
	if errors.Is(err, journal.ErrNotFound) {
		return nil // verify tells of it
	}
	if err != nil {
		return err
	}
	return c.add(b.Received, nPages, file.Pages, forSource+b.Source)
}

// document counts what happened to a document.
func (c *tallying) document(entry int64, e journal.Event) error {
	row, err := c.tallied(e)
	if errors.Is(err, journal.ErrNotFound) {
		return nil // verify tells of it
	}
	if err != nil {
		return err
	}
	switch e.Action {
	case actionPlaced:
		err = c.placed(e, &row)
	case actionHeld:
		err = c.held(e, &row)
	case actionFiled:
		err = c.filed(entry, e, row)
	case actionDecided:
		err = c.decided(e, &row)
	case actionUnmade:
		err = c.ended(e, &row)
	case actionUndone:
		err = c.undone(e, row)
	}
	if err != nil {
		return err
	}
	return c.Put(tableTallied, e.Subject, encode(row))
}

// tallied gives what was counted of a document. One that is met for the first time is counted.
func (c *tallying) tallied(e journal.Event) (row talliedRow, err error) {
	row, err = rowOf[talliedRow](c, tableTallied, e.Subject)
	if err == nil || !errors.Is(err, journal.ErrNotFound) {
		return row, err
	}
	d, err := rowOf[mail.Document](c, tableDoc, e.Subject)
	if err != nil {
		return row, err
	}
	b, err := rowOf[mail.Batch](c, tableBatch, d.Batch)
	if err != nil {
		return row, err
	}
	row = talliedRow{Source: b.Source, Received: b.Received}
	return row, c.add(e.Time, nDocuments, 1, forSource+row.Source)
}

func (c *tallying) placed(e journal.Event, row *talliedRow) error {
	var p mail.Placement
	if err := detail(e, &p); err != nil {
		return err
	}
	row.Scheme, row.Store, row.Rule, row.Person = p.Reference.Scheme(), p.Store, p.Rule, p.By != ""
	if !row.Person {
		return nil
	}
	return c.took(e.Time, nDecidedSeconds, nDecidedWithin, e.Time.Sub(row.Received), forScheme+row.Scheme)
}

func (c *tallying) held(e journal.Event, row *talliedRow) error {
	var x mail.Exception
	if err := detail(e, &x); err != nil {
		return err
	}
	again := row.Reason != "" // it waits already, and is told of anew
	if err := c.ended(e, row); err != nil {
		return err
	}
	row.Reason, row.Since = x.Reason.String(), e.Time
	if !x.Since.IsZero() { // when a decision was taken back, it has waited all the time
		row.Since = x.Since
	}
	of := []string{forSource + row.Source, forReason + row.Reason}
	err := errors.Join(c.add(row.Since, nOpen, 1, of...), c.Put(tableWaiting, waitingKey(*row, e.Subject), nil))
	if again || err != nil {
		return err
	}
	err = c.add(e.Time, nHeld, 1, of...)
	if x.Reason == mail.Recall {
		err = errors.Join(err, c.add(e.Time, nRecalled, 1, forSource+row.Source, forScheme+row.Scheme))
	}
	return err
}

func (c *tallying) filed(entry int64, e journal.Event, row talliedRow) error {
	of := []string{forSource + row.Source, forScheme + row.Scheme}
	if row.Person {
		return c.add(e.Time, nPerson, 1, of...)
	}
	return errors.Join(c.add(e.Time, nMachine, 1, of...),
		c.took(e.Time, nFiledSeconds, nFiledWithin, e.Time.Sub(row.Received), append(of, forAll)...),
		c.Put(tableMachine, machineKey(e.Time, e.Subject), encode(filedRow{row.Scheme, row.Store, row.Rule, entry})))
}

func (c *tallying) decided(e journal.Event, row *talliedRow) error {
	var p Decision
	if err := detail(e, &p); err != nil || row.Reason == "" {
		return err
	}
	of := []string{forSource + row.Source, forReason + row.Reason}
	err := errors.Join(c.add(e.Time, nDecided, 1, of...),
		c.took(e.Time, nDecidedSeconds, nDecidedWithin, e.Time.Sub(row.Received), append(of, forAll)...))
	if n, counts := p.tallied(); counts {
		err = errors.Join(err, c.add(e.Time, n, 1, of...))
	}
	return errors.Join(err, c.ended(e, row))
}

// tallied gives the place where a decision is counted besides, if it is.
func (d Decision) tallied() (n int, counts bool) {
	switch {
	case d.Discard != "":
		return nDiscarded, true
	case d.Reference == "" && d.Return == "":
		return nDivided, true
	}
	return 0, false
}

// ended takes a document from what waits, if it did.
func (c *tallying) ended(e journal.Event, row *talliedRow) error {
	if row.Reason == "" {
		return nil
	}
	err := errors.Join(c.add(row.Since, nOpen, -1, forSource+row.Source, forReason+row.Reason),
		c.Delete(tableWaiting, waitingKey(*row, e.Subject)))
	row.Reason, row.Since = "", time.Time{}
	return err
}

// undone takes a decision off that was taken back: nothing is discarded or divided by it.
// That a person has decided stays.
func (c *tallying) undone(e journal.Event, row talliedRow) error {
	var back undone
	if err := detail(e, &back); err != nil {
		return err
	}
	said, err := rowOf[decisionRow](c, tableDecision, fmt.Sprintf("%s/%d", e.Subject, back.Version))
	if errors.Is(err, journal.ErrNotFound) {
		return nil // verify tells of it
	}
	if n, counts := said.tallied(); err == nil && counts && said.Held != nil {
		err = c.add(e.Time, n, -1, forSource+row.Source, forReason+said.Held.Reason.String())
	}
	return err
}

// detail reads what an event tells; an event without any is damaged.
func detail(e journal.Event, v any) error {
	if err := json.Unmarshal(e.Detail, v); err != nil {
		return fmt.Errorf("entry %q about %s: %w: %w", e.Action, e.Subject, journal.ErrDamaged, err)
	}
	return nil
}

func rowOf[T any](b getter, table, key string) (v T, err error) {
	value, err := b.Get(table, key)
	if err != nil {
		return v, err
	}
	return decode[T](table, journal.Row{Key: key, Value: value})
}

// decode reads a row that was scanned.
func decode[T any](table string, row journal.Row) (v T, err error) {
	if err := json.Unmarshal(row.Value, &v); err != nil {
		return v, fmt.Errorf("row %s of table %s: %w: %w", row.Key, table, journal.ErrDamaged, err)
	}
	return v, nil
}

// sequence is an event's number in the journal.
func sequence(key string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(key), 16, 64)
	if err != nil {
		return 0, fmt.Errorf("entry %q of the log: %w: %w", key, journal.ErrDamaged, err)
	}
	return n, nil
}
