// Package casestore is where documents go: the case's store of an
// administration.
//
// In come a document's bytes and its sheet under a reference; out comes a
// receipt with the digest that was read back. The package knows no pages and no
// rules; folder is the first implementation, storetest the contract.
package casestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"postroom/mail"
)

// ErrRefused is a store that answered no for good: a person must look. Any other
// error means that the store can't be reached now.
var ErrRefused = errors.New("refused")

// ErrAway is a store that can't be looked at now, so that nothing can be said of what it holds.
var ErrAway = errors.New("the store is not there")

// Filing is a document on its way into a case.
type Filing struct {
	Reference string        // as the register spells it
	Document  string        // the document's own name, the same at every repeat
	Original  io.ReadSeeker // its PDF, read from the start
	SHA256    string        // of Original, lower-case hex
	Sheet     []byte        // document.json
}

// Rendition is what is added to a document after it was delivered.
type Rendition struct {
	PDF    io.ReadSeeker // searchable.pdf, read from the start; nil = there is none, and Sheet says why
	SHA256 string        // of PDF, lower-case hex; "" = there is none
	Sheet  []byte        // searchable.json
}

// Standing is a document that stands in a store.
type Standing struct {
	Locator, Reference, Document string
	Complete                     bool // its delivery has ended
	Withdrawn                    bool
	Enriched                     bool // something was added to it
}

// Store is a destination. Its methods are safe for concurrent use.
type Store interface {
	// Deliver files a document; the same filing again gives the same receipt and changes nothing.
	Deliver(ctx context.Context, f Filing) (mail.Receipt, error)
	// Enrich adds a rendition to a delivered document and gives its receipt with what was read
	// back; the same again changes nothing. What is not there any more is refused.
	Enrich(ctx context.Context, r mail.Receipt, add Rendition) (mail.Receipt, error)
	// Withdraw marks a delivered document as not belonging to its case; note is JSON: when, by whom, why.
	// It stays as it is, for good: what returns to the case is filed under another name.
	Withdraw(ctx context.Context, locator string, note []byte) error
	// Verify reads a delivered document, and what was added to it, back and compares it with its receipt.
	Verify(ctx context.Context, r mail.Receipt) error
	// List visits what stands in the store: each document, and what no document is made of, with
	// why.
	List(ctx context.Context, document func(Standing) error, stray func(path, why string)) error
	// Where tells people where a delivered document is.
	Where(locator string) string
}

// Escape writes any reference as one safe path element: percent-encoding of
// every byte but letters, digits and "-", "_", "~", "+", and of dots only where
// they stand alone. url.PathUnescape gives the reference back.
func Escape(reference string) string {
	if reference == "." || reference == ".." {
		return strings.ReplaceAll(reference, ".", "%2E")
	}
	var b strings.Builder
	for i := range len(reference) {
		c := reference[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_~+.", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
