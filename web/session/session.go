// Package session remembers in which browsers somebody is signed in.
//
// In come requests with a cookie and the ids of users; out comes whose request it
// is. A session is a row of the journal under the digest of its token, so that
// neither a restart ends it nor a copy of the journal opens it. The package knows
// no users, no passwords and no rights.
//
// A request costs one read of the journal. A commit is made when a session begins,
// ends or keeps something, and at most once a minute to note that it is in use.
package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// Config is what sessions live by; zero fields have the defaults named beside them.
type Config struct {
	Secure   bool          // the browser is reached over TLS: the cookie is __Host-postroom and never goes without
	Idle     time.Duration // a session ends after so long without a request: 15 min
	Lifetime time.Duration // and so long after its beginning in any case: 8 h
	Now      func() time.Time
	Log      *slog.Logger // told of failures of the journal

	Version, ConfigDigest string // of the software and the configuration, for the audit log
	// Actor gives what the audit log calls a user: the id when it is nil.
	Actor func(ctx context.Context, userID string) string
}

// Poll is a header of requests that a page makes by itself. They do not count as use, nor do
// those for text/event-stream: a page that is left open must not keep its session for ever.
const Poll = "Postroom-Poll"

// Small is the greatest length of what Put keeps, in bytes, key and value each; Few is how many a session keeps.
const (
	Small = 1024
	Few   = 20
)

var (
	// ErrNobody is a Put where nobody is signed in: strangers get nothing stored.
	ErrNobody = errors.New("nobody is signed in")
	// ErrTooMuch is a Put of what is not small any more.
	ErrTooMuch = errors.New("too much for a session")
	// ErrNone is a session that is not there (any more).
	ErrNone = errors.New("no such session")
)

// Info describes a session to its user, and to an administrator.
type Info struct {
	ID      string    // opens nothing: the digest of the token
	User    string    // the user's id
	Created time.Time // when he signed in, UTC
	Seen    time.Time // the last request, to a minute, UTC
	Agent   string    // what the browser called itself, at most 200 characters; hostile text
	Current bool      // the session of the request that asks
}

// Sessions is all of them. It is safe for concurrent use.
type Sessions struct {
	cfg   Config
	scs   *scs.SessionManager
	store *store

	mu    sync.Mutex
	swept time.Time // guarded by mu
}

// Open gives the sessions that the journal holds.
func Open(j journal.Store, cfg Config) *Sessions {
	if cfg.Idle == 0 {
		cfg.Idle = 15 * time.Minute
	}
	if cfg.Lifetime == 0 {
		cfg.Lifetime = 8 * time.Hour
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Actor == nil {
		cfg.Actor = func(_ context.Context, id string) string { return id }
	}
	s := &Sessions{cfg: cfg, scs: scs.New(), store: &store{journal: j, cfg: cfg, seen: map[string]mark{}}}
	// What ends a session is the store's to say: scs would ask the machine's clock, and
	// with a time of idleness of its own it would write at every request.
	s.scs.IdleTimeout, s.scs.Lifetime = 0, 100*365*24*time.Hour
	s.scs.Store, s.scs.Codec, s.scs.HashTokenInStore = s.store, codec{}, true
	s.scs.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		if r.Context().Err() != nil {
			return // the browser is gone, which is no failure
		}
		cfg.Log.Error("a session can't be read or kept", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
	s.scs.Cookie = scs.SessionCookie{Name: "postroom", Path: "/", HttpOnly: true, Secure: cfg.Secure, SameSite: http.SameSiteLaxMode}
	if cfg.Secure {
		s.scs.Cookie.Name = "__Host-postroom"
	}
	return s
}

// agentKey is where a request's context has the browser's name for itself.
type agentKey struct{}

// Middleware gives the requests' contexts their sessions. All other methods that take a
// request's context need it; without, nobody is signed in.
func (s *Sessions) Middleware(next http.Handler) http.Handler {
	return s.scs.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), agentKey{}, shown(r.UserAgent()))
		byItself := r.Header.Get(Poll) != "" || strings.HasPrefix(r.Header.Get("Accept"), "text/event-stream")
		if token := s.scs.Token(ctx); token != "" && !byItself {
			if err := s.store.touch(ctx, digest(token)); err != nil {
				s.cfg.Log.Error("a session's use can't be noted", "error", err) // it ends the sooner
			}
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	}))
}

