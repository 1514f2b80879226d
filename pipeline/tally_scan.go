package pipeline

import (
	"errors"
	"math"
	"slices"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// scanned is what pages that were read tell of the scanner. It stands in the log, so that
// the figures of scanners follow from that alone.
type scanned struct {
	Pages      []int       `json:"pages,omitempty"`      // that were looked at for the first time
	Separators int64       `json:"separators,omitempty"` // patch codes that were read on them
	Confidence int64       `json:"confidence,omitempty"` // their sum, thousandths
	Doubts     int64       `json:"doubts,omitempty"`     // places that look like a patch code and were not read
	Streaks    []lineOnOne `json:"streaks,omitempty"`
	Skewed     int64       `json:"skewed,omitempty"` // pages whose text told how they lie
	Skew       int64       `json:"skew,omitempty"`   // their sum without signs, hundredths of a degree
}

// lineOnOne is a streak on a page.
type lineOnOne struct {
	Page  int   `json:"page"`
	Place int64 `json:"place"` // from the left edge, tenths of a millimetre
	Dark  bool  `json:"dark,omitempty"`
}

// look adds a page: all that was seen of it when it is fresh, else how its text lies.
func (s *scanned) look(r mail.Reading, fresh bool) {
	if r.Failure != "" {
		return
	}
	if r.HasText && len(r.Words) > 0 {
		s.Skewed++
		s.Skew += int64(math.Round(100 * math.Abs(r.Skew)))
	}
	if !fresh {
		return
	}
	s.Pages = append(s.Pages, r.Page)
	for _, code := range r.Symbols {
		if code.Symbology.Patch() {
			s.Separators++
			s.Confidence += int64(math.Round(1000 * code.Confidence))
		}
	}
	for _, d := range r.Doubts {
		if d.Looks == mail.LooksPatch {
			s.Doubts++
		}
	}
	for _, streak := range r.Streaks {
		if r.DPI > 0 {
			s.Streaks = append(s.Streaks, lineOnOne{r.Page, int64(math.Round(streak.Place * float64(r.Width) / r.DPI * 254)), streak.Dark})
		}
	}
}

// none gives nil when there is nothing to tell.
func (s *scanned) none() *scanned {
	if s == nil || len(s.Pages) == 0 && s.Skewed == 0 {
		return nil
	}
	return s
}

// streakPrefix is before the name of a source, in tableTally: its lines.
const streakPrefix = "streak/"

// scanLines are the streaks that a scanner draws now, by side: the fronts, and the backs of a
// scanner that writes both, which has another glass for them.
type scanLines [2][]scanLine

// scanLine is a streak that was seen at the same place on one page after another.
type scanLine struct {
	Place  int64     `json:"place"` // where it was last, tenths of a millimetre from the left edge
	Dark   bool      `json:"dark,omitempty"`
	Seen   int64     `json:"seen"`             // pages that show it
	Of     int64     `json:"of"`               // pages since the first of them
	Missed int64     `json:"missed,omitempty"` // pages since the last of them
	Since  time.Time `json:"since"`
}

const (
	lineNear = 15 // tenths of a millimetre by which a line may move: sheets lie in the feeder with some play
	lineGone = 3  // pages without it, one after the other, end a line
	lineMost = 16 // are followed on a side; more are no dirt
)

// see takes in a page of a side.
func (l *scanLines) see(side int, at time.Time, streaks []lineOnOne) {
	had, kept := l[side], []scanLine{}
	used := make([]bool, len(streaks))
	for _, n := range had {
		n.Of++
		n.Missed++
		if i := slices.IndexFunc(streaks, func(s lineOnOne) bool {
			return s.Dark == n.Dark && s.Place >= n.Place-lineNear && s.Place <= n.Place+lineNear
		}); i >= 0 && !used[i] {
			used[i] = true
			n.Place, n.Missed = streaks[i].Place, 0
			n.Seen++
		}
		if n.Missed < lineGone {
			kept = append(kept, n)
		}
	}
	for i, s := range streaks {
		if !used[i] && len(kept) < lineMost {
			kept = append(kept, scanLine{Place: s.Place, Dark: s.Dark, Seen: 1, Of: 1, Since: at})
		}
	}
	l[side] = kept
}

// scannedPages counts what pages that were read tell of the scanner.
func (c *tallying) scannedPages(e journal.Event) error {
	var read pagesRead
	if err := detail(e, &read); err != nil || read.Scan == nil {
		return err
	}
	b, err := rowOf[mail.Batch](c, tableBatch, e.Subject)
	if errors.Is(err, journal.ErrNotFound) {
		return nil // verify tells of it
	}
	if err != nil {
		return err
	}
	s, streaked := read.Scan, map[int][]lineOnOne{}
	for _, one := range s.Streaks {
		streaked[one.Page] = append(streaked[one.Page], one)
	}
	for _, n := range []struct {
		at int
		n  int64
	}{{nSeparators, s.Separators}, {nConfidence, s.Confidence}, {nPatchDoubts, s.Doubts}, {nScanned, int64(len(s.Pages))},
		{nStreaked, int64(len(streaked))}, {nSkewed, s.Skewed}, {nSkew, s.Skew}} {
		if n.n != 0 {
			err = errors.Join(err, c.add(b.Received, n.at, n.n, forSource+b.Source))
		}
	}
	if err != nil || len(s.Pages) == 0 {
		return err
	}
	key := streakPrefix + b.Source
	now, err := rowOf[scanLines](c, tableTally, key)
	if errors.Is(err, journal.ErrNotFound) {
		err = nil
	}
	if err != nil {
		return err
	}
	for _, page := range s.Pages {
		side := 0
		if b.Duplex {
			side = (page - 1) % 2
		}
		now.see(side, e.Time, streaked[page])
	}
	return c.Put(tableTally, key, encode(now))
}
