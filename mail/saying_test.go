package mail_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"postroom/mail"
)

func TestSayingInEnglish(t *testing.T) {
	for want, s := range map[string]*mail.Saying{
		"No page carries a reference.":                                     mail.Say("no-reference"),
		`Page 2 says "TX \"1\" {of} \u202e", which is nearly a reference.`: mail.Say("nearly-reference", "page", 2, "raw", "TX \"1\" {of} \u202e"),
		"It carries 2 references: TX-1 (page 1), {page} (page 3).": mail.Say("references", "count", 2,
			mail.Say("reference-on-page", "reference", "TX-1", "page", 1), mail.Say("reference-on-page", "reference", "{page}", "page", 3)),
		"It was filed in TX-1; then its text was read (conflict): Page 2 carries a separator code (patch-t) and 30 words: it may be a letter's page.": mail.Say("text-recalls",
			"reference", "TX-1", "reason", mail.Conflict, mail.Say("separator-and-letter", "page", 2, "code", "patch-t", mail.Say("letter-words", "count", 30))),
	} {
		if got := s.English(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		text, err := json.Marshal(s)
		var back mail.Saying
		if err != nil || json.Unmarshal(text, &back) != nil || !reflect.DeepEqual(back, *s) || back.Check() != nil {
			t.Errorf("%s comes back as %+v", text, back)
		}
	}
}

func TestSayingsAreClosed(t *testing.T) {
	nested := mail.Saying{Code: "text-recalls", Args: map[string]string{"reference": "TX-1", "reason": "conflict"}, Of: []mail.Saying{{Code: "no-reference"}}}
	if err := nested.Check(); err != nil {
		t.Error(err)
	}
	for range 4 {
		nested.Of = []mail.Saying{nested}
	}
	for what, s := range map[string]mail.Saying{
		"no such code": {Code: "hello"}, "no argument": {Code: "case-closed"},
		"one too many":  {Code: "no-reference", Args: map[string]string{"page": "1"}},
		"another one":   {Code: "case-closed", Args: map[string]string{"page": "1"}},
		"nothing in it": {Code: "cut-refused"}, "something in it": {Code: "no-reference", Of: []mail.Saying{{Code: "no-reference"}}},
		"odd one in it": {Code: "cut-refused", Of: []mail.Saying{{Code: "hello"}}}, "too deep": nested,
	} {
		if s.Check() == nil {
			t.Errorf("%s: %+v passes", what, s)
		}
	}
	for code, sentence := range mail.Sayings() {
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(code) || strings.TrimSpace(sentence) == "" {
			t.Errorf("code %q, sentence %q", code, sentence)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a saying without its arguments was made")
		}
	}()
	mail.Say("case-closed")
}
