package pipeline

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/pipeline/journal"
)

// filings stands in for a journal that has nothing but what the machine filed.
type filings []journal.Row

func (f filings) Get(string, string) ([]byte, error) { return nil, journal.ErrNotFound }

func (f filings) Scan(_, _, after string, n int) ([]journal.Row, error) {
	from, _ := slices.BinarySearchFunc(f, after+"\x00", func(r journal.Row, key string) int { return strings.Compare(r.Key, key) })
	return f[from:min(from+n, len(f))], nil
}

func (f filings) ScanDown(_, _, before string, n int) ([]journal.Row, error) {
	to := len(f)
	if before != "" {
		to, _ = slices.BinarySearchFunc(f, before, func(r journal.Row, key string) int { return strings.Compare(r.Key, key) })
	}
	rows := slices.Clone(f[max(0, to-n):to])
	slices.Reverse(rows)
	return rows, nil
}

// filedDaily makes so many filings, an hour apart, of the schemes by turns as often as told.
func filedDaily(begin time.Time, n int, schemes ...string) (f filings) {
	for i := range n {
		row := filedRow{Scheme: schemes[i%len(schemes)], Store: "tax", Rule: "barcode", Entry: int64(i + 1)}
		f = append(f, journal.Row{Key: machineKey(begin.Add(time.Duration(i)*time.Hour), fmt.Sprintf("document-%04d", i)), Value: encode(row)})
	}
	return f
}

func seedOf(n int) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "seed %d", n))
	return sum[:]
}

func drawnDocuments(t *testing.T, s Sample, f filings) (all []string) {
	t.Helper()
	_, drawn, err := s.draw(f)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range drawn {
		if d.Place != i+1 {
			t.Errorf("place %d is the %d-th", d.Place, i+1)
		}
		all = append(all, d.Document)
	}
	return all
}

// TestSampleCanBeDrawnAgain: with the list of what was filed, the seed and a digest.
func TestSampleCanBeDrawnAgain(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	f := filedDaily(begin, 3000, "tax")
	s := Sample{Order: SampleOrder{Count: 25}, From: begin.AddDate(0, 0, 10), Until: begin.AddDate(0, 0, 100), Through: 2000, Seed: seedOf(1)}
	got := drawnDocuments(t, s, f)
	var want []string
	for i := 240; i < 2000; i++ {
		want = append(want, fmt.Sprintf("document-%04d", i))
	}
	rank := func(d string) []byte {
		h := hmac.New(sha256.New, s.Seed)
		h.Write([]byte(d))
		return h.Sum(nil)
	}
	slices.SortFunc(want, func(a, b string) int { return bytes.Compare(rank(a), rank(b)) })
	if !slices.Equal(got, want[:25]) {
		t.Errorf("%q\nwant\n%q", got, want[:25])
	}
	s.Seed = seedOf(2)
	if slices.Equal(drawnDocuments(t, s, f), got) {
		t.Error("another seed draws the same")
	}
}

// TestSampleIsFair: each document is drawn about as often as any other.
func TestSampleIsFair(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	f := filedDaily(begin, 100, "tax")
	const draws = 1000
	times := map[string]int{}
	for i := range draws { // the seeds are always the same: so is what comes of them
		for _, d := range drawnDocuments(t, Sample{Order: SampleOrder{Share: 0.1}, From: begin, Until: begin.AddDate(1, 0, 0), Through: 1000, Seed: seedOf(i)}, f) {
			times[d]++
		}
	}
	// Of 1000 draws with a chance of 0.1: mean 100, standard deviation 9.5.
	for d, n := range times {
		if n < 100-40 || n > 100+40 {
			t.Errorf("%s was drawn %d times", d, n)
		}
	}
	if len(times) != 100 {
		t.Errorf("%d documents were ever drawn", len(times))
	}
}

