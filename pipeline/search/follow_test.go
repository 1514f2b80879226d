package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/mail"
)

func random(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

var vocabulary = strings.Fields("tax taxes société sociétés belasting belastingen Haus Häuser house houses 2021 TX-2021 paid a b c")

func randomLetter(r *rand.Rand, id string) mail.Letter {
	var pages []string
	for range 1 + r.IntN(3) {
		var words []string
		for range 1 + r.IntN(8) {
			words = append(words, vocabulary[r.IntN(len(vocabulary))])
		}
		pages = append(pages, strings.Join(words, " "))
	}
	n := r.IntN(9)
	l := letter(id, []string{"tax", "benefits", "permits"}[n%3], []string{"TX-1", "TX-10", "TX-2", "SB-1", "SB.1"}[r.IntN(5)],
		[]string{"fr", "nl", "de", "en", ""}[r.IntN(5)], pages...)
	l.Received = begin.AddDate(0, r.IntN(3), r.IntN(20))
	l.State = []mail.DocState{mail.Filed, mail.Filed, mail.Filed, mail.Held, mail.Discarded}[r.IntN(5)]
	return l
}

// same compares two indexes by what they find.
func same(t testing.TB, a, b *Index) {
	t.Helper()
	for _, text := range append([]string{"", "\"tax paid\"", "-paid", "TX 2021", "hou*"}, vocabulary...) {
		if len(text) == 1 {
			continue
		}
		q := Query{Text: text, Scope: everything, Size: 100, Counts: true}
		one, err1 := a.Find(context.Background(), q)
		other, err2 := b.Find(context.Background(), q)
		for _, r := range []*Result{&one, &other} { // equal counts have no order
			for _, c := range [][]Count{r.Stores, r.Sources, r.Months} {
				slices.SortFunc(c, func(a, b Count) int { return strings.Compare(a.Value, b.Value) })
			}
		}
		if err := errors.Join(err1, err2); err != nil || !reflect.DeepEqual(one, other) {
			t.Fatalf("%q: %v\n%+v\n%+v", text, err, one, other)
		}
	}
}

func TestRebuiltEqualsFollowed(t *testing.T) {
	r, f := random(t), newFeed()
	x := open(t, t.TempDir()+"/search", nil)
	for range 30 {
		for range 1 + r.IntN(10) {
			f.put(randomLetter(r, fmt.Sprint("d", r.IntN(40))))
		}
		follow(t, x, f)
	}
	fresh := open(t, t.TempDir()+"/search", nil)
	follow(t, fresh, f)
	same(t, x, fresh)
	if err := x.Remake(); err != nil {
		t.Fatal(err)
	}
	if got := found(t, x, Query{Scope: everything}); len(got) > 0 {
		t.Errorf("an index that was made anew has %v", got)
	}
	follow(t, x, f)
	same(t, x, fresh)
}

func TestWithdrawnLettersVanish(t *testing.T) {
	f := newFeed()
	x := open(t, t.TempDir()+"/search", nil)
	for _, state := range []mail.DocState{mail.Held, mail.Discarded, mail.Superseded, mail.Placed} {
		l := letter("a", "tax", "TX-1", "en", "taxes")
		f.put(l)
		follow(t, x, f)
		if got := found(t, x, Query{Text: "tax", Scope: everything}); len(got) != 1 {
			t.Fatalf("it finds %v", got)
		}
		l.State = state
		f.put(l)
		follow(t, x, f)
		if got := found(t, x, Query{Scope: everything}); len(got) != 0 {
			t.Errorf("a letter that is %s is found", state)
		}
	}
	f.put(letter("a", "benefits", "SB-1", "en", "houses")) // it moved
	follow(t, x, f)
	if got := found(t, x, Query{Text: "tax", Scope: everything}); len(got) != 0 {
		t.Error("its former words are found")
	}
	if got := found(t, x, Query{Scope: Scope{Grants: []Grant{{Stores: []string{"tax"}}}}}); len(got) != 0 {
		t.Error("it is found in its former store")
	}
}

// TestOnlyWhatChangedIsLoaded looks at letters, which touches them.
func TestOnlyWhatChangedIsLoaded(t *testing.T) {
	f := newFeed()
	x := open(t, t.TempDir()+"/search", nil)
	for i := range 20 {
		f.put(letter(fmt.Sprint("d", i), "tax", "TX-1", "en", "taxes"))
	}
	follow(t, x, f)
	before := f.loads
	for i := range 20 {
		f.log = append(f.log, mail.Touch{Document: fmt.Sprint("d", i)})
	}
	follow(t, x, f)
	if f.loads != before {
		t.Errorf("%d letters were loaded because somebody looked at them", f.loads-before)
	}
	l := f.letters["d3"]
	l.Text = letter("", "", "", "en", "houses").Text // its text was read
	f.letters["d3"] = l
	f.log = append(f.log, mail.Touch{Document: "d3", Text: true})
	follow(t, x, f)
	if got := found(t, x, Query{Text: "house", Scope: everything}); !slices.Equal(got, []string{"d3"}) || f.loads != before+1 {
		t.Errorf("it finds %v after %d loads", got, f.loads-before)
	}
}

// late is a feed whose letters have moved on since they were touched.
type late struct{ *feed }

func (l late) Follow(ctx context.Context, cursor string, n int) ([]mail.Touch, string, error) {
	touched, next, err := l.feed.Follow(ctx, cursor, n)
	for i := range touched {
		touched[i].Filed = true
	}
	return touched, next, err
}

func TestLetterThatMovedOnMeanwhile(t *testing.T) {
	f := newFeed()
	x := open(t, t.TempDir()+"/search", nil)
	l := letter("a", "tax", "TX-1", "en", "taxes")
	f.put(l)
	follow(t, x, f)
	l.State = mail.Held
	f.put(l)
	follow(t, x, late{f})
	if got := found(t, x, Query{Scope: everything}); len(got) > 0 {
		t.Errorf("it finds %v", got)
	}
}

// dying is a feed whose reader dies in the middle of a portion.
type dying struct {
	*feed
	after int
}

func (d dying) Letters(ctx context.Context, ids []string, visit func(mail.Letter) error) error {
	left := d.after
	return d.feed.Letters(ctx, ids, func(l mail.Letter) error {
		if left--; left < 0 {
			return errors.New("killed")
		}
		return visit(l)
	})
}

// TestGoneDoesNotWait: on a full disk, say, no letter is added.
func TestGoneDoesNotWait(t *testing.T) {
	f := newFeed()
	x := open(t, t.TempDir()+"/search", nil)
	l := letter("a", "tax", "TX-1", "en", "taxes")
	f.put(l)
	follow(t, x, f)
	l.State = mail.Held
	f.put(letter("b", "tax", "TX-1", "en", "taxes"), l)
	if err := x.Follow(context.Background(), dying{f, 0}); err == nil {
		t.Fatal("it did not die")
	}
	if got := found(t, x, Query{Scope: everything}); len(got) > 0 {
		t.Errorf("it finds %v", got)
	}
}

func TestCrashChangesNothing(t *testing.T) {
	r, f := random(t), newFeed()
	for i := range together * 2 {
		f.put(randomLetter(r, fmt.Sprint("d", i)))
	}
	whole := open(t, t.TempDir()+"/search", nil)
	follow(t, whole, f)
	for _, after := range []int{0, 1, together - 1, together, together + 1} {
		dir := t.TempDir()
		x := open(t, dir+"/live", nil)
		if err := x.Follow(context.Background(), dying{f, after}); err == nil {
			t.Fatal("it did not die")
		}
		n, err := x.Letters()
		if err != nil || after >= together && n == 0 {
			t.Fatalf("%d letters before the cursor, %v", n, err)
		}
		// What a kill leaves: the folder as it is while the index is open.
		if err := os.CopyFS(dir+"/search", os.DirFS(dir+"/live")); err != nil {
			t.Fatal(err)
		}
		again := open(t, dir+"/search", nil)
		follow(t, again, f)
		same(t, again, whole)
		follow(t, x, f)
		same(t, x, whole)
	}
}

func TestDamagedIndexIsMadeAnew(t *testing.T) {
	f := newFeed()
	for i := range 50 {
		f.put(letter(fmt.Sprint("d", i), "tax", "TX-1", "en", "taxes"))
	}
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"cut off":      func(t *testing.T, dir string) { edit(t, dir, func(b []byte) []byte { return b[:len(b)/2] }) },
		"a bit":        func(t *testing.T, dir string) { edit(t, dir, func(b []byte) []byte { b[len(b)/3] ^= 4; return b }) },
		"empty":        func(t *testing.T, dir string) { edit(t, dir, func([]byte) []byte { return nil }) },
		"no root":      func(t *testing.T, dir string) { remove(t, dir+"/store/root.bolt") },
		"no meta":      func(t *testing.T, dir string) { remove(t, dir+"/index_meta.json") },
		"older format": func(t *testing.T, dir string) { older(t, dir) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir() + "/search"
			x := New(dir, slog.New(slog.DiscardHandler))
			follow(t, x, f)
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			spoil(t, dir)
			var log strings.Builder
			again := open(t, dir, &log)
			// The library may go back to what it wrote before a file that can't be opened.
			n, older := strings.Count(log.String(), "made anew"), name == "cut off" || name == "empty"
			if n != strings.Count(log.String(), "\n") || n != 1 && !(older && n == 0) {
				t.Errorf("%d lines:\n%s", n, log.String())
			}
			follow(t, again, f)
			if got := found(t, again, Query{Text: "tax", Scope: everything, Size: 100}); len(got) != 50 {
				t.Errorf("it finds %d", len(got))
			}
		})
	}
}

