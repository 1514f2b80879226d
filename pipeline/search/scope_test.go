package search

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// may is what a scope says, written once more.
func may(s Scope, store, reference string) bool {
	for _, g := range s.Grants {
		cases := slices.Contains(g.References, reference)
		for _, p := range g.Prefixes {
			cases = cases || strings.HasPrefix(reference, p)
		}
		for _, p := range g.Patterns {
			cases = cases || regexp.MustCompile(p).FindString(reference) == reference && regexp.MustCompile("^(?:"+p+")$").MatchString(reference)
		}
		none := len(g.References)+len(g.Prefixes)+len(g.Patterns) == 0
		if len(g.Stores) > 0 && slices.Contains(g.Stores, store) && (cases || none) || len(g.Stores) == 0 && cases {
			return true
		}
	}
	return s.All
}

// TestNothingOutsideTheScope holds hits, totals and counts against what the same search
// finds for someone who sees all.
func TestNothingOutsideTheScope(t *testing.T) {
	r, f := random(t), newFeed()
	for i := range 90 {
		f.put(randomLetter(r, fmt.Sprint("d", i)))
	}
	x := open(t, t.TempDir()+"/search", nil)
	follow(t, x, f)
	some := func(of ...string) *rapid.Generator[[]string] { return rapid.SliceOfN(rapid.SampledFrom(of), 0, 2) }
	grants := rapid.Custom(func(t *rapid.T) Grant {
		g := Grant{Stores: some("tax", "benefits", "none").Draw(t, "stores"), References: some("TX-1", "SB-1", "XX").Draw(t, "references")}
		if rapid.Bool().Draw(t, "listed") {
			return g
		}
		return Grant{Stores: g.Stores, References: g.References, Prefixes: some("TX-1", "SB", "Z").Draw(t, "prefixes"), Patterns: some("TX-1", `TX-\d`, "SB.1", ".*|X", "1", "(?i)tx-2").Draw(t, "patterns")}
	})
	rapid.Check(t, func(t *rapid.T) {
		scope := Scope{Grants: rapid.SliceOfN(grants, 0, 3).Draw(t, "grants")}
		text := rapid.SampledFrom([]string{"", "tax", "-paid", "\"tax paid\"", "hou*", "TX-1", "house -tax"}).Draw(t, "text")
		all, err1 := x.Find(context.Background(), Query{Text: text, Scope: everything, Size: 100})
		seen, err2 := x.Find(context.Background(), Query{Text: text, Scope: scope, Size: 100, Counts: true, ByScore: rapid.Bool().Draw(t, "score")})
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		want, stores := map[string]bool{}, map[string]int{}
		for _, h := range all.Hits {
			sees, err := scope.Sees(h.Store, h.Reference)
			if err != nil || sees != may(scope, h.Store, h.Reference) {
				t.Fatalf("Sees says %v of %s %s, %v", sees, h.Store, h.Reference, err)
			}
			if sees {
				want[h.Document] = true
				stores[h.Store]++
			}
		}
		if seen.Total != len(want) || len(seen.Hits) != len(want) {
			t.Fatalf("%d of %d letters, want %d", len(seen.Hits), seen.Total, len(want))
		}
		for _, h := range seen.Hits {
			if !want[h.Document] {
				t.Fatalf("%s of %s is outside", h.Document, h.Reference)
			}
		}
		months := 0
		for _, c := range seen.Months {
			months += c.Count
		}
		if len(seen.Stores) != len(stores) || months != len(want) {
			t.Fatalf("counts %v %v, want %v", seen.Stores, seen.Months, stores)
		}
		for _, c := range seen.Stores {
			if stores[c.Value] != c.Count {
				t.Fatalf("counts %v, want %v", seen.Stores, stores)
			}
		}
	})
}

// TestGrantAsksBoth: of a store and a case, a letter that has one is not seen.
func TestGrantAsksBoth(t *testing.T) {
	f := newFeed()
	f.put(letter("a", "tax", "TX-1", "en", "taxes"), letter("b", "tax", "TX-2", "en", "taxes"), letter("c", "other", "TX-1", "en", "taxes"))
	x := open(t, t.TempDir()+"/search", nil)
	follow(t, x, f)
	for _, g := range []Grant{{References: []string{"TX-1"}}, {Prefixes: []string{"TX-1"}}, {Patterns: []string{"..-1"}}} {
		g.Stores = []string{"tax"}
		if got := found(t, x, Query{Text: "tax", Scope: Scope{Grants: []Grant{g}}}); !slices.Equal(got, []string{"a"}) {
			t.Errorf("%+v sees %v", g, got)
		}
	}
}

