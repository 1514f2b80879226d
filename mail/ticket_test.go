package mail_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"postroom/mail"
)

func TestTicketIsWhatItsKeySigned(t *testing.T) {
	key := []byte("the office's key")
	want := mail.Ticket{ID: "ABCDEFGH", Counts: mail.Counts{Documents: 12, Pages: 250}}
	text := want.Text(key)
	if !regexp.MustCompile(`^POSTROOM-BATCH:1:ABCDEFGH:12:250:[A-Z2-7]{26}$`).MatchString(text) || !mail.IsTicket(text) {
		t.Errorf("text %q", text)
	}
	if got, err := mail.OpenTicket(key, text); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, forged := range []string{
		"", "POSTROOM-BATCH:1", strings.Replace(text, ":12:", ":13:", 1), strings.Replace(text, ":250:", ":25:0", 1), strings.Replace(text, ":12:", ":012:", 1),
		strings.Replace(text, ":12:", ":+12:", 1), strings.Replace(text, ":1:", ":2:", 1), strings.Replace(text, "ABCDEFGH", "ABCDEFGI", 1),
		text[:len(text)-27], text[:len(text)-1], text + "A", text + ":", strings.ToLower(text), " " + text, want.Text([]byte("another key")), want.Text(nil),
	} {
		if got, err := mail.OpenTicket(key, forged); !errors.Is(err, mail.ErrTicket) {
			t.Errorf("%q opens: %+v, %v", forged, got, err)
		}
	}
	if _, err := mail.OpenTicket(nil, want.Text(nil)); !errors.Is(err, mail.ErrTicket) {
		t.Errorf("a ticket counts where there is no key: %v", err)
	}
	if !mail.IsTicket(" postroom-batch:7:x") || mail.IsTicket("POSTROOM") {
		t.Error("what means to pass for a ticket is not told from other codes")
	}
}

func TestTicketIsMet(t *testing.T) {
	for _, c := range []struct {
		says, is mail.Counts
		met      bool
	}{
		{mail.Counts{Documents: 2, Pages: 5}, mail.Counts{Documents: 2, Pages: 5}, true},
		{mail.Counts{Documents: 2, Pages: 5}, mail.Counts{Documents: 2, Pages: 4}, false},
		{mail.Counts{Documents: 2, Pages: 5}, mail.Counts{Documents: 3, Pages: 5}, false},
		{mail.Counts{Documents: 2}, mail.Counts{Documents: 2, Pages: 9}, true},
		{mail.Counts{Pages: 5}, mail.Counts{Documents: 9, Pages: 5}, true},
		{mail.Counts{Pages: 5}, mail.Counts{}, false},
	} {
		if got := (mail.Ticket{Counts: c.says}).Met(c.is); got != c.met {
			t.Errorf("says %v, is %v: met %t", c.says, c.is, got)
		}
	}
}
