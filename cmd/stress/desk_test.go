package main

import (
	"encoding/json"
	"testing"

	"postroom/samples"
)

// TestEachCaseHasAStore: no made-up case is without a store, none has two, and each store
// has some.
func TestEachCaseHasAStore(t *testing.T) {
	all, n := branches(), map[string]int{}
	for _, reference := range samples.References(3, 3000) {
		stores := 0
		for _, b := range all {
			if b.cases.MatchString(reference) {
				stores++
			}
		}
		if stores != 1 {
			t.Errorf("%s leads to %d stores", reference, stores)
		}
		n[branchOf(all, reference)]++
	}
	if len(n) != 8 {
		t.Errorf("cases in %d stores: %v", len(n), n)
	}
}

// TestRestored: a copied row keeps the one field that names what is really there, and does
// without where its model does.
func TestRestored(t *testing.T) {
	for was, want := range map[string]string{
		`{"id":"a","receipt":{"locator":"a/a"}}`: `{"id":"b","receipt":{"locator":"a/a"}}`,
		`{"id":"a"}`:                             `{"id":"b"}`,
	} {
		got, err := restored([]byte(`{"id":"b","receipt":{"locator":"b/b"}}`), was, "receipt")
		if err != nil || string(got) != want || !json.Valid(got) {
			t.Errorf("%s: %v", got, err)
		}
	}
	if _, err := restored([]byte(`{`), `{}`, "receipt"); err == nil {
		t.Error("half a row was taken")
	}
}
