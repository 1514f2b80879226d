// Package reference holds schemes of case numbers as data: what a reference
// looks like, which check digits prove it, and where it may be read from.
//
// In come a scheme's settings and the texts of codes and words; out go mentions,
// each literal or only near to a reference, and valid or not. The package knows
// no cases: whether a reference is live is the register's.
package reference

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"postroom/mail"
)

// Config is a scheme as the configuration file gives it.
type Config struct {
	Name        string
	Pattern     string   // RE2, matched on cleaned text
	Check       string   // one of Checks
	Covers      int      // capture group that the check looks at; 0 = the whole match
	Labels      []string // what stands before the reference in print
	Symbologies []mail.Symbology
	Store       string
	Weights     []int  // check weighted: one for each digit; 0 marks the check digit
	Modulus     int    // check weighted
	Map         string // check weighted: the check character for each remainder; "" = the sum itself is 0
}

// Why a text is not a reference of a scheme.
var (
	ErrPattern = errors.New("it does not look like a reference of the scheme")
	ErrCheck   = errors.New("its check digits do not hold")
)

// Scheme is a compiled scheme. It is safe for concurrent use.
type Scheme struct {
	cfg      Config
	whole    *regexp.Regexp // anchored
	check    check
	labels   []string
	shapes   []shape // what a reference's characters may be, the longest first; nil = too varied for near matches
	variants []variant
	marked   []shape // the forms that their fixed characters alone tell
	cores    []core
	signs    string // the signs of its forms
	bare     bool   // digits only: a telephone number may look like one
	digits   int    // fewest digits of a match
	covered  bool   // the check looks at all that varies
}

// Checks lists the names of the checks.
func Checks() []string {
	var all []string
	for name := range checks() {
		all = append(all, name)
	}
	all = append(all, "weighted")
	slices.Sort(all)
	return all
}

// New compiles a scheme. The error names what is wrong and what is allowed.
func New(c Config) (*Scheme, error) {
	pattern, err := regexp.Compile(c.Pattern)
	if err != nil {
		return nil, fmt.Errorf("pattern of scheme %q: %w", c.Name, err)
	}
	if pattern.MatchString("") {
		return nil, fmt.Errorf("pattern of scheme %q matches the empty text; write what a reference must hold", c.Name)
	}
	if c.Covers < 0 || c.Covers > pattern.NumSubexp() {
		return nil, fmt.Errorf("covers of scheme %q is %d; the pattern has %d capture groups", c.Name, c.Covers, pattern.NumSubexp())
	}
	s := &Scheme{cfg: c, whole: regexp.MustCompile(`^(?:` + c.Pattern + `)$`)}
	if c.Check == "weighted" {
		if s.check, err = weighted(c); err != nil {
			return nil, fmt.Errorf("scheme %q: %w", c.Name, err)
		}
	} else if known, ok := checks()[c.Check]; ok {
		s.check = known
	} else {
		return nil, fmt.Errorf("scheme %q has the unknown check %q; allowed: %s", c.Name, c.Check, strings.Join(Checks(), ", "))
	}
	for _, l := range append(c.Labels, commonLabels...) {
		s.labels = append(s.labels, folded(l))
	}
	s.shapes = shapesOf(c.Pattern)
	slices.SortStableFunc(s.shapes, func(a, b shape) int { return len(b) - len(a) })
	for i, f := range s.shapes {
		f = f.priced()
		s.shapes[i] = f
		if f.budget() > 0 {
			s.variants = append(s.variants, variantsOf(f)...)
		}
		if m := f.marked(); m != nil {
			s.marked = append(s.marked, m)
		}
		s.cores = append(s.cores, coreOf(f))
		for _, place := range f {
			if place.sign() && !strings.ContainsRune(s.signs, place.one) {
				s.signs += string(place.one)
			}
		}
	}
	s.bare, s.digits = describe(s.shapes)
	s.covered = s.covers()
	return s, nil
}

// commonLabels raise a candidate in any scheme: what letters of four languages
// write before a reference.
var commonLabels = []string{
	"Notre référence", "Votre référence", "N/Réf", "V/Réf", "Notre réf", "Votre réf", "Référence", "Dossier", "N° de dossier",
	"Riferimento", "Ons kenmerk", "Uw kenmerk", "Kenmerk", "Dossiernummer", "Referentie",
	"Aktenzeichen", "Referenz", "Unser Zeichen", "Ihr Zeichen", "Mein Zeichen", "Geschäftszeichen", "Az", "Kassenzeichen", "Vorgangsnummer",
	"Our reference", "Your reference", "Our ref", "Your ref", "Reference", "Case number", "Case no", "File number", "Ref",
}

// Name is the scheme's.
func (s *Scheme) Name() string { return s.cfg.Name }

// Store is where the scheme's cases are kept.
func (s *Scheme) Store() string { return s.cfg.Store }

// Strong tells whether the check alone, with a live case, is proof enough to file:
// of what can't be misread; print must also be Covered.
func (s *Scheme) Strong() bool { return s.check.strong }

// Parse cleans a text, matches the whole of it and proves its check digits:
// ErrPattern, ErrCheck.
func (s *Scheme) Parse(text string) (string, error) {
	clean := Clean(text)
	match := s.whole.FindStringSubmatch(clean)
	if match == nil {
		return "", fmt.Errorf("%q: %w %s", text, ErrPattern, s.cfg.Name)
	}
	if !s.check.holds(match[s.cfg.Covers]) {
		return "", fmt.Errorf("%q: %w (scheme %s, %s)", text, ErrCheck, s.cfg.Name, s.cfg.Check)
	}
	return clean, nil
}

// Clean writes a text as patterns expect it: NFC, no spaces, every dash "-".
func Clean(text string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(text) {
		switch {
		case unicode.IsSpace(r), r == '\u200b', r == '\ufeff':
		case unicode.Is(unicode.Pd, r), r == '\u00ad', r == '\u2212', r == '\u00af', r == '\u2043':
			b.WriteByte('-')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// FromBarcode reads a symbol: its whole text must match. A text whose check
// fails is a mention that is not valid, and is never corrected.
func (s *Scheme) FromBarcode(page int, sym mail.Symbol) (mail.Mention, bool) {
	if !s.counts(sym.Symbology) {
		return mail.Mention{}, false
	}
	clean, err := s.Parse(sym.Text)
	if errors.Is(err, ErrPattern) {
		return mail.Mention{}, false
	}
	if err != nil {
		clean = Clean(sym.Text)
	}
	m := s.coded(page, sym, clean)
	m.Literal, m.Valid = true, err == nil
	return m, true
}

func (s *Scheme) counts(sym mail.Symbology) bool {
	return !sym.Patch() && (len(s.cfg.Symbologies) == 0 || slices.Contains(s.cfg.Symbologies, sym))
}

func (s *Scheme) coded(page int, sym mail.Symbol, text string) mail.Mention {
	return mail.Mention{Page: page, Scheme: s.cfg.Name, Text: text, Raw: Clean(sym.Text), Source: mail.FromBarcode,
		Confidence: sym.Confidence, Polygon: sym.Polygon}
}
