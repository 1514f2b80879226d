package web

import (
	"bytes"
	"encoding/json"
	"html/template"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/sheet"
	"postroom/web/access"
)

// made is what stands wherever a page shows data: in no language.
const made = "Xqzx"

// filler puts something into everything that a page is given, so that all of it is shown.
type filler struct {
	reason string
	says   *mail.Saying
	named  map[string]string // Type.Field or Field -> its text
}

func newFiller(reason string) filler {
	return filler{reason, mail.Say("case-closed", "reference", made), map[string]string{
		"Reason": reason, "Exception": reason, "Status": "exception", "intakePage.Register": "gone", "Rule": "text-strong-live", "Action": "document filed", "Actor": pipeline.Machine,
		"DecidedBy": pipeline.Machine, "LaneWhy": mail.Say("keyed-differently").English(), "State": "open",
		"pageCell.Key": "place.separator", "bar.Key": "intake.read", "Unready.Lack": "partial", "plotView.Key": "figures.volume", "lookupView.Key": "lookup.ok", "facet.Key": "search.store", "DocumentLine.Lane": "later", "RescanLine.Lane": "rescan", "queueChoices.Lane": "later", "choice.Key": "lane.later",
		"problemPage.Key": "problem.internal", "accountPage.Problem": "account.differ", "reasonAct.Do": "rescan", "reasonAct.Key": "q", "candidateView.Key": "1",
	}}
}

func (f filler) fill(v reflect.Value, where string, deep int) {
	_, field, _ := strings.Cut(where, ".")
	switch at := v.Addr().Interface().(type) {
	case *time.Time:
		*at = time.Date(2031, 10, 27, 9, 30, 0, 0, time.UTC)
		return
	case **mail.Saying:
		*at = f.says
		return
	case *json.RawMessage:
		*at = json.RawMessage(`{}`)
		return
	case *template.HTML:
		*at = "<svg></svg>"
		return
	case *[]access.Role:
		*at = access.Roles()
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(field != "Told")
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(2)
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.String:
		text := made
		if t, ok := f.named[field]; ok {
			text = t
		}
		if t, ok := f.named[where]; ok {
			text = t
		}
		v.SetString(text)
	case reflect.Slice:
		if deep > 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			f.fill(v.Index(0), where, deep-1)
		}
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i), where, deep-1)
		}
	case reflect.Pointer:
		if deep > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem(), where, deep-1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if t := v.Type().Field(i); v.Field(i).CanSet() {
				f.fill(v.Field(i), v.Type().Name()+"."+t.Name, deep-1)
			} else if t.Anonymous { // an embedded struct of this package's
				f.fill(reflect.NewAt(t.Type, v.Field(i).Addr().UnsafePointer()).Elem(), "", deep-1)
			}
		}
	}
}

// everyPage is each page with something in all of its places.
func everyPage(reason string) map[string]any {
	f := newFiller(reason)
	filled := func(page any) any {
		v := reflect.New(reflect.TypeOf(page)).Elem()
		f.fill(v, "", 8)
		return v.Interface()
	}
	figures := filled(figuresPage{}).(figuresPage)
	figures.Reasons[0].Name, figures.Meanings = reason, meanings
	sheets := filled(sheetsPage{}).(sheetsPage)
	sheets.Kinds = sheet.Kinds()
	log := filled(logPage{}).(logPage)
	log.Actions, log.Rules, log.Bands = actions, rules(), bands()
	return map[string]any{
		"account": filled(accountPage{}), "batch": filled(batchPage{}), "figures": figures, "intake": filled(intakePage{}), "letter": filled(letterPage{}),
		"letters": filled(lettersPage{}), "log": log, "problem": filled(problemPage{}), "rescans": filled(rescansPage{}),
		"differences": filled(differencesPage{}), "entry": filled(entryPage{}), "judge": filled(judgedPage{}), "sessions": filled(sessionsPage{}),
		"verification": filled(verifiedPage{}), "who": filled(whoPage{}), "wrong": filled(wrongPage{}),
		"sample": filled(samplePage{}), "samples": filled(samplesPage{}), "search": filled(searchPage{}), "sheets": sheets, "signin": filled(signInForm{}),
		"station": filled(stationPage{}), "station-empty": filled(queueChoices{}), "station-list": filled(stationList{}), "story": filled(storyPage{}),
		"user": filled(userPage{}), "users": filled(usersPage{}),
	}
}

