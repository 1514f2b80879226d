package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postroom/mail"
	"postroom/pipeline/cache"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/bolt"
	"postroom/pipeline/sandbox"
	"postroom/pipeline/scan"
	"postroom/router"
	"postroom/samples"
)

// BenchmarkKeptPicture is a second look, among 100,000 pages in the journal.
func BenchmarkKeptPicture(b *testing.B) {
	m := roomOf(b, 100_000)
	const kept = 50
	for n := range kept {
		if _, err := m.Picture(b.Context(), "batch", 1+n, Screen); err != nil {
			b.Fatal(err)
		}
	}
	n := 0
	for b.Loop() {
		n++
		if _, err := m.Picture(b.Context(), "batch", 1+n%kept, Screen); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSight is the words of a page of 400, among 100,000 pages.
func BenchmarkSight(b *testing.B) {
	m := roomOf(b, 100_000)
	n := 0
	for b.Loop() {
		n++
		if s, err := m.Sight(b.Context(), "batch", 1+n%800); err != nil || len(s.Words) != 400 {
			b.Fatal(err)
		}
	}
}

// pageView is a page of print at the size of a screen.
type pageView struct{}

func (pageView) View(_ context.Context, _ *os.File, _ string, page int, _ scan.Viewing) (sandbox.View, error) {
	v := sandbox.View{Width: 1240, Height: 1754, Colours: 1, Pix: bytes.Repeat([]byte{255}, 1240*1754)}
	for i := range v.Pix {
		if x, y := i%1240, i/1240; y%24 < 12 && (x*x*7+y/24*page)%11 < 4 {
			v.Pix[i] = byte(x * y)
		}
	}
	return v, nil
}

// roomOf is a mailroom with one batch of many pages; the first 800 have 400 words each.
func roomOf(b *testing.B, pages int) *Mailroom {
	b.Helper()
	dir := b.TempDir()
	store, err := bolt.Open(filepath.Join(dir, "journal.db"), bolt.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	blobs, err := journal.OpenDir(filepath.Join(dir, "blobs"))
	if err != nil {
		b.Fatal(err)
	}
	register := filepath.Join(dir, "cases.csv")
	if err := os.WriteFile(register, []byte("reference,store,status\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	m, err := New(Config{Rules: router.New(router.Config{}), Register: register, Viewer: pageView{}, Pictures: cache.New(filepath.Join(dir, "pictures"), 1e9)}, store, blobs, &fakeHelpers{})
	if err != nil {
		b.Fatal(err)
	}
	if err := m.fill(b.Context(), pages); err != nil {
		b.Fatal(err)
	}
	return m
}

// fill journals a batch as if it had been read.
func (m *Mailroom) fill(ctx context.Context, pages int) error {
	file, err := m.blobs.Put(ctx, strings.NewReader("a file"))
	if err != nil {
		return err
	}
	var rows []pageRow
	for len(rows) < min(800, pages) {
		ref, err := m.keep(ctx, wordy(len(rows)+1))
		if err != nil {
			return err
		}
		for i := range 16 {
			rows = append(rows, pageRow{Readings: ref, Index: i})
		}
	}
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		for n := range pages {
			if err := journal.Save(tx, tablePage, pageKey("batch", n+1), rows[n%len(rows)]); err != nil {
				return err
			}
		}
		return journal.Save(tx, tableBatch, "batch", batchRow{Batch: mail.Batch{ID: "batch", SHA256: file.SHA256, Pages: pages}, Blob: file})
	})
}

// wordy gives the readings of 16 pages.
func wordy(from int) (readings []mail.Reading) {
	for i := range 16 {
		r := mail.Reading{Page: from + i, Width: 2480, Height: 3508, DPI: 300, DPIY: 300, HasText: true}
		for w := range 400 {
			r.Words = append(r.Words, mail.Word{Text: fmt.Sprint("word", w), Box: mail.Box{X0: 100 + w, Y0: 5 * w, X1: 150 + w, Y1: 5*w + 30}, Confidence: 0.96, Line: w / 10})
		}
		readings = append(readings, r)
	}
	return readings
}

const mostOpened = 3000

// receiveAll journals one file as many batches, as if each had bytes of its own.
func (m *Mailroom) receiveAll(ctx context.Context, dir, encoding string) error {
	made, err := samples.Write(dir, samples.Config{Seed: 5, Batches: 1, Pages: 6, Encodings: []string{encoding}})
	if err != nil {
		return err
	}
	f, err := os.Open(filepath.Join(dir, made[0].File))
	if err != nil {
		return err
	}
	defer f.Close()
	ref, err := m.blobs.Put(ctx, f)
	if err != nil {
		return err
	}
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		for n := range mostOpened {
			id := fmt.Sprint("batch ", n)
			if err := journal.Save(tx, tableBatch, id, batchRow{Batch: mail.Batch{ID: id, SHA256: id, Pages: len(made[0].Pages)}, Blob: ref}); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkPeople has people open pages of files that nobody saw yet, one after the other,
// and tells what each costs of a processor, whatever else the machine does. With
// POSTROOM_PEOPLE set they come ten a second (fifty, each every five seconds), and it tells
// how long they wait; that needs a machine that does nothing else.
func BenchmarkPeople(b *testing.B) {
	for _, size := range []PictureSize{Thumb, Screen, Full} {
		for _, encoding := range []string{"pdf-g4", "tif-g4", "pdf-grey", "tif-jpeg", "jpg"} {
			b.Run(fmt.Sprintf("%d/%s", size.width(), encoding), func(b *testing.B) {
				m := roomOf(b, 16)
				p := realHelpers(b, sandbox.Config{Spare: true, Counted: true})
				m.cfg.Viewer = p
				if err := m.receiveAll(b.Context(), b.TempDir(), encoding); err != nil {
					b.Fatal(err)
				}
				if _, err := m.Picture(b.Context(), "batch 0", 1, size); err != nil {
					b.Fatal(err)
				}
				if os.Getenv("POSTROOM_PEOPLE") != "" {
					m.crowd(b, size)
					p.Close()
					return
				}
				before := processorTime(b)
				n := 0
				for b.Loop() {
					n++
					if _, err := m.Picture(b.Context(), fmt.Sprint("batch ", n%mostOpened), 1, size); err != nil {
						b.Fatal(err)
					}
				}
				p.Close() // its helpers' time counts when they have ended
				b.ReportMetric(float64((processorTime(b)-before).Milliseconds())/float64(n), "cpu-ms/op")
			})
		}
	}
}

// processorTime is that of this process, and of its helpers that have ended.
func processorTime(b *testing.B) (all time.Duration) {
	b.Helper()
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		if err := unix.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		all += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return all
}

// crowd has ten people a second open a page.
func (m *Mailroom) crowd(b *testing.B, size PictureSize) {
	var mu sync.Mutex
	var waits []time.Duration
	var all sync.WaitGroup
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for n := 0; b.Loop(); n++ {
		<-tick.C
		all.Go(func() {
			begun := time.Now()
			if _, err := m.Picture(b.Context(), fmt.Sprint("batch ", n%mostOpened), 1, size); err != nil {
				b.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, time.Since(begun))
		})
	}
	all.Wait()
	slices.Sort(waits)
	b.ReportMetric(float64(waits[len(waits)/2].Milliseconds()), "ms/p50")
	b.ReportMetric(float64(waits[len(waits)*95/100].Milliseconds()), "ms/p95")
}
