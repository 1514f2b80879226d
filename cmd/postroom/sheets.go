package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"postroom/durable"
	"postroom/mail"
	"postroom/router/reference"
	"postroom/sheet"
)

// sheets is what the command is asked for.
type sheets struct {
	config, kind, language, scheme, name, out string

	references []string
	expected   mail.Counts
	copies     int
}

func sheetsCommand() *cobra.Command {
	s := &sheets{}
	c := &cobra.Command{
		Use:   "sheets --config FILE --kind KIND -o FILE.pdf",
		Short: "Print separator sheets, patch codes, batch tickets and case labels",
		Long: `sheets writes a PDF, A4, to be printed at 100 %.

  separator  goes before each letter: the patch code and the text code that the
             configuration drops
  patch      a sheet for each configured patch code, those that stay with the letter too
  ticket     goes on top of a batch and says how many documents (--documents) or sides
             of pages (--pages) are expected. It is signed, and counts for one batch
  label      24 labels a sheet, 70 x 37 mm, of a case (--reference) or of every open case
             of a scheme (--scheme)`,
		Example: "  postroom sheets --config postroom.yaml --kind separator --copies 20 --language fr -o separators.pdf\n" +
			"  postroom sheets --config postroom.yaml --kind ticket --documents 40 --name 'Monday, box 2' -o ticket.pdf",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := s.complete(); err != nil {
				return usage("%w (see: %s --help)", err, c.CommandPath())
			}
			cfg, err := loadConfig(s.config)
			if err != nil {
				return err
			}
			return s.run(c.Context(), cfg)
		},
	}
	f := c.Flags()
	f.StringVar(&s.config, "config", "", "the configuration, postroom.yaml")
	f.StringVar(&s.kind, "kind", "", strings.Join(sheet.Kinds(), ", "))
	f.StringVar(&s.language, "language", "en", strings.Join(sheet.Languages(), ", "))
	f.IntVar(&s.copies, "copies", 1, "how many of each sheet or label; how many tickets")
	f.StringArrayVar(&s.references, "reference", nil, "label: of this case (may be given several times)")
	f.StringVar(&s.scheme, "scheme", "", "label: of every open case of this scheme")
	f.IntVar(&s.expected.Documents, "documents", 0, "ticket: so many documents are expected")
	f.IntVar(&s.expected.Pages, "pages", 0, "ticket: so many sides in documents are expected, blank ones too")
	f.StringVar(&s.name, "name", "", "ticket: what people call the batch")
	f.StringVarP(&s.out, "output", "o", "", "the PDF to write; - is stdout")
	return c
}

// complete tells what is lacking or too much, whatever the configuration says.
func (s *sheets) complete() error {
	label, ticket := s.kind == string(sheet.LabelSheet), s.kind == string(sheet.TicketSheet)
	switch {
	case s.kind == "":
		return fmt.Errorf("--kind is needed: one of %s", strings.Join(sheet.Kinds(), ", "))
	case s.out == "":
		return errors.New("-o FILE.pdf is needed (-o - is stdout)")
	case s.copies < 1 || s.copies > sheet.MostLabels || ticket && s.copies > sheet.MostSheets:
		return fmt.Errorf("--copies is 1 to %d labels, or %d sheets", sheet.MostLabels, sheet.MostSheets)
	case label && (len(s.references) == 0) == (s.scheme == ""):
		return errors.New("a label is of a case, --reference R, or of a scheme's cases, --scheme S: give one of both")
	case !label && (len(s.references) > 0 || s.scheme != ""):
		return errors.New("--reference and --scheme belong to --kind label")
	case !ticket && (s.expected != mail.Counts{} || s.name != ""):
		return errors.New("--documents, --pages and --name belong to --kind ticket")
	}
	return nil
}

func (s *sheets) run(ctx context.Context, cfg Config) error {
	o, err := s.order(cfg)
	if err != nil {
		return err
	}
	if err := s.mayWrite(); err != nil {
		return err
	}
	if o.Kind == sheet.TicketSheet {
		// What can't be printed is not issued: it is tried with tickets that do not count.
		for range s.copies {
			o.Tickets = append(o.Tickets, sheet.Ticket{Name: s.name, Code: mail.Ticket{}.Text(nil)})
		}
		if err := sheet.Print(io.Discard, o); err != nil {
			return err
		}
		if o.Tickets, err = s.issue(ctx, cfg); err != nil {
			return err
		}
	}
	var pdf bytes.Buffer
	if err := sheet.Print(&pdf, o); err != nil {
		return err
	}
	if s.out == "-" {
		_, err = pdf.WriteTo(os.Stdout)
		return err
	}
	err = durable.Create(s.out, &pdf)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: name another file", s.out)
	}
	return err
}

