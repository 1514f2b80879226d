package access

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestRefusalsAreTold: each code has its sentence and is refused with somewhere; and
// wherever it is, all that the sentence is told with is given, and nothing else.
func TestRefusalsAreTold(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	constant := regexp.MustCompile(`(?m)^\t(refused\w+) +Refusal = "([a-z]+(?:-[a-z]+)*)"$`)
	call := regexp.MustCompile(`(?:refuse\(|taken\(err, |line\()(refused\w+)((?:, .*)?)\)`)
	names, calls := map[string]Refusal{}, map[string][][]string{}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range constant.FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = Refusal(m[2])
		}
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			var given []string
			for _, a := range regexp.MustCompile(`, "([a-z]+)", `).FindAllStringSubmatch(m[2], -1) {
				given = append(given, a[1])
			}
			if strings.HasPrefix(m[0], "line(") {
				given = []string{"most"}
			}
			slices.Sort(given)
			calls[m[1]] = append(calls[m[1]], given)
		}
	}
	if len(names) < 10 || len(names) != len(Refusals()) {
		t.Fatalf("%d codes and %d sentences", len(names), len(Refusals()))
	}
	for name, code := range names {
		var want []string
		for _, m := range regexp.MustCompile(`\{"?([a-z]+)"?\}`).FindAllStringSubmatch(Refusals()[code], -1) {
			want = append(want, m[1])
		}
		slices.Sort(want)
		if Refusals()[code] == "" || len(calls[name]) == 0 {
			t.Errorf("%s: sentence %q, refused with %d times", code, Refusals()[code], len(calls[name]))
		}
		for _, given := range calls[name] {
			if !slices.Equal(given, want) {
				t.Errorf("%s is told with %v, and refused with %v", code, want, given)
			}
		}
	}
	var r *Refused
	if r, _ = refuse(refusedTaken, "login", "a\"b").(*Refused); r.Why != `the login "a\"b" is taken` || r.Args["login"] != `a"b` {
		t.Errorf("%+v", r)
	}
}
