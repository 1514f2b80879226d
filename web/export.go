package web

import (
	"encoding/csv"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"postroom/pipeline"
)

// slow writes an answer that may take long: each piece has the time of one.
type slow struct{ v *visit }

const pieceTime = 30 * time.Second

func (s slow) Write(b []byte) (int, error) {
	s.v.patient(pieceTime)
	return s.v.w.Write(b)
}

func (v *visit) table(name string) *csv.Writer {
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return csv.NewWriter(slow{v})
}

// exportLog gives the chosen entries as CSV, with stable columns. What can be
// checked offline is exportProofs.
func (d *desk) exportLog(v *visit) (failed error) {
	f, ok := v.logFilter().parsed()
	if !ok {
		return errBadForm
	}
	ctx := v.Context()
	if err := d.Mailroom.LogView(ctx, v.user.Actor(), "log listed", pipeline.SubjectLog); err != nil {
		return err
	}
	out := v.table("postroom-log.csv")
	defer v.breaksOff(&failed)
	if err := out.Write([]string{"entry", "time_utc", "time_local", "actor", "action", "about", "config", "version", "detail"}); err != nil {
		return nil // the browser is gone
	}
	for before := int64(0); ; {
		v.patient(pieceTime) // where few are chosen of many, nothing is written for long
		entries, next, err := d.Mailroom.Entries(ctx, before, 500, f)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := out.Write([]string{strconv.FormatInt(e.N, 10), e.Time.UTC().Format(time.RFC3339), e.Time.Local().Format(time.RFC3339),
				cell(e.Actor), cell(e.Action), cell(e.About), cell(e.Config), cell(e.Version), cell(dividing.ReplaceAllString(string(pipeline.Escaped(e.Detail)), `\u003b$1`))}); err != nil {
				return nil
			}
		}
		if out.Flush(); out.Error() != nil || next == 0 {
			return nil
		}
		before = next
	}
}

// exportProofs gives the whole log with its proofs, as `postroom audit export` does; that
// it was exported is an entry before the first byte. What breaks off has no checkpoint, and
// does not verify.
func (d *desk) exportProofs(v *visit) (failed error) {
	v.w.Header().Set("Content-Type", "application/jsonl")
	v.w.Header().Set("Content-Disposition", `attachment; filename="postroom-log.jsonl"`)
	defer v.breaksOff(&failed)
	return d.Mailroom.Export(v.Context(), v.user.Actor(), nil, false, slow{v})
}

// breaksOff ends the answer in the middle when what was begun can't be finished: the
// browser must not take it for whole.
func (v *visit) breaksOff(failed *error) {
	if *failed == nil {
		return
	}
	if v.Context().Err() == nil {
		v.desk.Log.Error("an export broke off", "route", v.Pattern, "error", *failed)
	}
	panic(http.ErrAbortHandler)
}

// exportSample gives a sample's verdicts as CSV, with stable columns.
func (d *desk) exportSample(v *visit) (failed error) {
	ctx := v.Context()
	s, err := d.Mailroom.Sample(ctx, v.PathValue("sample"))
	if err != nil {
		return err
	}
	if err := d.Mailroom.LogView(ctx, v.user.Actor(), "sample exported", pipeline.SubjectSamples); err != nil {
		return err
	}
	out := v.table("postroom-sample.csv")
	defer v.breaksOff(&failed)
	rows := [][]string{{"place", "document", "scheme", "rule", "verdict", "why", "by", "time_utc"}}
	for after := 0; ; {
		items, err := d.Mailroom.Sampled(ctx, s.ID, after, 500)
		if err != nil {
			return err
		}
		for _, i := range items {
			row := []string{strconv.Itoa(i.Place), i.Document, s.Strata[i.Stratum].Scheme, s.Strata[i.Stratum].Rule, "", "", "", ""}
			if j := i.Verdict; j != nil {
				row[4] = "wrong"
				if j.Right {
					row[4] = "right"
				}
				row[5], row[6], row[7] = cell(j.Why), cell(j.By), j.At.UTC().Format(time.RFC3339)
			}
			rows = append(rows, row)
			after = i.Place
		}
		if err := out.WriteAll(rows); err != nil || len(items) < 500 {
			return nil
		}
		rows = nil
	}
}

// dividing finds where a formula would begin if a line were divided at its semicolons:
// spreadsheets do that where numbers have a comma.
var dividing = regexp.MustCompile(`;([ "\\\n]*[=+\-@＝＋－＠])`) // never written to

// cell keeps a text from being a formula where a spreadsheet opens the file.
func cell(text string) string {
	text = dividing.ReplaceAllString(printable(text), ";'$1")
	if begins, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, " \n")); strings.ContainsRune("=+-@＝＋－＠", begins) && text != "" {
		return "'" + text
	}
	return text
}
