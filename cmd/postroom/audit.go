package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"postroom/durable"
	"postroom/pipeline"
	"postroom/pipeline/journal/audit"
)

func auditCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "audit",
		Short: "Tell a document's whole story, and prove the log",
		Long: `Every intake, decision, filing, view, export and change of configuration is an
entry of a log that is signed with each of them. docs/security.md says what that
proves, and what it does not.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(auditShowCommand(), auditExportCommand(), auditVerifyCommand(), auditCheckpointCommand(), auditNewKeyCommand())
	return c
}

func auditShowCommand() *cobra.Command {
	o := &order{Op: "story"}
	crops, asJSON := "", false
	c := ordering(&cobra.Command{
		Use:   "show DOCUMENT",
		Short: "Tell a document's whole story: its pages, what decided, and every touch since",
		Long: `show tells where a document came from, the digests of its pages' pictures, which
codes or words decided, by which rule of which configuration, the store's receipt,
and every entry of the log about it, each proven against the signed log. That you
looked is an entry, too.`,
		Example: "  postroom audit show 3f0c… --crops ./evidence --config postroom.yaml",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
	}, o)
	c.Flags().StringVar(&crops, "crops", "", "write the pictures of what decided to this `folder`")
	ask := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		asJSON, o.JSON, o.Crops = o.JSON, true, crops != "" // the story comes as JSON and is told here
		var got bytes.Buffer
		o.out = &got
		if err := ask(c, args); err != nil {
			return err
		}
		var s pipeline.Story
		if err := json.Unmarshal(got.Bytes(), &s); err != nil {
			return fmt.Errorf("the story that came can't be read: %w", err)
		}
		files, err := writeCrops(crops, s)
		if err != nil {
			return err
		}
		if !asJSON {
			err = tell(os.Stdout, s, files)
		} else {
			for i := range s.Facts {
				s.Facts[i].Crop = nil // they are files now
			}
			err = printJSON(os.Stdout, s)
		}
		return errors.Join(err, unproven(s))
	}
	return c
}

// writeCrops writes the facts' pictures, and gives their files.
func writeCrops(folder string, s pipeline.Story) (files map[int]string, err error) {
	files = map[int]string{}
	for i, f := range s.Facts {
		if len(f.Crop) == 0 {
			continue
		}
		if err := durable.MkdirAll(folder, 0o750); err != nil {
			return nil, fmt.Errorf("crops: %w", err)
		}
		path := filepath.Join(folder, fmt.Sprintf("%s-page-%d-%d.png", s.Document, f.Page, i+1))
		if err := durable.Overwrite(path, bytes.NewReader(f.Crop)); err != nil {
			return nil, fmt.Errorf("crops: %w", err)
		}
		files[i] = path
	}
	return files, nil
}

// tell writes a story for people.
func tell(out io.Writer, s pipeline.Story, crops map[int]string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	say := func(what, format string, args ...any) {
		fmt.Fprintf(w, "%s\t%s\n", what, printable(fmt.Sprintf(format, args...)))
	}
	say("document", "%s", s.Document)
	say("batch", "%s", s.Batch)
	say("received", "%s from %s as %s", moment(s.Received.At), s.Received.Source, s.File)
	say("file", "sha256 %s, %d bytes", s.Received.SHA256, s.Received.Size)
	say("status", "%s", strings.TrimSpace(s.Status+" "+s.Reason))
	if s.Detail != "" {
		say("detail", "%s", s.Detail)
	}
	for _, p := range s.Seen {
		say(fmt.Sprintf("page %d", p.Page), "picture sha256 %s, %d×%d pixels; %s, %s", p.Picture, p.Width, p.Height, count(p.Words, "word"), count(len(p.Symbols), "code"))
		if p.Failure != "" {
			say("", "%s", p.Failure)
		}
	}
	for i, f := range s.Facts {
		say("evidence", "page %d, %s %q, confidence %.2f, rule %s", f.Page, f.Source, f.Text, f.Confidence, f.Rule)
		if f.Polygon != nil {
			say("", "at %v", *f.Polygon)
		}
		if crops[i] != "" {
			say("", "crop %s", crops[i])
		}
	}
	if s.Rule != "" {
		say("decided", "rule %s, by %s, %s", s.Rule, s.DecidedBy, moment(s.Decided))
		say("", "configuration %s, register %s, software %s", s.Config, s.Register, s.Software)
	}
	if s.Original != nil {
		say("original", "sha256 %s, %d bytes", s.Original.SHA256, s.Original.Size)
	}
	if r := s.Receipt; r != nil {
		say("receipt", "store %s, %s, %s, sheet sha256 %s", r.Store, r.Locator, moment(r.At), r.Sheet)
		say("", "%s", s.Path)
		if r.Rendition != "" {
			say("rendition", "sha256 %s", r.Rendition)
		}
	}
	for _, f := range s.Former {
		say("formerly", "in case %s of store %s, rule %s, by %s, %s, entry %d", f.Reference, f.Store, f.Rule, f.DecidedBy, moment(f.Decided), f.Entry)
		for _, e := range f.Evidence {
			say("", "page %d, %s %q, confidence %.2f", e.Page, e.Source, e.Text, e.Confidence)
		}
	}
	for _, c := range s.Contradictions {
		say("UNTRUE", "%s", c)
	}
	for _, u := range s.Unseen {
		say("not seen", "%s", u)
	}
	for _, t := range s.Touches {
		proof := "proven"
		if !t.Proven {
			proof = "NOT AS IT WAS LOGGED"
		}
		say(fmt.Sprintf("entry %d", t.Entry), "%s  %s  %s of %s  (%s)  %s", moment(t.Time), t.Actor, t.Action, t.About, proof, shortened(string(t.Detail)))
	}
	return w.Flush()
}

// unproven is a story that is not all true.
func unproven(s pipeline.Story) error {
	faults := len(s.Contradictions)
	for _, t := range s.Touches {
		if !t.Proven {
			faults++
		}
	}
	if faults == 0 {
		return nil
	}
	return exit{exitVerification, fmt.Errorf("the story has %s that can't be proven; see: postroom verify", count(faults, "part"))}
}

// shortened cuts what --json tells in full.
func shortened(text string) string {
	const most = 120
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

func auditExportCommand() *cobra.Command {
	o := &order{Op: "export"}
	c := ordering(&cobra.Command{
		Use:   "export",
		Short: "Write the log with its checkpoints and proofs, as JSON lines",
		Long: `export writes the whole log to stdout, or with --document what it says of some