func TestSampleOfStrata(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	f := filedDaily(begin, 1000, "tax", "tax", "tax", "tax", "tax", "tax", "tax", "tax", "tax", "permit")
	f = append(f, journal.Row{Key: machineKey(begin.Add(2000*time.Hour), "alone"), Value: encode(filedRow{Scheme: "rare", Rule: "print"})})
	s := Sample{Order: SampleOrder{Share: 0.07, Stratified: true}, From: begin, Until: begin.AddDate(1, 0, 0), Through: 1000, Seed: seedOf(1)}
	strata, drawn, err := s.draw(f)
	want := []Stratum{{Scheme: "permit", Rule: "barcode", Documents: 100, Drawn: 7}, {Scheme: "rare", Rule: "print", Documents: 1, Drawn: 1},
		{Scheme: "tax", Rule: "barcode", Documents: 900, Drawn: 63}}
	if err != nil || !reflect.DeepEqual(strata, want) || len(drawn) != 71 {
		t.Errorf("%+v, %d drawn, %v", strata, len(drawn), err)
	}
	of := make([]int, len(strata))
	for _, d := range drawn {
		of[d.Stratum]++
	}
	if !slices.Equal(of, []int{7, 1, 63}) {
		t.Errorf("%v of the strata", of)
	}
	s.Order = SampleOrder{Count: 1, Stratified: true}
	if strata, _, err = s.draw(f); err != nil || strata[0].Drawn != 2 || strata[1].Drawn != 1 || strata[2].Drawn != 2 {
		t.Errorf("of each stratum two are needed: %+v, %v", strata, err)
	}
	s.Order = SampleOrder{Count: 10_000, Scheme: "permit", Rule: "barcode", Store: "tax"}
	if strata, drawn, err = s.draw(f); err != nil || len(drawn) != 100 || len(strata) != 1 || strata[0].Documents != 100 {
		t.Errorf("%+v, %d drawn, %v", strata, len(drawn), err)
	}
}

