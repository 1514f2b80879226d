package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"postroom/durable"
	"postroom/samples"
)

// endurance is a run in which the server is killed again and again.
type endurance struct {
	trial
	files, distinct  int
	every, duration  time.Duration
	patience         time.Duration
	routed           bool
	kills            int
	server           *server
	truths           []samples.Truth // of the distinct files
	names            map[string]int  // file that is dropped -> its distinct file
	rng              *rand.Rand
	slowly, renamed  int
	atRouting, atEnd time.Duration
}

// soak has a server file thousands of pages while it is killed every few seconds.
func soak(ctx context.Context, args []string) error {
	var e endurance
	f := e.flags("soak", 10000)
	f.IntVar(&e.files, "files", 300, "in so many files")
	f.IntVar(&e.distinct, "distinct", 40, "so many of which are made; the others are copies that differ in a few bytes behind the last page")
	f.DurationVar(&e.every, "kill", 20*time.Second, "about how often the server is killed")
	f.DurationVar(&e.duration, "duration", 10*time.Minute, "how long it is killed and files are dropped")
	f.DurationVar(&e.patience, "patience", 3*time.Hour, "how long it may take after that")
	f.BoolVar(&e.routed, "routed", false, "end when every letter is filed or held; the text and the renditions that remain are left undone")
	if err := f.Parse(args); err != nil {
		return err
	}
	if err := e.fresh(); err != nil {
		return err
	}
	e.distinct = min(e.distinct, e.files)
	e.rng = rand.New(rand.NewPCG(e.seed, 77))
	fmt.Printf("seed %d, about %d pages in %d files, %s\n", e.seed, e.pages, e.files, machine())
	if err := e.prepare(); err != nil {
		return err
	}
	if err := e.strain(ctx); err != nil {
		return err
	}
	err := errors.Join(e.settle(ctx), e.report(ctx)) // what there is of it is told, too, when patience ends
	return errors.Join(err, e.server.end(syscall.SIGTERM))
}

// prepare makes the mail: letters with a barcode, one in five with print alone, some
// blank backs, between patch T sheets.
func (e *endurance) prepare() (err error) {
	kinds := strings.Fields("bar bar bar bar ocr bar bar bar both conflict")
	e.truths, err = samples.Write(e.dir, samples.Config{Seed: e.seed, Batches: e.distinct, Pages: max(1, e.pages/e.files),
		Levels: []string{"clean"}, Encodings: []string{"pdf-g4-200", "tif-g4-200"}, Kinds: kinds})
	if err != nil {
		return err
	}
	e.names = map[string]int{}
	for i := range e.files {
		of := i % e.distinct
		e.names[fmt.Sprintf("soak-%04d%s", i, filepath.Ext(e.truths[of].File))] = of
	}
	e.server, err = configured(e.binary, e.dir, "after")
	return err
}

// strain drops the files and kills the server meanwhile.
func (e *endurance) strain(ctx context.Context) error {
	if err := e.server.start(ctx); err != nil {
		return err
	}
	dropped := make(chan error, 1)
	go func() { dropped <- e.dropAll(ctx) }()
	began := time.Now()
	for time.Since(began) < e.duration {
		pause := time.NewTimer(e.every/2 + time.Duration(e.rng.Int64N(int64(e.every))))
		select {
		case <-pause.C:
		case <-e.server.gone:
			return e.server.alive()
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := e.server.end(syscall.SIGKILL); err != nil {
			return err
		}
		e.kills++
		if err := e.server.start(ctx); err != nil {
			return fmt.Errorf("after %d kills: %w", e.kills, err)
		}
	}
	return <-dropped
}

// dropAll spreads the files over most of the time: every third is copied slowly, in
// pieces, the others are renamed in.
func (e *endurance) dropAll(ctx context.Context) error {
	rng := rand.New(rand.NewPCG(e.seed, 78))
	gap, n := e.duration*4/5/time.Duration(e.files), 0
	for name, of := range sorted(e.names) {
		slowly := n%3 == 0
		if err := e.drop(ctx, name, e.truths[of].File, slowly, gap, rng); err != nil {
			return fmt.Errorf("drop %s: %w", name, err)
		}
		n++
	}
	return nil
}

func sorted(names map[string]int) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		for n := range len(names) {
			for _, ext := range []string{".pdf", ".tif"} {
				name := fmt.Sprintf("soak-%04d%s", n, ext)
				if of, ok := names[name]; ok && !yield(name, of) {
					return
				}
			}
		}
	}
}