documents and their batches. Names, references and texts are in it only with
--details. What comes out is proven by: postroom audit verify FILE --key audit.pub`,
		Example: "  postroom audit export --config postroom.yaml > log.jsonl",
		Args:    cobra.NoArgs,
	}, o)
	c.Flags().StringArrayVar(&o.Documents, "document", nil, "only what is said of this document (again for more)")
	c.Flags().BoolVar(&o.Details, "details", false, "names, references and texts too")
	return c
}

func auditCheckpointCommand() *cobra.Command {
	return ordering(&cobra.Command{
		Use:   "checkpoint",
		Short: "Print the newest signed checkpoint: give it away where nobody here can change it",
		Args:  cobra.NoArgs,
	}, &order{Op: "checkpoint"})
}

func auditVerifyCommand() *cobra.Command {
	key, asJSON := "", false
	var kept []string
	c := &cobra.Command{
		Use:   "verify EXPORT --key FILE [--checkpoint FILE]",
		Short: "Prove an export: nothing but it and the public key is needed",
		Long: `verify holds an export against the public key: each entry against the tree that
was signed, each checkpoint against the one before. --checkpoint holds it against
checkpoints that were given away earlier (one or more in a file, again for more
files): a log that was cut or written anew, and signed with the right key, is found
by that alone. It exits with 0 only if all hold, with 7 otherwise.`,
		Example: "  postroom audit verify log.jsonl --key audit.pub --checkpoint given-away.txt",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if key == "" {
				return usage("--key FILE is needed: the log's public key (DATA/audit.pub), best from where nobody who runs postroom can change it")
			}
			return verifyExport(c.OutOrStdout(), args[0], key, kept, asJSON)
		},
	}
	c.Flags().StringVar(&key, "key", "", "the log's public key, a `file`")
	c.Flags().StringArrayVar(&kept, "checkpoint", nil, "a `file` of checkpoints that were given away earlier")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

func verifyExport(out io.Writer, path, key string, kept []string, asJSON bool) error {
	text, err := os.ReadFile(key)
	if err != nil {
		return err
	}
	keys, err := audit.ParseKeys(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	var former []string
	for _, file := range kept {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		notes := audit.ParseCheckpoints(string(text))
		if len(notes) == 0 {
			return fmt.Errorf("%s has no checkpoint", file)
		}
		former = append(former, notes...)
	}
	export, err := os.Open(path)
	if err != nil {
		return err
	}
	defer export.Close()
	say := faults{out: out, json: asJSON}
	s, err := audit.Verify(export, keys, former, func(format string, args ...any) { say.fault(fmt.Sprintf(format, args...)) })
	if err != nil {
		return exit{exitVerification, fmt.Errorf("%s can't be proven: %w", path, err)}
	}
	if asJSON {
		err = printJSON(out, struct {
			Type   string `json:"type"`
			Faults int    `json:"faults"`
			audit.Summary
		}{"verification", say.n, s})
	} else {
		_, err = fmt.Fprintf(out, "%d faults in %d of %d entries (%d with details), %d checkpoints, %d kept elsewhere, of the log %s%s\n",
			say.n, s.Entries, s.Of, s.Details, s.Checkpoints, s.Former, printable(s.Origin), extract(s))
	}
	return errors.Join(err, say.verdict())
}

// extract warns of an export that has not all.
func extract(s audit.Summary) string {
	if s.All {
		return ""
	}
	return "; an extract: what was left out of it can't be told"
}

func auditNewKeyCommand() *cobra.Command {
	var config, by string
	c := &cobra.Command{
		Use:   "new-key --by NAME",
		Short: "Sign the log with a new key from now on, when the old one is lost or known to others",
		Long: `new-key makes a new signing key. The old public key stays in audit.pub, so that what
