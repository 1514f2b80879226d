package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// Languages that the desk speaks; the first is the fallback.
var Languages = []string{"en", "fr", "nl", "de"} // never written to

//go:embed words/*.json
var wordFiles embed.FS

// words are the translations: words/AREA.LANGUAGE.json, each a flat list of key and text.
type words struct{ bundle *i18n.Bundle }

func openWords() (words, error) {
	b := i18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("json", json.Unmarshal)
	files, err := fs.Glob(wordFiles, "words/*.json")
	if err != nil {
		return words{}, err
	}
	for _, f := range files {
		if _, err := b.LoadMessageFileFS(wordFiles, f); err != nil {
			return words{}, fmt.Errorf("%s: %w", f, err)
		}
	}
	return words{b}, nil
}

// speech is one language.
type speech struct {
	lang    string
	words   *i18n.Localizer
	printer *message.Printer
}

func (w words) in(lang string) speech {
	return speech{lang, i18n.NewLocalizer(w.bundle, lang), message.NewPrinter(language.Make(lang))}
}

// say gives a text by its key. args are pairs of a name and a value that stand in
// it as {{.Name}}; "Count" also chooses between one and many.
func (s speech) say(key string, args ...any) (string, error) {
	c := &i18n.LocalizeConfig{MessageID: key}
	if len(args) > 0 {
		data := map[string]any{}
		for i := 0; i+1 < len(args); i += 2 {
			name, ok := args[i].(string)
			if !ok || len(args)%2 != 0 {
				return "", fmt.Errorf("text %s: its arguments are no pairs of name and value", key)
			}
			data[name] = args[i+1]
			if name == "Count" {
				c.PluralCount, data[name] = args[i+1], s.number(args[i+1])
			}
		}
		c.TemplateData = data
	}
	text, err := s.words.Localize(c)
	if missing := (*i18n.MessageNotFoundErr)(nil); err != nil && text != "" && !errors.As(err, &missing) {
		return text, nil // of many (a million, in French) as of several
	}
	return text, err
}

// functions are what templates call.
func (s speech) functions() template.FuncMap {
	return template.FuncMap{
		"t":       s.say,
		"date":    s.date,
		"moment":  s.moment,
		"second":  s.second,
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"percent": s.percent,
		"table": func(head string, lines any) any {
			return struct {
				Head  string
				Lines any
			}{head, lines}
		},
		"number":    s.number,
		"pages":     spans,
		"printable": printable,
		"fault":     newFault,
		"reason":    func(do string, typed tryView) reasonForm { return reasonForm{do, typed} },
		"base":      func(path string) string { return printable(baseName(path)) },
		"lasting":   s.lasting,
		"has":       has,
		"says":      s.says,
		"part":      s.part,
		"said":      s.said,
		"action":    s.named("action."),
		"about":     s.about,
		"rule":      s.named("rule."),
		"separator": s.separator,
		"who":       s.who,
		"origin":    s.origin,
		"decision":  s.decision,
		"share":     s.shareOf,
		"mean":      s.meanOf,
		"tenths":    s.tenths,
	}
}

// layouts of a day and of a moment, as offices write them.
var layouts = map[string][2]string{ // never written to
	"en": {"2 Jan 2006", "2 Jan 2006, 15:04"},
	"fr": {"02/01/2006", "02/01/2006 15:04"},
	"nl": {"02-01-2006", "02-01-2006 15:04"},
	"de": {"02.01.2006", "02.01.2006, 15:04"},
}

// shortDays are layouts of a day without its year, for plots.
var shortDays = map[string]string{"en": "2 Jan", "fr": "02/01", "nl": "02-01", "de": "02.01."} // never written to

func (s speech) day(t time.Time) string    { return t.Local().Format(shortDays[s.lang]) }
func (s speech) date(t time.Time) string   { return t.Local().Format(layouts[s.lang][0]) }
func (s speech) moment(t time.Time) string { return t.Local().Format(layouts[s.lang][1]) }

// second is a moment for auditors: much is logged within a minute.
func (s speech) second(t time.Time) string { return s.moment(t) + t.Local().Format(":05") }

func (s speech) number(n any) string { return s.printer.Sprint(number.Decimal(n)) }

func (s speech) percent(share float64) string {
	return s.printer.Sprint(number.Percent(share, number.MaxFractionDigits(1)))
}

// spans writes page numbers short: 2-4, 7.
func spans(pages []int) string {
	var out strings.Builder
	for i := 0; i < len(pages); {
		j := i
		for j+1 < len(pages) && pages[j+1] == pages[j]+1 {
			j++
		}
		if i > 0 {
			out.WriteString(", ")
		}
		if fmt.Fprint(&out, pages[i]); j > i {
			fmt.Fprint(&out, "–", pages[j])
		}
		i = j + 1
	}
	return out.String()
}

// printable shows what does not print as \u escapes: a name or code with a turned
// letter order would be read as another.
func printable(text string) string {
	if !strings.ContainsFunc(text, unprintable) && utf8.ValidString(text) {
		return text
	}
	var out strings.Builder
	for _, r := range text { // a broken byte is the replacement character
		if unprintable(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }

// t says a text to the visitor. A key that is missing is a bug that the tests find;
// people are shown the key.
func (v *visit) t(key string, args ...any) string {
	text, err := v.desk.words.in(v.lang).say(key, args...)
	if err != nil {
		return key
	}
	return text
}

// origin names a source to the visitor.
func (v *visit) origin(source string) string {
	name, err := v.desk.words.in(v.lang).origin(source)
	if err != nil {
		return source
	}
	return name
}

// fault is what is wrong with a form, and in which field; English is what a library says of it.
type fault struct{ Text, Field, English string }

func newFault(text, field string, english ...string) fault {
	return fault{text, field, strings.Join(english, "")}
}

// has tells whether a list has a text.
func has(list any, text any) bool {
	v := reflect.ValueOf(list)
	for i := range v.Len() {
		if fmt.Sprint(v.Index(i)) == fmt.Sprint(text) {
			return true
		}
	}
	return false
}

// lasting says how long something took or lies, to its largest unit.
func (s speech) lasting(d time.Duration) (string, error) {
	for _, unit := range []struct {
		of  time.Duration
		key string
	}{{24 * time.Hour, "lasting.days"}, {time.Hour, "lasting.hours"}, {time.Minute, "lasting.minutes"}} {
		if d >= unit.of {
			return s.say(unit.key, "Count", int(d/unit.of))
		}
	}
	return s.say("lasting.seconds", "Count", int(d/time.Second))
}
