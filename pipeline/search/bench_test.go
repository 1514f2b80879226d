package search

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postroom/mail"
)

var benchLetters = flag.Int("letters", 100_000, "letters of 300 words that the benchmarks search in")

// archive makes letters as they are asked for: 300 words each, four languages, words as
// frequent as in a language (Zipf), every tenth a number of its own.
type archive struct {
	n     int
	words []string
}

func newArchive(n int) *archive {
	r := rand.New(rand.NewPCG(1, 1))
	syllables := strings.Fields("be la sting ge meen te ad mi ni stra tion ver wal tung haus tax pay ment dé cla ra soc ié té brief en er s ment ung isch lijk heid able ité")
	a := &archive{n: n}
	for range 60_000 {
		w := ""
		for range 1 + r.IntN(4) {
			w += syllables[r.IntN(len(syllables))]
		}
		a.words = append(a.words, w)
	}
	return a
}

func (a *archive) letter(i int) mail.Letter {
	r := rand.New(rand.NewPCG(uint64(i), 2))
	zipf := rand.NewZipf(r, 1.07, 2, uint64(len(a.words)-1))
	l := mail.Letter{Document: mail.Document{ID: fmt.Sprintf("%032x", i), Batch: fmt.Sprint("b", i/20), From: 1, To: 2, State: mail.Filed, Version: 1},
		Store: fmt.Sprint("store-", i%8), Scheme: "tax", Reference: fmt.Sprintf("TX-%d-%06d-%02d", 2015+i%10, i/3, i%97),
		Received: begin.Add(time.Duration(i) * 20 * time.Minute), Filed: begin, Source: fmt.Sprint("scanner-", i%5), Language: languages[i%4], Entries: uint64(a.n)}
	for page := range 2 {
		t := mail.Text{Page: page + 1}
		for k := range 150 {
			w := a.words[zipf.Uint64()]
			if k%10 == 9 {
				w = strconv.Itoa(r.IntN(1_000_000))
			}
			t.Words = append(t.Words, mail.Word{Text: w, Line: k / 10})
		}
		l.Text = append(l.Text, t)
	}
	return l
}

func (a *archive) Changed() <-chan struct{} { return nil }

func (a *archive) Follow(_ context.Context, cursor string, n int) (touched []mail.Touch, next string, err error) {
	at, _ := strconv.Atoi(cursor)
	for ; n > 0 && at < a.n; at, n = at+1, n-1 {
		touched = append(touched, mail.Touch{Document: fmt.Sprintf("%032x", at), Entry: uint64(at + 1), Filed: true, Version: 1})
	}
	return touched, strconv.Itoa(at), nil
}

func (a *archive) Letters(_ context.Context, ids []string, visit func(mail.Letter) error) error {
	for _, id := range ids {
		i, err := strconv.ParseInt(id, 16, 64)
		if err == nil {
			err = visit(a.letter(int(i)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func memory() float64 {
	b, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(b), "\n") {
		if v, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			n, _ := strconv.ParseFloat(strings.Fields(v)[0], 64)
			return n / 1024
		}
	}
	return 0
}

// processor is the time that this process had of all cores: what a search costs on a machine
// that does other things, too.
func processor() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSearch fills an index once, then asks it alone and by eight askers at once.
func BenchmarkSearch(b *testing.B) {
	dir := b.TempDir() + "/search"
	x, a := open(b, dir, nil), newArchive(*benchLetters)
	start, before := time.Now(), processor()
	follow(b, x, a)
	used := processor() - before
	rate, anon, size := float64(a.n)/time.Since(start).Seconds(), memory(), int64(0)
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if info, err := e.Info(); err == nil {
			size += info.Size()
		}
		return err
	})
	fmt.Fprintf(os.Stderr, "%d letters: %.0f a second, %.0f s of one core, %d MB on disk, %.0f MB of memory\n", a.n, rate, used.Seconds(), size/1e6, anon)
	var mine []string
	for i := range 300 {
		mine = append(mine, a.letter(i*37%a.n).Reference)
	}
	scopes := []struct {
		name  string
		scope Scope
	}{
		{"all", everything},
		{"store", Scope{Grants: []Grant{{Stores: []string{"store-3"}}}}},
		{"cases", Scope{Grants: []Grant{{References: mine}}}},
		{"pattern", Scope{Grants: []Grant{{Patterns: []string{`TX-201[5-7]-\d{6}-\d{2}`, `SB-.*`}}}}},
	}
	texts := map[string]func(r *rand.Rand) string{
		"common":         func(r *rand.Rand) string { return a.words[r.IntN(5)] },
		"two":            func(r *rand.Rand) string { return a.words[r.IntN(300)] + " " + a.words[r.IntN(3000)] },
		"rare":           func(r *rand.Rand) string { return a.words[20_000+r.IntN(20_000)] },
		"number":         func(r *rand.Rand) string { return a.letter(r.IntN(a.n)).Reference },
		"phrase":         func(r *rand.Rand) string { return `"` + a.words[r.IntN(4)] + " " + a.words[50+r.IntN(300)] + `"` },
		"function words": func(r *rand.Rand) string { return `"` + a.words[r.IntN(4)] + " " + a.words[r.IntN(4)] + `"` },
		"begin":          func(r *rand.Rand) string { return a.words[r.IntN(3000)][:2] + "l*" },
		"nothing":        func(*rand.Rand) string { return "" },
		"not":            func(r *rand.Rand) string { return "-" + a.words[r.IntN(4)] },
	}
	for _, s := range scopes {
		for _, name := range []string{"common", "two", "rare", "number", "phrase", "function words", "begin", "nothing", "not"} {
			if usual := name == "common" || name == "two" || name == "nothing"; usual || s.name == "all" || s.name == "pattern" {
				b.Run(s.name+"/"+name, func(b *testing.B) { ask(b, x, Query{Scope: s.scope}, texts[name], 1) })
			}
		}
	}
	b.Run("counts/common", func(b *testing.B) { ask(b, x, Query{Scope: everything, Counts: true}, texts["common"], 1) })
	b.Run("eight/two", func(b *testing.B) { ask(b, x, Query{Scope: scopes[3].scope}, texts["two"], 8) })
}

// ask searches n times for each of so many askers and reports the 95th percentile.
func ask(b *testing.B, x *Index, q Query, text func(*rand.Rand) string, askers int) {
	var mu sync.Mutex
	slow := 0.0
	var took []time.Duration
	var all sync.WaitGroup
	before := processor()
	for k := range askers {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(k), 3))
			for range max(b.N/askers, 1) {
				q := q
				q.Text = text(r)
				start := time.Now()
				_, err := x.Find(context.Background(), q)
				if err != nil && !asRefused(err, new(*Refused)) && !TooSlow(err) {
					b.Error(q.Text, err)
				}
				mu.Lock()
				if TooSlow(err) {
					slow++
				}
				took = append(took, time.Since(start))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	used := processor() - before
	slices.Sort(took)
	b.ReportMetric(slow, "given-up")
	b.ReportMetric(used.Seconds()*1000/float64(len(took)), "cpu-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
}
