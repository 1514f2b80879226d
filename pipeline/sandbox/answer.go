package sandbox

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"postroom/barcode"
	"postroom/mail"
	"postroom/ocr"
	"postroom/pipeline/scan"
)

// request is what a helper is asked; its file descriptors travel with the frame:
// first the file, then (for a cut, a rendition, a picture and a view) the output.
type request struct {
	Op    string        `json:"op"` // open, whole, read, cut, render, picture, view, warm, prepare, level
	Key   string        `json:"key,omitempty"`
	Pages []int         `json:"pages,omitempty"`
	From  int           `json:"from,omitempty"`
	To    int           `json:"to,omitempty"`
	Text  Text          `json:"text,omitempty"`
	Place *ocr.Place    `json:"place,omitempty"` // that is looked at again
	Crop  *mail.Box     `json:"crop,omitempty"`  // of a picture
	View  *scan.Viewing `json:"view,omitempty"`  // of a page for people
	Order *scan.Order   `json:"order,omitempty"` // of a rendition; the helper asks for its pages one by one
}

// steps is how many steps at most an answer is given in, besides its readings: the
// opening of the file, for a cut each page's copying and its comparison, and for a
// rendition a look through the page in between.
func (q request) steps() int {
	switch q.Op {
	case "read", "picture", "view":
		return 1
	case "cut":
		return 1 + 2*max(0, q.To-q.From+1)
	case "render":
		return 1 + 3*q.Order.Pages
	}
	return 0
}

// answer is one frame of a helper's reply; the last has Done.
type answer struct {
	Reading  *mail.Reading `json:"reading,omitempty"`
	Contents *Contents     `json:"contents,omitempty"`
	Cutting  *Cutting      `json:"cutting,omitempty"`
	Rendered *Rendered     `json:"rendered,omitempty"`
	Picture  *Picture      `json:"picture,omitempty"`
	View     *View         `json:"view,omitempty"`
	Wants    int           `json:"wants,omitempty"` // the page that a rendition needs the order for; it comes in a frame
	Whole    string        `json:"whole,omitempty"` // why the file is not whole
	Level    string        `json:"level,omitempty"` // isolation reached
	Failure  string        `json:"failure,omitempty"`
	Step     int           `json:"step,omitempty"` // so many steps are done: the next has a page's time of its own
	Done     bool          `json:"done,omitempty"`
}

// failed is an answer that tells what hinders the helper, and is no finding about the file.
func failed(err error) answer {
	return answer{Failure: err.Error(), Done: true}
}

// failure is what the helper says hinders it: a text, and never an error that stands for
// the machine's state, such as a full disk. Whoever took the helper over could stop all
// else with that.
func (a answer) failure() error { return errors.New(a.Failure) }

// said counts what a helper answered to a request so far.
type said struct{ readings, steps, wants int }

// check holds an answer against its request: a helper that a file took over may
// say anything. before is what it has answered already.
func (a answer) check(q request, before said, c Config) error {
	switch {
	case a.Step != 0 && (a != answer{Step: before.steps + 1} || a.Step > q.steps()):
		return fmt.Errorf("it answered step %d out of turn", a.Step)
	case a.Wants != 0 && (a != answer{Wants: before.wants + 1} || q.Order == nil || a.Wants > q.Order.Pages):
		return fmt.Errorf("it asked for page %d out of turn", a.Wants)
	case a.Step != 0, a.Wants != 0:
		return nil
	case a.Reading != nil && (q.Op != "read" || before.readings >= len(q.Pages) || a.Reading.Page != q.Pages[before.readings]):
		return fmt.Errorf("it answered page %d out of turn", a.Reading.Page)
	case a.Reading != nil:
		return checkReading(*a.Reading, c)
	case !a.Done:
		return errors.New("it answered nothing")
	case a.Contents != nil && (a.Contents.Pages < 0 || a.Contents.Pages > c.Pages):
		return fmt.Errorf("it counted %d pages, at most %d are allowed", a.Contents.Pages, c.Pages)
	case slices.ContainsFunc(a.refusals(), refusedOddly):
		return errors.New("it refused for a reason that is not a helper's to give")
	case a.Contents != nil && a.Contents.Refused != nil && a.Contents.Pages != 0:
		return errors.New("it counted the pages of a file that it refused")
	case q.Op == "cut" && a.Failure == "" && a.Cutting == nil:
		return errors.New("it answered without a cutting")
	case q.Op == "picture" && a.Failure == "" && a.Picture == nil:
		return errors.New("it answered without a picture")
	case a.Picture != nil:
		return a.Picture.check(c)
	case q.Op == "view" && a.Failure == "" && a.View == nil, a.View != nil && q.View == nil:
		return errors.New("it answered without a view, or to another request with one")
	case a.View != nil:
		return a.View.check(*q.View)
	case a.Rendered != nil:
		return a.Rendered.check(q)
	}
	return nil
}