// TestLeftoversOfACrashDoNotCount: a file that was being written is named nowhere.
func TestLeftoversOfACrashDoNotCount(t *testing.T) {
	f := newFeed()
	f.put(letter("a", "tax", "TX-1", "en", "taxes"))
	dir := t.TempDir() + "/search"
	x := New(dir, slog.New(slog.DiscardHandler))
	follow(t, x, f)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Find(context.Background(), Query{Scope: everything}); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed one says %v", err)
	}
	if err := os.WriteFile(dir+"/store/00000000ffff.zap", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	again := open(t, dir, &log)
	if got := found(t, again, Query{Scope: everything}); len(got) != 1 || log.Len() > 0 {
		t.Errorf("it finds %v\n%s", got, log.String())
	}
}

func edit(t *testing.T, dir string, change func([]byte) []byte) {
	files, _ := filepath.Glob(dir + "/store/*.zap")
	if len(files) == 0 {
		t.Fatal("no segments")
	}
	b, err := os.ReadFile(files[0])
	if err == nil {
		err = os.WriteFile(files[0], change(b), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func older(t *testing.T, dir string) {
	x := New(dir, slog.New(slog.DiscardHandler))
	if err := x.open(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(x.ix.SetInternal(keyFormat, []byte("0")), x.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestOlderJournalPutBack(t *testing.T) {
	f := newFeed()
	f.put(letter("a", "tax", "TX-1", "en", "taxes"), letter("b", "tax", "TX-1", "en", "taxes"))
	var log strings.Builder
	x := open(t, t.TempDir()+"/search", &log)
	follow(t, x, f)
	f.life = "second"
	delete(f.letters, "b")
	f.log = f.log[:1]
	follow(t, x, f)
	if got := found(t, x, Query{Scope: everything}); !slices.Equal(got, []string{"a"}) || strings.Count(log.String(), "made anew") != 1 {
		t.Errorf("it finds %v\n%s", got, log.String())
	}
}

func TestRunFollowsWhatChanges(t *testing.T) {
	f := newFeed()
	x := open(t, t.TempDir()+"/search", nil)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- x.Run(ctx, f) }()
	for i := range 3 {
		f.put(letter(fmt.Sprint("d", i), "tax", "TX-1", "en", "taxes"))
		for start := time.Now(); ; {
			if n, err := x.Letters(); err != nil {
				t.Fatal(err)
			} else if n == uint64(i+1) {
				break
			}
			if time.Since(start) > 30*time.Second {
				t.Fatal("it does not follow")
			}
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
