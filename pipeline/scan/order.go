package scan

import (
	"errors"
	"io"

	"postroom/mail"
)

// Order says what a rendition is to be.
type Order struct {
	Title    string `json:"title,omitempty"`    // of the document, for people; "" = none
	Language string `json:"language,omitempty"` // of its text, BCP 47; what is no such tag is left out
	Producer string `json:"producer,omitempty"` // the program that makes it; "" = none
	Pages    int    `json:"pages"`              // of the file: a reading of another page than the file's lies on no words
	// Page gives what was read on page n, counted from 1; it is asked once for each, in order.
	Page func(n int) (OrderPage, error) `json:"-"`
}

// OrderPage is what is to be done with a page.
type OrderPage struct {
	Reading mail.Reading `json:"reading"`
	Drop    bool         `json:"drop,omitempty"` // leave the page out
	Turn    *int         `json:"turn,omitempty"` // degrees, clockwise, that make the page upright, whatever the reading says; nil = as it says
}

// Text says where a rendition's page has its text from.
type Text string

// The sources of a page's text.
const (
	NoWords   Text = "none"  // there are no words on it
	LaidWords Text = "layer" // the words that were read, invisible over the picture
	OwnWords  Text = "own"   // the page came with text, which it keeps
)

// RenderedPage is what was done with a page.
type RenderedPage struct {
	Text     Text `json:"text,omitempty"` // "" = the page was dropped
	Rotation int  `json:"rotation"`       // degrees, clockwise, that it was turned by
	Words    int  `json:"words"`          // in the layer
}

// Rendered is what was done.
type Rendered struct {
	Pages []RenderedPage `json:"pages"`
	PDFA  bool           `json:"pdfa"`          // the file is a PDF/A-2b, as far as checkArchive looks, and says so
	Why   string         `json:"why,omitempty"` // it is not
}

// Target takes a rendition, which is read back from it.
type Target interface {
	io.Writer
	io.ReaderAt
	io.Seeker
	Truncate(size int64) error
}

// Why there is no rendition.
var (
	ErrSigned  = errors.New("it is signed, and what is written anew is signed by nobody")
	ErrDiffers = errors.New("the rendition would not show what the original shows")
	ErrPages   = errors.New("it has other pages than were read") // of the document that is rendered
	ErrOutput  = errors.New("the output can't be written")       // the disk's fault, not the file's
)
