package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"postroom/pipeline"
)

func figuresCommand() *cobra.Command {
	o := &order{Op: "figures"}
	c := ordering(&cobra.Command{
		Use:   "figures",
		Short: "Show what was received, filed and decided on each day",
		Long: `figures prints a line for each day on which something happened, then their sum,
and what is wrong with a scanner now.
Days are those of the machine's time zone. docs/figures.md says what each figure means.`,
		Args: cobra.NoArgs,
	}, o)
	c.Flags().StringVar(&o.From, "from", "", "the first day, YYYY-MM-DD (default: 30 days before the last)")
	c.Flags().StringVar(&o.To, "to", "", "the last day, YYYY-MM-DD (default: today)")
	c.Flags().BoolVar(&o.Recount, "recount", false, "count all figures anew from the log first")
	c.PreRunE = func(*cobra.Command, []string) error { _, _, err := o.days(); return err }
	return c
}

// days gives the first and the last day that are asked for.
func (o order) days() (from, to time.Time, err error) {
	read := func(text string, otherwise time.Time) time.Time {
		if text == "" {
			return otherwise
		}
		day, wrong := time.ParseInLocation(time.DateOnly, text, time.Local)
		if wrong != nil {
			err = usage("%q is no day: YYYY-MM-DD is needed", text)
		}
		return day
	}
	to = read(o.To, time.Now())
	from = read(o.From, to.AddDate(0, 0, -30))
	if err == nil && to.Before(from) {
		err = usage("the last day, %s, is before the first, %s", to.Format(time.DateOnly), from.Format(time.DateOnly))
	}
	return from, to, err
}

func (o order) figures(ctx context.Context, p *premises, out io.Writer) error {
	from, to, err := o.days()
	if err != nil {
		return err
	}
	count := p.mailroom.Tally
	if o.Recount {
		count = p.mailroom.Recount
	}
	if err := count(ctx); err != nil {
		return err
	}
	f, err := p.mailroom.Figures(ctx, from, to)
	if err != nil {
		return err
	}
	for _, d := range f.Days {
		if err := o.figure(out, d.Date.Format(time.DateOnly), d); err != nil {
			return err
		}
	}
	if err := o.figure(out, "total", pipeline.Day{Tally: f.Total, Sources: f.Sources, Schemes: f.Schemes, Reasons: f.Reasons}); err != nil {
		return err
	}
	scanners, err := p.mailroom.Scanners(ctx)
	for _, s := range scanners {
		err = errors.Join(err, o.scanner(out, s))
	}
	return err
}

// scannerLine is a line of figures --json about a scanner.
type scannerLine struct {
	Type     string             `json:"type"` // scanner
	Name     string             `json:"name"`
	Weeks    []scannerWeek      `json:"weeks"`
	Warnings []pipeline.Warning `json:"warnings"`
}

type scannerWeek struct {
	From string `json:"from"`
	To   string `json:"to"`
	pipeline.ScanTally
}

// scanner prints how a source scans: without --json only what is to be looked at.
func (o order) scanner(out io.Writer, s pipeline.Scanner) error {
	if o.JSON {
		line := scannerLine{"scanner", s.Name, []scannerWeek{}, append([]pipeline.Warning{}, s.Warnings...)}
		for _, w := range s.Weeks {
			line.Weeks = append(line.Weeks, scannerWeek{w.From.Format(time.DateOnly), w.To.Format(time.DateOnly), w.ScanTally})
		}
		return printJSON(out, line)
	}
	for _, w := range s.Warnings {
		if _, err := fmt.Fprintf(out, "%s: %s\n", printable(s.Name), warned(w)); err != nil {
			return err
		}
	}
	return nil
}

// warned says a warning in words.
func warned(w pipeline.Warning) string {
	switch w.Code {
	case pipeline.WarnStreak:
		side := w.Side
		if side != "" {
			side += " "
		}
		return fmt.Sprintf("a line %.0f mm from the left edge on %d of the last %d %spages: clean the glass", w.Place, w.Seen, w.Of, side)
	case pipeline.WarnDoubts:
		return fmt.Sprintf("%.0f%% of the patch codes were doubtful in the last 7 days, %.0f%% in the 4 weeks before", 100*w.Now, 100*w.Before)
	case pipeline.WarnConfidence:
		return fmt.Sprintf("patch codes were read with a confidence of %.2f in the last 7 days, %.2f in the 4 weeks before", w.Now, w.Before)
	case pipeline.WarnSkew:
		return fmt.Sprintf("pages lay %.1f degrees askew in the last 7 days, %.1f in the 4 weeks before", w.Now, w.Before)
	}
	return w.Code
}

// figureLine is a line of figures --json.
type figureLine struct {
	Type string `json:"type"` // day, total
	Day  string `json:"day,omitempty"`
	pipeline.Tally
	Sources map[string]pipeline.Tally `json:"sources"`
	Schemes map[string]pipeline.Tally `json:"schemes"`
	Reasons map[string]pipeline.Tally `json:"reasons"`
}

func (o order) figure(out io.Writer, day string, d pipeline.Day) error {
	if o.JSON {
		line := figureLine{"day", day, d.Tally, d.Sources, d.Schemes, d.Reasons}
		if day == "total" {
			line.Type, line.Day = "total", ""
		}
		return printJSON(out, line)
	}
	share := "-"
	if s, ok := d.Share(); ok {
		share = fmt.Sprintf("%.1f%%", 100*s)
	}
	_, err := fmt.Fprintf(out, "%-10s %5d files %6d pages %5d filed by machine %5d by person %5d discarded %6s by machine %5d held %5d wait %4d recalled\n",
		day, d.Files, d.Pages, d.Machine, d.Person, d.Discarded, share, d.Held, d.Open, d.Recalled)
	return err
}
