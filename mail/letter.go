package mail

import (
	"errors"
	"time"
)

// Letter is a document as it stands now, with what was read of it: what search and the
// pages of a viewer are made of.
type Letter struct {
	Document
	// Where it is, or was when it was recalled; empty while it has no case.
	Store     string
	Scheme    string
	Reference string
	Received  time.Time // its batch's file
	Filed     time.Time // the store's receipt; zero without one
	Source    string    // name of the intake folder
	File      string    // name of the scanner's file
	Language  string    // of most of its text, BCP 47; "" = it can't be told
	Text      []Text    // a page each, ascending; none when its pages were not told apart
	Missing   string    // why Text is empty though pages were read: a damaged file, say
	Entries   uint64    // of the log when this was read: what was logged later it may not show
}

// Text is what was read of a page's text.
type Text struct {
	Page   int // of the batch
	Width  int // pixels, of the picture that the words' boxes are on
	Height int
	Words  []Word // in reading order
}

// Touch tells that something was logged of a document.
type Touch struct {
	Document string
	Entry    uint64 // the last such entry of the log, counted from 1
	// As the document stands when Touch was made:
	Filed   bool
	Version int
	Text    bool // pages of it were read: its words may be others with the same version
}

// ErrRewound tells a follower that the journal is not the one it has followed: an older
// one was put back. What was derived from it is to be made anew.
var ErrRewound = errors.New("the journal does not have what was followed before")
