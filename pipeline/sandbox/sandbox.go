// Package sandbox runs scan, barcode and ocr in helper processes that hold no
// credentials: untrusted bytes are decoded nowhere else.
//
// In come an open file and page numbers; out go readings, the pages of a span as
// a PDF of their own, or a searchable rendition. A helper is asked over a socket pair with file
// descriptors, works under resource limits, and is killed when it takes too
// long or too much: its death is one page's finding, not the server's. The
// package knows no journal, no cases and no configuration file.
package sandbox

import (
	"time"

	"postroom/mail"
)

// Config says how helpers work; a zero field has the default named beside it.
type Config struct {
	Command   []string      // how a helper is started: this binary and its hidden subcommand
	Slots     int           // helpers at once: one per core
	Languages []string      // tesseract language packs; none = text can't be read
	Tessdata  string        // folder of the language data
	Cache     string        // folder of pdfium's compiled code
	Controls  []string      // texts of configured control codes: such a page's text is always read
	Bytes     int64         // most bytes of a file: 500e6
	Pages     int           // most pages of a file: 10000
	Pixels    int64         // most pixels of a page: 60e6
	PageCPU   time.Duration // processor time of a page: 20 s
	PageWall  time.Duration // time of a page: 60 s
	Memory    int64         // resident bytes of a helper: 1 GiB
	Recycle   int           // pages after which a helper is replaced (tesseract leaks): 500
	Idle      time.Duration // after which a helper ends that is not asked again: never
	Nice      int           // how far a helper stands back where others want the processor too, see nice(1): 0
	Counted   bool          // the files were opened before, see scan.Config
	Spare     bool          // keep one more helper that has seen no file, and pdfium started where it drew the last page: a file is opened without waiting for either
	Require   bool          // refuse to work without landlock and seccomp
	Warm      bool          // set by the pool for the helper that fills Cache: it is not isolated and is given no file
}

func (c Config) withDefaults() Config {
	set := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	set(&c.Bytes, 500e6)
	set(&c.Pixels, 60e6)
	set(&c.Memory, 1<<30)
	set((*int64)(&c.PageCPU), int64(20*time.Second))
	set((*int64)(&c.PageWall), int64(60*time.Second))
	if c.Pages == 0 {
		c.Pages = 10000
	}
	if c.Recycle == 0 {
		c.Recycle = 500
	}
	return c
}

// Text says which pages of a request are read for their words.
type Text string

// The choices of Text.
const (
	NoText       Text = ""        // codes only
	TextControls Text = "control" // pages that carry a control code: they may carry a letter beside it
	HeadText     Text = "head"    // the upper part of the upright page, and no codes: the text as a whole is still to be read
	AllText      Text = "all"

	again Text = "again" // one place, in several ways; the line of a word is the number of the look that gave it
)

// Refusal is a finding about a file or a span: why it can't be worked on.
type Refusal struct {
	Reason mail.Reason  `json:"reason"`
	Detail string       `json:"detail"`
	Says   *mail.Saying `json:"says,omitempty"` // the detail, for other languages; nil = a former version wrote it
}

// Saying gives what the refusal says, also when it came without.
func (r *Refusal) Saying() *mail.Saying {
	if r.Says == nil {
		return mail.Say("fault-other", "fault", r.Detail)
	}
	return r.Says
}

// Contents is what a file holds.
type Contents struct {
	Kind    mail.Kind `json:"kind"`
	Pages   int       `json:"pages"`
	Refused *Refusal  `json:"refused,omitempty"`
}

// Cutting tells how a span was cut.
type Cutting struct {
	Recoded []string `json:"recoded,omitempty"` // what could not be carried bit for bit, and is pixel-equal
	Refused *Refusal `json:"refused,omitempty"`
}
