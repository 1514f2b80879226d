package barcode

// effort counts what a page has cost, in nanoseconds of the machine that the prices were
// measured on: by what was tried and not by a clock, so that a page is always read alike.
type effort struct{ used, most int } // most 0 = there is no limit

// The prices of what takes time on a page that is made to take time.
const (
	perBar    = 1400 // of a scan line, asked of all decoders
	perModule = 50   // of a likely sequence
	perKnown  = 90   // module compared with what it must be
	perWord   = 7000 // of a PDF417, compared with all patterns
	perPixel  = 30   // of a crop, asked of all decoders
)

// What a page may cost. With what is not counted a scan stays below a second: a sheet of
// labels costs a fifth of it, a page of text with a code a fiftieth. A picture of unknown
// resolution, which no scanner writes, is searched in more ways.
const (
	mostEffort  = 500_000_000
	photoEffort = 2_000_000_000
)

// spend adds to the effort; false = it was spent before: nothing more is tried.
func (e *effort) spend(price int) bool {
	if e.spent() {
		return false
	}
	e.used += price
	return true
}

// spent tells whether the search was given up.
func (e *effort) spent() bool { return e.most > 0 && e.used > e.most }
