package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/samples"
)

// BenchmarkMail is the whole way from scanner file to case, on all cores, until
// every letter is filed or an exception. Its figure is pages a second.
//
//	barcode  letters with a barcode, routing.confirm: after: their text is read later
//	text     letters whose reference stands in print only
func BenchmarkMail(b *testing.B) {
	for _, c := range []struct{ name, kind, confirm string }{{"barcode", "bar", "after"}, {"text", "ocr", "before"}} {
		b.Run(c.name, func(b *testing.B) {
			pages := 0
			for b.Loop() {
				b.StopTimer()
				dir := b.TempDir()
				truths, err := samples.Write(dir, samples.Config{Seed: 4, Pages: 30, Levels: []string{"office"}, Encodings: []string{"pdf-g4"}, Kinds: []string{c.kind}})
				if err != nil {
					b.Fatal(err)
				}
				config := filepath.Join(dir, "postroom.yaml")
				text, err := os.ReadFile(config)
				if err == nil {
					err = os.WriteFile(config, append(text, []byte("routing: {confirm: "+c.confirm+"}\n")...), 0o600)
				}
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				filed := fileAll(b, config, filepath.Join(dir, truths[0].File))
				b.StopTimer()
				pages += len(truths[0].Pages)
				if want := len(truths[0].Documents); filed*10 < want*8 {
					b.Fatalf("%d of %d letters were filed", filed, want)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(pages)/b.Elapsed().Seconds(), "pages/s")
		})
	}
}

// fileAll runs a file through the mailroom, helpers started and all, and gives
// how many letters were filed.
func fileAll(b *testing.B, config, file string) (filed int) {
	cfg, err := loadConfig(config)
	if err != nil {
		b.Fatal(err)
	}
	p, err := openPremises(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.mailroom.Run(ctx) }()
	id, err := p.mailroom.Accept(ctx, file, pipeline.Origin{Source: "process"})
	if err != nil {
		b.Fatal(err)
	}
	for {
		changed := p.journal.Changed()
		_, docs, err := p.mailroom.Batch(ctx, id)
		if err != nil {
			b.Fatal(err)
		}
		if filed = settled(docs); filed >= 0 {
			break
		}
		<-changed
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		b.Fatal(err)
	}
	if err := p.close(); err != nil {
		b.Fatal(err)
	}
	return filed
}

// settled counts the letters that are filed; -1 = some are still on their way.
func settled(docs []pipeline.DocumentLine) (filed int) {
	for _, d := range docs {
		switch d.Status {
		case mail.Filed.String():
			filed++
		case mail.Held.String():
		default:
			return -1
		}
	}
	if len(docs) == 0 {
		return -1
	}
	return filed
}

// TestBenchmarkedKinds: a kind of letters that does not exist would measure nothing.
func TestBenchmarkedKinds(t *testing.T) {
	truths, err := samples.Write(t.TempDir(), samples.Config{Seed: 4, Pages: 3, Levels: []string{"clean"}, Kinds: []string{"ocr"}})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, d := range truths[0].Documents {
		kinds = append(kinds, d.Type)
	}
	if got := strings.Join(kinds, " "); strings.Trim(got, "ocr ") != "" || got == "" {
		t.Errorf("letters of kind ocr are %q", got)
	}
}
