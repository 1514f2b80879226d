package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
)

// Figures are what happened from one local day to another; docs/figures.md says what each means.
type Figures struct {
	From, To time.Time // the first and the last day, each at its beginning, in the mailroom's time zone
	Days     []Day     // ascending, those on which something happened
	Total    Tally
	Sources  map[string]Tally // by the intake folder's name; "process" for named files
	Schemes  map[string]Tally // Machine, Person, Recalled and the durations only
	Reasons  map[string]Tally // by an exception's reason: Held, Open, Decided, Discarded, Divided, Decision only
	Behind   int64            // entries of the log that are not counted yet; it is a second's, but after an upgrade
}

// Day is one local day.
type Day struct {
	Date                      time.Time // its beginning
	Tally                               // of all
	Sources, Schemes, Reasons map[string]Tally
}

// Tally is what happened on a day, or in a time.
type Tally struct {
	Files     int64     `json:"files"`     // received
	Pages     int64     `json:"pages"`     // of the files that were received on the day, once they are counted
	Documents int64     `json:"documents"` // that were placed or held for the first time; of a divided one each part, too
	Machine   int64     `json:"machine"`   // documents that were filed by the machine
	Person    int64     `json:"person"`    // documents that were filed where a person said
	Discarded int64     `json:"discarded"` // documents that a person discarded
	Divided   int64     `json:"divided"`   // documents that a person divided
	Held      int64     `json:"held"`      // times that a document became an exception
	Open      int64     `json:"open"`      // of those held on the day, how many wait still
	Decided   int64     `json:"decided"`   // decisions of persons
	Recalled  int64     `json:"recalled"`  // filed documents that became an exception `recall`
	Filed     Durations `json:"filed"`
	Decision  Durations `json:"decision"`
	Scan      ScanTally `json:"scan,omitzero"` // none of a scheme or a reason
}

// Share gives the share of documents that the machine filed among those that came to
// their end, 0..1; ok is false when none did.
func (t Tally) Share() (share float64, ok bool) {
	ended := t.Machine + t.Person + t.Discarded
	if ended == 0 {
		return 0, false
	}
	return float64(t.Machine) / float64(ended), true
}

// Durations counts how long something took: Filed from the file's receipt to the
// machine's filing, Decision from the file's receipt to a person's decision.
type Durations struct {
	Sum    time.Duration     // whole seconds
	Within [bounds + 1]int64 // those not longer than each of Bounds and longer than the one before; the last: longer than all
}

// MarshalJSON writes {"count","sum_s","within":[]}.
func (d Durations) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"count": d.Count(), "sum_s": int64(d.Sum / time.Second), "within": d.Within})
}

// Count gives how many there are.
func (d Durations) Count() (n int64) {
	for _, within := range d.Within {
		n += within
	}
	return n
}

// Mean gives the mean; 0 of none.
func (d Durations) Mean() time.Duration {
	if n := d.Count(); n > 0 {
		return d.Sum / time.Duration(n)
	}
	return 0
}

// Most gives the bound that a share of them, 0..1, did not exceed: 0.5 the median's.
// ok is false when there are none, or it lies beyond the last bound.
func (d Durations) Most(share float64) (bound time.Duration, ok bool) {
	seen, n := int64(0), d.Count()
	for i, bound := range Bounds() {
		if seen += d.Within[i]; n > 0 && float64(seen) >= share*float64(n) {
			return bound, true
		}
	}
	return 0, false
}

// tallyOf makes a tally of a list of numbers.
func tallyOf(list []int64) Tally {
	var all [nAll]int64
	copy(all[:], list)
	t := Tally{Files: all[nFiles], Pages: all[nPages], Documents: all[nDocuments], Machine: all[nMachine], Person: all[nPerson],
		Discarded: all[nDiscarded], Divided: all[nDivided], Held: all[nHeld], Open: all[nOpen], Decided: all[nDecided], Recalled: all[nRecalled]}
	t.Filed.Sum, t.Decision.Sum = time.Duration(all[nFiledSeconds])*time.Second, time.Duration(all[nDecidedSeconds])*time.Second
	t.Scan = ScanTally{Pages: all[nScanned], Separators: all[nSeparators], Confidence: all[nConfidence], Doubts: all[nPatchDoubts],
		Streaked: all[nStreaked], Skewed: all[nSkewed], Skew: all[nSkew]}
	copy(t.Filed.Within[:], all[nFiledWithin:])
	copy(t.Decision.Within[:], all[nDecidedWithin:])
	return t
}

// Plus gives the sum of both.
func (t Tally) Plus(u Tally) Tally {
	t.add(u)
	return t
}

func (t *Tally) add(u Tally) {
	for _, n := range []struct {
		to *int64
		d  int64
	}{{&t.Files, u.Files}, {&t.Pages, u.Pages}, {&t.Documents, u.Documents}, {&t.Machine, u.Machine}, {&t.Person, u.Person},
		{&t.Discarded, u.Discarded}, {&t.Divided, u.Divided}, {&t.Held, u.Held}, {&t.Open, u.Open}, {&t.Decided, u.Decided}, {&t.Recalled, u.Recalled}} {
		*n.to += n.d
	}
	t.Scan.add(u.Scan)
	t.Filed.add(u.Filed)
	t.Decision.add(u.Decision)
}

