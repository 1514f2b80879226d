package router

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"postroom/mail"
)

// TestTickets: a ticket that counts is a separator on top of its batch and nowhere else;
// any other code that means to pass for one holds what it stands on.
func TestTickets(t *testing.T) {
	key := []byte("key")
	signed := mail.Ticket{ID: "A", Counts: mail.Counts{Documents: 2}}.Text(key)
	other := mail.Ticket{ID: "B", Counts: mail.Counts{Documents: 3}}.Text(key)
	forged := mail.Ticket{ID: "A", Counts: mail.Counts{Documents: 2}}.Text([]byte("a citizen's"))
	plain, _ := rules(t)
	r := plain.WithTickets(func(text string) (mail.Ticket, error) { return mail.OpenTicket(key, text) })
	for name, c := range map[string]struct {
		rules  *Rules
		pages  []string
		duplex bool
		want   []string
		seps   map[int]string
		says   string // the doubt
	}{
		"on top":               {r, []string{"qr:" + signed, prose, "sep", prose}, false, []string{"2-2", "4-4"}, map[int]string{1: TicketCode, 3: "patch-t"}, ""},
		"its back":             {r, []string{"qr:" + signed, "unmarked", prose}, true, []string{"3-3"}, map[int]string{1: TicketCode, 2: "back"}, ""},
		"its caption":          {r, []string{"qr:" + signed + "|text:BATCH TICKET lay it on top|text:Monday post|text:Documents 2", prose}, false, []string{"2-2"}, map[int]string{1: TicketCode}, ""},
		"with a separator":     {r, []string{"sep|qr:" + signed, prose}, false, []string{"2-2"}, map[int]string{1: TicketCode}, ""},
		"twice on its page":    {r, []string{"qr:" + signed + "|qr:" + signed, prose}, false, []string{"2-2"}, map[int]string{1: TicketCode}, ""},
		"no one verifies":      {plain, []string{"qr:" + signed, prose}, false, []string{"1-2?"}, nil, "did not sign"},
		"forged":               {r, []string{"qr:" + forged, prose}, false, []string{"1-2?"}, nil, "did not sign"},
		"unsigned":             {r, []string{"code:POSTROOM-BATCH:1:A:2:0", prose}, false, []string{"1-2?"}, nil, "did not sign"},
		"of another version":   {r, []string{"qr:postroom-batch:9", prose}, false, []string{"1-2?"}, nil, "did not sign"},
		"two":                  {r, []string{"qr:" + signed + "|qr:" + other, prose}, false, []string{"1-2?"}, nil, "2 different"},
		"in the middle":        {r, []string{prose, "qr:" + signed, prose}, false, []string{"1-1?", "2-3?"}, nil, "not the batch's first page"},
		"behind a separator":   {r, []string{"sep", "qr:" + signed, prose}, false, []string{"2-3?"}, map[int]string{1: "patch-t"}, "not the batch's first page"},
		"a second one":         {r, []string{"qr:" + signed, "qr:" + other, prose}, false, []string{"2-3?"}, map[int]string{1: TicketCode}, "not the batch's first page"},
		"on a letter":          {r, []string{"qr:" + signed + "|" + prose, prose}, false, []string{"1-2?"}, nil, "also 16 words"},
		"beside a case":        {r, []string{"qr:" + signed + "|code:" + caseA, prose}, false, []string{"1-2?"}, nil, "also the reference " + caseA},
		"beside a kept page":   {r, []string{"keep|qr:" + signed, prose}, false, []string{"1-2?"}, nil, "keeps its page"},
		"beside an unread one": {r, []string{"unread|qr:" + signed, prose}, false, []string{"1-2?"}, nil, "can't be read"},
		"its code unread":      {r, []string{"unread|text:BATCH TICKET", prose}, false, []string{"1-2?"}, nil, "separator sheet whose code can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.rules.Separate(pages(c.pages...), c.duplex)
			if !slices.Equal(spans(got), c.want) || !maps.Equal(got.Separators, c.seps) && len(got.Separators)+len(c.seps) > 0 {
				t.Errorf("spans %v, separators %v", spans(got), got.Separators)
			}
			if counts := slices.Contains(slices.Collect(maps.Values(c.seps)), TicketCode); counts != (got.Ticket != nil) {
				t.Errorf("ticket %+v", got.Ticket)
			}
			if doubts := fmt.Sprint(got.Spans); !strings.Contains(doubts, c.says) {
				t.Errorf("doubts %s, want %q", doubts, c.says)
			}
		})
	}
}
