package sandbox

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"postroom/mail"
	"postroom/pipeline/scan"
)

// TestFaultsAreSaid: what scan finds has words of its own; what a library says of it stays text.
func TestFaultsAreSaid(t *testing.T) {
	for _, c := range []struct {
		err  error
		want *mail.Saying
	}{
		{fmt.Errorf("%w: the file asks", scan.ErrEncrypted), mail.Say("fault-encrypted")},
		{fmt.Errorf("page 3: %w", scan.ErrSymbolCoding), mail.Say("fault-symbol-coding")},
		{fmt.Errorf("%w: 3 and 4", scan.ErrPageCount), mail.Say("fault-page-count")},
		{fmt.Errorf("%w: deep", scan.ErrLimit), mail.Say("fault-limit", "fault", "it is over a limit: deep")},
		{fmt.Errorf("%w: layers", scan.ErrApart), mail.Say("fault-apart", "fault", "its pages can't be copied without it: layers")},
		{fmt.Errorf("%w: JPEG", scan.ErrUnreadable), mail.Say("fault-unreadable", "fault", "it can't be read: JPEG")},
		{errors.New("odd"), mail.Say("fault-unreadable", "fault", "odd")},
		{errors.Join(&scan.Fault{Says: mail.Say("fault-kind")}, nil), mail.Say("fault-kind")},
	} {
		if got := says(c.err); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
	if got := saysDeath(fmt.Errorf("%w: %w", errDied, errSlow)); got.Code != "fault-slow" {
		t.Errorf("a slow death is said as %+v", got)
	}
	if got := saysDeath(errDied); got.Code != "fault-died" {
		t.Errorf("a death is said as %+v", got)
	}
}
