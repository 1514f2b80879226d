// Package bolt is the journal on one machine: a bbolt file.
//
// In come transactions and handlers, out go durable rows. A commit is two
// fsyncs; the queue is also held in memory, in order, so that picking a task
// costs no scan. The package knows no mail.
package bolt

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"postroom/durable"
	"postroom/pipeline/journal"
)

// Config is a journal's settings; zero fields have the defaults named beside them.
type Config struct {
	Timeout time.Duration             // wait for another process's lock: 200 ms
	BackOff time.Duration             // wait after a task's first failure, doubled at each: 1 s, at most 5 min
	Grace   time.Duration             // time of handlers in hand after Run's context ended: 15 s
	Now     func() time.Time          // time.Now
	Pause   func() time.Duration      // asked before a task is begun: for so long none is to be; nil = go on
	OnError func(journal.Task, error) // told of each failed attempt; of a bug it is a *journal.Panic
	Seal    func(journal.Tx) error    // ends each transaction that logged events; nil = they are not sealed
}

const maxBackOff = 5 * time.Minute

// Store is a journal in a bbolt file. It is safe for concurrent use.
type Store struct {
	db      *bbolt.DB
	path    string
	cfg     Config
	damage  atomic.Pointer[error] // met in the file
	writing sync.Mutex            // bbolt's own may stay locked after damage
	durable atomic.Int64          // the last transaction that a power cut leaves; see settle
	doubt   bool                  // a later one may be in the file; guarded by writing

	mu      sync.Mutex
	changed chan struct{}
	queue   *queue // nil while nobody runs
}

// Open opens the journal, made when it is not there. The error is
// journal.ErrHeld when another process has it open, journal.ErrDamaged when it
// can't be read as it was written.
func Open(path string, cfg Config) (*Store, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = 200 * time.Millisecond
	}
	if cfg.BackOff == 0 {
		cfg.BackOff = time.Second
	}
	if cfg.Grace == 0 {
		cfg.Grace = 15 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Pause == nil {
		cfg.Pause = func() time.Duration { return 0 }
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("make journal %s: %w", path, err)
	}
	db, err := opened(path, &bbolt.Options{Timeout: cfg.Timeout})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, journal.ErrHeld
	case err != nil && foreign(err):
		return nil, fmt.Errorf("open journal %s: %w", path, err)
	case errors.As(err, new(spoilt)):
		return nil, err
	case err != nil:
		return nil, damaged(path, err)
	}
	s := &Store{db: db, path: path, cfg: cfg, changed: make(chan struct{}), doubt: true}
	s.durable.Store(-1) // the last run may have died before its last commit was durable
	// So may the one that gave it its name, and a first start that left only its beginnings.
	dir := filepath.Dir(path)
	if err := errors.Join(durable.SyncDir(dir), s.settle(), durable.SweepFolder(dir)); err != nil {
		err = errors.Join(err, s.Close())
		if errors.As(err, new(spoilt)) {
			return nil, err
		}
		return nil, fmt.Errorf("open journal %s: %w", path, err)
	}
	return s, nil
}

// create makes an empty journal under another name first: a power cut while
// bbolt writes its first pages would leave a file that it can't open.
func create(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	// The name is a new one: what a crash left half written under it would be no journal.
	fresh, err := durable.NewTemp(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer fresh.Drop()
	db, err := bbolt.Open(fresh.Name(), 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return err
	}
	if err := errors.Join(db.Sync(), db.Close()); err != nil {
		return err
	}
	err = fresh.Commit(path, 0o600)
	if _, is := os.Stat(path); is == nil {
		return nil // two processes may both be first: the other's, if not this one
	}
	return err
}

// Close closes the file. No handler may be running.
func (s *Store) Close() error {
	if s.damage.Load() != nil {
		return nil // its locks may be held for ever; the end of the process lets go of the file
	}
	return s.db.Close()
}

// Changed is closed at the next commit.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Tx writes; see journal.Store.
func (s *Store) Tx(ctx context.Context, fn func(journal.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := &tx{now: s.cfg.Now}
	if err := s.update(func(b *bbolt.Tx) error {
		t.b, t.enqueued, t.logged = b, nil, false
		if err := fn(t); err != nil || !t.logged || s.cfg.Seal == nil {
			return err
		}
		return s.cfg.Seal(t)
	}); err != nil {
		return err
	}
	s.tell(t.enqueued)
	return nil
}

// tell makes a commit known.
func (s *Store) tell(enqueued []item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue != nil {
		s.queue.add(enqueued...)
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// tx is a transaction, or a reader when it has no clock.
type tx struct {
	b        *bbolt.Tx
	now      func() time.Time
	enqueued []item
	logged   bool
}

func (t *tx) Get(table, key string) ([]byte, error) {
	bucket := t.b.Bucket([]byte(table))
	if bucket == nil {
		return nil, fmt.Errorf("%s %q: %w", table, key, journal.ErrNotFound)
	}
	k, v := bucket.Cursor().Seek([]byte(key))
	if string(k) != key || k == nil {
		return nil, fmt.Errorf("%s %q: %w", table, key, journal.ErrNotFound)
	}
	return append([]byte{}, v...), nil // bbolt's own memory ends with the transaction
}

func (t *tx) Scan(table, prefix, after string, n int) ([]journal.Row, error) {
	bucket := t.b.Bucket([]byte(table))
	if bucket == nil {
		return nil, nil
	}
	var rows []journal.Row
	c := bucket.Cursor()
	k, v := c.Seek([]byte(max(prefix, after)))
	if k != nil && after != "" && string(k) == after {
		k, v = c.Next()
	}
	for ; k != nil && len(rows) < n && len(k) >= len(prefix) && string(k[:len(prefix)]) == prefix; k, v = c.Next() {
		rows = append(rows, journal.Row{Key: string(k), Value: append([]byte{}, v...)})
	}
	return rows, nil
}

func (t *tx) ScanDown(table, prefix, before string, n int) ([]journal.Row, error) {
	bucket := t.b.Bucket([]byte(table))
	if bucket == nil {
		return nil, nil
	}
	end, bounded := behind(prefix)
	if before != "" && (!bounded || before < end) {
		end, bounded = before, true
	}
	c := bucket.Cursor()
	var k, v []byte
	if bounded {
		k, v = c.Seek([]byte(end))
	}
	if k == nil {
		k, v = c.Last()
	}
	if bounded && k != nil && string(k) >= end {
		k, v = c.Prev()
	}
	var rows []journal.Row
	for ; k != nil && len(rows) < n && strings.HasPrefix(string(k), prefix); k, v = c.Prev() {
		rows = append(rows, journal.Row{Key: string(k), Value: append([]byte{}, v...)})
	}
	return rows, nil
}

// behind gives the first key that is greater than all with the prefix; without one
// there is none.
func behind(prefix string) (end string, is bool) {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1}), true
		}
	}
	return "", false
}

