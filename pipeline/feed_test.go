package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/bolt"
	"postroom/pipeline/search"
)

var _ search.Feed = (*Mailroom)(nil)

// followAll follows the log to its end in portions of n.
func followAll(t *testing.T, m *Mailroom, cursor string, n int) (all map[string]mail.Touch, end string) {
	t.Helper()
	all = map[string]mail.Touch{}
	for {
		touched, next, err := m.Follow(t.Context(), cursor, n)
		if err != nil {
			t.Fatal(err)
		}
		if next == cursor {
			return all, cursor
		}
		for _, touch := range touched {
			touch.Text = touch.Text || all[touch.Document].Text
			all[touch.Document] = touch
		}
		cursor = next
	}
}

func TestFollow(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "code="+caseA+";text=les lettres sont arrivées", "separator", "text=nothing", "separator", "code="+caseB)
	wantPlaces(t, docs, "1-1 filed "+caseA, "3-3 exception no-reference", "5-5 filed "+caseB)
	all, end := followAll(t, r.Mailroom, "", 1)
	if other, same := followAll(t, r.Mailroom, "", 500); same != end || len(other) != 3 || len(all) != 3 {
		t.Errorf("%d documents in portions of one, %d at once; %s and %s", len(all), len(other), end, same)
	}
	for _, d := range docs {
		if touch := all[d.Document]; touch.Filed != (d.Status == "filed") || touch.Version != d.Version || !touch.Text || touch.Entry == 0 {
			t.Errorf("%+v of %+v", touch, d)
		}
	}
	if err := r.LogView(t.Context(), "somebody", "document viewed", docs[2].Document); err != nil {
		t.Fatal(err)
	}
	if err := r.decide(docs[1].Document, Decision{Reference: caseA}); err != nil {
		t.Fatal(err)
	}
	later, last := followAll(t, r.Mailroom, end, 500)
	if is := later[docs[1].Document]; len(later) != 2 || !is.Filed || is.Version <= docs[1].Version || later[docs[2].Document].Text {
		t.Errorf("%+v", later)
	}
	l, err := r.Letter(t.Context(), docs[0].Document)
	if err != nil || l.Reference != caseA || l.Store != "tax" || l.Scheme != "tax" || l.State != mail.Filed || l.Source != "process" || l.File != "a.pdf" ||
		l.Received.IsZero() || l.Filed.IsZero() || len(l.Text) != 1 || len(l.Text[0].Words) != 4 || l.Text[0].Width != 1654 || l.Language != "fr" {
		t.Errorf("%+v, %v", l, err)
	}
	if l.Entries < later[docs[1].Document].Entry {
		t.Errorf("a letter of now shows %d entries, and entry %d is logged", l.Entries, later[docs[1].Document].Entry)
	}
	if _, err := r.Letter(t.Context(), "none"); !errors.Is(err, ErrNoSuch) {
		t.Error(err)
	}
	for _, cursor := range []string{last + "0", last[:20] + "000000000000", "ffffffffffffffff-0000000000000000", "x"} {
		if _, _, err := r.Follow(t.Context(), cursor, 1); !errors.Is(err, mail.ErrRewound) {
			t.Errorf("cursor %s: %v", cursor, err)
		}
	}
}

// TestTextThatIsReadLaterIsFollowed: the version of what is filed by its barcode stays the
// same when its text is read.
func TestTextThatIsReadLaterIsFollowed(t *testing.T) {
	r := after(t)
	_, docs := r.process("a.pdf", "code="+caseA+";text=Our ref "+caseA, "separator", "code="+caseB)
	all, _ := followAll(t, r.Mailroom, "", 500)
	for _, d := range docs {
		if !all[d.Document].Text || !all[d.Document].Filed {
			t.Errorf("%+v", all[d.Document])
		}
	}
}

