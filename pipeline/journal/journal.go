// Package journal is the mailroom's memory: tables, a queue of tasks and the
// audit log's events, all written in one transaction.
//
// In come rows, tasks and events; out come the same after any crash. What a row
// holds is the caller's. The package runs tasks but does not know what they do.
// bolt is today's implementation; journaltest is the contract that any must meet.
package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"time"
)

var (
	// ErrExists is an Insert whose key is taken.
	ErrExists = errors.New("the key is taken")
	// ErrNotFound is a key that the table does not have.
	ErrNotFound = errors.New("no such row")
	// ErrHeld is a journal that another process has open.
	ErrHeld = errors.New("the journal is held by another process")
	// ErrDamaged is a journal that does not read as it was written.
	ErrDamaged = errors.New("the journal is damaged")
)

// Row is one key of a table with its value.
type Row struct {
	Key   string
	Value []byte
}

// Background is the priority from which on tasks are begun only while no others
// are ready or in hand: nobody waits for them.
const Background = 90

// Task is one step of work. Its Key is unique for ever: a task that was done
// once has a receipt, and enqueueing it again changes nothing.
type Task struct {
	Kind      string          `json:"kind"`
	Batch     string          `json:"batch"`
	Key       string          `json:"key"`
	Priority  int             `json:"priority"` // lower goes first, then the order of arrival; see Background
	Payload   json.RawMessage `json:"payload,omitempty"`
	NotBefore time.Time       `json:"not_before,omitzero"`
	Attempts  int             `json:"attempts"` // counted durably before the handler runs
	// Unended counts the attempts that began and of which no end is known, the one in
	// hand among them: the process died in their middle. One that ends with an error,
	// or is given up at the end of Run, is taken back.
	Unended int `json:"unended,omitempty"`
}

// Event is a row for the audit log. Actor and Detail may have personal data, the
// other fields never have.
type Event struct {
	Time    time.Time       `json:"time"`
	Actor   string          `json:"actor,omitempty"` // who did it; "" = the machine
	Action  string          `json:"action"`
	Subject string          `json:"subject"` // a batch's or document's id, or KIND:id of something else, as in user:…
	Config  string          `json:"config,omitempty"`
	Version string          `json:"version,omitempty"` // of the software
	Detail  json.RawMessage `json:"detail,omitempty"`
	Salt    []byte          `json:"salt,omitempty"` // of its commitment; whoever seals it gives it
}

// Reader reads tables.
type Reader interface {
	// Get gives a row's value, which is the caller's to keep; ErrNotFound.
	Get(table, key string) ([]byte, error)
	// Scan gives up to n rows with the prefix whose keys are greater than after, ascending.
	Scan(table, prefix, after string, n int) ([]Row, error)
	// ScanDown gives up to n rows with the prefix whose keys are less than before,
	// descending; before "" is behind the last one.
	ScanDown(table, prefix, before string, n int) ([]Row, error)
}

// Tx is a transaction. An error from any of its methods must end it.
type Tx interface {
	Reader
	Put(table, key string, value []byte) error
	Insert(table, key string, value []byte) error // ErrExists
	Delete(table, key string) error               // an absent row is no error
	Add(table, key string, d int64) (int64, error)
	Enqueue(...Task) error // of a task that is queued or done: no change
	Log(Event) error
}

// Handler does a task's slow work outside any transaction, and returns what
// to write. The journal runs that in one transaction with the task's receipt.
// An error or a panic of either keeps the task; it is tried again later. A task that
// may have killed the process twice runs alone: whatever dies beside it next is not blamed.
type Handler func(ctx context.Context, t Task) (commit func(Tx) error, err error)

// Limits says how many tasks of a kind run at once; a kind that is absent: one.
type Limits map[string]int

// Store is a journal.
type Store interface {
	// Tx is atomic, and durable when it returns nil; fn may run more than once.
	Tx(ctx context.Context, fn func(Tx) error) error
	View(ctx context.Context, fn func(Reader) error) error
	// Run works the queue until ctx ends, then waits for the handlers in hand,
	// whose own context ends some seconds later.
	Run(ctx context.Context, handlers map[string]Handler, limits Limits) error
	// Hasten has the tasks of a batch that wait for their next try tried at once, and
	// tells how many they are; none while nobody runs the queue.
	Hasten(batch string) int
	// Changed is closed at the next commit.
	Changed() <-chan struct{}
	// Check reads all of it; ErrDamaged.
	Check(ctx context.Context) error
	Close() error
}

// Ref names stored bytes by their contents.
type Ref struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// Blobs keeps bytes under their SHA-256.
type Blobs interface {
	Put(ctx context.Context, r io.Reader) (Ref, error)
	// Open gives a local file to read; a remote store spools to one.
	Open(ctx context.Context, ref Ref) (*os.File, error)
	// Verify reads the bytes back and compares them with their name.
	Verify(ctx context.Context, ref Ref) error
	// List visits the digests of all that is kept, in no certain order.
	List(ctx context.Context, visit func(sha256 string) error) error
	// Scratch gives an unnamed file to write to, gone when it is closed.
	Scratch() (*os.File, error)
}

// Later is a handler's error that says when to try again.
type Later struct {
	After time.Duration
	Err   error
}

func (l *Later) Error() string { return l.Err.Error() }

func (l *Later) Unwrap() error { return l.Err }

// Panic is a bug in a task's work, caught so that it ends this attempt and not
// the server: the same task would be the first again at every start.
type Panic struct {
	Value any
	Stack []byte // for the log; people are shown the error alone
}

func (p *Panic) Error() string { return fmt.Sprint("it panicked: ", p.Value) }

// Try runs a piece of a task's work; its panic is a *Panic error.
func Try(work func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &Panic{v, debug.Stack()}
		}
	}()
	return work()
}

// The tables that belong to the journal itself.
const (
	TableReceipt = "receipt" // task key -> when it was done
	TableEvent   = "event"   // sequence -> Event
	TableQueue   = "queue"   // sequence -> Task
	TableQueued  = "queued"  // task key -> sequence
	TablePending = "pending" // batch -> tasks not yet finished; "" -> of all
)

// Load reads a row as JSON.
func Load[T any](r Reader, table, key string) (v T, err error) {
	b, err := r.Get(table, key)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return v, fmt.Errorf("row %s of table %s: %w: %w", key, table, ErrDamaged, err)
	}
	return v, nil
}

// Save writes a row as JSON.
func Save(tx Tx, table, key string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("bug: %T can't be written as JSON: %v", v, err))
	}
	return tx.Put(table, key, b)
}

// Pending counts the tasks of a batch that are not finished; of all with "".
func Pending(r Reader, batch string) (int64, error) {
	b, err := r.Get(TablePending, PendingKey(batch))
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(b), 10, 64)
}

// PendingKey is a batch's key in TablePending; "" stands for all batches.
func PendingKey(batch string) string {
	if batch == "" {
		return "all"
	}
	return "batch/" + batch
}