func (t *tx) bucket(table string) (*bbolt.Bucket, error) {
	return t.b.CreateBucketIfNotExists([]byte(table))
}

func (t *tx) Put(table, key string, value []byte) error {
	b, err := t.bucket(table)
	if err != nil {
		return err
	}
	return b.Put([]byte(key), value)
}

func (t *tx) Insert(table, key string, value []byte) error {
	if _, err := t.Get(table, key); err == nil {
		return fmt.Errorf("%s %q: %w", table, key, journal.ErrExists)
	}
	return t.Put(table, key, value)
}

func (t *tx) Delete(table, key string) error {
	b, err := t.bucket(table)
	if err != nil {
		return err
	}
	return b.Delete([]byte(key))
}

func (t *tx) Add(table, key string, d int64) (int64, error) {
	n := int64(0)
	v, err := t.Get(table, key)
	if err == nil {
		n, err = strconv.ParseInt(string(v), 10, 64)
	} else if errors.Is(err, journal.ErrNotFound) {
		err = nil
	}
	if err != nil {
		return 0, fmt.Errorf("counter %s of table %s: %w", key, table, err)
	}
	n += d
	return n, t.Put(table, key, strconv.AppendInt(nil, n, 10))
}

func (t *tx) Log(e journal.Event) error {
	b, err := t.bucket(journal.TableEvent)
	if err != nil {
		return err
	}
	seq, err := b.NextSequence()
	if err != nil {
		return err
	}
	t.logged = true
	return journal.Save(t, journal.TableEvent, sequence(seq), e)
}

// sequence writes a number so that keys sort as numbers do.
func sequence(n uint64) string { return fmt.Sprintf("%016x", n) }

func (t *tx) Enqueue(tasks ...journal.Task) error {
	for _, task := range tasks {
		if task.Key == "" || task.Kind == "" {
			panic("bug: a task without key or kind")
		}
		_, done := t.Get(journal.TableReceipt, task.Key)
		_, queued := t.Get(journal.TableQueued, task.Key)
		if done == nil || queued == nil {
			continue
		}
		b, err := t.bucket(journal.TableQueue)
		if err != nil {
			return err
		}
		seq, err := b.NextSequence()
		if err != nil {
			return err
		}
		_, err = t.Add(journal.TablePending, journal.PendingKey(task.Batch), 1)
		_, err2 := t.Add(journal.TablePending, journal.PendingKey(""), 1)
		if err := errors.Join(err, err2,
			journal.Save(t, journal.TableQueue, sequence(seq), task),
			t.Put(journal.TableQueued, task.Key, binary.BigEndian.AppendUint64(nil, seq))); err != nil {
			return err
		}
		t.enqueued = append(t.enqueued, item{task, seq})
	}
	return nil
}

// finish removes a task and notes that it was done.
func (t *tx) finish(i item) error {
	_, err := t.Add(journal.TablePending, journal.PendingKey(i.Batch), -1)
	_, err2 := t.Add(journal.TablePending, journal.PendingKey(""), -1)
	return errors.Join(err, err2,
		t.Delete(journal.TableQueue, sequence(i.seq)),
		t.Delete(journal.TableQueued, i.Key))
}

// load reads the queue as it stands.
func (s *Store) load() (items []item, err error) {
	err = s.do(func() error {
		return s.db.View(func(b *bbolt.Tx) error {
			items = nil
			bucket := b.Bucket([]byte(journal.TableQueue))
			if bucket == nil {
				return nil
			}
			return bucket.ForEach(func(k, v []byte) error {
				i, err := queued(k, v)
				items = append(items, i)
				return err
			})
		})
	})
	return items, err
}

func queued(k, v []byte) (i item, err error) {
	seq, err := strconv.ParseUint(string(k), 16, 64)
	if err == nil {
		err = json.Unmarshal(v, &i.Task)
	}
	if err != nil {
		return i, fmt.Errorf("queue row %s: %w: %w", k, journal.ErrDamaged, err)
	}
	i.seq, i.NotBefore = seq, time.Time{} // a start tries at once what was put off
	return i, nil
}
