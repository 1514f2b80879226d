package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"postroom/durable"
	"postroom/samples"
)

// Bounds that a run is held to.
const (
	mostMemory = 300              // MB, of the server itself
	mostTime   = 60 * time.Second // of a file
)

// adversity is a run with odd and broken files.
type adversity struct {
	trial
	corpus string
	atOnce int
	stuck  time.Duration
}

// hostile has a server take odd and broken files, and good mail behind them.
func hostile(ctx context.Context, args []string) error {
	var a adversity
	f := a.flags("hostile", 200)
	f.StringVar(&a.corpus, "corpus", filepath.Join(os.Getenv("POSTROOM_CORPUS"), "hostile"), "the folder of odd and broken files")
	f.IntVar(&a.atOnce, "at-once", 4, "so many files are worked on, and as many lie in the inbox, at a time; a file's time includes those beside it")
	f.DurationVar(&a.stuck, "stuck", 10*time.Minute, "give up when nothing was finished for so long")
	if err := f.Parse(args); err != nil {
		return err
	}
	entries, err := os.ReadDir(a.corpus)
	if err != nil {
		return fmt.Errorf("the corpus is not there (%w): POSTROOM_CORPUS names the folder that holds hostile/, or -corpus that one itself", err)
	}
	var bad []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			bad = append(bad, filepath.Join(a.corpus, e.Name()))
		}
	}
	if err := a.fresh(); err != nil {
		return err
	}
	fmt.Printf("seed %d, %d odd and broken files, %s\n", a.seed, len(bad), machine())
	alone, err := a.run(ctx, "alone", nil)
	if err != nil {
		return fmt.Errorf("good mail alone: %w", err)
	}
	beside, err := a.run(ctx, "beside", bad)
	if err != nil {
		return fmt.Errorf("good mail behind odd and broken files: %w", err)
	}
	return judge(bad, alone, beside).report()
}

// result is what a server made of a folder of files.
type result struct {
	server   *server
	took     time.Duration            // all
	times    map[string]time.Duration // from a file's receipt to its last task, by name
	outcomes map[string][]outcome
	good     []samples.Truth
	verified string
}

// run serves a fresh folder: the bad files, and made-up mail behind them.
func (a adversity) run(ctx context.Context, name string, bad []string) (r result, err error) {
	dir := filepath.Join(a.dir, name)
	const inBatch = 20
	if r.good, err = samples.Write(dir, samples.Config{Seed: a.seed, Batches: max(1, a.pages/inBatch), Pages: inBatch, Levels: []string{"clean", "office"}}); err != nil {
		return r, err
	}
	files := slices.Clone(bad)
	for _, t := range r.good {
		files = append(files, filepath.Join(dir, t.File))
	}
	if r.server, err = configured(a.binary, dir, "before"); err != nil {
		return r, err
	}
	if err := r.server.start(ctx); err != nil {
		return r, err
	}
	began := time.Now()
	if r.times, err = a.feed(ctx, r.server, files); err == nil {
		r.took = time.Since(began)
		r.outcomes, err = r.server.outcomes(ctx)
	}
	if err == nil {
		r.verified, err = r.server.verified(ctx)
	}
	return r, errors.Join(err, r.server.end(syscall.SIGTERM))
}

// feed drops files a few at a time and waits until the last task of each is done.
func (a adversity) feed(ctx context.Context, s *server, files []string) (map[string]time.Duration, error) {
	received, times, dropped, moved := map[string]time.Time{}, map[string]time.Duration{}, 0, time.Now()
	err := every(ctx, time.Second, func() (bool, error) {
		if err := s.alive(); err != nil {
			return false, err
		}
		// What has not been received yet waits for its own sake (a file that is never whole,
		// for two minutes), and holds up nothing.
		for ; dropped < len(files) && len(received)-len(times) < a.atOnce && dropped-len(received) < a.atOnce; dropped++ {
			if err := drop(files[dropped], filepath.Join(s.dir, "inbox")); err != nil {
				return false, err
			}
		}
		batches, err := s.batches(ctx)
		if err != nil {
			return false, err
		}
		for _, b := range batches {
			name := filepath.Base(b.File)
			if _, known := received[name]; !known {
				received[name], moved = time.Now(), time.Now()
			}
			if _, known := times[name]; !known && b.Documents > 0 && b.Pending == 0 {
				times[name], moved = time.Since(received[name]), time.Now()
				if len(times)%25 == 0 {
					fmt.Fprintf(os.Stderr, "%d of %d files done\n", len(times), len(files))
				}
			}
		}
		if time.Since(moved) > a.stuck {
			return false, fmt.Errorf("nothing was finished for %v; %d of %d files are done", a.stuck, len(times), len(files))
		}
		return len(times) == len(files), nil
	})
	return times, err
}

// drop copies a file into a folder, whole under its name.
func drop(path, folder string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return durable.Create(filepath.Join(folder, filepath.Base(path)), f)
}
