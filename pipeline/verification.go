package pipeline

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"postroom/pipeline/journal"
)

const (
	tableVerified  = "verified" // "last" -> Verification
	verifiedLast   = "last"
	actionVerified = "log verified"

	mostFaults = 50 // of a verification that are kept in words
)

// Verification is how a verification of all that the journal holds ended.
type Verification struct {
	By    string    `json:"by"`
	Begun time.Time `json:"begun"`
	Ended time.Time `json:"ended"`
	Count
	Users  int      `json:"users"`
	Faults int      `json:"faults"`
	Some   []string `json:"some,omitempty"`   // the first of the faults, in English
	Failed string   `json:"failed,omitempty"` // why it did not come to its end
}

// Progress is how far a verification has come: the batches are most of the work.
type Progress struct {
	By       string
	Begun    time.Time
	Done, Of int // batches
	Faults   int
}

// verifying is the verification in hand; there is one at a time.
type verifying struct {
	mu  sync.Mutex
	now *Progress
}

// VerifyBy is Verify, and then also what else is to be checked, which gives the number of
// users; it keeps the outcome and logs it. While another one is in hand it is *Refused.
func (m *Mailroom) VerifyBy(ctx context.Context, by string, also func(ctx context.Context, fault func(string)) (users int, err error), fault func(string)) (Verification, error) {
	v := Verification{By: strings.TrimSpace(by), Begun: m.cfg.Now().UTC()}
	if !m.verifying.begin(Progress{By: v.By, Begun: v.Begun}) {
		return v, refuse(refusedVerifying)
	}
	defer m.verifying.end()
	say := func(what string) {
		if v.Faults++; len(v.Some) < mostFaults {
			v.Some = append(v.Some, what)
		}
		m.verifying.change(func(p *Progress) { p.Faults++ })
		fault(what)
	}
	var err error
	if v.Count, err = m.verify(ctx, say, func(done, of int) { m.verifying.change(func(p *Progress) { p.Done, p.Of = done, of }) }); err == nil && also != nil {
		v.Users, err = also(ctx, say)
	}
	if errors.Is(err, journal.ErrDamaged) || ctx.Err() != nil {
		return v, err // nothing is to be written into it any more, or nobody waits for it
	}
	v.Ended = m.cfg.Now().UTC()
	if err != nil {
		v.Failed = err.Error()
	}
	return v, errors.Join(err, m.journal.Tx(ctx, func(tx journal.Tx) error {
		return errors.Join(m.logConfiguration(tx), journal.Save(tx, tableVerified, verifiedLast, v), tx.Log(m.event(actionVerified, SubjectLog, v.By, v)))
	}))
}

// LastVerification gives the last outcome; ErrNoSuch: there was none yet.
func (m *Mailroom) LastVerification(ctx context.Context) (v Verification, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) (err error) {
		v, err = load[Verification](r, tableVerified, verifiedLast)
		return err
	})
	return v, err
}

// Verifying tells how far the verification in hand is; false: there is none.
func (m *Mailroom) Verifying() (Progress, bool) {
	m.verifying.mu.Lock()
	defer m.verifying.mu.Unlock()
	if m.verifying.now == nil {
		return Progress{}, false
	}
	return *m.verifying.now, true
}

func (v *verifying) begin(p Progress) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.now != nil {
		return false
	}
	v.now = &p
	return true
}

func (v *verifying) change(how func(*Progress)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	how(v.now)
}

func (v *verifying) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = nil
}