// drop puts a copy of a file into the inbox within the given time. What it ends with
// tells it from other copies, and no reader looks there.
func (e *endurance) drop(ctx context.Context, name, source string, slowly bool, within time.Duration, rng *rand.Rand) error {
	text, err := os.ReadFile(filepath.Join(e.dir, source))
	if err != nil {
		return err
	}
	text = append(text, "\n% "+name+"\n"...)
	pieces := [][]byte{text}
	target := filepath.Join(e.dir, name)
	if slowly {
		for len(pieces) < 4 {
			rest := pieces[len(pieces)-1]
			at := rng.IntN(len(rest))
			pieces = append(pieces[:len(pieces)-1], rest[:at], rest[at:])
		}
		target = filepath.Join(e.dir, "inbox", name)
		e.slowly++
	}
	f, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	defer f.Close()
	tick := time.NewTicker(max(within/time.Duration(len(pieces)), time.Millisecond))
	defer tick.Stop()
	for _, p := range pieces {
		if _, err := io.WriteString(f, string(p)); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if slowly {
		return f.Close()
	}
	e.renamed++
	return errors.Join(f.Close(), durable.Rename(target, filepath.Join(e.dir, "inbox", name)))
}

// settle waits until every letter is filed or held, and then until nothing is left to do.
func (e *endurance) settle(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, e.patience)
	defer stop()
	began, told, routed, pending := time.Now(), time.Now(), 0, 0
	err := every(ctx, 5*time.Second, func() (bool, error) {
		if err := e.server.alive(); err != nil {
			return false, err
		}
		batches, err := e.server.batches(ctx)
		if err != nil {
			return false, err
		}
		routed, pending = 0, 0
		for _, b := range batches {
			if pending += b.Pending; b.Pages > 0 && b.Documents > 0 && b.Filed+b.Exceptions == b.Documents {
				routed++
			}
		}
		if routed == len(e.names) && e.atRouting == 0 {
			e.atRouting = time.Since(began)
		}
		if time.Since(told) > 30*time.Second {
			told = time.Now()
			fmt.Fprintf(os.Stderr, "%v after the last kill: %d of %d files routed, %d tasks left\n", time.Since(began).Round(time.Second), routed, len(e.names), pending)
		}
		e.atEnd = time.Since(began)
		inbox, err := left(filepath.Join(e.dir, "inbox"))
		return e.atRouting > 0 && len(inbox) == 0 && (e.routed || pending == 0), err
	})
	if err != nil {
		err = fmt.Errorf("%d of %d files routed and %d tasks left: %w", routed, len(e.names), pending, err)
	}
	return err
}

// account is what came of the files that were dropped.
type account struct {
	pages, documents         int
	lost, twice, strange     []string
	misplaced, unlike, inbox []string
	score                    score
}

// counted compares the ledger and the stores with what was dropped.
func (e *endurance) counted(all map[string][]outcome) (a account, err error) {
	for name, of := range sorted(e.names) {
		truth := e.truths[of]
		switch some := all[name]; len(some) {
		case 0:
			a.lost = append(a.lost, name)
		case 1:
			if some[0].Pages != len(truth.Pages) {
				a.lost = append(a.lost, fmt.Sprintf("%s has %d pages of %d", name, some[0].Pages, len(truth.Pages)))
			}
			a.pages += some[0].Pages
			a.score.add(some[0].docs, truth, e.routed && some[0].Pending > 0)
			a.misplaced = append(a.misplaced, misplaced(some[0])...)
		default:
			a.twice = append(a.twice, name)
		}
	}
	for name := range all {
		if _, ok := e.names[name]; !ok {
			a.strange = append(a.strange, name)
		}
	}
	if a.documents, a.unlike, err = stored(e.dir, all); err == nil {
		a.inbox, err = left(filepath.Join(e.dir, "inbox"))
	}
	return a, err
}

func (a account) faults() int {
	return len(a.lost) + len(a.twice) + len(a.strange) + len(a.misplaced) + len(a.unlike) + len(a.inbox) + a.score.wrong
}

// report checks what came of it and prints it.
func (e *endurance) report(ctx context.Context) error {
	all, err := e.server.outcomes(ctx)
	if err != nil {
		return err
	}
	a, err := e.counted(all)
	if err != nil {
		return err
	}
	verified, err := e.server.verified(ctx)
	t := table()
	t.row("pages, files", "%d pages in %d files (%d distinct), %d copied slowly, %d renamed in", a.pages, len(e.names), e.distinct, e.slowly, e.renamed)
	t.row("SIGKILLs", "%d in %v, about every %v", e.kills, e.duration, e.every)
	t.row("files that are no batch, or not whole", "%s", some(a.lost))
	t.row("files that are more than one batch", "%s", some(a.twice))
	t.row("batches of no file", "%s", some(a.strange))
	t.row("pages without one place", "%s", some(a.misplaced))
	t.row("documents in the stores", "%d; not as the ledger has them, or twice: %s", a.documents, some(a.unlike))
	t.row("letters", "%s", a.score)
	t.row("sources left in the inbox", "%s", some(a.inbox))
	t.row("`postroom verify`", "%s", verified)
	t.row("after the last kill, until all was filed or held", "%v", e.atRouting.Round(time.Second))
	if !e.routed {
		t.row("after the last kill, until nothing was left to do", "%v", e.atEnd.Round(time.Second))
	}
	peak, _ := e.server.seen()
	t.row("server's peak memory", "%d MB", peak)
	if err == nil && a.faults() > 0 {
		err = fmt.Errorf("%d faults", a.faults())
	}
	return err
}
