// Package pipeline is the way of a letter: scanner file in, filed documents and
// exceptions out.
//
//	receive -> read -> assemble -> cut -> deliver -> render -> enrich
//
// (text reads, and decides by, what `confirm: after` left; look is a second look at print.)
//
// Each step is a task of the journal: it works outside any transaction and
// returns a closure that writes its result, its events and the next tasks in
// one. Whatever step a crash interrupts is repeated and changes nothing twice.
// The package decodes no picture (helpers do), decides no case (router does)
// and knows no flags, no configuration file and no screen.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"postroom/mail"
	"postroom/ocr"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
	"postroom/pipeline/sandbox"
	"postroom/pipeline/scan"
	"postroom/router"
	"postroom/router/casestore"
	"postroom/router/reference"
)

// Config is what the mailroom works by.
type Config struct {
	Rules      *router.Rules
	Schemes    []*reference.Scheme
	Register   string // path of the case register, CSV
	Stores     map[string]casestore.Store
	After      bool       // routing.confirm is "after": a barcode files at once, its text is read later
	Languages  []string   // that text is read in, tesseract language packs
	DoubleKey  []string   // schemes whose references two persons must key, independently
	DropBlanks bool       // blanks is "drop-from-rendition"
	Digest     string     // of the configuration, kept with every decision
	Settings   any        // the configuration itself, kept in the log when it changes; it must make JSON
	Version    string     // of the software
	Audit      *audit.Log // that the journal seals its events with
	MaxRead    int        // pages of one read task: 16
	Now        func() time.Time
	Zone       *time.Location // of the days that figures are counted by: the machine's
	Log        *slog.Logger
	StoreRetry time.Duration // wait before an unreachable store is tried again: 30 s
	Observe    func(Attempt) // told of each attempt at a task, before its result is written; nil = nobody
	Disk       Disk          // that the data folder is on; nil = it never fills up
	Reserve    int64         // bytes that taking a file leaves free on it: DefaultReserve
	DiskRetry  time.Duration // wait before a full disk is tried again: 2 s
	Viewer     Viewer        // makes pictures for people; nil = there are none
	Pictures   Cache         // keeps them; nil = each is made anew
}

// Helpers read and cut untrusted files; sandbox.Pool is the real one, tests put
// in helpers that die, hang and lie.
type Helpers interface {
	Open(ctx context.Context, f *os.File, key string) (sandbox.Contents, error)
	Read(ctx context.Context, f *os.File, key string, pages []int, text sandbox.Text) ([]mail.Reading, error)
	Again(ctx context.Context, f *os.File, key string, page int, at ocr.Place) ([][]mail.Word, error)
	Cut(ctx context.Context, f *os.File, key string, from, to int, out *os.File) (sandbox.Cutting, error)
	Render(ctx context.Context, f *os.File, key string, o scan.Order, out *os.File) (sandbox.Rendered, error)
	Picture(ctx context.Context, f *os.File, key string, page int, crop mail.Box, out *os.File) (sandbox.Picture, error)
	Slots() int
}

// Mailroom runs the flow over a journal. It is safe for concurrent use.
type Mailroom struct {
	cfg     Config
	journal journal.Store
	blobs   journal.Blobs
	helpers Helpers
	cases   *caseRegister
	space   *space
	gallery *gallery

	begun     chan struct{}        // closed by the first Run, once old troubles are forgotten
	begin     sync.Once            // closes it
	releasing sync.Mutex           // of sources
	settling  map[string]time.Time // batch -> when its source was first seen claimed; guarded by releasing
	swept     map[string]bool      // folders for what is done; guarded by releasing
	counting  sync.Mutex           // of the figures
	spoilt    sync.Map             // task key -> the error of its last attempt's commit
	building  sync.Mutex           // of the lists
	listed    atomic.Bool          // the lists have all
	verifying verifying            // the verification in hand
	pace      pace                 // of reading
}

