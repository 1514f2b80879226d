package pipeline

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"postroom/pipeline/journal"
)

// ScanTally is what the pages of a day, or of a time, tell of the scanner. Pages are booked
// on the day on which their file was received.
type ScanTally struct {
	Pages      int64 `json:"pages"`      // that were looked at
	Separators int64 `json:"separators"` // patch codes that were read
	Confidence int64 `json:"confidence"` // the sum of theirs, thousandths
	Doubts     int64 `json:"doubts"`     // places that look like a patch code and were not read
	Streaked   int64 `json:"streaked"`   // pages with a streak of the glass
	Skewed     int64 `json:"skewed"`     // pages whose text told how they lie
	Skew       int64 `json:"skew"`       // the sum of their angles without signs, hundredths of a degree
}

// Sure gives the mean confidence of patch codes, 0..1; ok is false when none was read.
func (s ScanTally) Sure() (mean float64, ok bool) { return ratio(s.Confidence, 1000*s.Separators) }

// Doubted gives the share of doubts among what is or looks like a patch code.
func (s ScanTally) Doubted() (share float64, ok bool) { return ratio(s.Doubts, s.Doubts+s.Separators) }

// Askew gives the mean angle by which pages lie askew, degrees.
func (s ScanTally) Askew() (mean float64, ok bool) { return ratio(s.Skew, 100*s.Skewed) }

func ratio(a, b int64) (float64, bool) {
	if b == 0 {
		return 0, false
	}
	return float64(a) / float64(b), true
}

func (s *ScanTally) add(t ScanTally) {
	s.Pages += t.Pages
	s.Separators += t.Separators
	s.Confidence += t.Confidence
	s.Doubts += t.Doubts
	s.Streaked += t.Streaked
	s.Skewed += t.Skewed
	s.Skew += t.Skew
}

// Scanner is a source with what its pages told of it in the last weeks.
type Scanner struct {
	Name     string // the intake folder's; "process" for named files
	Weeks    []Week // the newest first; eight, of those on which something was looked at
	Warnings []Warning
}

// Week is seven days, the newest of them the one that ends today.
type Week struct {
	From, To time.Time // the first and the last day
	ScanTally
}

// Warning is what a person should look at. Which of its arguments it has depends on its code.
type Warning struct {
	Code   string  `json:"code"`               // one of WarningCodes
	Side   string  `json:"side,omitempty"`     // streak: front, back, or "" of a scanner that writes one side
	Place  float64 `json:"place_mm,omitempty"` // streak: from the left edge of the page as scanned
	Light  bool    `json:"light,omitempty"`    // streak: lighter than the page
	Seen   int64   `json:"seen,omitempty"`     // streak: pages that show it
	Of     int64   `json:"of,omitempty"`       // streak: pages since the first of them
	Now    float64 `json:"now,omitempty"`      // the others: in the last seven days
	Before float64 `json:"before,omitempty"`   // and in the four weeks before
}

// The codes of warnings.
const (
	WarnStreak     = "streak"     // pages in a row show a line at the same place: the glass is dirty
	WarnDoubts     = "doubts"     // more patch codes are doubtful than before
	WarnConfidence = "confidence" // patch codes are read with less confidence than before
	WarnSkew       = "skew"       // pages lie more askew than before
)

// WarningCodes lists them.
func WarningCodes() []string { return []string{WarnStreak, WarnDoubts, WarnConfidence, WarnSkew} }

// When a scanner is warned of; docs/figures.md tells them.
const (
	scanWeeks    = 8
	warnDays     = 7    // that are compared
	warnBefore   = 28   // with those before
	warnLine     = 8    // pages that must show a line
	warnCodes    = 30   // patch codes and doubts in the last days, and twice as many before
	warnDoubted  = 0.05 // the least share of doubts
	warnTimes    = 3    // times as large as before
	warnFall     = 0.10 // of the mean confidence
	warnPages    = 200  // whose skew is known, and twice as many before
	warnAskew    = 0.5  // degrees, the least mean
	warnSkewrise = 2    // times as large as before
)

// Scanners tells how the sources scan, by name. It reads a row a day of eight weeks.
func (m *Mailroom) Scanners(ctx context.Context) (all []Scanner, err error) {
	today := m.day(m.cfg.Now())
	f, err := m.Figures(ctx, today.AddDate(0, 0, 1-7*scanWeeks), today)
	if err != nil {
		return nil, err
	}
	now := map[string]scanLines{}
	if err := m.journal.View(ctx, func(r journal.Reader) error {
		clear(now)
		return each(r, tableTally, streakPrefix, func(row journal.Row) (err error) {
			now[strings.TrimPrefix(row.Key, streakPrefix)], err = decode[scanLines](tableTally, row)
			return err
		})
	}); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		s := Scanner{Name: name, Weeks: f.weeks(name), Warnings: now[name].warnings()}
		s.Warnings = append(s.Warnings, fallen(f.scan(name, today.AddDate(0, 0, 1-warnDays), today),
			f.scan(name, today.AddDate(0, 0, 1-warnDays-warnBefore), today.AddDate(0, 0, -warnDays)))...)
		all = append(all, s)
	}
	return all, nil
}

// scan sums up what a source's pages told from one day to another.
func (f Figures) scan(name string, from, to time.Time) (sum ScanTally) {
	for _, d := range f.Days {
		if !d.Date.Before(from) && !d.Date.After(to) {
			sum.add(d.Sources[name].Scan)
		}
	}
	return sum
}

func (f Figures) weeks(name string) (all []Week) {
	for to := f.To; to.After(f.From); to = to.AddDate(0, 0, -7) {
		w := Week{From: to.AddDate(0, 0, -6), To: to}
		if w.ScanTally = f.scan(name, w.From, w.To); w.ScanTally != (ScanTally{}) {
			all = append(all, w)
		}
	}
	return all
}

// warnings tells of the lines that enough pages in a row show.
func (l scanLines) warnings() (all []Warning) {
	for side, of := range l {
		for _, n := range of {
			if n.Seen < warnLine {
				continue
			}
			w := Warning{Code: WarnStreak, Place: math.Round(float64(n.Place)) / 10, Light: !n.Dark, Seen: n.Seen, Of: n.Of}
			if len(l[1]) > 0 || side == 1 {
				w.Side = []string{"front", "back"}[side]
			}
			all = append(all, w)
		}
	}
	slices.SortStableFunc(all, func(a, b Warning) int { return cmp.Compare(b.Seen, a.Seen) })
	return all
}

// fallen tells what is worse now than before. Of few pages it says nothing.
func fallen(now, before ScanTally) (all []Warning) {
	if codes := now.Separators + now.Doubts; codes >= warnCodes && before.Separators+before.Doubts >= 2*warnCodes {
		share, _ := now.Doubted()
		was, _ := before.Doubted()
		if share >= warnDoubted && share >= warnTimes*was {
			all = append(all, Warning{Code: WarnDoubts, Now: share, Before: was})
		}
		sure, some := now.Sure()
		before, had := before.Sure()
		if some && had && sure <= before-warnFall {
			all = append(all, Warning{Code: WarnConfidence, Now: sure, Before: before})
		}
	}
	if now.Skewed >= warnPages && before.Skewed >= 2*warnPages {
		askew, _ := now.Askew()
		was, _ := before.Askew()
		if askew >= warnAskew && askew >= warnSkewrise*was {
			all = append(all, Warning{Code: WarnSkew, Now: askew, Before: was})
		}
	}
	return all
}
