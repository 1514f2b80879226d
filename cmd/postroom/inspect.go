package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"postroom/mail"
	"postroom/pipeline/intake"
	"postroom/pipeline/sandbox"
	"postroom/router"
)

// inspection is what inspect looks for.
type inspection struct {
	json, barcodes, text bool
	rules                *router.Rules
}

// pageLine is a page as `inspect --json` prints it (docs/contract.md).
type pageLine struct {
	File       string          `json:"file"`
	Page       int             `json:"page"`
	Width      int             `json:"width"`
	Height     int             `json:"height"`
	DPI        int             `json:"dpi"`
	Rotation   int             `json:"rotation"`
	Skew       float64         `json:"skew"`
	Blank      bool            `json:"blank"`
	Separator  string          `json:"separator"`
	Symbols    []symbolLine    `json:"symbols"`
	Doubts     []doubtLine     `json:"doubts,omitempty"`
	References []referenceLine `json:"references"`
	Text       *string         `json:"text,omitempty"`
	Error      string          `json:"error,omitempty"`
}

type symbolLine struct {
	Symbology  mail.Symbology `json:"symbology"`
	Text       string         `json:"text"`
	Polygon    [4][2]int      `json:"polygon"`
	Confidence float64        `json:"confidence"`
}

// doubtLine is a place that looks like a code and could not be read as one.
type doubtLine struct {
	Looks   mail.Look `json:"looks"`
	Polygon [4][2]int `json:"polygon"`
	Part    string    `json:"part,omitempty"`
}

type referenceLine struct {
	Scheme     string      `json:"scheme"`
	Text       string      `json:"text"`
	Source     mail.Source `json:"source"`
	Confidence float64     `json:"confidence"`
	Polygon    [4][2]int   `json:"polygon"`
	Literal    bool        `json:"literal"` // as read; false: only some reading of it
	Valid      bool        `json:"valid"`   // its check digits hold
}

