package metrics

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"postroom/mail"
	"postroom/pipeline"
)

// other is whatever is not in the configuration (any more).
const other = "other"

// scrapeTime bounds what is asked at a scrape.
const scrapeTime = 5 * time.Second

// scrape asks for the figures whenever Prometheus does.
type scrape struct {
	Config
	all []*prometheus.Desc

	files, pages, documents, filed, recalled        *prometheus.Desc
	held, waiting, oldest, decided, discarded       *prometheus.Desc
	divided, filing, decision, behind, tasks        *prometheus.Desc
	blocked, stuck, intake, age, aged, still        *prometheus.Desc
	read, sure, doubts, looked                      *prometheus.Desc
	streaked, measured, skew, warnings              *prometheus.Desc
	started, lost, bytes, inodes, full, information *prometheus.Desc
}

func newScrape(c Config) *scrape {
	s := &scrape{Config: c}
	s.Sources = append(slices.Clone(c.Sources), "process")
	for _, d := range []struct {
		to         **prometheus.Desc
		name, help string
		labels     []string
	}{
		{&s.files, "files_received_total", "Files that were received.", []string{"source"}},
		{&s.pages, "pages_received_total", "Pages of the files that were received.", []string{"source"}},
		{&s.documents, "documents_total", "Documents that were placed or held for the first time.", []string{"source"}},
		{&s.filed, "documents_filed_total", "Documents that were filed, by scheme and by who named the case: machine or person.", []string{"scheme", "by"}},
		{&s.recalled, "documents_recalled_total", "Filed documents that became an exception.", []string{"scheme"}},
		{&s.held, "exceptions_total", "Times that a document became an exception.", []string{"reason"}},
		{&s.waiting, "exceptions_waiting", "Exceptions that wait for a person.", []string{"reason"}},
		{&s.oldest, "exceptions_oldest_age_seconds", "How long the exception that waits longest has; 0 when none waits.", []string{"reason"}},
		{&s.decided, "decisions_total", "Decisions of persons.", []string{"reason"}},
		{&s.discarded, "documents_discarded_total", "Documents that a person discarded.", nil},
		{&s.divided, "documents_divided_total", "Documents that a person divided.", nil},
		{&s.filing, "filing_duration_seconds", "From a file's receipt to the filing of a document by the machine.", []string{"source"}},
		{&s.decision, "decision_duration_seconds", "From a file's receipt to a person's decision.", []string{"source"}},
		{&s.behind, "figures_behind_entries", "Entries of the log that the figures do not have yet.", nil},
		{&s.tasks, "tasks_pending", "Tasks that are not done.", []string{"stage"}},
		{&s.blocked, "tasks_blocked", "Tasks that wait for a store that can't be reached.", []string{"store"}},
		{&s.stuck, "tasks_stuck", "Tasks that fail again and again for another reason.", nil},
		{&s.intake, "intake_files_waiting", "Files in a watched folder that are not taken yet.", []string{"source"}},
		{&s.age, "intake_oldest_age_seconds", "How long the oldest file of a watched folder has waited, since this process saw it first.", []string{"source"}},
		{&s.aged, "intake_files_aged", "Files in a watched folder that have waited for its max_age.", []string{"source"}},
		{&s.still, "intake_still", "1 while a watched folder stands still: a file has waited for max_age and none was taken for as long.", []string{"source"}},
		{&s.looked, "scanner_pages_total", "Pages that were looked at.", []string{"source"}},
		{&s.read, "scanner_separators_total", "Patch codes that were read.", []string{"source"}},
		{&s.sure, "scanner_separator_confidence_total", "The sum of their confidences, each 0 to 1.", []string{"source"}},
		{&s.doubts, "scanner_separator_doubts_total", "Places that look like a patch code and were not read.", []string{"source"}},
		{&s.streaked, "scanner_streaked_pages_total", "Pages with a streak of the scanner's glass.", []string{"source"}},
		{&s.measured, "scanner_skew_pages_total", "Pages whose text told how they lie.", []string{"source"}},
		{&s.skew, "scanner_skew_degrees_total", "The sum of their angles without signs.", []string{"source"}},
		{&s.warnings, "scanner_warnings", "Warnings of a scanner that hold now, by what they say.", []string{"source", "warning"}},
		{&s.started, "helpers_started_total", "Helper processes that were started; each works on one file.", nil},
		{&s.lost, "helpers_lost_total", "Helper processes that could not be started, died or were ended over a request.", nil},
		{&s.bytes, "data_disk_free_bytes", "What is left on the data folder's disk.", nil},
		{&s.inodes, "data_disk_free_inodes", "Files that can still be made on the data folder's disk.", nil},
		{&s.full, "data_disk_full", "1 while nothing is taken in for want of room.", nil},
		{&s.information, "build_info", "1, with the version.", []string{"version"}},
	} {
		*d.to = prometheus.NewDesc("postroom_"+d.name, d.help, d.labels, nil)
		s.all = append(s.all, *d.to)
	}
	return s
}

func (s *scrape) Describe(to chan<- *prometheus.Desc) {
	for _, d := range s.all {
		to <- d
	}
}

func (s *scrape) Collect(to chan<- prometheus.Metric) {
	ctx, stop := context.WithTimeout(context.Background(), scrapeTime)
	defer stop()
	out := page{to}
	s.figures(ctx, out)
	s.scanners(ctx, out)
	s.work(ctx, out)
	s.machine(out)
	out.gauge(s.information, 1, s.Version)
}

// page is what is written to.
type page struct{ to chan<- prometheus.Metric }

