package session

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"postroom/pipeline/journal"
)

// portion is how many rows are read at a time.
const portion = 200

// Revoke ends all sessions of a user in the caller's transaction: whatever he asks for
// after its commit, he asks for as a stranger, and an answer in hand brings none back.
func Revoke(tx journal.Tx, user string) error {
	if _, err := tx.Add(tableEpoch, user, 1); err != nil {
		return err
	}
	for {
		rows, err := tx.Scan(tableOf, user+"/", "", portion)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := remove(tx, strings.TrimPrefix(r.Key, user+"/"), user); err != nil {
				return err
			}
		}
		if len(rows) < portion {
			return nil
		}
	}
}

// Of lists a user's living sessions, the last used first.
func (s *Sessions) Of(ctx context.Context, user string) (all []Info, err error) {
	current := ""
	if s.UserID(ctx) != "" {
		current = digest(s.scs.Token(ctx))
	}
	err = s.store.journal.View(ctx, func(r journal.Reader) error {
		all = nil
		epoch, err := Epoch(r, user)
		if err != nil {
			return err
		}
		return each(r, tableOf, user+"/", func(key string) error {
			token := strings.TrimPrefix(key, user+"/")
			is, err := journal.Load[row](r, tableSession, token)
			if err != nil {
				return err
			}
			if seen := s.store.lastSeen(token, is); is.Epoch == epoch && s.cfg.alive(is, seen) {
				all = append(all, Info{ID: token, User: user, Created: is.Created, Seen: seen, Agent: is.Agent, Current: token == current})
			}
			return nil
		})
	})
	slices.SortStableFunc(all, func(a, b Info) int { return cmp.Compare(b.Seen.UnixNano(), a.Seen.UnixNano()) })
	return all, err
}

// All lists up to n living sessions of everyone behind an id; "" begins. next is where to go
// on, "" at the end; there may be more although fewer than n came.
func (s *Sessions) All(ctx context.Context, after string, n int) (all []Info, next string, err error) {
	current := ""
	if s.UserID(ctx) != "" {
		current = digest(s.scs.Token(ctx))
	}
	err = s.store.journal.View(ctx, func(r journal.Reader) error {
		all, next = nil, ""
		rows, err := r.Scan(tableSession, "", after, n)
		if err != nil {
			return err
		}
		for _, found := range rows {
			is, err := journal.Load[row](r, tableSession, found.Key)
			if err != nil {
				return err
			}
			epoch, err := Epoch(r, is.User)
			if err != nil {
				return err
			}
			if seen := s.store.lastSeen(found.Key, is); is.Epoch == epoch && s.cfg.alive(is, seen) {
				all = append(all, Info{ID: found.Key, User: is.User, Created: is.Created, Seen: seen, Agent: is.Agent, Current: found.Key == current})
			}
		}
		if len(rows) == n {
			next = rows[n-1].Key
		}
		return nil
	})
	return all, next, err
}

// each visits the keys with the prefix, in their order.
func each(r journal.Reader, table, prefix string, visit func(key string) error) error {
	for after := ""; ; {
		rows, err := r.Scan(table, prefix, after, portion)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := visit(row.Key); err != nil {
				return err
			}
			after = row.Key
		}
		if len(rows) < portion {
			return nil
		}
	}
}

// End ends one session, whoever's it is: ErrNone. The caller sees to it that who is signed
// in with ctx may: it is among Of(his own id), or he is an administrator.
func (s *Sessions) End(ctx context.Context, id string) error {
	ctx = context.WithoutCancel(ctx)
	return s.store.end(ctx, id, s.event(ctx, "session ended", ""))
}

// EndAll ends all sessions of a user.
func (s *Sessions) EndAll(ctx context.Context, user string) error {
	ctx = context.WithoutCancel(ctx)
	return s.store.journal.Tx(ctx, func(tx journal.Tx) error {
		return errors.Join(Revoke(tx, user), tx.Log(s.event(ctx, "sessions ended", user)))
	})
}

// Subject is what the audit log calls a user: his id with its kind before it.
func Subject(userID string) string { return "user:" + userID }

// event is an entry of the audit log about a user's sessions, by who is signed in.
func (s *Sessions) event(ctx context.Context, action, user string) journal.Event {
	actor := s.UserID(ctx)
	if actor != "" {
		actor = s.cfg.Actor(ctx, actor)
	}
	return journal.Event{Time: s.cfg.Now().UTC(), Actor: actor, Action: action, Subject: Subject(user),
		Config: s.cfg.ConfigDigest, Version: s.cfg.Version}
}

// sweepEvery is how often a sign-in sweeps first.
const sweepEvery = time.Hour

func (s *Sessions) sweepNowAndThen(ctx context.Context) error {
	now := s.cfg.Now()
	s.mu.Lock()
	due := now.Sub(s.swept) >= sweepEvery
	if due {
		s.swept = now
	}
	s.mu.Unlock()
	if !due {
		return nil
	}
	_, err := s.Sweep(ctx)
	return err
}

// Sweep removes the sessions that have ended by themselves, and tells how many. Each hour's first SignIn
// does that, too.
func (s *Sessions) Sweep(ctx context.Context) (swept int, err error) {
	for after, more := "", true; more; {
		var ended []string
		if err := s.store.journal.View(ctx, func(r journal.Reader) (err error) {
			ended, after, more, err = s.ended(r, after)
			return err
		}); err != nil {
			return swept, err
		}
		if len(ended) == 0 {
			continue
		}
		if err := s.store.journal.Tx(ctx, func(tx journal.Tx) error { return s.sweep(tx, ended) }); err != nil {
			return swept, err
		}
		swept += len(ended)
	}
	s.store.prune()
	return swept, nil
}

// ended lists the next portion's sessions that have ended.
func (s *Sessions) ended(r journal.Reader, after string) (ended []string, last string, more bool, err error) {
	rows, err := r.Scan(tableSession, "", after, portion)
	if err != nil {
		return nil, "", false, err
	}
	for _, found := range rows {
		last = found.Key
		is, err := journal.Load[row](r, tableSession, found.Key)
		if err != nil {
			return nil, "", false, err
		}
		epoch, err := Epoch(r, is.User)
		if err != nil {
			return nil, "", false, err
		}
		if is.Epoch != epoch || !s.cfg.alive(is, s.store.lastSeen(found.Key, is)) {
			ended = append(ended, found.Key)
		}
	}
	return ended, last, len(rows) == portion, nil
}

func (s *Sessions) sweep(tx journal.Tx, tokens []string) error {
	for _, token := range tokens {
		is, err := journal.Load[row](tx, tableSession, token)
		if errors.Is(err, journal.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := remove(tx, token, is.User); err != nil {
			return err
		}
	}
	return nil
}
