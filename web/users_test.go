package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"
)

// What one administrator takes away does not come back with a form that another had open.
func TestStaleFormsGiveNothingBack(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	ann, ben := h.as("administrator"), h.as("administrator")
	mark := regexp.MustCompile(`name="seen" value="([0-9a-f]+)"`)
	seen := func(b *browser, path string) string {
		t.Helper()
		b.get(path)
		m := mark.FindStringSubmatch(b.body)
		if m == nil {
			t.Fatal("the form does not say what it was made from")
		}
		return m[1]
	}
	u := h.people["caseworker"]
	at := "/users/" + u.ID
	form := func(mark, name string) url.Values {
		return url.Values{"seen": {mark}, "name": {name}, "role": {"caseworker"}, "group": u.Groups}
	}
	anns, bens := form(seen(ann, at), "Cara"), form(seen(ben, at), u.Name)
	bens.Set("disabled", "1")
	bens.Del("group")
	if got := ben.post(at, bens); got.StatusCode != http.StatusSeeOther {
		t.Fatal(got.Status)
	}
	if got := ann.post(at, anns); got.StatusCode != http.StatusConflict {
		t.Errorf("a form of before: %s", got.Status)
	}
	ann.sees("Somebody else has changed this", ` name="disabled" value="1" checked`)
	is, err := h.directory.User(ctx, u.ID)
	if err != nil || !is.Disabled || len(is.Groups) > 0 || is.Name != u.Name {
		t.Errorf("%+v, %v", is, err)
	}
	anns.Set("seen", mark.FindStringSubmatch(ann.body)[1])
	anns.Set("name", "")
	if got := ann.post(at, anns); got.StatusCode != http.StatusUnprocessableEntity || mark.FindStringSubmatch(ann.body)[1] != anns.Get("seen") {
		t.Errorf("a refused form: %s", got.Status)
	}
	anns.Set("name", "Cara")
	if got := ann.post(at, anns); got.StatusCode != http.StatusSeeOther {
		t.Errorf("a form of now: %s", got.Status)
	}

	g := h.group
	of := func(mark, cases string) url.Values {
		return url.Values{"id": {g.ID}, "seen": {mark}, "name": {"Taxes"}, "store": {"tax"}, "cases": {cases}}
	}
	anns, bens = of(seen(ann, "/users"), ""), of(seen(ben, "/users"), "TX-2021-000001-.*")
	if got := ben.post("/groups", bens); got.StatusCode != http.StatusSeeOther {
		t.Fatal(got.Status)
	}
	if got := ann.post("/groups", anns); got.StatusCode != http.StatusConflict {
		t.Errorf("a group's form of before: %s", got.Status)
	}
	ann.sees("Somebody else has changed this", "TX-2021-000001-.*")
	groups, err := h.directory.Groups(ctx)
	if err != nil || len(groups) != 1 || !slices.Equal(groups[0].Cases, []string{"TX-2021-000001-.*"}) {
		t.Error(groups, err)
	}
}
