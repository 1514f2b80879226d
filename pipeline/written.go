package pipeline

import (
	"context"
	"fmt"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// cutting is the key that a batch's file is cut under: not by a helper that read its
// pages, for one of them may have taken that over.
func cutting(b batchRow) string { return "cut/" + b.SHA256 }

// misshapen tells why what a helper wrote is no PDF of so many pages; "" = it is one; says is the same. It is
// opened by a helper that has seen nothing else: the one that wrote it may have been
// taken over by the file that it worked on, and then its word is that file's.
func (m *Mailroom) misshapen(ctx context.Context, ref journal.Ref, pages int) (why string, says *mail.Saying, err error) {
	f, err := m.blob(ctx, ref)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	is, err := m.helpers.Open(ctx, f, "")
	switch {
	case err != nil:
		return "", nil, fmt.Errorf("open what was written: %w", err)
	case is.Refused != nil:
		return "it can't be opened: " + is.Refused.Detail, mail.Say("written-unopened", is.Refused.Saying()), nil
	case is.Kind != mail.PDF:
		says = mail.Say("written-no-pdf")
	case is.Pages != pages:
		says = mail.Say("written-pages", "pages", is.Pages, "want", pages)
	default:
		return "", nil, nil
	}
	return says.English(), says, nil
}