it signed still holds; give the new audit.pub away as you did the old one. No
postroom may run meanwhile. Who asked is an entry of the log.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if strings.TrimSpace(by) == "" {
				return usage("--by NAME is needed: who makes the new key")
			}
			cfg, err := loadConfig(config)
			if err != nil {
				return err
			}
			public, err := newKey(c.Context(), cfg, by)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), public)
			return err
		},
	}
	c.Flags().StringVar(&config, "config", "", "the configuration, postroom.yaml")
	c.Flags().StringVar(&by, "by", "", "`name` of who makes it")
	return c
}

func (o order) story(ctx context.Context, p *premises, out io.Writer) error {
	d, err := p.document(ctx, o.ID)
	if err != nil {
		return err
	}
	if err := p.mailroom.LogView(ctx, o.who(), "story told", d.Document); err != nil {
		return err
	}
	depth := pipeline.Seen
	if o.Crops {
		depth = pipeline.Cropped
	}
	s, err := p.mailroom.Story(ctx, d.Document, depth)
	if err != nil {
		return err
	}
	return printJSON(out, s)
}

func (o order) export(ctx context.Context, p *premises, out io.Writer) error {
	var ids []string
	for _, id := range o.Documents {
		d, err := p.document(ctx, id)
		if err != nil {
			return err
		}
		ids = append(ids, d.Document)
	}
	return p.mailroom.Export(ctx, o.who(), ids, o.Details, out)
}

func (o order) checkpoint(ctx context.Context, p *premises, out io.Writer) error {
	signed, entries, err := p.mailroom.Checkpoint(ctx)
	if err != nil {
		return err
	}
	if entries == 0 {
		return errors.New("the log has no entry yet")
	}
	if o.JSON {
		return printJSON(out, map[string]any{"type": "checkpoint", "entries": entries, "note": signed})
	}
	_, err = io.WriteString(out, signed)
	return err
}