// everyView opens the pages in every language, with their words.
func everyView(t *testing.T) (words, views) {
	t.Helper()
	w := everyWord(t)
	static, err := openAssets()
	if err != nil {
		t.Fatal(err)
	}
	all, err := openViews(w, static)
	if err != nil {
		t.Fatal(err)
	}
	return w, all
}

// wordsOf gives the words of three letters and more that a text has.
func wordsOf(text string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if len([]rune(w)) >= 3 {
			all[w] = true
		}
	}
	return all
}

// visible gives what people see or hear of a page, without commands to type and what is
// marked as English.
func visible(page string) string {
	for _, tag := range []string{"script", "style", "code", "pre"} {
		page = regexp.MustCompile(`(?s)<`+tag+`\b.*?</`+tag+`>`).ReplaceAllString(page, " ")
	}
	for _, tag := range []string{"span", "p", "td", "dd", "small", "button"} {
		page = regexp.MustCompile(`(?s)<`+tag+`\b[^>]*\blang="[a-z]+"[^>]*>.*?</`+tag+`>`).ReplaceAllString(page, " ")
	}
	said := ""
	for _, m := range regexp.MustCompile(`\b(?:alt|title|aria-label|placeholder)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		said += " " + m[1]
	}
	return regexp.MustCompile(`(?s)<[^>]*>`).ReplaceAllString(page, " ") + said
}

// TestNoForeignWord: whatever a page shows, each of its words is among the texts of its
// language, but for what is data or marked as English.
func TestNoForeignWord(t *testing.T) {
	w, all := everyView(t)
	reached := map[string]bool{}
	for _, lang := range Languages[1:] {
		own := wordsOf(made + " postroom user sha oct okt " + strings.Join(access.Languages(), " "))
		for _, forms := range catalogue(t, lang) {
			for _, text := range forms {
				maps.Copy(own, wordsOf(text))
			}
		}
		var nav []link
		for _, key := range []string{"intake", "station", "letters", "log", "samples", "users", "figures", "sheets"} {
			nav = append(nav, link{"/" + key, "nav." + key, false})
		}
		for i, reason := range mail.Reasons() {
			for name, page := range everyPage(reason) {
				if i > 0 && !slices.Contains([]string{"batch", "figures", "station", "station-list", "story"}, name) {
					continue // it says nothing of a reason
				}
				view := all[lang][name]
				if reached[name] = true; view == nil {
					t.Fatalf("there is no page %s", name)
				}
				var out bytes.Buffer
				s := shown{User: access.User{ID: "x", Name: made, Login: made, Roles: access.Roles()}, Lang: lang, Languages: Languages, Path: "/", Nav: nav, Version: "1", Page: page}
				if err := view.ExecuteTemplate(&out, "layout.html", s); err != nil {
					t.Fatalf("%s in %s: %v", name, lang, err)
				}
				for word := range wordsOf(unescaped(visible(out.String()))) {
					if !own[word] {
						t.Errorf("%s in %s (%s) says %q", name, lang, reason, word)
					}
				}
			}
		}
		for code := range mail.Sayings() {
			said := string(w.in(lang).says(filledSaying(code), ""))
			for word := range wordsOf(unescaped(visible(said))) {
				if !own[word] {
					t.Errorf("%s in %s says %q", code, lang, word)
				}
			}
		}
	}
	for name := range all["fr"] {
		if !reached[name] {
			t.Errorf("page %s is not looked at: add it to everyPage", name)
		}
	}
	if got := visible(`<p lang="en">Hello</p><td>Bonjour</td><img alt="image">`); !slices.Equal(slices.Sorted(maps.Keys(wordsOf(got))), []string{"bonjour", "image"}) {
		t.Errorf("seen is %q", got)
	}
}

// filledSaying is a saying with something in each of its places.
func filledSaying(code string) *mail.Saying {
	s := &mail.Saying{Code: code, Args: map[string]string{}}
	for _, m := range regexp.MustCompile(`\{"?([a-z]+)"?\}`).FindAllStringSubmatch(mail.Sayings()[code], -1) {
		switch m[1] {
		case "of":
			s.Of = []mail.Saying{*mail.Say("letter-code")}
		case "reason":
			s.Args[m[1]] = "conflict"
		case "source":
			s.Args[m[1]] = "ocr"
		default:
			s.Args[m[1]] = made
		}
	}
	return s
}

func unescaped(text string) string {
	return strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&quot;", `"`, "&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(text)
}
