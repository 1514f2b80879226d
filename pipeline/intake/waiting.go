package intake

import "time"

// Waiting is what lies in a folder and is not taken yet, at one moment. Names that are no
// one's business (Config.Accept is never asked for them) are not in it.
type Waiting struct {
	Files  int
	Oldest time.Duration // since the first of them was first seen, by this process's clock
	Aged   int           // that have waited for the folder's MaxAge
	// Still tells that the folder stands still: a file has waited for MaxAge, and none was
	// taken for as long.
	Still bool
}

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
	for _, s := range l.seen {
		if s.taken || s.first.IsZero() {
			continue
		}
		age := now.Sub(s.first)
		w.Files++
		w.Oldest = max(w.Oldest, age)
		if age >= l.folder.MaxAge {
			w.Aged++
		}
	}
	w.Still = w.Aged > 0 && (l.moved.IsZero() || now.Sub(l.moved) >= l.folder.MaxAge)
	l.cfg.Waits(l.folder, w)
}