func inspectCommand() *cobra.Command {
	var config string
	var look inspection
	c := &cobra.Command{
		Use:   "inspect [--config FILE] [--json] [--barcodes-only] [--text] SCAN...",
		Short: "Show what the machine sees on each page; write nothing",
		Long: `inspect reads the named files as the mailroom would and prints what it sees:
size, rotation, separator, codes, references, and with --text the words.
Separators and references need --config, which says what they look like. Without it
text is read in the installed languages among English, French, Dutch and German.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error {
			cfg, err := inspectConfig(config)
			if err != nil {
				return err
			}
			if look.barcodes && look.text {
				return usage("--barcodes-only and --text exclude each other")
			}
			look.rules = router.New(cfg.Rules())
			helpers := newHelpers(cfg)
			defer helpers.Close()
			worst := exitDone
			for _, f := range files {
				if err := look.file(c.Context(), helpers, f, c.OutOrStdout()); err != nil {
					if c.Context().Err() != nil {
						return errors.New("interrupted")
					}
					fmt.Fprintln(os.Stderr, told(fmt.Errorf("%s: %w", f, err)))
					worst = exitUnreadable
				}
			}
			if worst != exitDone {
				return exit{code: worst}
			}
			return nil
		},
	}
	c.Flags().StringVar(&config, "config", "", "the configuration, postroom.yaml")
	c.Flags().BoolVar(&look.json, "json", false, "print one JSON object a page")
	c.Flags().BoolVar(&look.barcodes, "barcodes-only", false, "read no text")
	c.Flags().BoolVar(&look.text, "text", false, "print the text of each page")
	return c
}

// inspectConfig reads the configuration, or makes do without one.
func inspectConfig(path string) (Config, error) {
	if path != "" {
		return loadConfig(path)
	}
	cfg := Config{}.withDefaults()
	cfg.Languages = nil
	for _, have := range haveLanguages() {
		switch have {
		case "eng", "fra", "nld", "deu":
			cfg.Languages = append(cfg.Languages, have)
		}
	}
	return cfg, nil
}

func openScan(path string) (*os.File, error) { return intake.Open(path) }

// file inspects one file. The error names what could not be read of it.
func (look inspection) file(ctx context.Context, helpers *sandbox.Pool, path string, out io.Writer) error {
	f, err := openScan(path)
	if err != nil {
		return err
	}
	defer f.Close()
	contents, err := helpers.Open(ctx, f, path)
	if err != nil {
		return err
	}
	if contents.Refused != nil {
		return fmt.Errorf("%s: %s", contents.Refused.Reason, contents.Refused.Detail)
	}
	if contents.Pages == 0 {
		return errors.New("the file has no page")
	}
	text := sandbox.AllText
	if look.barcodes {
		text = sandbox.NoText
	}
	failed := 0
	// A portion at a time, so that the first pages of a long file are shown at once.
	for from := 1; from <= contents.Pages; from += 16 {
		pages := mail.Document{From: from, To: min(from+15, contents.Pages)}.Pages()
		readings, err := helpers.Read(ctx, f, path, pages, text)
		if err != nil {
			return err
		}
		for _, r := range readings {
			if r.Failure != "" {
				failed++
			}
			if err := look.print(out, look.line(path, r)); err != nil {
				return err
			}
		}
	}
	if failed > 0 {
		return fmt.Errorf("%s of %d could not be read", count(failed, "page"), contents.Pages)
	}
	return nil
}

func (look inspection) line(path string, r mail.Reading) pageLine {
	l := pageLine{File: path, Page: r.Page, Width: r.Width, Height: r.Height, DPI: int(math.Round(r.DPI)),
		Rotation: r.Rotation, Skew: math.Round(r.Skew*100) / 100, Blank: r.Blank, Error: r.Failure,
		Symbols: []symbolLine{}, References: []referenceLine{}}
	if r.Failure != "" {
		return l
	}
	l.Separator = look.rules.Separator(r)
	for _, s := range r.Symbols {
		l.Symbols = append(l.Symbols, symbolLine{s.Symbology, s.Text, s.Polygon.Corners(), s.Confidence})
	}
	for _, d := range r.Doubts {
		l.Doubts = append(l.Doubts, doubtLine{d.Looks, d.Polygon.Corners(), d.Part})
	}
	for _, m := range look.rules.Mentions(r) {
		l.References = append(l.References, referenceLine{m.Scheme, m.Text, m.Source, m.Confidence, m.Polygon.Corners(), m.Literal, m.Valid})
	}
	if look.text {
		text := joined(r.Words)
		l.Text = &text
	}
	return l
}

// joined joins words to the page's lines of text.
func joined(words []mail.Word) string {
	var text strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case w.Line != words[i-1].Line:
			text.WriteByte('\n')
		default:
			text.WriteByte(' ')
		}
		text.WriteString(w.Text)
	}
	return text.String()
}

func (look inspection) print(out io.Writer, l pageLine) error {
	if look.json {
		return printJSON(out, l)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s page %d: ", printable(l.File), l.Page)
	switch {
	case l.Error != "":
		fmt.Fprintf(&text, "UNREADABLE: %s", printable(l.Error))
	default:
		fmt.Fprintf(&text, "%d x %d pixels, %d dpi, turn %d, skew %.1f", l.Width, l.Height, l.DPI, l.Rotation, l.Skew)
	}
	if l.Blank {
		text.WriteString(", blank")
	}
	if l.Separator != "" {
		fmt.Fprintf(&text, ", separator %s", printable(l.Separator))
	}
	text.WriteByte('\n')
	for _, s := range l.Symbols {
		fmt.Fprintf(&text, "  %-12s %q (%.2f)\n", s.Symbology, s.Text, s.Confidence)
	}
	for _, d := range l.Doubts {
		fmt.Fprintf(&text, "  unread       looks like a %s code at %v", d.Looks, d.Polygon[0])
		if d.Part != "" {
			fmt.Fprintf(&text, "; a part of a message that several codes carry: %q", d.Part)
		}
		text.WriteByte('\n')
	}
	for _, m := range l.References {
		fmt.Fprintf(&text, "  reference    %s (%s, %s, %.2f)%s\n", printable(m.Text), m.Scheme, m.Source, m.Confidence, caveat(m))
	}
	if l.Text != nil && *l.Text != "" {
		for line := range strings.Lines(*l.Text) {
			text.WriteString(printable(strings.TrimSuffix(line, "\n")) + "\n")
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func caveat(m referenceLine) string {
	switch {
	case !m.Literal:
		return ": a near match only"
	case !m.Valid:
		return ": its check digits fail"
	}
	return ""
}
