package web

import (
	"fmt"
	"strings"
	"unicode"

	"postroom/pipeline"
)

// legibly gives what was typed without what no screen shows, such as a pasted zero-width
// space; hidden is the first of that, 0 = there was none.
func legibly(text string) (shown string, hidden rune) {
	shown = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		if hidden == 0 {
			hidden = r
		}
		if unicode.IsSpace(r) {
			return ' '
		}
		return -1
	}, strings.ToValidUTF8(text, ""))
	return strings.TrimSpace(shown), hidden
}

// again is a field as it is shown again, where it was refused.
func (v *visit) again(name string) string {
	shown, _ := legibly(v.field(name))
	return shown
}

// needsText are the refusals of a text that can't be read later, and the fields that it is typed in.
var needsText = map[pipeline.Refusal]string{ // never written to
	"note": "note", "view-name": "name", "why-needed": "why", "reason-needed": "why", "difference-needs-reason": "why", "wrong-needs-reason": "why",
}

// unseen says that a text was refused for a sign that nobody sees; "" = it was not.
func (v *visit) unseen(refused pipeline.Refusal) string {
	shown, hidden := legibly(v.field(needsText[refused]))
	if hidden == 0 || shown == "" {
		return ""
	}
	return v.t("form.unseen", "Code", fmt.Sprintf("U+%04X", hidden))
}