// refusals lists why a helper could not do what it was asked; nil where it could.
func (a answer) refusals() (all []*Refusal) {
	if a.Contents != nil {
		all = append(all, a.Contents.Refused)
	}
	if a.Cutting != nil {
		all = append(all, a.Cutting.Refused)
	}
	if a.Rendered != nil {
		all = append(all, a.Rendered.Refused)
	}
	if a.Picture != nil {
		all = append(all, a.Picture.Refused)
	}
	if a.View != nil {
		all = append(all, a.View.Refused)
	}
	return all
}

// longest is of a text that a helper gives, in bytes: a reason, a word, a code. The
// longest code holds 7089 digits (ISO/IEC 18004); what is longer would fill journal,
// log and screen.
const longest = 8 << 10

// refusedOddly tells a refusal whose reason is not about the file, such as a recall:
// what follows from those happened elsewhere.
func refusedOddly(r *Refusal) bool {
	return r != nil && (len(r.Detail) > longest || saysOddly(r.Says) || !slices.Contains([]mail.Reason{mail.UnreadableFile, mail.UnreadablePage, mail.Encrypted, mail.SymbolCoding, mail.LimitExceeded}, r.Reason))
}

// saysOddly tells a saying that is not of the faults of a file or page, or without end.
func saysOddly(s *mail.Saying) bool {
	if s == nil {
		return false
	}
	size := 0
	for _, value := range s.Args {
		size += len(value)
	}
	return s.Check() != nil || !strings.HasPrefix(s.Code, "fault-") || size > longest
}

// checkReading tells what no page can be.
func checkReading(r mail.Reading, c Config) error {
	w, h := int64(r.Width), int64(r.Height)
	share := func(v float64) bool { return v >= 0 && v <= 1 }
	switch {
	case len(r.Failure) > longest || saysOddly(r.Says) || r.Says != nil && r.Failure == "":
		return errors.New("it gave no end of a reason")
	case r.Failure != "" && len(r.Symbols)+len(r.Doubts)+len(r.Words) > 0:
		return errors.New("it read what it could not read")
	case w < 0 || h < 0 || w > c.Pixels || h > c.Pixels || w*h > c.Pixels:
		return fmt.Errorf("it read a page of %d by %d pixels", w, h)
	case r.Rotation%90 != 0 || r.Rotation < 0 || r.Rotation > 270, math.Abs(r.Skew) > 45:
		return fmt.Errorf("it read a page turned by %d and %g degrees", r.Rotation, r.Skew)
	case r.DPI < 0 || r.DPI > 1e4 || r.DPIY < 0 || r.DPIY > 1e4 || !share(r.Ink):
		return fmt.Errorf("it read a page of %g by %g dpi and %g ink", r.DPI, r.DPIY, r.Ink)
	}
	for i, word := range r.Words {
		if len(word.Text) > longest || !within(word.Box, r) || !share(word.Confidence) || word.Line < 0 || word.Line > i {
			return fmt.Errorf("word %d is nowhere on its page", i)
		}
	}
	if len(r.Streaks) > barcode.MostStreaks || slices.ContainsFunc(r.Streaks, func(s mail.Streak) bool { return !share(s.Place) || s.Width < 1 || s.Width > r.Width }) {
		return errors.New("its streaks are nowhere on its page")
	}
	side := float64(max(w, h))
	for i, s := range r.Symbols {
		if len(s.Text) > longest || !near(s.Polygon, side) || !share(s.Confidence) || s.Module < 0 || s.Module > side {
			return fmt.Errorf("symbol %d is nowhere near its page", i)
		}
	}
	if slices.ContainsFunc(r.Doubts, func(d mail.Doubt) bool { return len(d.Part) > longest || !near(d.Polygon, side) }) {
		return errors.New("a doubt is nowhere near its page")
	}
	return nil
}

func within(b mail.Box, r mail.Reading) bool {
	return 0 <= b.X0 && b.X0 < b.X1 && b.X1 <= r.Width && 0 <= b.Y0 && b.Y0 < b.Y1 && b.Y1 <= r.Height
}

// near allows for a code whose corners were reckoned from what is seen of it.
func near(q mail.Quad, side float64) bool {
	x0, y0, x1, y1 := q.Bounds()
	return min(x0, y0) >= -side && max(x1, y1) <= 2*side
}
