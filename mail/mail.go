// Package mail holds the nouns of the mailroom and the table of their legal moves.
//
// Nothing comes in and nothing goes out: the other packages pass these values on.
// A value is never changed once it was handed over. The package knows no
// pictures, no files and no clock, and imports nothing but the standard library.
//
//	file -> Batch -> []Reading -> []Document -> Placement -> Receipt
//
// An Exception can leave at any arrow. Pages are numbered from 1, as a clerk counts.
package mail

import (
	"math"
	"time"
)

// Batch is one file as the scanner dropped it.
type Batch struct {
	ID       string    `json:"id"`     // UUIDv7, given at intake
	SHA256   string    `json:"sha256"` // of the received bytes, lower-case hex
	Size     int64     `json:"size"`   // bytes
	Name     string    `json:"name"`   // file name as dropped, without folder
	Path     string    `json:"path"`   // where it was taken from, absolute
	Source   string    `json:"source"` // name of the intake folder; "process" for named files
	Duplex   bool      `json:"duplex"` // the folder's scanner writes both sides of every sheet
	Kind     Kind      `json:"kind"`   // by content, never by name
	Pages    int       `json:"pages"`  // 0 until counted, and for a file that can't be opened
	Received time.Time `json:"received"`
}

// Reading is all that the machine saw on one page. Its pictures' coordinates are
// pixels of the page as scanned, after /Rotate or an orientation tag, origin top left.
type Reading struct {
	Page     int      `json:"page"`
	Width    int      `json:"width"`    // pixels
	Height   int      `json:"height"`   // pixels
	DPI      float64  `json:"dpi"`      // pixels an inch, across
	DPIY     float64  `json:"dpi_y"`    // pixels an inch, down; differs on fax pages
	Rotation int      `json:"rotation"` // clockwise turn that makes the page upright: 0, 90, 180, 270 degrees
	Skew     float64  `json:"skew"`     // degrees that remain after Rotation, clockwise positive
	Ink      float64  `json:"ink"`      // share of dark pixels, 0..1
	Blank    bool     `json:"blank"`    // looks blank; never a reason to drop it
	Unmarked bool     `json:"unmarked"` // blank in the stricter sense: not even a pencil line or a speck cluster
	Symbols  []Symbol `json:"symbols,omitempty"`
	Doubts   []Doubt  `json:"doubts,omitempty"`
	Streaks  []Streak `json:"streaks,omitempty"` // of dirt on the scanner's glass; older readings have none
	Words    []Word   `json:"words,omitempty"`   // in reading order
	HasText  bool     `json:"has_text"`          // the text was looked for (Words may still be empty)
	// Illegible tells that the page carries much more text than could be read.
	Illegible bool   `json:"illegible,omitempty"`
	Failure   string `json:"failure,omitempty"`
	// Failure says why the page could not be read; every other field is then zero but Page
	// and Says, which is the same for other languages (nil = a former version wrote it).
	Says *Saying `json:"says,omitempty"`
}

// Symbol is a barcode or patch code that was read.
type Symbol struct {
	Symbology  Symbology `json:"symbology"`
	Text       string    `json:"text"` // of a patch code its own name: "patch-t"
	Polygon    Quad      `json:"polygon"`
	Module     float64   `json:"module"`     // width of the narrowest element, pixels
	Confidence float64   `json:"confidence"` // 0..1
}

// Doubt is a place that looks like a code and could not be read as one.
type Doubt struct {
	Looks   Look `json:"looks"`
	Polygon Quad `json:"polygon"`
	// Part is what was read there when it is a part only of a message, whose other
	// parts are in other codes. It proves nothing.
	Part string `json:"part,omitempty"`
}

// Streak is a line along the scanner's transport, from one end of the page to the other:
// dirt on the glass draws it.
type Streak struct {
	Place float64 `json:"place"` // its middle's distance from the page's left edge, as a share of the width, 0..1
	Width int     `json:"width"` // pixels
	Dark  bool    `json:"dark"`  // darker than the page; else lighter
}

// Word is a word that was read.
type Word struct {
	Text       string  `json:"t"`
	Box        Box     `json:"b"`
	Confidence float64 `json:"c"` // 0..1
	Line       int     `json:"l"` // words of one line share it; lines are numbered from 0 in reading order
}

// Point is a place on a page, pixels.
type Point struct{ X, Y float64 }

// Quad is a polygon of four corners, clockwise from the symbol's own top left.
type Quad [4]Point

// Corners gives the corners as whole pixels: [[x,y]×4], as other programs are told them.
func (q Quad) Corners() (c [4][2]int) {
	for i, p := range q {
		c[i] = [2]int{int(math.Round(p.X)), int(math.Round(p.Y))}
	}
	return c
}

// Box is an upright rectangle, pixels; X1 and Y1 are just outside.
type Box struct{ X0, Y0, X1, Y1 int }

// Quad gives the box's corners.
func (b Box) Quad() Quad {
	x0, y0, x1, y1 := float64(b.X0), float64(b.Y0), float64(b.X1), float64(b.Y1)
	return Quad{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}
}