// shown cuts a browser's name to what a list can show.
func shown(agent string) string {
	if !mail.Legible(agent) {
		return ""
	}
	if runes := []rune(agent); len(runes) > 200 {
		agent = string(runes[:200])
	}
	return strings.TrimSpace(agent)
}

// digest is what scs stores a token under.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// SignIn begins a session of the user in the request's browser, under a new token, which
// replaces any that was there. The answer's head must not be written yet.
func (s *Sessions) SignIn(ctx context.Context, userID string) error {
	var epoch int64
	if err := s.store.journal.View(ctx, func(r journal.Reader) (err error) { epoch, err = Epoch(r, userID); return err }); err != nil {
		return err
	}
	return s.SignInAt(ctx, userID, epoch)
}

// SignInAt is SignIn of a user who proved himself at that Epoch: if all of his sessions were
// ended since, this one is ended, too.
func (s *Sessions) SignInAt(ctx context.Context, userID string, epoch int64) error {
	if userID == "" {
		return ErrNobody
	}
	if err := s.sweepNowAndThen(ctx); err != nil {
		return err
	}
	if err := s.scs.RenewToken(ctx); err != nil {
		return err
	}
	agent, _ := ctx.Value(agentKey{}).(string)
	s.scs.Put(ctx, rowKey, row{User: userID, Epoch: epoch, Created: s.cfg.Now().UTC(), Agent: agent})
	return nil
}

// SignOut ends the request's session; where nobody is signed in it does nothing.
func (s *Sessions) SignOut(ctx context.Context) error {
	r, is := s.row(ctx)
	if !is {
		return nil
	}
	kept := context.WithoutCancel(ctx) // a browser that hangs up meant it
	err := s.store.end(kept, digest(s.scs.Token(ctx)), s.event(kept, "signed out", r.User))
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	return s.scs.Destroy(ctx)
}

// row gives the request's session, if somebody is signed in.
func (s *Sessions) row(ctx context.Context) (row, bool) {
	if ctx.Value(agentKey{}) == nil {
		return row{}, false // no Middleware: scs would panic
	}
	r, is := s.scs.Get(ctx, rowKey).(row)
	return r, is && r.User != ""
}

// UserID tells who is signed in: a user's id, "" = nobody.
func (s *Sessions) UserID(ctx context.Context) string {
	r, _ := s.row(ctx)
	return r.User
}

// Alive tells whether the request's session is there still: what answers for long, such as
// a stream of events, asks again and again.
func (s *Sessions) Alive(ctx context.Context) (bool, error) {
	if s.UserID(ctx) == "" {
		return false, nil
	}
	_, is, err := s.store.FindCtx(ctx, digest(s.scs.Token(ctx)))
	return is, err
}

// Ending tells whether the request's session ends soon if nobody uses it: in less than a
// minute and a half, or a third of Idle.
func (s *Sessions) Ending(ctx context.Context) bool {
	r, is := s.row(ctx)
	if !is {
		return false
	}
	soon := s.cfg.Now().Add(min(90*time.Second, s.cfg.Idle/3))
	end := s.store.lastSeen(digest(s.scs.Token(ctx)), r).Add(s.cfg.Idle)
	if last := r.Created.Add(s.cfg.Lifetime); last.Before(end) {
		end = last
	}
	return !end.After(soon)
}

// Brought tells whether a request names a session, which may have ended long ago.
func (s *Sessions) Brought(r *http.Request) bool {
	_, err := r.Cookie(s.scs.Cookie.Name)
	return err == nil
}

// Created tells when the request's session began: the zero time when nobody is signed in.
func (s *Sessions) Created(ctx context.Context) time.Time {
	r, _ := s.row(ctx)
	return r.Created
}

// Put keeps a short text in the request's session ("" removes it), until it ends: ErrNobody, ErrTooMuch.
func (s *Sessions) Put(ctx context.Context, key, value string) error {
	r, is := s.row(ctx)
	if !is {
		return ErrNobody
	}
	values := map[string]string{}
	for k, v := range r.Values {
		values[k] = v
	}
	values[key] = value
	if value == "" {
		delete(values, key)
	}
	if len(key) > Small || len(value) > Small || len(values) > Few {
		return ErrTooMuch
	}
	r.Values = values
	s.scs.Put(ctx, rowKey, r)
	return nil
}

// Get gives what Put kept under the key, or "".
func (s *Sessions) Get(ctx context.Context, key string) string {
	r, _ := s.row(ctx)
	return r.Values[key]
}
