package access

import (
	"context"
	"errors"
	"regexp"
	"regexp/syntax"
	"slices"

	"postroom/pipeline/journal"
)

// Scope is what a caseworker may see: the union of what his groups may. The zero value
// is nothing. It does not change any more, and is safe for concurrent use.
type Scope struct{ groups []*compiled }

// compiled is a group ready for matching.
type compiled struct {
	group    Group
	all      bool            // no cases are named: all of the stores
	literal  map[string]bool // patterns that only one reference matches
	patterns []*regexp.Regexp
}

// faultOf is what is wrong with a pattern, and where, in RE2's own words.
func faultOf(err error) string {
	var fault *syntax.Error
	if !errors.As(err, &fault) {
		return err.Error()
	}
	return string(fault.Code) + " (" + fault.Expr + ")"
}

// compile reads a group's patterns: *Refused names the one that is none.
func compile(g Group) (*compiled, error) {
	c := &compiled{group: g, all: len(g.Cases) == 0, literal: map[string]bool{}}
	for _, p := range g.Cases {
		// Alone first: what is only a pattern between the brackets put around it here could end them.
		if len(p) > longestPattern || p == "" {
			return nil, refuse(refusedLong, "pattern", p, "most", longestPattern, "bytes", len(p))
		}
		if _, err := syntax.Parse(p, syntax.Perl); err != nil {
			return nil, refuse(refusedPattern, "pattern", p, "fault", faultOf(err))
		}
		if regexp.QuoteMeta(p) == p {
			c.literal[p] = true
			continue
		}
		re, err := regexp.Compile(`\A(?:` + p + `)\z`)
		if err != nil {
			return nil, refuse(refusedPattern, "pattern", p, "fault", faultOf(err))
		}
		c.patterns = append(c.patterns, re)
	}
	return c, nil
}

// Scope gives what the user may see as a caseworker, as things stand. One who is disabled, or no
// caseworker, sees nothing that way.
func (d *Directory) Scope(ctx context.Context, u User) (Scope, error) {
	var s Scope
	if !u.Has(Caseworker) {
		return s, nil
	}
	err := d.journal.View(ctx, func(r journal.Reader) error {
		s.groups = nil
		for _, id := range u.Groups {
			g, err := journal.Load[Group](r, tableGroup, id)
			if errors.Is(err, journal.ErrNotFound) {
				continue // removed since u was read
			}
			if err != nil {
				return err
			}
			c, err := d.compiled(g)
			if err != nil {
				return err
			}
			s.groups = append(s.groups, c)
		}
		return nil
	})
	if err != nil {
		return Scope{}, err
	}
	return s, nil
}

// compiled keeps a group's patterns ready until it changes.
func (d *Directory) compiled(g Group) (*compiled, error) {
	if c, is := d.patterns.Load(g.ID); is {
		if c := c.(*compiled); slices.Equal(c.group.Stores, g.Stores) && slices.Equal(c.group.Cases, g.Cases) {
			return c, nil
		}
	}
	c, err := compile(g)
	if err == nil {
		d.patterns.Store(g.ID, c)
	}
	return c, err
}

// Sees tells whether a letter that is filed, or is to be, in this case of this store may be
// seen. What is in no case yet, with an empty scheme or reference, nobody sees by his scope.
func (s Scope) Sees(store, scheme, reference string) bool {
	if store == "" || scheme == "" || reference == "" {
		return false
	}
	return slices.ContainsFunc(s.groups, func(c *compiled) bool { return c.sees(store, reference) })
}

func (c *compiled) sees(store, reference string) bool {
	if !slices.Contains(c.group.Stores, store) {
		return false
	}
	return c.all || c.literal[reference] ||
		slices.ContainsFunc(c.patterns, func(p *regexp.Regexp) bool { return p.MatchString(reference) })
}

// Stores lists the stores of which anything may be seen, sorted.
func (s Scope) Stores() []string {
	var all []string
	for _, c := range s.groups {
		all = append(all, c.group.Stores...)
	}
	return once(all)
}

// Groups lists the groups that the scope is made of.
func (s Scope) Groups() []Group {
	var all []Group
	for _, c := range s.groups {
		all = append(all, c.group)
	}
	return all
}

// Empty tells that nothing may be seen.
func (s Scope) Empty() bool { return len(s.Stores()) == 0 }
