package reference

import (
	"net/url"
	"strings"
	"unicode"

	"postroom/mail"
)

// InBarcode finds what a symbol's text that is no reference says of one: a
// reference inside a longer text such as a payment's, in small letters, in a
// symbology where the scheme does not count, or nearly one. None is literal:
// they may hold a document, not file it.
func (s *Scheme) InBarcode(page int, sym mail.Symbol) (all []mail.Mention) {
	if _, whole := s.FromBarcode(page, sym); whole || sym.Symbology.Patch() || s.bare && !s.counts(sym.Symbology) {
		return nil // an article's or a parcel's digits are no case's
	}
	for _, found := range s.FromWords(page, fields(sym.Text)) {
		all = append(all, s.inside(page, sym, found))
	}
	return all
}

// inside is a mention that was found in a symbol's text.
func (s *Scheme) inside(page int, sym mail.Symbol, found mail.Mention) mail.Mention {
	m := s.coded(page, sym, found.Text)
	m.Raw, m.Valid, m.Readings = found.Raw, found.Valid, found.Readings
	if found.Literal && found.Valid {
		m.Readings = []string{found.Text}
	}
	return m
}

// fields writes a code's text as a page: a line for each field, and an address
// without its escapes.
func fields(text string) (words []mail.Word) {
	if plain, err := url.PathUnescape(text); err == nil { // which leaves a plus as it is
		text = plain
	}
	for i, field := range strings.FieldsFunc(text, parts) {
		for _, w := range strings.FieldsFunc(field, func(r rune) bool { return unicode.IsSpace(r) || r == ',' }) {
			words = append(words, mail.Word{Text: w, Line: i})
		}
	}
	return words
}

// parts tells what parts the fields of a code's text.
func parts(r rune) bool { return unicode.IsControl(r) || strings.ContainsRune("?&=;|", r) }
