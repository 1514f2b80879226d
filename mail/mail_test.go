package mail

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
)

func TestClosedTypesRoundTrip(t *testing.T) {
	type text interface {
		MarshalText() ([]byte, error)
		String() string
	}
	for what, c := range map[string]struct {
		names closed
		value func(uint8) text
		parse func([]byte) (text, error)
	}{
		"kind":      {kinds, func(v uint8) text { return Kind(v) }, func(b []byte) (text, error) { var k Kind; err := k.UnmarshalText(b); return k, err }},
		"symbology": {symbologies, func(v uint8) text { return Symbology(v) }, func(b []byte) (text, error) { var k Symbology; err := k.UnmarshalText(b); return k, err }},
		"look":      {looks, func(v uint8) text { return Look(v) }, func(b []byte) (text, error) { var k Look; err := k.UnmarshalText(b); return k, err }},
		"source":    {sources, func(v uint8) text { return Source(v) }, func(b []byte) (text, error) { var k Source; err := k.UnmarshalText(b); return k, err }},
		"place":     {places, func(v uint8) text { return Place(v) }, func(b []byte) (text, error) { var k Place; err := k.UnmarshalText(b); return k, err }},
		"reason":    {reasons, func(v uint8) text { return Reason(v) }, func(b []byte) (text, error) { var k Reason; err := k.UnmarshalText(b); return k, err }},
		"state":     {docStates, func(v uint8) text { return DocState(v) }, func(b []byte) (text, error) { var k DocState; err := k.UnmarshalText(b); return k, err }},
	} {
		for i, name := range c.names {
			v := c.value(uint8(i))
			if v.String() != name {
				t.Errorf("%s %d is %q, want %q", what, i, v, name)
			}
			back, err := c.parse([]byte(name))
			if err != nil || !reflect.DeepEqual(back, v) {
				t.Errorf("%s %q comes back as %v, %v", what, name, back, err)
			}
		}
		if _, err := c.parse([]byte("no such")); err == nil {
			t.Errorf("%s: an unknown name was taken", what)
		}
	}
	if PatchT.String() != "patch-t" || Recall.String() != "recall" || Superseded.String() != "superseded" || PlaceDiscarded.String() != "discarded" {
		t.Error("the last value of a closed type has not its last name")
	}
}

func TestMoves(t *testing.T) {
	all := []DocState{Deciding, Placed, Filed, Held, Discarded, Superseded}
	legal := map[[2]DocState]bool{
		{Deciding, Placed}: true, {Deciding, Held}: true, {Placed, Filed}: true, {Placed, Held}: true,
		{Held, Placed}: true, {Held, Filed}: true, {Held, Discarded}: true, {Held, Superseded}: true, {Filed, Held}: true,
		{Discarded, Held}: true, {Superseded, Deciding}: true, {Superseded, Held}: true,
	}
	for _, from := range all {
		for _, to := range all {
			got := func() (ok bool) {
				defer func() { ok = recover() == nil }()
				d := Document{State: from}.Move(to)
				return d.State == to && d.Version == 1
			}()
			if got != legal[[2]DocState{from, to}] {
				t.Errorf("%s to %s: legal is %v", from, to, got)
			}
		}
	}
}

func TestDocumentIDNamesTheSpan(t *testing.T) {
	id := DocumentID("b", 1, 2, "r")
	if len(id) != 32 || id != DocumentID("b", 1, 2, "r") {
		t.Fatalf("unstable or odd id %q", id)
	}
	for _, other := range []string{DocumentID("c", 1, 2, "r"), DocumentID("b", 2, 2, "r"), DocumentID("b", 1, 3, "r"), DocumentID("b", 1, 2, "s"), DocumentID("b", 12, 2, "r")} {
		if other == id {
			t.Error("two spans have one id")
		}
	}
}

func TestDocumentPages(t *testing.T) {
	for _, c := range []struct {
		d    Document
		want []int
	}{{Document{From: 2, To: 4}, []int{2, 3, 4}}, {Document{From: 5, To: 5}, []int{5}}, {Document{}, []int{}}} {
		if got := c.d.Pages(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%d-%d: %v, want %v", c.d.From, c.d.To, got, c.want)
		}
	}
}

// four is a scheme of four digits.
type four struct{}

func (four) Name() string { return "four" }
func (four) Parse(s string) (string, error) {
	if len(s) != 4 {
		return "", errors.New("four digits are needed")
	}
	return s, nil
}

func TestReferenceComesFromAParser(t *testing.T) {
	if r, err := ParseReference(four{}, "12345"); err == nil || !r.IsZero() {
		t.Fatal("a reference that its scheme refuses came to be")
	}
	r, err := ParseReference(four{}, "1234")
	if err != nil || r.String() != "1234" || r.Scheme() != "four" {
		t.Fatalf("%v, %v", r, err)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Reference
	if err := json.Unmarshal(b, &back); err != nil || back != r {
		t.Fatalf("%s comes back as %v, %v", b, back, err)
	}
}

func TestBox(t *testing.T) {
	a, b := Box{10, 20, 30, 40}, Box{5, 30, 20, 60}
	if got := a.Union(b); got != (Box{5, 20, 30, 60}) {
		t.Errorf("union is %v", got)
	}
	if a.Union(Box{}) != a || (Box{}).Union(a) != a {
		t.Error("a zero box holds something")
	}
	if q := a.Quad(); q != (Quad{{10, 20}, {30, 20}, {30, 40}, {10, 40}}) {
		t.Errorf("corners are %v", q)
	} else if c := q.Corners(); c != [4][2]int{{10, 20}, {30, 20}, {30, 40}, {10, 40}} {
		t.Errorf("whole corners are %v", c)
	}
}
