// Package router decides: where one letter ends and the next begins, and which
// case a letter belongs to.
//
// In come readings of pages, the reference schemes and the case register; out go
// spans of pages and decisions, each with its rule and evidence, or an exception
// with its reason. The package is pure: no clock, no disk, no network, so that
// the same readings always give the same decisions.
package router

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"postroom/mail"
	"postroom/router/reference"
)

// Control is a configured control code: a patch code, or a symbol of any
// symbology with exactly this text.
type Control struct {
	Patch mail.Symbology
	Text  string
	Keep  bool // the page begins the document and stays in it
}

func (c Control) reads(s mail.Symbol) bool {
	if c.Text != "" {
		return !s.Symbology.Patch() && s.Text == c.Text
	}
	return s.Symbology == c.Patch
}

// name is what the ledger calls it: a patch code's own name, or "text".
func (c Control) name() string {
	if c.Text != "" {
		return "text"
	}
	return c.Patch.String()
}

// Config is what the rules are made of.
type Config struct {
	Separators  []Control
	OnReference bool // a page whose barcode carries another case reference begins a document
	MaxPages    int  // of a document; 0 = 50
	Schemes     []*reference.Scheme
	Tickets     Verifier // nil = no ticket counts
}

// Rules decide. They never change and are safe for concurrent use.
type Rules struct{ cfg Config }

// New makes rules.
func New(c Config) *Rules {
	if c.MaxPages == 0 {
		c.MaxPages = 50
	}
	return &Rules{c}
}

// Version identifies the separating rules: a document cut by others has another name.
func (r *Rules) Version() string {
	text, err := json.Marshal(struct {
		Separators  []Control
		OnReference bool
	}{r.cfg.Separators, r.cfg.OnReference})
	if err != nil {
		panic(fmt.Sprintf("bug: rules can't be written: %v", err))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// Mentions finds all references that stand on a page, in codes and in words.
func (r *Rules) Mentions(reading mail.Reading) []mail.Mention {
	all := r.coded(reading)
	for _, s := range r.cfg.Schemes {
		for _, symbol := range reading.Symbols {
			all = append(all, s.InBarcode(reading.Page, symbol)...)
		}
		all = append(all, s.FromWords(reading.Page, reading.Words)...)
	}
	return all
}

// coded finds the references in a page's barcodes.
func (r *Rules) coded(reading mail.Reading) (all []mail.Mention) {
	for _, symbol := range reading.Symbols {
		for _, s := range r.cfg.Schemes {
			if m, ok := s.FromBarcode(reading.Page, symbol); ok {
				all = append(all, m)
			}
		}
	}
	return all
}
