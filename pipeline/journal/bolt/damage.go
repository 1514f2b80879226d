package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"go.etcd.io/bbolt"

	"postroom/pipeline/journal"
)

// bbolt trusts its file: a page that is not what it should be makes it panic, and
// one that is cut off makes the memory under it fault. Here both become errors.

// guarded runs work on the file. What bbolt panics over, or a fault of the file's
// memory, is the file's damage; a panic of the caller's own goes on.
func guarded(path string, work func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	done := false
	defer func() {
		if !done && ours() {
			err = damaged(path, recover())
		}
	}()
	err = work()
	done = true
	return err
}

// ours tells whether the panic that is under way began in bbolt or in this package's
// copying of what bbolt gave, not in a caller's closure.
func ours() bool {
	pc := make([]uintptr, 64)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	panicking := false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(f.Function, "runtime."):
			return strings.HasPrefix(f.Function, "go.etcd.io/bbolt") ||
				strings.HasSuffix(f.Function, "/bolt.(*tx).Get") || strings.HasSuffix(f.Function, "/bolt.(*tx).Scan") ||
				strings.HasSuffix(f.Function, "/bolt.(*tx).ScanDown")
		}
		if !more {
			return false
		}
	}
}

// spoilt is damage of the file itself, not of one row's value.
type spoilt struct{ error }

func (s spoilt) Unwrap() error { return s.error }

// damaged is the one line for whoever has to mend it.
func damaged(path string, why any) error {
	text, _, _ := strings.Cut(fmt.Sprint(why), "\n")
	return spoilt{fmt.Errorf("%w: %s (%.200s): end postroom, keep this file for whoever looks into it, "+
		"and put the data folder back as it was backed up last", journal.ErrDamaged, path, text)}
}

// opened opens the file, and refuses one that is not as long as it says.
func opened(path string, o *bbolt.Options) (db *bbolt.DB, err error) {
	if info, err := os.Stat(path); err == nil && info.Size() == 0 {
		return nil, damaged(path, "it is empty") // bbolt would make a new one of it
	}
	err = guarded(path, func() (err error) {
		db, err = bbolt.Open(path, 0o600, o)
		if err == nil {
			err = db.View(func(t *bbolt.Tx) error { return long(path, t.Size()) })
		}
		return err
	})
	return db, err
}

// long tells a file that lacks its end.
func long(path string, want int64) error {
	info, err := os.Stat(path)
	if err == nil && info.Size() < want {
		err = damaged(path, fmt.Sprintf("it has %d bytes of %d", info.Size(), want))
	}
	return err
}

// foreign tells an error of the file system from one of the file's contents.
func foreign(err error) bool {
	return errors.As(err, new(*fs.PathError)) || errors.As(err, new(syscall.Errno))
}

// do runs a transaction. Once damage was met nothing is read or written any more:
// what bbolt held may be locked for ever, and what it would write is not to be trusted.
func (s *Store) do(transaction func() error) error {
	if err := s.damage.Load(); err != nil {
		return *err
	}
	err := guarded(s.path, transaction)
	if errors.As(err, new(spoilt)) {
		s.damage.CompareAndSwap(nil, &err)
	}
	return err
}

// errUnwritten ends a transaction that was only to look.
var errUnwritten = errors.New("nothing is written")

// Check reads all of the file; see journal.Store.
func (s *Store) Check(ctx context.Context) error {
	// Our own reading comes first: bbolt's is in a goroutine where a fault can't be caught.
	err := s.do(func() error {
		return s.db.View(func(b *bbolt.Tx) error {
			if err := long(s.path, b.Size()); err != nil {
				return err
			}
			return b.ForEach(func(_ []byte, table *bbolt.Bucket) error {
				return table.ForEach(func([]byte, []byte) error { return ctx.Err() })
			})
		})
	})
	if err != nil {
		return err
	}
	// It must be a writer's transaction, so that no other writes meanwhile.
	err = s.update(func(b *bbolt.Tx) error {
		first := errUnwritten
		for err := range b.Check() {
			if first == errUnwritten {
				first = damaged(s.path, err)
			}
		}
		return first
	})
	if errors.Is(err, errUnwritten) {
		return nil
	}
	return err
}