// Overlaps tells whether two boxes have a pixel in common.
func (b Box) Overlaps(c Box) bool { return b.X0 < c.X1 && c.X0 < b.X1 && b.Y0 < c.Y1 && c.Y0 < b.Y1 }

// Union gives the smallest box that holds both; a zero box holds nothing.
func (b Box) Union(c Box) Box {
	if b == (Box{}) {
		return c
	}
	if c == (Box{}) {
		return b
	}
	return Box{min(b.X0, c.X0), min(b.Y0, c.Y0), max(b.X1, c.X1), max(b.Y1, c.Y1)}
}

// Mention is a reference as it stands on a page, before anyone decided what it is worth.
type Mention struct {
	Page       int     `json:"page"`
	Scheme     string  `json:"scheme"`
	Text       string  `json:"text"` // cleaned; of a near match the likeliest reading
	Raw        string  `json:"raw"`  // cleaned, as it stands on the page
	Source     Source  `json:"source"`
	Confidence float64 `json:"confidence"` // 0..1; of words the smallest, never the mean
	Polygon    Quad    `json:"polygon"`
	Literal    bool    `json:"literal"`         // as read; false: only some reading of it (confused characters, split words) gives Text
	Valid      bool    `json:"valid"`           // its check digits hold
	Label      string  `json:"label,omitempty"` // the label that stood before it
	// Readings are the references with valid check digits that Raw may stand for,
	// likeliest first, when Raw is not literally one.
	Readings []string `json:"readings,omitempty"`
}

// Document is a span of pages of one batch, From to To, both included. A file that
// could not be opened has no pages: From and To are then 0.
type Document struct {
	ID      string   `json:"id"` // see DocumentID
	Batch   string   `json:"batch"`
	From    int      `json:"from"`
	To      int      `json:"to"`
	State   DocState `json:"state"`
	Version int      `json:"version"` // grows with every change, so that two clerks can't decide one document
}

// Pages lists the document's pages, ascending.
func (d Document) Pages() []int {
	pages := []int{}
	for p := max(d.From, 1); p <= d.To; p++ {
		pages = append(pages, p)
	}
	return pages
}

// Evidence is one fact of a document's own pages that a rule used.
type Evidence struct {
	Page       int     `json:"page"`
	Source     Source  `json:"source"`
	Text       string  `json:"text"`
	Confidence float64 `json:"confidence"`
	Rule       string  `json:"rule"`
	Polygon    Quad    `json:"polygon"`
}

// Placement says where a document goes, and which rule and evidence send it there.
type Placement struct {
	Reference Reference  `json:"reference"`
	Store     string     `json:"store"`
	Rule      string     `json:"rule"`
	Evidence  []Evidence `json:"evidence"`
	By        string     `json:"by,omitempty"`       // the person who decided; empty = the machine
	KeyedBy   string     `json:"keyed_by,omitempty"` // the other person, who had keyed the same reference before
	Config    string     `json:"config"`             // digest of the configuration in force
	Register  string     `json:"register"`           // SHA-256 of the case register in force
	Version   string     `json:"version"`            // of the software
	Since     time.Time  `json:"since,omitempty"`    // when it was decided
}

// Receipt is the case store's proof.
type Receipt struct {
	Store   string    `json:"store"`
	Locator string    `json:"locator"` // what the store calls the document; a folder store: its path from the store's root
	SHA256  string    `json:"sha256"`  // of the original as read back from the store
	Sheet   string    `json:"sheet"`   // SHA-256 of document.json
	At      time.Time `json:"at"`
	// What was added later: SHA-256 of searchable.pdf ("" = there is none) and of
	// searchable.json ("" = nothing was added yet).
	Rendition      string `json:"rendition,omitempty"`
	RenditionSheet string `json:"rendition_sheet,omitempty"`
}

// Candidate is a case that a held document may belong to; a person decides.
type Candidate struct {
	Reference string  `json:"reference"`
	Why       string  `json:"why"`
	Says      *Saying `json:"says,omitempty"` // why, for other languages; nil = a former version wrote it
}

// Exception is a document that a person must decide on.
type Exception struct {
	Document   string      `json:"document"`
	Reason     Reason      `json:"reason"`
	Detail     string      `json:"detail"`         // one sentence for the clerk, in English
	Says       *Saying     `json:"says,omitempty"` // the detail, for other languages; nil = a former version wrote it
	Candidates []Candidate `json:"candidates,omitempty"`
	Evidence   []Evidence  `json:"evidence,omitempty"`
	Since      time.Time   `json:"since"`
}

// Disposition is the one final place of a page.
type Disposition struct {
	Place    Place  `json:"place"`
	Document string `json:"document,omitempty"` // of a document: document, filed or an exception
	Why      string `json:"why,omitempty"`      // for a separator: the code's name; for a discarded page: the given reason
}

// Bounds gives the smallest and largest coordinates of the corners.
func (q Quad) Bounds() (x0, y0, x1, y1 float64) {
	x0, y0, x1, y1 = q[0].X, q[0].Y, q[0].X, q[0].Y
	for _, p := range q[1:] {
		x0, y0, x1, y1 = min(x0, p.X), min(y0, p.Y), max(x1, p.X), max(y1, p.Y)
	}
	return x0, y0, x1, y1
}