func (d *Durations) add(e Durations) {
	d.Sum += e.Sum
	for i, n := range e.Within {
		d.Within[i] += n
	}
}

// parts gives the tallies that a name belongs to, and what it is then called.
func (d *Day) parts(of string) (map[string]Tally, string) {
	if name, ok := strings.CutPrefix(of, forSource); ok {
		return d.Sources, name
	}
	if name, ok := strings.CutPrefix(of, forScheme); ok {
		return d.Schemes, name
	}
	if name, ok := strings.CutPrefix(of, forReason); ok {
		return d.Reasons, name
	}
	return nil, ""
}

// read makes a day of its row.
func (d *Day) read(row journal.Row) error {
	d.Sources, d.Schemes, d.Reasons = map[string]Tally{}, map[string]Tally{}, map[string]Tally{}
	return readCounters(row, func(of string, list []int64) {
		if of == forAll {
			d.Tally = tallyOf(list)
		} else if part, name := d.parts(of); part != nil {
			part[name] = tallyOf(list)
		}
	})
}

// Figures gives what happened from the local day of one time to that of another, both
// included. It reads a row a day, whatever the number of documents.
func (m *Mailroom) Figures(ctx context.Context, from, to time.Time) (f Figures, err error) {
	from, to = m.day(from), m.day(to)
	err = m.journal.View(ctx, func(r journal.Reader) error {
		f = Figures{From: from, To: to, Sources: map[string]Tally{}, Schemes: map[string]Tally{}, Reasons: map[string]Tally{}}
		after, last := dayPrefix+from.AddDate(0, 0, -1).Format(dayFormat), dayPrefix+to.Format(dayFormat)
		for more := true; more; {
			rows, err := r.Scan(tableTally, dayPrefix, after, 500)
			if err != nil {
				return err
			}
			more = len(rows) > 0
			for _, row := range rows {
				if after = row.Key; row.Key > last {
					more = false
					break
				}
				if err := m.addDay(&f, row); err != nil {
					return err
				}
			}
		}
		f.Behind, err = m.behind(r)
		return err
	})
	return f, err
}

// behind tells how many entries of the log are not counted yet.
func (m *Mailroom) behind(r journal.Reader) (int64, error) {
	state, err1 := m.loadTallyState(r)
	_, last, err2 := audit.Checkpoint(r)
	return last - state.Through, errors.Join(err1, err2)
}

func (m *Mailroom) addDay(f *Figures, row journal.Row) error {
	date, err := time.ParseInLocation(dayFormat, strings.TrimPrefix(row.Key, dayPrefix), m.zone())
	if err != nil {
		return fmt.Errorf("row %s of table %s: %w: %w", row.Key, tableTally, journal.ErrDamaged, err)
	}
	d := Day{Date: date}
	if err := d.read(row); err != nil {
		return err
	}
	f.Total.add(d.Tally)
	for _, part := range []struct{ sum, of map[string]Tally }{{f.Sources, d.Sources}, {f.Schemes, d.Schemes}, {f.Reasons, d.Reasons}} {
		for name, t := range part.of {
			sum := part.sum[name]
			sum.add(t)
			part.sum[name] = sum
		}
	}
	f.Days = append(f.Days, d)
	return nil
}

// day gives the beginning of a time's local day.
func (m *Mailroom) day(t time.Time) time.Time {
	y, month, d := t.In(m.zone()).Date()
	return time.Date(y, month, d, 0, 0, 0, 0, m.zone())
}

// Totals are the figures of all time, and what waits now.
type Totals struct {
	Day                  // without a date
	Waiting []WaitingFor // by reason, those that wait longest first
	Behind  int64        // as in Figures
}

// WaitingFor is the exceptions of one reason that wait for a person now.
type WaitingFor struct {
	Reason string
	Count  int64
	Oldest time.Time // since when the one that waits longest does
}

// Totals gives the figures of all time. It reads one row, and one more for each reason.
func (m *Mailroom) Totals(ctx context.Context) (t Totals, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		t = Totals{}
		value, err := r.Get(tableTally, forAll)
		if err != nil && !errors.Is(err, journal.ErrNotFound) {
			return err
		}
		if err := t.read(journal.Row{Key: forAll, Value: value}); err != nil {
			return err
		}
		for _, reason := range mail.Reasons() {
			rows, err := r.Scan(tableWaiting, reason+"/", "", 1)
			if err != nil {
				return err
			}
			for _, row := range rows {
				since, err := waitingSince(row.Key)
				if err != nil {
					return err
				}
				t.Waiting = append(t.Waiting, WaitingFor{reason, t.Reasons[reason].Open, since})
			}
		}
		t.Behind, err = m.behind(r)
		return err
	})
	slices.SortFunc(t.Waiting, func(a, b WaitingFor) int { return cmp.Or(a.Oldest.Compare(b.Oldest), cmp.Compare(a.Reason, b.Reason)) })
	return t, err
}

func waitingSince(key string) (time.Time, error) {
	parts := strings.Split(key, "/")
	if len(parts) != 3 {
		return time.Time{}, fmt.Errorf("row %s of table %s: %w", key, tableWaiting, journal.ErrDamaged)
	}
	return time.Parse(sortable, parts[1])
}
