// Package register is the case register: which references are live, where their
// cases are kept, and who they belong to.
//
// In comes a CSV file's text; out go cases by reference. The package opens no
// file and knows no documents.
package register

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"postroom/mail"
	"postroom/router/reference"
)

// Case is a row of the register.
type Case struct {
	Reference mail.Reference // in the register's spelling
	Store     string
	Closed    bool
	Name      string // of the person; "" = not given
	Postcode  string
}

// Register finds cases. It never changes and is safe for concurrent use.
type Register struct {
	cases map[string]Case    // by scheme and cleaned text
	near  map[string][]entry // by scheme
}

// Parse reads a register: a header "reference,store[,status,name,postcode]" and a
// row a case. A row that can't be right refuses the whole register, because half
// of one would send letters to nobody; the error names the line.
func Parse(r io.Reader, schemes []*reference.Scheme) (*Register, error) {
	in, err := reader(r)
	if err != nil {
		return nil, err
	}
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty; its first line must be reference,store[,status,name,postcode]")
	}
	if err != nil {
		return nil, err
	}
	column, err := columns(header)
	if err != nil {
		return nil, err
	}
	reg := &Register{cases: map[string]Case{}}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			reg.near = index(reg.cases)
			return reg, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := in.FieldPos(0)
		if err := reg.add(row, column, schemes); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// reader skips a byte order mark and finds out whether commas or semicolons divide.
func reader(r io.Reader) (*csv.Reader, error) {
	b := bufio.NewReader(r)
	if mark, _ := b.Peek(3); string(mark) == "\xef\xbb\xbf" {
		if _, err := b.Discard(3); err != nil {
			return nil, err
		}
	}
	head, err := b.Peek(200)
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return nil, err
	}
	in := csv.NewReader(b)
	first, _, _ := strings.Cut(string(head), "\n")
	if strings.Count(first, ";") > strings.Count(first, ",") {
		in.Comma = ';'
	}
	in.TrimLeadingSpace = true
	return in, nil
}

var known = []string{"reference", "store", "status", "name", "postcode"}

func columns(header []string) (map[string]int, error) {
	column := map[string]int{}
	for i, h := range header {
		h = strings.ToLower(strings.TrimSpace(h))
		if !slices.Contains(known, h) {
			return nil, fmt.Errorf("line 1: unknown column %q; allowed: %s", h, strings.Join(known, ", "))
		}
		if _, twice := column[h]; twice {
			return nil, fmt.Errorf("line 1: the column %q stands twice", h)
		}
		column[h] = i
	}
	for _, h := range known[:2] {
		if _, ok := column[h]; !ok {
			return nil, fmt.Errorf("line 1: the column %q is missing; the header is reference,store[,status,name,postcode]", h)
		}
	}
	return column, nil
}

func (reg *Register) add(row []string, column map[string]int, schemes []*reference.Scheme) error {
	get := func(name string) string {
		if i, ok := column[name]; ok {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	spelling := get("reference")
	scheme, ref, err := parse(spelling, get("store"), schemes)
	if err != nil {
		return err
	}
	c := Case{Reference: ref.As(spelling), Store: get("store"), Name: get("name"), Postcode: get("postcode")}
	switch get("status") {
	case "", "open":
	case "closed":
		c.Closed = true
	default:
		return fmt.Errorf("status %q of %s; allowed: open, closed", get("status"), spelling)
	}
	if c.Store != scheme.Store() {
		return fmt.Errorf("%s is in store %q, but its scheme %s leads to store %q: correct the row, or the scheme's store", spelling, c.Store, scheme.Name(), scheme.Store())
	}
	key := ref.Scheme() + "\x00" + ref.String()
	if had, twice := reg.cases[key]; twice && had != c {
		return fmt.Errorf("%s stands twice, with differing details: keep the row that is right", spelling)
	}
	reg.cases[key] = c
	return nil
}

// parse finds the scheme that proves a reference; of several, one that leads to the store.
func parse(text, store string, schemes []*reference.Scheme) (scheme *reference.Scheme, ref mail.Reference, err error) {
	var why error
	for _, s := range schemes {
		r, err := mail.ParseReference(s, text)
		switch {
		case err == nil && (scheme == nil || s.Store() == store && scheme.Store() != store):
			scheme, ref = s, r
		case err != nil && (why == nil || errors.Is(err, reference.ErrCheck)):
			why = err
		}
	}
	if scheme == nil {
		return nil, ref, fmt.Errorf("no scheme proves the reference (correct the row, or add a scheme): %w", cmp.Or(why, errors.New("there is no scheme")))
	}
	return scheme, ref, nil
}

// Len is the number of cases.
func (reg *Register) Len() int { return len(reg.cases) }

// Open lists the references of a scheme's open cases, in the register's spelling, ascending.
func (reg *Register) Open(scheme string) (refs []mail.Reference) {
	for _, c := range reg.cases {
		if c.Reference.Scheme() == scheme && !c.Closed {
			refs = append(refs, c.Reference)
		}
	}
	slices.SortFunc(refs, func(a, b mail.Reference) int { return cmp.Compare(a.String(), b.String()) })
	return refs
}

// Each visits all cases, in no certain order.
func (reg *Register) Each(visit func(Case)) {
	for _, c := range reg.cases {
		visit(c)
	}
}

// Lookup finds a reference's case.
func (reg *Register) Lookup(scheme, text string) (Case, bool) {
	c, ok := reg.cases[scheme+"\x00"+text]
	return c, ok
}