// mayWrite refuses an output that would not take the sheets, before a ticket is issued.
func (s *sheets) mayWrite() error {
	if s.out != "-" {
		if _, err := os.Lstat(s.out); err == nil {
			return fmt.Errorf("%s is there already: name another file", s.out)
		}
		return nil
	}
	if _, err := unix.IoctlGetTermios(int(os.Stdout.Fd()), unix.TCGETS); err == nil {
		return usage("a PDF is nothing for a terminal: name a file, -o FILE.pdf, or send it on, -o - | lp")
	}
	return nil
}

// order gives what package sheet is asked for; tickets are to come.
func (s *sheets) order(cfg Config) (sheet.Order, error) {
	o := sheet.Order{Kind: sheet.Kind(s.kind), Language: s.language, Copies: s.copies}
	switch o.Kind {
	case sheet.TicketSheet:
		o.Copies = 1
	case sheet.LabelSheet:
		refs, err := s.labelled(cfg)
		o.References = refs
		return o, err
	default:
		o.Separators = cfg.printable()
	}
	return o, nil
}

// labelled gives the references that labels are wanted of, each proven.
func (s *sheets) labelled(cfg Config) (refs []mail.Reference, err error) {
	for _, text := range s.references {
		ref, err := proven(cfg.Schemes(), text)
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	if s.scheme == "" {
		return refs, nil
	}
	var names []string
	known := false
	for _, scheme := range cfg.Schemes() {
		names = append(names, scheme.Name())
		known = known || scheme.Name() == s.scheme
	}
	if !known {
		return nil, usage("no scheme %q is configured; there are: %s", s.scheme, strings.Join(names, ", "))
	}
	cases, err := parseRegister(cfg)
	if err != nil {
		return nil, fmt.Errorf("case register %s: %w", cfg.Register.CSV, err)
	}
	if refs = cases.Open(s.scheme); len(refs) == 0 {
		return nil, fmt.Errorf("the case register %s has no open case of scheme %q", cfg.Register.CSV, s.scheme)
	}
	return refs, nil
}

// proven asks each scheme to prove a reference; of their reasons, failing check digits say most.
func proven(schemes []*reference.Scheme, text string) (mail.Reference, error) {
	var why error
	for _, s := range schemes {
		ref, err := mail.ParseReference(s, text)
		if err == nil {
			return ref, nil
		}
		if why == nil || errors.Is(err, reference.ErrCheck) {
			why = err
		}
	}
	return mail.Reference{}, fmt.Errorf("no label is printed: %w", why)
}

// ticketOrder asks for tickets.
type ticketOrder struct {
	Expected mail.Counts `json:"expected"`
	Name     string      `json:"name,omitempty"`
	Count    int         `json:"count"`
}

// ticketLine is a ticket that was issued, as the process that holds the journal answers.
type ticketLine struct {
	Ticket mail.Ticket `json:"ticket"`
	Code   string      `json:"code"`
}

// issue has tickets signed and logged where the journal is held.
func (s *sheets) issue(ctx context.Context, cfg Config) (tickets []sheet.Ticket, err error) {
	var answer bytes.Buffer
	if err := dispatch(ctx, cfg, order{Op: "ticket", Ticket: &ticketOrder{s.expected, s.name, s.copies}, out: &answer}); err != nil {
		return nil, err
	}
	for d := json.NewDecoder(&answer); ; {
		var l ticketLine
		err := d.Decode(&l)
		if errors.Is(err, io.EOF) {
			return tickets, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the answer about tickets: %w", err)
		}
		tickets = append(tickets, sheet.Ticket{Ticket: l.Ticket, Code: l.Code, Name: s.name})
	}
}

func (o order) ticket(ctx context.Context, p *premises, out io.Writer) error {
	if o.Ticket == nil {
		return errors.New("an order of tickets came without saying which")
	}
	all, err := p.mailroom.IssueTickets(ctx, min(o.Ticket.Count, sheet.MostSheets), o.Ticket.Expected, o.Ticket.Name, o.who())
	if err != nil {
		return err
	}
	for _, t := range all {
		if err := printJSON(out, ticketLine{t.Ticket, t.Code}); err != nil {
			return err
		}
	}
	return nil
}
