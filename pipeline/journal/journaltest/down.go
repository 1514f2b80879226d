package journaltest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"postroom/pipeline/journal"
)

// down: a descending scan gives what an ascending one gives, the other way round, also
// of rows that its own transaction wrote.
func down(t *testing.T, open func(*testing.T, string) journal.Store) {
	s := fresh(t, open)
	const seed = 7
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	value := func(k string) string { return "v" + k + strings.Repeat(" ", 200) } // or all would be one page of a file
	letters := []string{"a", "b", "/", "\xff", "\xfe"}
	key := func(most int) (k string) {
		for range random.IntN(most + 1) {
			k += letters[random.IntN(len(letters))]
		}
		return k
	}
	agrees := func(r journal.Reader, keys []string) {
		for range 300 {
			prefix, before, n := key(2), key(4), 1+random.IntN(12)
			var want []string
			for _, k := range slices.Backward(keys) {
				if strings.HasPrefix(k, prefix) && (before == "" || k < before) && len(want) < n {
					want = append(want, k)
				}
			}
			found, err := r.ScanDown("t", prefix, before, n)
			var got []string
			for _, row := range found {
				if got = append(got, row.Key); string(row.Value) != value(row.Key) {
					t.Errorf("%q has the value %q", row.Key, row.Value)
				}
			}
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("ScanDown(%q, %q, %d): %q, %v, want %q", prefix, before, n, got, err, want)
			}
		}
	}
	all := map[string]bool{}
	for range 20 {
		tx(t, s, func(tx journal.Tx) error {
			for range 15 {
				if k := key(4); k != "" {
					all[k] = true
					if err := tx.Put("t", k, []byte(value(k))); err != nil {
						return err
					}
				}
			}
			var keys []string
			for k := range all {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			gone := keys[random.IntN(len(keys))]
			delete(all, gone)
			keys = slices.DeleteFunc(keys, func(k string) bool { return k == gone })
			if err := tx.Delete("t", gone); err != nil {
				return err
			}
			agrees(tx, keys)
			return nil
		})
	}
	view(t, s, func(r journal.Reader) error {
		var keys []string
		for k := range all {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		agrees(r, keys)
		rows, err := r.ScanDown("no table", "", "", 9)
		if len(rows) > 0 {
			err = errors.Join(err, fmt.Errorf("%d rows of no table", len(rows)))
		}
		return err
	})
}
