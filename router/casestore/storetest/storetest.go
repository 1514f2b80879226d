// Package storetest is the contract that every case store must meet.
//
// In comes a function that makes a store; out come failed tests.
package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"strings"
	"testing"

	"postroom/router/casestore"
)

// Filing makes a filing of a text.
func Filing(reference, document, text string) casestore.Filing {
	sum := sha256.Sum256([]byte(text))
	return casestore.Filing{Reference: reference, Document: document, Original: strings.NewReader(text),
		SHA256: hex.EncodeToString(sum[:]), Sheet: []byte(`{"reference":"` + reference + `"}`)}
}

// Rendition makes a rendition of a text; "" = one that there is not.
func Rendition(text string) casestore.Rendition {
	if text == "" {
		return casestore.Rendition{Sheet: []byte(`{"why":"signed"}`)}
	}
	sum := sha256.Sum256([]byte(text))
	return casestore.Rendition{PDF: strings.NewReader(text), SHA256: hex.EncodeToString(sum[:]), Sheet: []byte(`{"pdfa":true}`)}
}

// Run runs the contract's tests over stores made by fresh.
func Run(t *testing.T, fresh func(t *testing.T) casestore.Store) {
	t.Run("again is the same", func(t *testing.T) {
		s := fresh(t)
		first, err := s.Deliver(t.Context(), Filing("PER/000123/X", "d1", "letter"))
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Deliver(t.Context(), Filing("PER/000123/X", "d1", "letter"))
		if err != nil || again.Locator != first.Locator || again.SHA256 != first.SHA256 {
			t.Errorf("%+v, then %+v, %v", first, again, err)
		}
		if err := s.Verify(t.Context(), first); err != nil {
			t.Error(err)
		}
	})
	t.Run("other bytes are refused", func(t *testing.T) {
		s := fresh(t)
		receipt, err := s.Deliver(t.Context(), Filing("R", "d1", "letter"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Deliver(t.Context(), Filing("R", "d1", "forged")); !errors.Is(err, casestore.ErrRefused) {
			t.Errorf("other bytes: %v", err)
		}
		other := Filing("R", "d1", "letter")
		other.Sheet = []byte("{}")
		if _, err := s.Deliver(t.Context(), other); !errors.Is(err, casestore.ErrRefused) {
			t.Errorf("another sheet: %v", err)
		}
		if err := s.Verify(t.Context(), receipt); err != nil {
			t.Errorf("the first was touched: %v", err)
		}
	})
	t.Run("a wrong digest is refused", func(t *testing.T) {
		s := fresh(t)
		f := Filing("R", "d1", "letter")
		f.SHA256 = strings.Repeat("0", 64)
		if _, err := s.Deliver(t.Context(), f); !errors.Is(err, casestore.ErrRefused) {
			t.Errorf("%v", err)
		}
	})
	t.Run("enriched once", func(t *testing.T) {
		s := fresh(t)
		for name, text := range map[string]string{"d1": "searchable letter", "d2": ""} {
			r, err := s.Deliver(t.Context(), Filing("R", name, "letter"))
			if err != nil {
				t.Fatal(err)
			}
			first, err := s.Enrich(t.Context(), r, Rendition(text))
			if err != nil || first.RenditionSheet == "" || (first.Rendition == "") != (text == "") || first.SHA256 != r.SHA256 {
				t.Fatalf("%+v, %v", first, err)
			}
			if again, err := s.Enrich(t.Context(), r, Rendition(text)); err != nil || again != first {
				t.Errorf("%+v, then %+v, %v", first, again, err)
			}
			other := Rendition("another one")
			other.Sheet = []byte("{}")
			if _, err := s.Enrich(t.Context(), r, other); !errors.Is(err, casestore.ErrRefused) {
				t.Errorf("another rendition: %v", err)
			}
			if err := errors.Join(s.Verify(t.Context(), r), s.Verify(t.Context(), first)); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("a rendition of other bytes is refused", func(t *testing.T) {
		s := fresh(t)
		r, err := s.Deliver(t.Context(), Filing("R", "d1", "letter"))
		if err != nil {
			t.Fatal(err)
		}
		bad := Rendition("searchable letter")
		bad.SHA256 = strings.Repeat("0", 64)
		if _, err := s.Enrich(t.Context(), r, bad); !errors.Is(err, casestore.ErrRefused) {
			t.Errorf("%v", err)
		}
		r.Locator += "x"
		if _, err := s.Enrich(t.Context(), r, Rendition("searchable letter")); !errors.Is(err, casestore.ErrRefused) {
			t.Errorf("a document that is not there: %v", err)
		}
	})
	t.Run("withdrawn once", func(t *testing.T) {
		s := fresh(t)
		r, err := s.Deliver(t.Context(), Filing("R", "d1", "letter"))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.Withdraw(t.Context(), r.Locator, []byte(`{"why":"x"}`)); err != nil {
				t.Error(err)
			}
		}
		if err := s.Verify(t.Context(), r); err != nil {
			t.Errorf("a withdrawn document is no evidence any more: %v", err)
		}
	})
	t.Run("what returns stands beside what was withdrawn", func(t *testing.T) {
		s := fresh(t)
		first, err := s.Deliver(t.Context(), Filing("R", "d1", "letter"))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Withdraw(t.Context(), first.Locator, []byte(`{"why":"x"}`)); err != nil {
			t.Fatal(err)
		}
		again := Filing("R", "d1", "letter")
		again.Sheet = []byte(`{"decided_by":"A. Clerk"}`)
		if _, err := s.Deliver(t.Context(), again); !errors.Is(err, casestore.ErrRefused) {
			t.Errorf("another sheet over a withdrawn one: %v", err)
		}
		again.Document = "d1-2"
		second, err := s.Deliver(t.Context(), again)
		if err != nil || second.Locator == first.Locator {
			t.Fatalf("%+v, then %+v, %v", first, second, err)
		}
		if err := errors.Join(s.Verify(t.Context(), first), s.Verify(t.Context(), second)); err != nil {
			t.Error(err)
		}
	})
	t.Run("lists what it has", func(t *testing.T) {
		s := fresh(t)
		want := map[string]bool{}
		for _, name := range []string{"d1", "d2", "d3"} {
			r, err := s.Deliver(t.Context(), Filing("../R"+name, name, "letter"))
			if err != nil {
				t.Fatal(err)
			}
			want[r.Locator] = name == "d2"
			if name == "d2" {
				if err := s.Withdraw(t.Context(), r.Locator, []byte(`{"why":"x"}`)); err != nil {
					t.Fatal(err)
				}
			}
		}
		got := map[string]bool{}
		if err := s.List(t.Context(), func(at casestore.Standing) error {
			if at.Reference != "../R"+at.Document {
				t.Errorf("%+v", at)
			}
			got[at.Locator] = at.Withdrawn
			return nil
		},
			func(path, why string) { t.Errorf("%s: %s", path, why) }); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
	t.Run("odd references", func(t *testing.T) {
		s := fresh(t)
		seen := map[string]string{}
		for _, ref := range []string{".", "..", "../../x", "a/b", "a\x00b", "a\nb", "%2E", "+++010/8068/17183+++", "Ünïcödé", strings.Repeat("x", 80)} {
			r, err := s.Deliver(t.Context(), Filing(ref, "d1", "letter "+ref))
			if err != nil {
				t.Errorf("%q: %v", ref, err)
				continue
			}
			if was, twice := seen[r.Locator]; twice {
				t.Errorf("%q and %q have one place", ref, was)
			}
			seen[r.Locator] = ref
		}
		for _, ref := range []string{"", strings.Repeat("/", 4000)} {
			if _, err := s.Deliver(t.Context(), Filing(ref, "d1", "letter")); !errors.Is(err, casestore.ErrRefused) {
				t.Errorf("a reference of %d bytes: %v", len(ref), err)
			}
		}
	})
}
