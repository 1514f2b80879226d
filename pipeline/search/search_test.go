package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search"

	"postroom/mail"
)

// feed is a made-up mailroom: letters, and a log of what touched them.
type feed struct {
	mu      sync.Mutex
	letters map[string]mail.Letter
	log     []mail.Touch
	life    string // of the journal; another one does not know the cursors of this
	loads   int
	changed chan struct{}
}

func newFeed() *feed {
	return &feed{letters: map[string]mail.Letter{}, life: "first", changed: make(chan struct{})}
}

func (f *feed) put(letters ...mail.Letter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range letters {
		l.Version = f.letters[l.ID].Version + 1
		f.letters[l.ID] = l
		f.log = append(f.log, mail.Touch{Document: l.ID})
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *feed) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

func (f *feed) Follow(_ context.Context, cursor string, n int) (touched []mail.Touch, next string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := 0
	if cursor != "" {
		life, number, _ := strings.Cut(cursor, "/")
		if at, err = strconv.Atoi(number); err != nil || life != f.life || at > len(f.log) {
			return nil, "", mail.ErrRewound
		}
	}
	next = cursor
	for ; at < len(f.log) && n > 0; at, n = at+1, n-1 {
		t := f.log[at]
		l := f.letters[t.Document]
		t.Entry, t.Filed, t.Version = uint64(at+1), l.State == mail.Filed, l.Version
		touched = append(touched, t)
		next = fmt.Sprintf("%s/%d", f.life, at+1)
	}
	return touched, next, nil
}

func (f *feed) Letters(_ context.Context, ids []string, visit func(mail.Letter) error) error {
	for _, id := range ids {
		f.mu.Lock()
		l, ok := f.letters[id]
		l.Entries = uint64(len(f.log))
		f.loads++
		f.mu.Unlock()
		if ok {
			if err := visit(l); err != nil {
				return err
			}
		}
	}
	return nil
}

var begin = time.Date(2021, 3, 1, 9, 0, 0, 0, time.UTC)

// letter is one of a page a text, of words in lines.
func letter(id, store, reference, language string, pages ...string) mail.Letter {
	l := mail.Letter{Document: mail.Document{ID: id, Batch: "b1", From: 1, To: len(pages), State: mail.Filed}, Store: store,
		Scheme: "tax", Reference: reference, Received: begin, Filed: begin.Add(time.Hour), Source: "scanner-1", Language: language}
	for i, page := range pages {
		t := mail.Text{Page: i + 1, Width: 1654, Height: 2338}
		for line, words := range strings.Split(page, "\n") {
			for k, w := range strings.Fields(words) {
				t.Words = append(t.Words, mail.Word{Text: w, Line: line, Box: mail.Box{X0: 100 * k, Y0: 40 * line, X1: 100*k + 90, Y1: 40*line + 30}})
			}
		}
		l.Text = append(l.Text, t)
	}
	return l
}

func open(t testing.TB, dir string, log *strings.Builder) *Index {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	if log != nil {
		logger = slog.New(slog.NewTextHandler(log, nil))
	}
	x := New(dir, logger)
	if err := x.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

func follow(t testing.TB, x *Index, f Feed) {
	t.Helper()
	if err := x.Follow(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func found(t testing.TB, x *Index, q Query) (ids []string) {
	t.Helper()
	r, err := x.Find(context.Background(), q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	if r.Total < len(r.Hits) {
		t.Fatalf("%d hits of %d", len(r.Hits), r.Total)
	}
	for _, h := range r.Hits {
		ids = append(ids, h.Document)
	}
	slices.Sort(ids)
	return ids
}

var everything = Scope{All: true}

// TestWordsAreFound also holds Highlight against Find: both must say the same.
func TestWordsAreFound(t *testing.T) {
	letters := []mail.Letter{
		letter("fr1", "tax", "TX-2021-000001-33", "fr", "Les sociétés de l'administration fiscale\nréf. TX-2021-000001-33 du 12.03.2021", "Montant: 1 234,56 EUR IBAN BE68 5390 0754 7034"),
		letter("nl1", "tax", "TX-2021-000002-30", "nl", "De belastingen werden betaald door de vennootschappen\nbrieven huizen bussen op 12/03/2021 aan Jansen-Peeters"),
		letter("de1", "benefits", "SB-7", "de", "Die Häuser der Straße wurden vom Amt geprüft Verwaltungs-\nverfahren Müller", "noch ein Mueller"),
		letter("en1", "benefits", "SB-8", "en", "The inspectors inspected the houses of O'Brien phone 02 123 45 67"),
		letter("un1", "benefits", "SB-9", "", "houses TX202100000133 ﬁne Ver\u00adein \u202eabc\u202c"),
	}
	f := newFeed()
	f.put(letters...)
	x := open(t, t.TempDir()+"/search", nil)
	follow(t, x, f)
	for text, want := range map[string][]string{
		"societe":                          {"fr1"},
		"SOCIÉTÉ fiscales":                 {"fr1"},
		"administration":                   {"fr1"},
		"\"sociétés de l'administration\"": {"fr1"},
		"\"société de\"":                   nil, // a quotation is as it stands
		"belasting":                        {"nl1"},
		"brief huis bus":                   {"nl1"},
		"vennootschap betaald":             {"nl1"},
		"haus":                             {"de1"},
		"hauser strasse":                   {"de1"},
		"verwaltungsverfahren":             {"de1"},
		"Müller":                           {"de1"},
		"mueller":                          {"de1"},
		"house":                            {"en1"}, // the other one's language is not known
		"houses":                           {"en1", "un1"},
		"houses -inspector":                {"un1"},
		"inspect*":                         {"en1"},
		"o'brien":                          {"en1"},
		"obrien":                           {"en1"},
		"jansen peeters":                   {"nl1"},
		"jansenpeeters":                    {"nl1"},
		"TX-2021-000001-33":                {"fr1", "un1"},
		"TX2021 000001 33":                 {"fr1", "un1"},
		"tx202100000133":                   {"fr1", "un1"},
		"TX 2021 000001 33":                {"fr1", "un1"},
		"\"TX-2021-000001-33\"":            {"fr1", "un1"},
		"12032021":                         {"fr1", "nl1"},
		"12-03-2021":                       {"fr1", "nl1"},
		"12 03 2021":                       {"fr1", "nl1"},
		"1234,56":                          {"fr1"},
		"1.234,56":                         {"fr1"},
		"BE68539007547034":                 {"fr1"},
		"be68-5390-0754-7034":              {"fr1"},
		"021234567":                        {"en1"},
		"fine verein":                      {"un1"},
		"abc":                              {"un1"},
		"SB-7":                             {"de1"}, // its reference stands on no page
		"-houses":                          {"de1", "fr1", "nl1"},
		"nothing":                          nil,
	} {
		got := found(t, x, Query{Text: text, Scope: everything})
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", text, got, want)
		}
		for _, l := range letters {
			m, err := Highlight(l, text)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(want, l.ID) && len(m.Pages) == 0 && text != "SB-7" && text[0] != '-' {
				t.Errorf("%q marks nothing in %s", text, l.ID)
			}
		}
	}
}

func TestHitsTellWhere(t *testing.T) {
	f := newFeed()
	a := letter("a", "tax", "TX-1", "en", "a first page", "the tax was paid and the taxes are due", "tax")
	a.From, a.To, a.Batch, a.Source, a.Received = 4, 6, "b2", "scanner-2", begin.AddDate(0, 1, 0)
	for i := range a.Text {
		a.Text[i].Page += 3
	}
	f.put(a, letter("b", "tax", "TX-2", "en", "paid tax"), letter("c", "other", "TX-3", "en", "taxes"))
	x := open(t, t.TempDir()+"/search", nil)
	follow(t, x, f)
	r, err := x.Find(context.Background(), Query{Text: "paid tax", Scope: everything, Counts: true})
	if err != nil || r.Total != 2 || !r.Whole {
		t.Fatalf("%+v, %v", r, err)
	}
	if h := r.Hits[0]; h.Document != "a" || h.Page != 5 || !slices.Equal(h.Pages, []int{4, 5, 6}) || !slices.Contains(h.Terms, "paid") ||
		h.Store != "tax" || h.Scheme != "tax" || h.Reference != "TX-1" || !h.Received.Equal(a.Received) || !h.Filed.Equal(a.Filed) {
		t.Errorf("%+v", h)
	}
	if !slices.Equal(r.Months, []Count{{"2021-04", 1}, {"2021-03", 1}}) || !slices.Equal(r.Stores, []Count{{"tax", 2}}) || len(r.Sources) != 2 {
		t.Errorf("%+v", r)
	}
	for q, want := range map[Filter][]string{
		{Store: "tax"}: {"a", "b"}, {Reference: "TX-3"}: {"c"}, {Source: "scanner-2"}: {"a"}, {Batch: "b1"}: {"b", "c"},
		{Scheme: "none"}: nil, {Since: a.Received}: {"a"}, {Until: a.Received}: {"b", "c"},
	} {
		if got := found(t, x, Query{Filter: q, Scope: everything}); !slices.Equal(got, want) {
			t.Errorf("%+v finds %v", q, got)
		}
	}
	r, err = x.Find(context.Background(), Query{Scope: everything, From: 1, Size: 1, ByScore: true, Text: "tax"})
	if err != nil || r.Total != 3 || len(r.Hits) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestPhraseEndsWithItsContext: words that stand in every letter, never in a row.
func TestPhraseEndsWithItsContext(t *testing.T) {
	f := newFeed()
	for i := range 2 * lookEvery {
		f.put(letter(fmt.Sprint("d", i), "tax", "TX-1", "en", "paid the tax"))
	}
	x := open(t, t.TempDir()+"/search", nil)
	follow(t, x, f)
	asked, err := clauses(`"paid tax"`)
	if err != nil {
		t.Fatal(err)
	}
	err = x.use(func(ix bleve.Index) error {
		wanted, _, err := textQueries(ix, asked)
		if err != nil {
			return err
		}
		inner, err := ix.Advanced()
		if err != nil {
			return err
		}
		r, err := inner.Reader()
		if err != nil {
			return err
		}
		defer r.Close()
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		s, err := wanted[0].Searcher(ctx, r, ix.Mapping(), search.SearcherOptions{Score: "none"})
		if err != nil {
			return err
		}
		defer s.Close()
		stop()
		_, err = s.Next(&search.SearchContext{DocumentMatchPool: search.NewDocumentMatchPool(s.DocumentMatchPoolSize(), 0)})
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("it says %v", err)
	}
	if got := found(t, x, Query{Text: `"the tax"`, Scope: everything}); len(got) != usualSize {
		t.Errorf("it finds %d", len(got))
	}
}

func TestHighlight(t *testing.T) {
	l := letter("a", "tax", "TX-1", "fr", "page une", strings.Repeat("mot ", 80)+"les so\u202eciétés\x1b[31m ont payé "+strings.Repeat("x", 300)+" fin", "société")
	m, err := Highlight(l, "société pay*  \"ont paye\" -fin")
	if err != nil {
		t.Fatal(err)
	}
	s := m.Snippet
	if len(m.Pages) != 2 || !slices.Equal(m.Pages[0].Words, []int{81, 82, 83}) || s.Page != 2 {
		t.Fatalf("%+v", m)
	}
	if m.Pages[0].Boxes[0] != l.Text[1].Words[m.Pages[0].Words[0]].Box {
		t.Error("another word's box")
	}
	var marked []string
	for _, r := range s.Marked {
		marked = append(marked, s.Text[r[0]:r[1]])
	}
	if !slices.Equal(marked, []string{"sociétés[31m", "ont", "payé"}) || len([]rune(s.Text)) > snippetLength+snippetBefore {
		t.Errorf("%q in %q", marked, s.Text)
	}
	if m, err := Highlight(l, ""); err != nil || m.Snippet.Text != "page une" || len(m.Pages) > 0 {
		t.Errorf("%+v, %v", m, err)
	}
}