// The kinds of tasks, in the order of the flow.
const (
	taskReceive  = "receive"
	taskRead     = "read"
	taskAssemble = "assemble"
	taskCut      = "cut"
	taskDeliver  = "deliver"
	taskWithdraw = "withdraw"
	taskText     = "text"
	taskLook     = "look"
	taskRender   = "render"
	taskEnrich   = "enrich"
)

// Lower goes first: what is nearly in a case before what has just come in, and
// text and renditions that nobody waits for last.
const (
	priorityDeliver = 10
	priorityCut     = 20
	priorityDecide  = 30
	priorityRead    = 40
	priorityConfirm = 45
	priorityReceive = 50
	priorityLater   = journal.Background
)

// New makes a mailroom. The error is the case register's, when it can't be used.
func New(cfg Config, j journal.Store, b journal.Blobs, h Helpers) (*Mailroom, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.MaxRead == 0 {
		cfg.MaxRead = 16
	}
	if cfg.StoreRetry == 0 {
		cfg.StoreRetry = 30 * time.Second
	}
	if cfg.DiskRetry == 0 {
		cfg.DiskRetry = 2 * time.Second
	}
	if cfg.Reserve == 0 {
		cfg.Reserve = DefaultReserve
	}
	cases, err := openRegister(cfg.Register, cfg.Schemes, cfg.Log)
	if err != nil {
		return nil, err
	}
	room := newSpace(cfg)
	return &Mailroom{cfg: cfg, journal: spaciousJournal{j, room}, blobs: spaciousBlobs{b, room}, helpers: h, cases: cases, space: room, gallery: newGallery(),
		settling: map[string]time.Time{}, swept: map[string]bool{}, begun: make(chan struct{})}, nil
}

// Run works the queue until the context ends. What was in trouble is tried at once.
func (m *Mailroom) Run(ctx context.Context) error {
	if err := m.start(ctx); err != nil {
		return err
	}
	m.begin.Do(func() { close(m.begun) })
	handlers := map[string]journal.Handler{
		taskReceive:  m.receive,
		taskRead:     m.read,
		taskAssemble: m.assemble,
		taskCut:      m.cut,
		taskDeliver:  m.deliver,
		taskWithdraw: m.withdraw,
		taskText:     m.text,
		taskLook:     m.look,
		taskRender:   m.render,
		taskEnrich:   m.enrich,
	}
	for kind, h := range handlers {
		handlers[kind] = m.observed(m.watched(h))
	}
	return m.journal.Run(ctx, handlers, journal.Limits{
		taskReceive:  m.helpers.Slots(),
		taskRead:     m.helpers.Slots() + 1, // one waits for a helper while the others write
		taskAssemble: 2,
		taskCut:      m.helpers.Slots() + 1,
		taskDeliver:  4,
		taskWithdraw: 1,
		taskText:     m.helpers.Slots(),
		taskLook:     m.helpers.Slots(),
		taskRender:   m.helpers.Slots(),
		taskEnrich:   4,
	})
}

// start begins a run: what it works by is logged, former troubles are forgotten. A full
// disk does not end it.
func (m *Mailroom) start(ctx context.Context) error {
	for {
		err := m.journal.Tx(ctx, func(tx journal.Tx) error {
			return errors.Join(m.logConfiguration(tx), endTroubles(tx))
		})
		if err == nil {
			err = errors.Join(m.LogRegister(ctx), m.enlist(ctx))
		}
		if !errors.Is(err, ErrDiskFull) {
			return err
		}
		for wait := m.Pause(); wait > 0; wait = m.Pause() {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// blob opens a stored file for a helper.
func (m *Mailroom) blob(ctx context.Context, ref journal.Ref) (*os.File, error) {
	f, err := m.blobs.Open(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("open blob %.12s: %w", ref.SHA256, err)
	}
	return f, nil
}

// ErrNoSuch is a batch or document that the journal does not hold.
var ErrNoSuch = errors.New("not in the journal")
