package intake

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Waiting is what lies in a folder and is not taken yet, at one moment. Names that are no
// one's business (Config.Accept is never asked for them) are not in it.
type Waiting struct {
	Files  int
	Oldest time.Duration // since the first of them was first seen, by this process's clock
	Aged   int           // that have waited for the folder's MaxAge
	Some   []Unready
	// Still tells that the folder stands still: a file has waited for MaxAge, and none was
	// taken for as long.
	Still bool
}

// Unready is a file that can't be taken yet, for a reason of its own: one whose turn has not
// come, or that was just begun, is none.
type Unready struct {
	Name string // its path in the folder
	Lack Lack
	Why  string // what is missing, or what went wrong
	Age  time.Duration
}

// Lack is what keeps a file from being taken.
type Lack string

const (
	Writing Lack = "writing" // it was changed a moment ago, and has been for long
	Empty   Lack = "empty"
	Partial Lack = "partial" // it is not whole
	Failed  Lack = "failed"  // it could not be taken
)

const (
	mostUnready = 20               // that are told of, the oldest first
	longWriting = 30 * time.Second // a file that still changes after so long is told of
)

// tellEvery is how often a listing that goes on for long tells what waits.
const tellEvery = time.Second

// waits tells what waits. While files are taken one after the other it is told now and
// then: whoever watches must see that the folder moves.
func (l *listing) waits(done bool) {
	now := l.cfg.Now()
	if l.cfg.Waits == nil || !done && now.Sub(l.told) < tellEvery {
		return
	}
	l.told = now
	var w Waiting
	for path, s := range l.seen {
		if s.taken || s.first.IsZero() {
			continue
		}
		age := now.Sub(s.first)
		w.Files++
		w.Oldest = max(w.Oldest, age)
		if age >= l.folder.MaxAge {
			w.Aged++
		}
		if u := (Unready{Age: age}); u.judge(s, now.Sub(s.since) < l.folder.Quiet) {
			if u.Name, _ = filepath.Rel(l.folder.Path, path); u.Name == "" {
				u.Name = path
			}
			w.Some = append(w.Some, u)
		}
	}
	slices.SortFunc(w.Some, func(a, b Unready) int { return cmp.Or(cmp.Compare(b.Age, a.Age), strings.Compare(a.Name, b.Name)) })
	w.Some = w.Some[:min(len(w.Some), mostUnready)]
	w.Still = w.Aged > 0 && (l.moved.IsZero() || now.Sub(l.moved) >= l.folder.MaxAge)
	l.cfg.Waits(l.folder, w)
}

// judge tells whether a file lacks something, and what.
func (u *Unready) judge(s *sighting, changing bool) bool {
	switch {
	case changing:
		u.Lack = Writing
		return u.Age >= longWriting
	case s.failed != "":
		u.Lack, u.Why = Failed, s.failed
	case s.stamp.Size == 0:
		u.Lack = Empty
	case s.lacks != "":
		u.Lack, u.Why = Partial, s.lacks
	default:
		return false
	}
	return true
}