func TestSampleThatIsTooLarge(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	f := filedDaily(begin, 12_000, "tax", "permit")
	for _, o := range []SampleOrder{{Share: 1}, {Share: 1, Stratified: true}} {
		var refused *Refused
		if _, _, err := (Sample{Order: o, From: begin, Until: begin.AddDate(9, 0, 0), Through: 1 << 40, Seed: seedOf(1)}).draw(f); !errors.As(err, &refused) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestSampleIsJudged(t *testing.T) {
	r, c := newTimedRoom(t)
	_, docs := r.process("a.pdf", "code="+caseA, "separator", "code="+caseB, "separator", "code="+caseA, "separator", "text=no number")
	if err := r.decide(docs[3].Document, Decision{Reference: caseB}); err != nil {
		t.Fatal(err)
	}
	s, err := r.DrawSample(t.Context(), " B. Auditor ", SampleOrder{Share: 1, From: c.at, To: c.at})
	if err != nil || s.By != "B. Auditor" || len(s.Seed) != 32 || !reflect.DeepEqual(s.Strata, []Stratum{{Documents: 3, Drawn: 3}}) {
		t.Fatalf("%+v, %v", s, err) // what the person filed is not in it
	}
	if kept, err := r.Sample(t.Context(), s.ID); err != nil || !reflect.DeepEqual(kept.Strata, s.Strata) || !bytes.Equal(kept.Seed, s.Seed) {
		t.Errorf("%+v, %v", kept, err)
	}
	items, err := r.Sampled(t.Context(), s.ID, 0, 2)
	rest, err2 := r.Sampled(t.Context(), s.ID, 2, 9)
	if items = append(items, rest...); len(items) != 3 || len(rest) != 1 || errors.Join(err, err2) != nil {
		t.Fatalf("%+v, %v %v", items, err, err2)
	}
	judge := func(i int, right bool, why string) error {
		return r.Judge(t.Context(), "B. Auditor", s.ID, items[i].Document, right, why)
	}
	if err := errors.Join(judge(0, true, ""), judge(1, false, "another person's letter")); err != nil {
		t.Fatal(err)
	}
	r.verifies()
	if kept, err := r.Sample(t.Context(), s.ID); err != nil || kept.Strata[0] != (Stratum{Documents: 3, Drawn: 3, Judged: 2, Wrong: 1}) || kept.Estimate().Rate != 0.5 {
		t.Errorf("%+v, %v", kept, err)
	}
	wrong, err := r.FoundWrong(t.Context(), "", 9)
	if err != nil || len(wrong) != 1 || wrong[0].Document != items[1].Document || wrong[0].Status != "filed" || wrong[0].Touched || wrong[0].Verdict.Why != "another person's letter" {
		t.Errorf("%+v, %v", wrong, err)
	}
	if more, err := r.FoundWrong(t.Context(), wrong[0].Key, 9); err != nil || len(more) != 0 {
		t.Errorf("%+v, %v", more, err)
	}
	if one, err := r.WrongAt(t.Context(), wrong[0].Key); err != nil || !reflect.DeepEqual(one, wrong[0]) {
		t.Errorf("%+v, %v", one, err)
	}
	// A changed verdict keeps the former.
	if err := judge(1, true, "the same person moved"); err != nil {
		t.Fatal(err)
	}
	item, err := r.Sampled(t.Context(), s.ID, items[1].Place-1, 1)
	if err != nil || !item[0].Verdict.Right || len(item[0].Former) != 1 || item[0].Former[0].Why != "another person's letter" {
		t.Errorf("%+v, %v", item, err)
	}
	if wrong, err := r.FoundWrong(t.Context(), "", 9); err != nil || len(wrong) != 0 {
		t.Errorf("%+v, %v", wrong, err)
	}
	for _, none := range []string{wrong[0].Key, "", "x"} {
		if one, err := r.WrongAt(t.Context(), none); !errors.Is(err, ErrNoSuch) {
			t.Errorf("%q: %+v, %v", none, one, err)
		}
	}
	story, err := r.Story(t.Context(), items[1].Document, Seen)
	if err != nil || len(story.Contradictions) > 0 || !slices.ContainsFunc(story.Touches, func(s StoryTouch) bool { return s.Action == actionJudged && s.Actor == "B. Auditor" && s.Proven }) {
		t.Errorf("its story does not tell: %+v, %v", story.Touches, err)
	}
	if all, err := r.Samples(t.Context()); err != nil || len(all) != 1 || all[0].ID != s.ID {
		t.Errorf("%+v, %v", all, err)
	}
	r.verifies()
}

// TestSampleHasADocumentOnce: also one that the machine filed again, after a person had made it anew.
func TestSampleHasADocumentOnce(t *testing.T) {
	r, c := newTimedRoom(t)
	r.helpers.mistaken = true // its rendition shows that the copy is not what was read
	batch, docs := r.process("a.pdf", "code="+caseA, "text=the end")
	wantPlaces(t, docs, "1-2 exception recall")
	r.helpers.mistaken = false
	c.at = c.at.Add(10 * time.Minute)
	if _, err := r.Regroup(t.Context(), Regroup{Documents: versions(docs...), Grouping: Grouping{Spans: []PageSpan{{From: 1, To: 2, Blanks: []int{2}}}}, By: "Anna"}); err != nil {
		t.Fatal(err)
	}
	_, again := r.rest(batch.Batch)
	wantPlaces(t, again, "1-2 filed "+caseA)
	if again[0].Document != docs[0].Document {
		t.Fatal("it is another document")
	}
	s, err := r.DrawSample(t.Context(), "B. Auditor", SampleOrder{Share: 1, From: c.at, To: c.at})
	if err != nil || !reflect.DeepEqual(s.Strata, []Stratum{{Documents: 1, Drawn: 1}}) {
		t.Fatalf("%+v, %v", s.Strata, err)
	}
	if err := r.Judge(t.Context(), "B. Auditor", s.ID, again[0].Document, true, ""); err != nil {
		t.Fatal(err)
	}
	if left, err := r.Unjudged(t.Context(), s.ID, 0); !errors.Is(err, ErrNoSuch) {
		t.Errorf("still to be judged: %+v, %v", left, err)
	}
	r.verifies()
}

// TestWrongOnesThatAPersonHasMoved: what stands where a person has put it, before the verdict
// on the machine's filing or since, is told from what is still to be put right.
func TestWrongOnesThatAPersonHasMoved(t *testing.T) {
	r, c := newTimedRoom(t)
	batch, docs := r.process("a.pdf", "code="+caseA, "separator", "code="+caseA, "separator", "code="+caseA)
	s, err := r.DrawSample(t.Context(), "B. Auditor", SampleOrder{Share: 1, From: c.at, To: c.at})
	if err != nil {
		t.Fatal(err)
	}
	move := func(id string) error {
		if err := r.Return(t.Context(), id, Return{Why: "not mine", By: "Anna"}); err != nil {
			return err
		}
		r.rest(batch.Batch)
		return r.decide(id, Decision{Reference: caseB})
	}
	judge := func(id string) error { return r.Judge(t.Context(), "B. Auditor", s.ID, id, false, "another's") }
	before, since, never := docs[0].Document, docs[1].Document, docs[2].Document
	if err := errors.Join(move(before), judge(before), judge(since), judge(never), move(since)); err != nil {
		t.Fatal(err)
	}
	wrong, err := r.FoundWrong(t.Context(), "", 9)
	if err != nil || len(wrong) != 3 {
		t.Fatalf("%+v, %v", wrong, err)
	}
	for _, w := range wrong {
		if w.Status != "filed" || w.Touched != (w.Document != never) {
			t.Errorf("%+v", w)
		}
	}
}

func TestSampleThatWasTouchedIsFound(t *testing.T) {
	r, c := newTimedRoom(t)
	r.process("a.pdf", "code="+caseA, "separator", "code="+caseB)
	s, err := r.DrawSample(t.Context(), "B. Auditor", SampleOrder{Count: 2, From: c.at, To: c.at})
	if err != nil {
		t.Fatal(err)
	}
	items, err := r.Sampled(t.Context(), s.ID, 0, 2)
	if err = errors.Join(err, r.Judge(t.Context(), "B. Auditor", s.ID, items[0].Document, false, "wrong person")); err != nil {
		t.Fatal(err)
	}
	for what, touch := range map[string]func(tx journal.Tx) error{
		"its seed draws": func(tx journal.Tx) error { return tx.Delete(tableSampled, sampledKey(s.ID, 2)) },
		"how many are judged": func(tx journal.Tx) error {
			s := s
			s.Strata = slices.Clone(s.Strata)
			s.Strata[0].Judged = 2
			return journal.Save(tx, tableSample, s.ID, s)
		},
		"another verdict": func(tx journal.Tx) error {
			item := items[0]
			item.Verdict = &Verdict{Right: false, Why: "wrong person", By: "C. Other", At: c.at}
			return journal.Save(tx, tableSampled, sampledKey(s.ID, 1), item)
		},
	} {
		var faults []string
		if err := r.journal.Tx(t.Context(), func(tx journal.Tx) error {
			if err := touch(tx); err != nil {
				return err
			}
			v := &verification{m: r.Mailroom}
			now, err := load[Sample](tx, tableSample, s.ID)
			if err := errors.Join(err, v.sample(tx, now)); err != nil {
				return err
			}
			faults = v.faults
			return errDied // what was touched is as before
		}); !errors.Is(err, errDied) {
			t.Fatal(err)
		}
		if len(faults) != 1 || !strings.Contains(faults[0], what) {
			t.Errorf("%s: %q", what, faults)
		}
	}
	r.verifies()
}

func TestSamplesAndVerdictsThatAreRefused(t *testing.T) {
	r, c := newTimedRoom(t)
	_, docs := r.process("a.pdf", "code="+caseA)
	good := SampleOrder{Count: 1, From: c.at, To: c.at}
	for what, change := range map[string]func(o *SampleOrder){
		"neither":     func(o *SampleOrder) { o.Count = 0 },
		"both":        func(o *SampleOrder) { o.Share = 0.1 },
		"negative":    func(o *SampleOrder) { o.Count = -1 },
		"too many":    func(o *SampleOrder) { o.Count = mostSampled + 1 },
		"share":       func(o *SampleOrder) { o.Count, o.Share = 0, 1.1 },
		"no number":   func(o *SampleOrder) { o.Count, o.Share = 0, math.NaN() },
		"days":        func(o *SampleOrder) { o.To = c.at.AddDate(0, 0, -1) },
		"other store": func(o *SampleOrder) { o.Store = "permits" },
		"illegible":   func(o *SampleOrder) { o.Rule = "a\nb" },
		"other time":  func(o *SampleOrder) { o.From = c.at.AddDate(0, 0, 1); o.To = o.From },
	} {
		o := good
		change(&o)
		var refused *Refused
		if _, err := r.DrawSample(t.Context(), "B. Auditor", o); !errors.As(err, &refused) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, by := range []string{"", "a\u202eb", "machine"} {
		if _, err := r.DrawSample(t.Context(), by, good); err == nil {
			t.Errorf("%q drew a sample", by)
		}
	}
	s, err := r.DrawSample(t.Context(), "B. Auditor", good)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		by    string
		right bool
		why   string
	}{{"", true, ""}, {"B", false, " "}, {"B", true, "a\nb"}, {"machine", true, ""}} {
		var refused *Refused
		if err := r.Judge(t.Context(), v.by, s.ID, docs[0].Document, v.right, v.why); !errors.As(err, &refused) {
			t.Errorf("%+v: %v", v, err)
		}
	}
	if err := r.Judge(t.Context(), "B", s.ID, "another", true, ""); !errors.Is(err, ErrNoSuch) {
		t.Error(err)
	}
	if err := r.Judge(t.Context(), "B", "another", docs[0].Document, true, ""); !errors.Is(err, ErrNoSuch) {
		t.Error(err)
	}
	if err := r.Judge(t.Context(), "B", s.ID, docs[0].Document, true, ""); err != nil {
		t.Fatal(err)
	}
	var refused *Refused
	if err := r.Judge(t.Context(), "C", s.ID, docs[0].Document, true, ""); !errors.As(err, &refused) {
		t.Errorf("a second verdict without a reason: %v", err)
	}
	r.verifies()
}

// TestClopperPearson compares with Newcombe, Statistics in Medicine 17 (1998) 857-872,
// table I, method 5, and with the closed forms for none and all.
func TestClopperPearson(t *testing.T) {
	for _, c := range []struct{ seen, n, low, high, within float64 }{
		{81, 263, 0.2527, 0.3676, 0.00005}, {15, 148, 0.0578, 0.1617, 0.00005}, {0, 20, 0, 0.1684, 0.00005}, {1, 29, 0.0009, 0.1776, 0.00005},
		{0, 10, 0, 1 - math.Pow(0.025, 1./10), 1e-9}, {10, 10, math.Pow(0.025, 1./10), 1, 1e-9}, {0, 10_000, 0, 1 - math.Pow(0.025, 1./10_000), 1e-9},
	} {
		low, high := clopperPearson(c.seen, c.n)
		if math.Abs(low-c.low) > c.within || math.Abs(high-c.high) > c.within {
			t.Errorf("%v of %v: %.6f to %.6f, want %.6f to %.6f", c.seen, c.n, low, high, c.low, c.high)
		}
	}
}

func TestEstimates(t *testing.T) {
	none := Sample{Strata: []Stratum{{Documents: 100, Drawn: 10}}}.Estimate()
	if none.Known || none.Low != 0 || none.High != 1 {
		t.Errorf("without a verdict: %+v", none)
	}
	simple := Sample{Strata: []Stratum{{Documents: 9000, Drawn: 29, Judged: 29, Wrong: 1}}}.Estimate()
	if !simple.Known || math.Abs(simple.Rate-1./29) > 1e-12 || math.Abs(simple.High-0.1776) > 0.0001 {
		t.Errorf("simple: %+v", simple)
	}
	// A tenth of the documents, of which a half is wrong, and the rest without fault: 5 %.
	strata := Sample{Strata: []Stratum{{Documents: 100, Drawn: 20, Judged: 20, Wrong: 10}, {Documents: 900, Drawn: 20, Judged: 20}}}
	e := strata.Estimate()
	if math.Abs(e.Rate-0.05) > 1e-12 || e.Low >= e.Rate || e.High <= e.Rate || e.High > 0.2 || e.Low <= 0 {
		t.Errorf("strata: %+v", e)
	}
	strata.Strata[1].Judged = 0
	if strata.Estimate().Known {
		t.Error("a stratum without a verdict is guessed")
	}
	proportional := Sample{Strata: []Stratum{{Documents: 500, Judged: 50}, {Documents: 500, Judged: 50}}}.Estimate()
	if _, high := clopperPearson(0, 100); math.Abs(proportional.High-high) > 1e-9 {
		t.Errorf("without a fault, strata in proportion are as good as none: %+v", proportional)
	}
}

// TestIntervalsCover: the true rate lies in 95 of 100 intervals at least. The seed is
// fixed, so that it can't fail by chance.
func TestIntervalsCover(t *testing.T) {
	const seed, trials = 11, 2000
	t.Log("seed", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	wrong := func(n int, rate float64) (k int) {
		for range n {
			if random.Float64() < rate {
				k++
			}
		}
		return k
	}
	for _, c := range []struct{ small, large float64 }{{0.3, 0.02}, {0.05, 0.05}, {0.5, 0.01}} {
		truth, missed := 0.2*c.small+0.8*c.large, 0
		for range trials {
			e := Sample{Strata: []Stratum{{Documents: 2000, Judged: 60, Wrong: wrong(60, c.small)}, {Documents: 8000, Judged: 100, Wrong: wrong(100, c.large)}}}.Estimate()
			if truth < e.Low || truth > e.High {
				missed++
			}
		}
		if missed > trials/20 {
			t.Errorf("%+v: %d of %d intervals miss", c, missed, trials)
		}
	}
}