func TestScopeThatIsNone(t *testing.T) {
	f := newFeed()
	f.put(letter("a", "tax", "TX-1", "en", "taxes"))
	x := open(t, t.TempDir()+"/search", nil)
	follow(t, x, f)
	for _, s := range []Scope{{}, {Grants: []Grant{{}}}, {Grants: []Grant{{Stores: []string{""}}, {References: []string{""}}}}} {
		if got := found(t, x, Query{Scope: s}); len(got) > 0 {
			t.Errorf("%+v sees %v", s, got)
		}
	}
	for _, p := range []string{"(", "x)|(y", "a)(?:b", "["} {
		if _, err := x.Find(context.Background(), Query{Scope: Scope{Grants: []Grant{{Patterns: []string{p}}}}}); err == nil {
			t.Errorf("%q is taken", p)
		}
	}
	var many []string
	for i := range mostListed + 1 {
		many = append(many, fmt.Sprint("X-", i))
	}
	for _, last := range []string{"TX-1", "TX-2"} {
		got := found(t, x, Query{Scope: Scope{Grants: []Grant{{References: append(many, last)}}}})
		if want := last == "TX-1"; want != (len(got) == 1) {
			t.Errorf("with %s it sees %v", last, got)
		}
	}
}

// FuzzFind asks anything of letters that say anything.
func FuzzFind(f *testing.F) {
	for _, seed := range []string{"tax", "\"", "\"a b", "-", "--x", "*", "a*", "abc*", "-\"tax paid\"", "+t:tax^4 ~2 /re/ [a TO b]", "tax AND (", "\\", "\x00\xff",
		"\u202etax\u202c", strings.Repeat("a ", 300), strings.Repeat("é", 499), "TX 2021 000001 33", "1-2-3-4-5-6-7-8-9", "« guillemets »", "place:tax\x1fTX", "fr_societ", "ﬁn ß ﷺ"} {
		f.Add(seed, "some taxes were paid "+seed)
	}
	index := open(f, f.TempDir()+"/search", nil)
	fd := newFeed()
	for i, l := range []string{"fr", "nl", "de", "en", ""} {
		fd.put(letter(fmt.Sprint("d", i), "tax", fmt.Sprint("TX-", i), l, "the taxes were paid", strings.Join(vocabulary, " ")))
	}
	follow(f, index, fd)
	only := Scope{Grants: []Grant{{Patterns: []string{"TX-[12]"}}}}
	f.Fuzz(func(t *testing.T, text, words string) {
		if len(text) > 4000 || len(words) > 4000 {
			return
		}
		r, err := index.Find(context.Background(), Query{Text: text, Scope: only})
		var refused *Refused
		if err != nil && !asRefused(err, &refused) {
			t.Fatalf("%q: %v", text, err)
		}
		for _, h := range r.Hits {
			if h.Reference != "TX-1" && h.Reference != "TX-2" {
				t.Fatalf("%q finds %s", text, h.Reference)
			}
		}
		l := letter("x", "tax", "TX-1", "fr", words)
		for _, w := range terms(tokens(l.Text[0].Words), "fr") {
			if w.from > w.to || w.to >= len(l.Text[0].Words) || w.text == "" || !utf8.ValidString(w.text) {
				t.Fatalf("term %+v of %q", w, words)
			}
		}
		m, err := Highlight(l, text)
		if (err != nil) != (refused != nil) && !strings.Contains(fmt.Sprint(refused), "too many") {
			t.Fatalf("%q: Find says %v, Highlight %v", text, refused, err)
		}
		s := m.Snippet
		last := 0
		for _, r := range s.Marked {
			if r[0] < last || r[1] <= r[0] || r[1] > len(s.Text) {
				t.Fatalf("marks %v of %q", s.Marked, s.Text)
			}
			last = r[1]
		}
		if !utf8.ValidString(s.Text) || strings.ContainsFunc(s.Text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Fatalf("snippet %q", s.Text)
		}
	})
}

func asRefused(err error, r **Refused) bool {
	is, ok := err.(*Refused)
	*r = is
	return ok
}