func (p page) counter(d *prometheus.Desc, n int64, labels ...string) {
	p.to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func (p page) sum(d *prometheus.Desc, v float64, labels ...string) {
	p.to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

func (p page) gauge(d *prometheus.Desc, v float64, labels ...string) {
	p.to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (p page) truth(d *prometheus.Desc, is bool, labels ...string) {
	v := 0.0
	if is {
		v = 1
	}
	p.gauge(d, v, labels...)
}

func (p page) histogram(d *prometheus.Desc, of pipeline.Durations, labels ...string) {
	buckets, n := map[float64]uint64{}, uint64(0)
	for i, bound := range pipeline.Bounds() {
		n += uint64(of.Within[i])
		buckets[bound.Seconds()] = n
	}
	p.to <- prometheus.MustNewConstHistogram(d, uint64(of.Count()), of.Sum.Seconds(), buckets, labels...)
}

// bounded gives what is configured its own name, and all else "other". Each name is there,
// if only with nothing.
func bounded[T any](all map[string]T, names []string, add func(sum, t T) T) map[string]T {
	out := map[string]T{}
	for _, name := range names {
		var nothing T
		out[name] = nothing
	}
	for name, t := range all {
		if !slices.Contains(names, name) {
			name = other
		}
		out[name] = add(out[name], t)
	}
	return out
}

func (s *scrape) figures(ctx context.Context, out page) {
	t, err := s.Totals(ctx)
	if err != nil {
		out.to <- prometheus.NewInvalidMetric(s.files, err)
		return
	}
	for name, of := range bounded(t.Sources, s.Sources, pipeline.Tally.Plus) {
		out.counter(s.files, of.Files, name)
		out.counter(s.pages, of.Pages, name)
		out.counter(s.documents, of.Documents, name)
		out.counter(s.looked, of.Scan.Pages, name)
		out.counter(s.read, of.Scan.Separators, name)
		out.sum(s.sure, float64(of.Scan.Confidence)/1000, name)
		out.counter(s.doubts, of.Scan.Doubts, name)
		out.counter(s.streaked, of.Scan.Streaked, name)
		out.counter(s.measured, of.Scan.Skewed, name)
		out.sum(s.skew, float64(of.Scan.Skew)/100, name)
		out.histogram(s.filing, of.Filed, name)
		out.histogram(s.decision, of.Decision, name)
	}
	for name, of := range bounded(t.Schemes, s.Schemes, pipeline.Tally.Plus) {
		out.counter(s.filed, of.Machine, name, "machine")
		out.counter(s.filed, of.Person, name, "person")
		out.counter(s.recalled, of.Recalled, name)
	}
	oldest := map[string]time.Duration{}
	for _, w := range t.Waiting {
		oldest[w.Reason] = max(0, s.Now().Sub(w.Oldest))
	}
	for name, of := range bounded(t.Reasons, mail.Reasons(), pipeline.Tally.Plus) {
		out.counter(s.held, of.Held, name)
		out.counter(s.decided, of.Decided, name)
		out.gauge(s.waiting, float64(of.Open), name)
		out.gauge(s.oldest, oldest[name].Seconds(), name)
	}
	out.counter(s.discarded, t.Discarded)
	out.counter(s.divided, t.Divided)
	out.gauge(s.behind, float64(t.Behind))
}

// scanners tells how many warnings of each kind each source has.
func (s *scrape) scanners(ctx context.Context, out page) {
	all, err := s.Scanners(ctx)
	if err != nil {
		out.to <- prometheus.NewInvalidMetric(s.warnings, err)
		return
	}
	by := map[string]map[string]int{}
	for _, scanner := range all {
		for _, w := range scanner.Warnings {
			if by[w.Code] == nil {
				by[w.Code] = map[string]int{}
			}
			by[w.Code][scanner.Name]++
		}
	}
	for _, code := range pipeline.WarningCodes() {
		for name, n := range bounded(by[code], s.Sources, sum) {
			out.gauge(s.warnings, float64(n), name, code)
		}
	}
}

func sum(a, b int) int { return a + b }

func (s *scrape) work(ctx context.Context, out page) {
	for stage, n := range bounded(s.Tasks(), pipeline.Stages(), sum) {
		out.gauge(s.tasks, float64(n), stage)
	}
	troubles, err := s.Troubles(ctx)
	if err != nil {
		out.to <- prometheus.NewInvalidMetric(s.stuck, err)
		return
	}
	out.gauge(s.stuck, float64(troubles[""]))
	stores := map[string]int{}
	for store, n := range troubles {
		if store != "" {
			stores[store] = n
		}
	}
	for store, n := range bounded(stores, s.Stores, sum) {
		out.gauge(s.blocked, float64(n), store)
	}
}

func (s *scrape) machine(out page) {
	folders := s.Folders()
	for _, name := range s.Sources {
		if f, ok := folders[name]; ok { // not while it was never listed
			out.gauge(s.intake, float64(f.Files), name)
			out.gauge(s.age, f.Oldest.Seconds(), name)
			out.gauge(s.aged, float64(f.Aged), name)
			out.truth(s.still, f.Still, name)
		}
	}
	out.counter(s.started, s.Started())
	out.counter(s.lost, s.Lost())
	out.truth(s.full, s.DiskFull())
	left, err := s.Space()
	if err != nil {
		out.to <- prometheus.NewInvalidMetric(s.bytes, err)
		return
	}
	out.gauge(s.bytes, float64(left.Bytes))
	out.gauge(s.inodes, float64(left.Files))
}
