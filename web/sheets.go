package web

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/sheet"
)

// sheetsPage asks which sheets are to be printed.
type sheetsPage struct {
	Kinds   []string
	Typed   sheetForm
	Problem string
	Field   string
}

type sheetForm struct{ Kind, Copies, Reference, Documents, Pages, Name string }

func (d *desk) sheets(v *visit) error {
	return d.askSheets(v, http.StatusOK, sheetForm{Kind: string(sheet.SeparatorSheet), Copies: "10"}, "", "")
}

func (d *desk) askSheets(v *visit, status int, typed sheetForm, problem, field string) error {
	return v.show(status, "sheets", sheetsPage{sheet.Kinds(), typed, problem, field})
}

func (d *desk) printSheets(v *visit) error {
	typed := sheetForm{v.field("kind"), v.field("copies"), v.field("reference"), v.field("documents"), v.field("pages"), v.field("name")}
	copies, err := strconv.Atoi(typed.Copies)
	if err != nil || copies < 1 || copies > 500 {
		return d.askSheets(v, http.StatusUnprocessableEntity, typed, v.t("sheets.bad_copies"), "copies")
	}
	o := sheet.Order{Kind: sheet.Kind(typed.Kind), Language: v.lang, Copies: copies, Separators: d.Separators}
	switch o.Kind {
	case sheet.LabelSheet:
		found, ref := d.Mailroom.Prove(typed.Reference)
		if found.Reason != "" {
			return d.askSheets(v, http.StatusUnprocessableEntity, typed, v.t("reason."+found.Reason), "reference")
		}
		o.References = []mail.Reference{ref}
	case sheet.TicketSheet:
		o.Copies = 1
		if err := d.issueTicket(v, typed, copies, &o); err != nil {
			var refused *pipeline.Refused
			if errors.As(err, &refused) {
				field := "documents"
				if refused.Code == "batch-name" || refused.Code == "name-is-reference" {
					field = "name"
				}
				return d.askSheets(v, http.StatusUnprocessableEntity, typed, d.refusal(v, refused), field)
			}
			return err
		}
	}
	var pdf bytes.Buffer
	if err := sheet.Print(&pdf, o); err != nil {
		d.Log.Warn("sheets could not be printed", "kind", typed.Kind, "error", err)
		return d.askSheets(v, http.StatusUnprocessableEntity, typed, v.t("sheets.refused"), "kind")
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `attachment; filename="postroom-`+typed.Kind+`.pdf"`)
	_, _ = pdf.WriteTo(v.w) // the browser may be gone
	return nil
}

// issueTicket issues so many tickets, each of which counts for one batch.
func (d *desk) issueTicket(v *visit, typed sheetForm, n int, o *sheet.Order) error {
	count := func(text string) int {
		if c, err := strconv.Atoi(text); err == nil {
			return c
		}
		return 0
	}
	expected := mail.Counts{Documents: count(typed.Documents), Pages: count(typed.Pages)}
	all, err := d.Mailroom.IssueTickets(v.Context(), n, expected, typed.Name, v.user.Actor())
	for _, t := range all {
		o.Tickets = append(o.Tickets, sheet.Ticket{Ticket: t.Ticket, Code: t.Code, Name: typed.Name})
	}
	return err
}