// TestSearchFollowsTheMailroom finds what is filed, and nothing that is not.
func TestSearchFollowsTheMailroom(t *testing.T) {
	r := after(t)
	x := search.New(filepath.Join(r.dir, "search"), slog.New(slog.DiscardHandler))
	defer x.Close()
	finds := func(text string) (ids []string) {
		t.Helper()
		if err := x.Follow(t.Context(), r.Mailroom); err != nil {
			t.Fatal(err)
		}
		found, err := x.Find(t.Context(), search.Query{Text: text, Scope: search.Scope{All: true}})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range found.Hits {
			ids = append(ids, h.Document)
		}
		return ids
	}
	_, docs := r.process("a.pdf", "code="+caseA+";text=Our letters "+caseA, "separator", "code="+caseA+";text=Our ref letters "+caseB)
	wantPlaces(t, docs, "1-1 filed "+caseA, "3-3 exception recall")
	if got := finds("letters"); !slices.Equal(got, []string{docs[0].Document}) {
		t.Errorf("beside a recalled one it finds %v", got)
	}
	if err := r.decide(docs[1].Document, Decision{Reference: caseB}); err != nil {
		t.Fatal(err)
	}
	if got := finds("letters"); len(got) != 2 {
		t.Errorf("with the one that moved it finds %v", got)
	}
	if got := finds("TX2021000002-30"); !slices.Equal(got, []string{docs[1].Document}) {
		t.Errorf("by its reference it finds %v", got)
	}
	// Words that are lost keep no other letter from being found.
	l, err := r.Letter(t.Context(), docs[0].Document)
	if err != nil || l.Missing != "" {
		t.Fatal(l.Missing, err)
	}
	for _, path := range readingsOf(t, r, docs[0]) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if l, err = r.Letter(t.Context(), docs[0].Document); err != nil || l.Missing == "" || l.Reference != caseA || len(l.Text) > 0 {
		t.Errorf("%+v, %v", l, err)
	}
	if err := x.Remake(); err != nil {
		t.Fatal(err)
	}
	if got := finds("letters"); !slices.Equal(got, []string{docs[1].Document}) {
		t.Errorf("with the words of one lost it finds %v", got)
	}
}

// readingsOf gives the files that hold what was read of a document.
func readingsOf(t *testing.T, r *room, d DocumentLine) (paths []string) {
	t.Helper()
	if err := r.journal.View(t.Context(), func(j journal.Reader) error {
		for _, n := range d.Pages {
			row, err := load[pageRow](j, tablePage, pageKey(d.Batch, n))
			if err != nil {
				return err
			}
			paths = append(paths, filepath.Join(r.dir, "blobs", row.Readings.SHA256[:2], row.Readings.SHA256))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return paths
}

// BenchmarkFollow follows the log of 20,000 letters, ten entries each.
func BenchmarkFollow(b *testing.B) {
	store, err := bolt.Open(filepath.Join(b.TempDir(), "journal.db"), bolt.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	m := &Mailroom{journal: store}
	const letters, each = 20_000, 10
	id := func(i int) string { return mail.DocumentID("batch", i, i, "1") }
	for from := 0; from < letters; from += 1000 {
		if err := store.Tx(context.Background(), func(tx journal.Tx) error {
			for i := from; i < from+1000; i++ {
				if err := journal.Save(tx, tableDoc, id(i), docRow{Document: mail.Document{ID: id(i), State: mail.Filed}}); err != nil {
					return err
				}
				for range each {
					if err := tx.Log(journal.Event{Action: actionPlaced, Subject: id(i)}); err != nil {
						return err
					}
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	entries := 0
	for b.Loop() {
		cursor := ""
		for {
			_, next, err := m.Follow(context.Background(), cursor, 500)
			if err != nil {
				b.Fatal(err)
			}
			if next == cursor {
				break
			}
			cursor = next
		}
		entries += letters * each
	}
	b.ReportMetric(float64(entries)/b.Elapsed().Seconds(), "entries/s")
}
