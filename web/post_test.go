package web

import (
	"errors"
	"strings"
	"testing"

	"postroom/pipeline"
	"postroom/web/access"
)

// What the two cases of its store are to the caseworker of a post.
const (
	caseOwn     = caseA
	caseForeign = caseB
)

// post is a house with letters in it, in every state that a letter can be in, and with people
// who may do more or less than one role: "none" has no role; "disabled", who is to be, and
// "new", who must choose a password first, have all.
type post struct {
	*house
	letters map[string]string // what a letter is to the caseworker -> its id
	pages   map[string]int    // and its first page
	words   map[string]string // and a word that stands in no other letter
	batch   string
	sample  string
}

// strange is what strangers write: markup, a quotation's end, a formula, a turned letter order.
const strange = `=1+1"'><img/src=x/onerror=alert(1)>` + "\u202e"

func newPost(t testing.TB) *post {
	t.Helper()
	h := newHouse(t, func(c *pipeline.Config) { c.Register = register(t, strange) })
	h.must(h.shows("tax", caseOwn))
	h.hire(access.User{Login: "none"})
	h.hire(access.User{Login: "disabled", Roles: access.Roles()})
	h.hire(access.User{Login: "new", Roles: access.Roles(), MustChange: true})
	h.source = strange
	p := &post{house: h, letters: map[string]string{}, pages: map[string]int{}, words: map[string]string{}}
	p.fill()
	return p
}

// fill has a batch come in, and brings each of its letters into another state.
func (p *post) fill() {
	p.t.Helper()
	var lines []string
	kinds := []string{"own", "foreign", "other", "held", "discarded", "recalled"}
	for i, kind := range kinds {
		p.words[kind] = "zebra" + kind
		codes := map[string]string{"own": caseOwn, "foreign": caseForeign, "other": caseOther, "held": caseOwn + " code=" + caseForeign, "recalled": caseOwn}[kind]
		p.pages[kind] = 2*i + 2
		lines = append(lines, "separator", "code="+codes+" code="+strange+" "+p.words[kind]+" "+strange+" office")
	}
	docs := p.receive(strings.ReplaceAll(strange, "/", " ")+".pdf", lines...)
	if len(docs) != len(kinds) {
		p.t.Fatalf("%d letters", len(docs))
	}
	for i, kind := range kinds {
		p.letters[kind] = docs[i].Document
	}
	p.batch = docs[0].Batch
	p.letters["missing"] = strings.Repeat("0", len(p.letters["own"]))
	p.pages["missing"] = 2
	ctx := p.t.Context()
	p.must(errors.Join(
		p.mailroom.Decide(ctx, p.letters["discarded"], pipeline.Decision{Discard: "advertising", By: "A. Clerk"}),
		p.mailroom.Return(ctx, p.letters["recalled"], pipeline.Return{Why: "not ours", By: "A. Caseworker"})))
	sample, err := p.mailroom.DrawSample(ctx, "An Auditor", pipeline.SampleOrder{Count: 10, From: p.clock.now().AddDate(0, 0, -1), To: p.clock.now().AddDate(0, 0, 1)})
	p.must(err)
	p.sample = sample.ID
	p.rest(p.batch)
}
