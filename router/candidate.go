package router

import (
	"slices"

	"postroom/mail"
)

// candidates lists the live cases that the mentions may mean, the surest first.
func (c *court) candidates(mentions []mail.Mention) (all []mail.Candidate) {
	var offered []mail.Reference
	offer := func(scheme, text, code string, args ...any) {
		found, ok := c.cases.Lookup(scheme, text)
		if ok && !found.Closed && !slices.Contains(offered, found.Reference) {
			offered = append(offered, found.Reference)
			why := mail.Say(code, args...)
			all = append(all, mail.Candidate{Why: why.English(), Says: why})
		}
	}
	for _, m := range mentions {
		if m.Literal && m.Valid {
			offer(m.Scheme, m.Text, "read-on-page", "source", m.Source, "page", m.Page)
		}
	}
	for _, m := range mentions {
		for _, reading := range m.Readings {
			offer(m.Scheme, reading, "misreading", "raw", m.Raw, "page", m.Page)
		}
	}
	for i, ref := range offered {
		all[i].Reference = named(ref, offered)
	}
	return all
}

// named writes a reference as Check takes it: with its scheme where another of
// the references is written alike.
func named(ref mail.Reference, all []mail.Reference) string {
	for _, o := range all {
		if o.String() == ref.String() && o.Scheme() != ref.Scheme() {
			return ref.Scheme() + ":" + ref.String()
		}
	}
	return ref.String()
}

func (c *court) evidence(mentions []mail.Mention, rule string) (all []mail.Evidence) {
	for _, m := range mentions {
		all = append(all, mail.Evidence{Page: m.Page, Source: m.Source, Text: m.Raw, Confidence: m.Confidence, Rule: rule, Polygon: m.Polygon})
	}
	return all
}
