package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"postroom/pipeline/journal"
)

const (
	tableSession = "session"      // digest of the token -> row
	tableOf      = "sessionof"    // user id/digest of the token -> "": a user's sessions
	tableEpoch   = "sessionepoch" // user id -> how often all of his sessions were ended
)

// rowKey is the one value that scs holds of a session.
const rowKey = "row"

// row is a session as the journal keeps it.
type row struct {
	User    string            `json:"user"`
	Epoch   int64             `json:"epoch"` // the user's when he signed in; another one now = ended
	Created time.Time         `json:"created"`
	Seen    time.Time         `json:"seen"`
	Agent   string            `json:"agent,omitempty"`
	Values  map[string]string `json:"values,omitempty"`
	// Stored tells that the row was in the journal when the request came: one that is
	// gone since has been ended meanwhile, and must not come back with the answer.
	Stored bool `json:"stored,omitempty"`
}

// alive tells whether a session has not ended by itself.
func (c Config) alive(r row, seen time.Time) bool {
	now := c.Now()
	return now.Sub(seen) < c.Idle && now.Sub(r.Created) < c.Lifetime
}

// codec is how scs writes a session's values: its one row.
type codec struct{}

// noDeadline is what scs is told of when a session ends; the zero time would have it take the cookie back.
var noDeadline = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)

func (codec) Encode(_ time.Time, values map[string]any) ([]byte, error) {
	r, _ := values[rowKey].(row)
	return json.Marshal(r)
}

func (codec) Decode(b []byte) (time.Time, map[string]any, error) {
	var r row
	if err := json.Unmarshal(b, &r); err != nil {
		return time.Time{}, nil, fmt.Errorf("a session's row: %w: %w", journal.ErrDamaged, err)
	}
	return noDeadline, map[string]any{rowKey: r}, nil
}

// mark is when a session was last used, and when that was last written.
type mark struct{ at, written time.Time }

// store is the sessions' rows, with their last use in memory.
type store struct {
	journal journal.Store
	cfg     Config

	mu   sync.Mutex
	seen map[string]mark // digest of the token -> its use; guarded by mu
}

// precision is how much later than noted a session may have been used last when the
// server dies; so much sooner it then ends.
const precision = time.Minute

// FindCtx gives a living session's row.
func (s *store) FindCtx(ctx context.Context, token string) (b []byte, found bool, err error) {
	err = s.journal.View(ctx, func(r journal.Reader) error {
		is, err := journal.Load[row](r, tableSession, token)
		if errors.Is(err, journal.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		now, err := Epoch(r, is.User)
		if err != nil {
			return err
		}
		if found = is.Epoch == now && s.cfg.alive(is, s.lastSeen(token, is)); found {
			b, err = json.Marshal(is)
		}
		return err
	})
	return b, found, err
}

func (s *store) lastSeen(token string, r row) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.seen[token]; m.at.After(r.Seen) {
		return m.at
	}
	return r.Seen
}

// touch notes that a session is used now.
func (s *store) touch(ctx context.Context, token string) error {
	now := s.cfg.Now().UTC()
	s.mu.Lock()
	m := s.seen[token]
	due := now.Sub(m.written) >= precision
	m.at = now
	if due {
		m.written = now
	}
	s.seen[token] = m
	s.mu.Unlock()
	if !due {
		return nil
	}
	return s.journal.Tx(ctx, func(tx journal.Tx) error {
		r, err := journal.Load[row](tx, tableSession, token)
		if errors.Is(err, journal.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		r.Seen = now
		return journal.Save(tx, tableSession, token, r)
	})
}

// CommitCtx writes a session that began or keeps something else than before.
func (s *store) CommitCtx(ctx context.Context, token string, b []byte, _ time.Time) error {
	ctx = context.WithoutCancel(ctx) // what was done is kept, though the browser did not wait for the answer
	var r row
	if err := json.Unmarshal(b, &r); err != nil {
		return err
	}
	if r.User == "" {
		return nil // strangers get nothing stored
	}
	known := r.Stored
	r.Stored, r.Seen = true, s.cfg.Now().UTC()
	if err := s.journal.Tx(ctx, func(tx journal.Tx) error {
		if known {
			if _, err := tx.Get(tableSession, token); errors.Is(err, journal.ErrNotFound) {
				return nil
			}
		}
		return errors.Join(
			journal.Save(tx, tableSession, token, r),
			tx.Put(tableOf, r.User+"/"+token, nil))
	}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[token] = mark{r.Seen, r.Seen}
	return nil
}

// DeleteCtx removes a session, if it is there.
func (s *store) DeleteCtx(ctx context.Context, token string) error {
	err := s.journal.View(ctx, func(r journal.Reader) error { _, err := r.Get(tableSession, token); return err })
	if err == nil {
		err = s.end(ctx, token)
	}
	if errors.Is(err, journal.ErrNotFound) || errors.Is(err, ErrNone) {
		return nil
	}
	return err
}

// Find, Commit and Delete are there because scs asks for them; it calls the ones with a context.
func (s *store) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx.
func (s *store) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}

// Delete is DeleteCtx.
func (s *store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// end removes a session, and logs that: ErrNone.
func (s *store) end(ctx context.Context, token string, events ...journal.Event) error {
	err := s.journal.Tx(ctx, func(tx journal.Tx) error {
		r, err := journal.Load[row](tx, tableSession, token)
		if errors.Is(err, journal.ErrNotFound) {
			return ErrNone
		}
		if err != nil {
			return err
		}
		for _, e := range events {
			e.Subject = Subject(r.User)
			if err := tx.Log(e); err != nil {
				return err
			}
		}
		return remove(tx, token, r.User)
	})
	s.forget(token)
	return err
}

func remove(tx journal.Tx, token, user string) error {
	return errors.Join(tx.Delete(tableSession, token), tx.Delete(tableOf, user+"/"+token))
}

func (s *store) forget(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.seen, token)
}

// prune forgets the use of sessions that have ended, in whatever way.
func (s *store) prune() {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, m := range s.seen {
		if now.Sub(m.at) >= s.cfg.Idle {
			delete(s.seen, token)
		}
	}
}

// Epoch tells how often all of a user's sessions were ended; see SignInAt.
func Epoch(r journal.Reader, user string) (int64, error) {
	b, err := r.Get(tableEpoch, user)
	if errors.Is(err, journal.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(b), 10, 64)
}
