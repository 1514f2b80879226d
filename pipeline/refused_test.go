package pipeline

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestRefusalsAreTold: each code has its sentence, and is refused with somewhere; and
// wherever it is, all that the sentence is told with is given, and nothing else.
func TestRefusalsAreTold(t *testing.T) {
	names := map[string]Refusal{} // constant -> code
	calls := map[string][][]string{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if typed, ok := n.Type.(*ast.Ident); ok && typed.Name == "Refusal" {
					code, _ := strconv.Unquote(n.Values[0].(*ast.BasicLit).Value)
					names[n.Names[0].Name] = Refusal(code)
				}
			case *ast.CallExpr:
				if fn, ok := n.Fun.(*ast.Ident); ok && fn.Name == "refuse" {
					var args []string
					for i := 1; i < len(n.Args); i += 2 {
						name, err := strconv.Unquote(n.Args[i].(*ast.BasicLit).Value)
						if err != nil || i+1 == len(n.Args) {
							t.Errorf("%s: a refusal's arguments are names and values in turn", file.Name())
						}
						args = append(args, name)
					}
					slices.Sort(args)
					code := n.Args[0].(*ast.Ident).Name
					calls[code] = append(calls[code], args)
				}
			}
			return true
		})
	}
	if len(names) < 20 || len(names) != len(Refusals()) {
		t.Fatalf("%d codes and %d sentences", len(names), len(Refusals()))
	}
	for name, code := range names {
		sentence := Refusals()[code]
		if sentence == "" || !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(string(code)) {
			t.Errorf("%s: code %q, sentence %q", name, code, sentence)
		}
		var want []string
		for _, m := range regexp.MustCompile(`\{([a-z]+)\}`).FindAllStringSubmatch(sentence, -1) {
			want = append(want, m[1])
		}
		slices.Sort(want)
		if len(calls[name]) == 0 {
			t.Errorf("nothing is refused with %s", code)
		}
		for _, given := range calls[name] {
			if !slices.Equal(given, want) {
				t.Errorf("%s is told with %v, and refused with %v", code, want, given)
			}
		}
	}
}
