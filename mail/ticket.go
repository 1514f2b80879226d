package mail

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
)

// Counts is how much of a batch there is, or should be.
type Counts struct {
	Documents int `json:"documents"`
	Pages     int `json:"pages"` // sides in documents: no separators, no ticket; blank ones count
}

// Ticket is a sheet on top of a batch that says how much is to come. A count of 0 is not told.
type Ticket struct {
	ID string `json:"id"` // random; a ticket counts for one batch only
	Counts
}

// ticketForm is what the text of a ticket's code begins with, and its version.
const (
	ticketForm    = "POSTROOM-BATCH:"
	ticketVersion = "1"
)

// ErrTicket is a ticket's code that the key did not sign.
var ErrTicket = errors.New("this mailroom did not sign it")

// UsedTicket is a ticket that another batch had.
type UsedTicket struct{ Batch string }

func (u *UsedTicket) Error() string { return "it was used already, for batch " + u.Batch }

// IsTicket tells whether a code's text is a ticket's, or means to pass for one.
func IsTicket(text string) bool {
	return strings.HasPrefix(strings.ToUpper(strings.TrimSpace(text)), ticketForm)
}

// Text gives what the ticket's code says: POSTROOM-BATCH:1:ID:DOCUMENTS:PAGES:SIGNATURE,
// in characters that a QR code packs closely. The signature is the first half of
// HMAC-SHA256 of all before it: anyone can print a code, and only the key's holder one that counts.
func (t Ticket) Text(key []byte) string {
	text := fmt.Sprintf("%s%s:%s:%d:%d", ticketForm, ticketVersion, t.ID, t.Documents, t.Pages)
	sum := hmac.New(sha256.New, key)
	sum.Write([]byte(text))
	return text + ":" + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum.Sum(nil)[:16])
}

// OpenTicket reads what Text wrote with the same key; anything else is ErrTicket.
func OpenTicket(key []byte, text string) (Ticket, error) {
	fields := strings.Split(text, ":")
	if len(key) == 0 || len(fields) != 6 {
		return Ticket{}, ErrTicket
	}
	t := Ticket{ID: fields[2]}
	if _, err := fmt.Sscanf(fields[3]+" "+fields[4], "%d %d", &t.Documents, &t.Pages); err != nil {
		return Ticket{}, ErrTicket
	}
	if !hmac.Equal([]byte(t.Text(key)), []byte(text)) { // the whole text: another spelling is another text
		return Ticket{}, ErrTicket
	}
	return t, nil
}

// Met tells whether what was counted is what the ticket says.
func (t Ticket) Met(counted Counts) bool {
	return (t.Documents == 0 || t.Documents == counted.Documents) && (t.Pages == 0 || t.Pages == counted.Pages)
}
