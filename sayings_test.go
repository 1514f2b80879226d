package postroom_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"postroom/mail"
)

// TestSayingsAreSaid: each saying is said somewhere, and wherever it is, all that stands in
// its sentence is given, and nothing else.
func TestSayingsAreSaid(t *testing.T) {
	argument := regexp.MustCompile(`\{"?([a-z]+)"?\}`)
	said := map[string]bool{}
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			if p.ImportPath == "postroom/mail" {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if text, ok := n.(*ast.BasicLit); ok {
					said[unquoted(text)] = true
				}
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 || call.Ellipsis.IsValid() {
					return true
				}
				fn, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || fn.Sel.Name != "Say" || !isIdent(fn.X, "mail") {
					return true
				}
				code := unquoted(call.Args[0])
				if code == "" {
					return true // a variable; mail.Say itself looks at what it is given
				}
				var want, given []string
				for _, m := range argument.FindAllStringSubmatch(mail.Sayings()[code], -1) {
					want = append(want, m[1])
				}
				for i := 1; i < len(call.Args); i += 2 {
					if name := unquoted(call.Args[i]); name != "" {
						given = append(given, name)
						continue
					}
					given = append(given, "of")
					i--
				}
				slices.Sort(want)
				slices.Sort(given)
				if want = slices.Compact(want); !slices.Equal(given, want) {
					t.Errorf("%s: %q is said with %v, and stands with %v", name, code, given, want)
				}
				return true
			})
		}
	}
	for code := range mail.Sayings() {
		if !said[code] {
			t.Errorf("nobody says %s", code)
		}
	}
}

func isIdent(x ast.Expr, name string) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == name
}

// unquoted gives the text of a literal; "" = it is none.
func unquoted(x ast.Expr) string {
	lit, ok := x.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	text, _ := strconv.Unquote(lit.Value)
	return text
}
