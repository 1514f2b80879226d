package router

import (
	"errors"
	"slices"

	"postroom/mail"
)

// TicketCode is what the ledger calls a batch ticket's page.
const TicketCode = "batch-ticket"

// Verifier opens the text of a ticket's code; its error says why it does not count: a
// *mail.UsedTicket, or what is taken for one that is not signed. The same text must always
// have the same answer.
type Verifier func(text string) (mail.Ticket, error)

// WithTickets gives the same rules with another verifier of tickets.
func (r *Rules) WithTickets(v Verifier) *Rules {
	cfg := r.cfg
	cfg.Tickets = v
	return &Rules{cfg}
}

// TicketTexts lists the texts of the tickets on a page.
func TicketTexts(reading mail.Reading) (texts []string) {
	for _, s := range reading.Symbols {
		if !s.Symbology.Patch() && mail.IsTicket(s.Text) && !slices.Contains(texts, s.Text) {
			texts = append(texts, s.Text)
		}
	}
	return texts
}

// ticket takes a page that carries a ticket. One that counts is the batch's; any other
// is a doubt, as anyone can print one.
func (d *divider) ticket(reading mail.Reading, texts []string) {
	t, why := d.rules.opened(reading, texts)
	if why != nil {
		d.suspect(reading, why)
		return
	}
	d.end()
	d.out.Separators[reading.Page], d.out.Ticket, d.after = TicketCode, &t, true
}

// opened gives the ticket of a page, or why it does not count.
func (r *Rules) opened(reading mail.Reading, texts []string) (t mail.Ticket, why *mail.Saying) {
	if reading.Page != 1 {
		return t, mail.Say("ticket-not-first", "page", reading.Page)
	}
	if len(texts) > 1 {
		return t, mail.Say("tickets-differ", "page", reading.Page, "count", len(texts))
	}
	err := mail.ErrTicket
	if r.cfg.Tickets != nil {
		t, err = r.cfg.Tickets(texts[0])
	}
	var used *mail.UsedTicket
	switch {
	case errors.As(err, &used):
		return t, mail.Say("ticket-used", "page", reading.Page, "batch", used.Batch)
	case err != nil:
		return t, mail.Say("ticket-unsigned", "page", reading.Page)
	}
	// Its own text is no letter's, whatever a scheme might see in it.
	reading.Symbols = slices.DeleteFunc(slices.Clone(reading.Symbols), func(s mail.Symbol) bool { return mail.IsTicket(s.Text) })
	if letter := r.carriesLetter(reading); letter != nil {
		return t, mail.Say("ticket-and-letter", "page", reading.Page, letter)
	}
	if c, ok := r.control(reading); ok && c.Keep {
		return t, mail.Say("ticket-and-separator", "page", reading.Page, "code", c.name())
	}
	return t, nil
}
