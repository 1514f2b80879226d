package web

import (
	"html/template"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"postroom/mail"
	"postroom/pipeline"
)

// tone is how what stands in a sentence is written: as HTML, where what a library says is
// marked as English, or as plain text.
type tone struct {
	text, english func(string) string
}

func markup() tone {
	text := func(s string) string { return template.HTMLEscapeString(printable(s)) }
	return tone{text, func(s string) string { return `<span lang="en">` + text(s) + `</span>` }}
}

func plain() tone { return tone{printable, printable} }

// saying gives a sentence of the machine. What was read or typed stays as it is.
func (s speech) saying(says mail.Saying, in tone) (string, error) {
	var of []string
	for _, o := range says.Of {
		text, err := s.saying(o, in)
		if err != nil {
			return "", err
		}
		of = append(of, text)
	}
	args := []any{"of", strings.Join(of, ", ")}
	for name, value := range says.Args {
		switch name {
		case "fault":
			value = in.english(value)
		case "source", "reason":
			value = s.known(name+".", value, in)
		case "code", "keeps", "drops":
			value = s.known("separator.", value, in)
		default:
			value = in.text(value)
		}
		args = append(args, name, value)
	}
	return s.say("saying."+says.Code, args...)
}

// known gives the words for a name that the program gave something; another is text.
func (s speech) known(family, name string, in tone) string {
	text, err := s.say(family + name)
	if err != nil {
		return in.text(name)
	}
	return text
}

// says is a whole sentence, for a page. A former version, or a later one, may have left a
// text in English alone.
func (s speech) says(says *mail.Saying, english string) template.HTML {
	if says == nil {
		says = spoken(english)
	}
	if says == nil {
		return template.HTML(markup().english(english))
	}
	text, err := s.saying(*says, markup())
	if err != nil {
		return template.HTML(markup().english(english))
	}
	return template.HTML(sentence(text))
}

// part is the same, to stand within a sentence.
func (s speech) part(says *mail.Saying, english string) template.HTML {
	if says != nil {
		if text, err := s.saying(*says, markup()); err == nil {
			return template.HTML(text)
		}
	}
	return template.HTML(markup().english(english))
}

// said is a text that is a person's, or one of the machine's that nothing stands in.
func (s speech) said(text string) string {
	if says := spoken(text); says != nil {
		if own, err := s.saying(*says, plain()); err == nil {
			return own
		}
	}
	return printable(text)
}

// spoken finds a saying without arguments by its English text; nil = it is none.
func spoken(english string) *mail.Saying {
	for code, text := range mail.Sayings() {
		if says := (mail.Saying{Code: code}); text == english && says.Check() == nil {
			return &says
		}
	}
	return nil
}

// sentence begins with a capital and ends with a stop.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, ":") {
		return text
	}
	return text + "."
}

// named gives the words for a name of a family, as HTML: one that a later version gave is English.
func (s speech) named(family string) func(string) template.HTML {
	return func(name string) template.HTML {
		if text, err := s.say(family + strings.ReplaceAll(name, " ", "-")); err == nil {
			return template.HTML(template.HTMLEscapeString(text))
		}
		return template.HTML(markup().english(name))
	}
}

// separator names what makes a page a separator; a code's own text stays as it is.
func (s speech) separator(name string) string { return s.known("separator.", name, plain()) }

// commanded is how the log names a user of the machine who gave a command there.
var commanded = regexp.MustCompile(`^user ([0-9]+)$`) // never written to

var digits = regexp.MustCompile(`[0-9]+`) // never written to

// who names a person, the machine, or whoever gave a command on it.
func (s speech) who(actor string) (string, error) {
	if actor == pipeline.Machine {
		return s.say("who.machine")
	}
	if m := commanded.FindStringSubmatch(actor); m != nil {
		return s.say("who.command", "UID", m[1])
	}
	return printable(actor), nil
}

// actor is who undone: whoever is shown otherwise than the log writes him can be looked for as shown.
func (v *visit) actor(shown string) string {
	if shown == v.t("who.machine") {
		return pipeline.Machine
	}
	if uid := digits.FindString(shown); uid != "" && shown == v.t("who.command", "UID", uid) {
		return "user " + uid
	}
	return shown
}

// byCommand is the source of files that were named on the command line.
const byCommand = "process"

// origin names a source: a folder has the name that the configuration gives it.
func (s speech) origin(source string) (string, error) {
	if source == byCommand {
		return s.say("origin.command")
	}
	return printable(source), nil
}

// about names what an entry of the log is about; an id stays as it is.
func (s speech) about(subject string) string {
	kind, id, _ := strings.Cut(subject, ":")
	text, err := s.say("about." + kind)
	if err != nil {
		return printable(subject)
	}
	if id == "" || id == "all" {
		return text
	}
	return text + " " + printable(id)
}

// decision gives what a person decided.
func (s speech) decision(d pipeline.Decision) (string, error) {
	switch {
	case d.Reference != "" && d.KeyedBy != "":
		return s.say("decision.keyed", "Reference", printable(d.Reference), "By", printable(d.KeyedBy))
	case d.Reference != "":
		return s.say("decision.reference", "Reference", printable(d.Reference))
	case d.Discard != "":
		return s.say("decision.discard", "Why", printable(d.Discard))
	case d.SplitBefore > 0:
		return s.say("decision.split", "Page", d.SplitBefore)
	case d.Separator > 0:
		return s.say("decision.separator", "Page", d.Separator)
	case d.Merge == "next":
		return s.say("decision.merge_next")
	case d.Merge != "":
		return s.say("decision.merge_previous")
	case d.Return != "":
		return s.say("decision.return", "Why", printable(d.Return))
	case d.Regroup != nil:
		return s.grouping(*d.Regroup)
	}
	return s.say("decision.nothing")
}

// grouping tells where letters begin and end now.
func (s speech) grouping(g pipeline.Grouping) (string, error) {
	var all []string
	var failed error
	add := func(key string, args ...any) {
		text, err := s.say(key, args...)
		if all = append(all, text); err != nil {
			failed = err
		}
	}
	for _, span := range g.Spans {
		var numbers []int
		for n := span.From; n <= span.To; n++ {
			numbers = append(numbers, n)
		}
		add("decision.letter", "Count", len(numbers), "Pages", spans(numbers))
		if n := len(span.Blanks); n > 0 {
			blanks, err := s.say("story.blanks", "Count", n)
			if err != nil {
				failed = err
			}
			all[len(all)-1] += " (" + blanks + " " + spans(span.Blanks) + ")"
		}
	}
	for _, n := range g.Separators {
		add("decision.separator", "Page", n)
	}
	for _, d := range g.Discarded {
		add("decision.page_discarded", "Page", d.Page, "Why", printable(d.Why))
	}
	return strings.Join(all, "; "), failed
}
