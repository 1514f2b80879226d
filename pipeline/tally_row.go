package pipeline

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"postroom/pipeline/journal"
)

// A row of counters is names and lists of varints: three years of days as JSON take
// longer to read than a page has time. Equal counters make equal rows.

func (c counters) row() (b []byte) {
	for _, of := range slices.Sorted(maps.Keys(c)) {
		list := c[of]
		for len(list) > 0 && list[len(list)-1] == 0 {
			list = list[:len(list)-1]
		}
		b = append(binary.AppendUvarint(b, uint64(len(of))), of...)
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, n := range list {
			b = binary.AppendVarint(b, n)
		}
	}
	return b
}

var errNoCounters = errors.New("no counters")

// readCounters visits the lists of a row; a list is the visitor's until it returns.
func readCounters(row journal.Row, visit func(of string, list []int64)) error {
	var list [2 * nAll]int64 // a later version may have more counters
	b, damaged := row.Value, false
	length := func() uint64 {
		n, read := binary.Uvarint(b)
		if read <= 0 || n > uint64(len(b)-read) { // what is counted takes a byte at least
			damaged = true
			return 0
		}
		b = b[read:]
		return n
	}
	for len(b) > 0 && !damaged {
		n := length()
		of := string(b[:n])
		b = b[n:]
		if n = length(); n > uint64(len(list)) {
			damaged = true
			break
		}
		for i := range n {
			v, read := binary.Varint(b)
			if read <= 0 {
				damaged = true
				break
			}
			list[i], b = v, b[read:]
		}
		if !damaged {
			visit(of, list[:n])
		}
	}
	if damaged {
		return fmt.Errorf("row %s of table %s: %w: %w", row.Key, tableTally, journal.ErrDamaged, errNoCounters)
	}
	return nil
}

// countersOf reads a row; one that is not there has counted nothing.
func countersOf(b getter, key string) (counters, error) {
	all := counters{}
	value, err := b.Get(tableTally, key)
	if errors.Is(err, journal.ErrNotFound) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	return all, readCounters(journal.Row{Key: key, Value: value}, func(of string, list []int64) { all[of] = slices.Clone(list) })
}
