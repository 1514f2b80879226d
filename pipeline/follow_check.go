package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	"postroom/pipeline/journal"
)

// figures counts the log anew, in memory, as far as the figures are, and holds both
// against each other.
func (v *verification) figures(ctx context.Context) error {
	var was tallyState
	kept := map[string]string{}
	if err := v.m.journal.View(ctx, func(r journal.Reader) (err error) {
		if was, err = v.m.loadTallyState(r); err != nil {
			return err
		}
		return keptFigures(r, kept)
	}); err != nil || was.Anew {
		return err
	}
	fresh := &memory{rows: map[string]map[string][]byte{}}
	for at := int64(0); at < was.Through; {
		if err := v.m.journal.View(ctx, func(r journal.Reader) error {
			fresh.Reader = r
			next, err := countPortion(r, fresh, v.m.zone(), at, int(min(tallyPortion, was.Through-at)))
			if err == nil && next == at {
				err = fmt.Errorf("the figures have entry %d, and the log ends with %d: %w", was.Through, at, errShortLog)
			}
			at = next
			return err
		}); errors.Is(err, errShortLog) {
			v.say("%v", err)
			return nil
		} else if err != nil {
			return err
		}
	}
	should := map[string]string{}
	if err := keptFigures(fresh, should); err != nil {
		return err
	}
	for _, what := range slices.Sorted(maps.Keys(union(kept, should))) {
		if strings.HasPrefix(what, dayPrefix) && was.Zone != v.m.zoneName() {
			continue // its days began at other times than this process's do
		}
		if kept[what] != should[what] {
			v.say("the figures (%s) are not what the log says; count them anew: postroom figures --recount", what)
		}
	}
	return nil
}

var errShortLog = errors.New("entries are missing")

func union(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// keptFigures gives the counters as they are written, and of each other table a digest.
func keptFigures(r journal.Reader, kept map[string]string) error {
	clear(kept)
	if err := each(r, tableTally, "", func(row journal.Row) error {
		if row.Key != tallyStateKey {
			kept[row.Key] = string(row.Value)
		}
		return nil
	}); err != nil {
		return err
	}
	for table, what := range map[string]string{tableTallied: "documents", tableWaiting: "exceptions", tableMachine: "filed by the machine"} {
		var sum hash.Hash
		if err := each(r, table, "", func(row journal.Row) error {
			if sum == nil {
				sum = sha256.New()
			}
			_, err := fmt.Fprintf(sum, "%q %q\n", row.Key, row.Value)
			return err
		}); err != nil {
			return err
		}
		if sum != nil {
			kept[what] = fmt.Sprintf("%x", sum.Sum(nil))
		}
	}
	return nil
}

// memory is a book beside the journal: it reads what it was given, and of the figures
// never the journal's own.
type memory struct {
	journal.Reader
	rows map[string]map[string][]byte // by table and key
}

func (m *memory) own(table string) bool {
	return table == tableTally || table == tableTallied || table == tableWaiting || table == tableMachine
}

func (m *memory) Get(table, key string) ([]byte, error) {
	if !m.own(table) {
		return m.Reader.Get(table, key)
	}
	value, ok := m.rows[table][key]
	if !ok {
		return nil, journal.ErrNotFound
	}
	return bytes.Clone(value), nil
}

func (m *memory) Put(table, key string, value []byte) error {
	if m.rows[table] == nil {
		m.rows[table] = map[string][]byte{}
	}
	m.rows[table][key] = value
	return nil
}

func (m *memory) Delete(table, key string) error {
	delete(m.rows[table], key)
	return nil
}

// Scan gives all rows of a table at once: no one asks for some.
func (m *memory) Scan(table, prefix, after string, _ int) (rows []journal.Row, err error) {
	if after != "" {
		return nil, nil
	}
	for _, key := range slices.Sorted(maps.Keys(m.rows[table])) {
		if strings.HasPrefix(key, prefix) {
			rows = append(rows, journal.Row{Key: key, Value: m.rows[table][key]})
		}
	}
	return rows, nil
}
