package pipeline

import (
	"errors"
	"strconv"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// trouble is why a task can't be done now: its store can't be reached, or
// (Store is empty) it has failed several times for another reason.
type trouble struct {
	Store string    `json:"store,omitempty"`
	Error string    `json:"error"`
	Since time.Time `json:"since"`
}

func troubleKey(t journal.Task) string { return t.Batch + "/" + t.Key }

// The counters of troubles: a store that is away has one for each letter to it.
const (
	countStores = "trouble/store"
	countStuck  = "trouble/stuck"
)

func (t trouble) says() *mail.Saying {
	if t.Store != "" {
		return mail.Say("trouble-store", "store", t.Store, "fault", t.Error)
	}
	return mail.Say("trouble-stuck", "fault", t.Error)
}

func (t trouble) count() string {
	if t.Store != "" {
		return countStores
	}
	return countStuck
}

// saveTrouble notes a task's trouble, since when it first had any.
func saveTrouble(tx journal.Tx, key string, why trouble) error {
	had, err := journal.Load[trouble](tx, tableTrouble, key)
	switch {
	case err == nil:
		why.Since = had.Since
		err = count(tx, had.count(), -1)
	case errors.Is(err, journal.ErrNotFound):
		err = nil
	}
	return errors.Join(err, count(tx, why.count(), 1), journal.Save(tx, tableTrouble, key, why))
}

// endTrouble forgets a task's trouble, if it had any.
func endTrouble(tx journal.Tx, key string) error {
	had, err := journal.Load[trouble](tx, tableTrouble, key)
	if errors.Is(err, journal.ErrNotFound) {
		return nil
	}
	return errors.Join(err, count(tx, had.count(), -1), tx.Delete(tableTrouble, key))
}

// endTroubles forgets all of them, whether they were counted or not.
func endTroubles(tx journal.Tx) error {
	return errors.Join(
		each(tx, tableTrouble, "", func(row journal.Row) error { return tx.Delete(tableTrouble, row.Key) }),
		tx.Delete(tableCount, countStores), tx.Delete(tableCount, countStuck))
}

// troubles counts the rows, for a journal that has not and to check one that has.
func troubles(r journal.Reader) (stores, stuck int, err error) {
	err = each(r, tableTrouble, "", func(row journal.Row) error {
		t, err := load[trouble](r, tableTrouble, row.Key)
		if t.Store != "" {
			stores++
		} else {
			stuck++
		}
		return err
	})
	return stores, stuck, err
}

// counter reads one.
func counter(r journal.Reader, key string) (int, error) {
	b, err := r.Get(tableCount, key)
	if errors.Is(err, journal.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(b))
}

// setCount makes a counter say what was counted.
func setCount(tx journal.Tx, key string, n int) error {
	if n == 0 {
		return tx.Delete(tableCount, key)
	}
	return tx.Put(tableCount, key, strconv.AppendInt(nil, int64(n), 10))
}
