package search

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Scope is what the asker may see. The zero Scope is nothing.
type Scope struct {
	All    bool
	Grants []Grant // a letter in any of them is seen
}

// Grant is a part of what there is: the letters in these stores whose reference is one of
// these, or begins or matches so. Without stores it is any store's, without references,
// prefixes and patterns any reference; an empty Grant grants nothing.
type Grant struct {
	Stores     []string
	References []string
	Prefixes   []string
	Patterns   []string // RE2; the whole reference matches, not a part of it
}

func (g Grant) empty() bool { return len(g.Stores) == 0 && g.anyCase() }

// anyCase tells whether the grant asks nothing of the reference.
func (g Grant) anyCase() bool { return len(g.References)+len(g.Prefixes)+len(g.Patterns) == 0 }

// sight is a scope that is ready to be asked.
type sight struct {
	all    bool
	grants []grant
}

type grant struct {
	stores     []string
	any        bool
	references map[string]bool
	prefixes   []string
	patterns   []*regexp.Regexp
}

func (s Scope) sight() (see sight, err error) {
	see.all = s.All
	for _, g := range s.Grants {
		if g.empty() {
			continue
		}
		ready := grant{stores: g.Stores, any: g.anyCase(), prefixes: g.Prefixes, references: map[string]bool{}}
		for _, r := range g.References {
			ready.references[r] = true
		}
		for _, p := range g.Patterns {
			// Each alone first: a pattern's brackets could else end where ours do.
			if _, err := regexp.Compile(p); err != nil {
				return see, fmt.Errorf("pattern of a scope: %w", err)
			}
			re, err := regexp.Compile(`\A(?:` + p + `)\z`)
			if err != nil {
				return see, fmt.Errorf("pattern of a scope: %w", err)
			}
			ready.patterns = append(ready.patterns, re)
		}
		see.grants = append(see.grants, ready)
	}
	return see, nil
}

// Sees tells whether a letter of a store and reference is in the scope. The error is a
// pattern that is none.
func (s Scope) Sees(store, reference string) (bool, error) {
	see, err := s.sight()
	return err == nil && see.sees(store, reference), err
}

func (s sight) sees(store, reference string) bool {
	return s.all || slices.ContainsFunc(s.grants, func(g grant) bool { return g.covers(store, reference) })
}

func (g grant) covers(store, reference string) bool {
	if len(g.stores) > 0 && !slices.Contains(g.stores, store) {
		return false
	}
	return g.any || g.references[reference] ||
		slices.ContainsFunc(g.prefixes, func(p string) bool { return strings.HasPrefix(reference, p) }) ||
		slices.ContainsFunc(g.patterns, func(re *regexp.Regexp) bool { return re.MatchString(reference) })
}

// listed tells whether all grants name what they cover, so that the index can look it up.
func (s sight) listed() bool {
	for _, g := range s.grants {
		if len(g.prefixes)+len(g.patterns) > 0 || len(g.references) > mostListed {
			return false
		}
	}
	return true
}

// mostListed is how many references of a grant are looked up; of more, each letter that is
// found is asked.
const mostListed = 500
