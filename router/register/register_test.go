package register

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postroom/router/reference"
)

func schemes(t testing.TB) (all []*reference.Scheme) {
	t.Helper()
	for _, c := range []reference.Config{
		{Name: "tax", Pattern: `TX-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: "tax"},
		{Name: "rf", Pattern: `RF\d{2}[0-9A-Z]{1,21}`, Check: "iso11649", Store: "pay"},
	} {
		s, err := reference.New(c)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

const (
	one = "TX-2024-207485-78"
	two = "TX-2018-404109-64"
)

func TestParse(t *testing.T) {
	for name, text := range map[string]string{
		"plain":                 "reference,store\n" + one + ",tax\n" + two + ",tax\n",
		"no last line end":      "reference,store\n" + one + ",tax\n" + two + ",tax",
		"byte order mark, CRLF": "\ufeffreference,store\r\n" + one + ",tax\r\n" + two + ",tax\r\n",
		"semicolons":            "reference;store;status\n" + one + ";tax;open\n" + two + ";tax;\n",
		"columns in any order":  "Store, Reference\ntax, " + one + "\ntax, " + two + "\n",
		"blank lines":           "reference,store\n\n" + one + ",tax\n\n" + two + ",tax\n",
		"the same row twice":    "reference,store\n" + one + ",tax\n" + two + ",tax\n" + one + ",tax\n",
		"quoted":                "reference,store,status,name,postcode\n\"" + one + "\",tax,open,\"Dubois, Ana\",\n" + two + ",tax,,,\n",
	} {
		r, err := Parse(strings.NewReader(text), schemes(t))
		if err != nil || r.Len() != 2 {
			t.Errorf("%s: %v, %v", name, r, err)
			continue
		}
		if c, ok := r.Lookup("tax", one); !ok || c.Store != "tax" || c.Closed || c.Reference.Scheme() != "tax" {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestDetails(t *testing.T) {
	r, err := Parse(strings.NewReader("reference,store,status,name,postcode\n"+one+",tax,closed,Ana Dubois,1000\nRF18 5390 0754 7034,pay,open,,\n"), schemes(t))
	if err != nil {
		t.Fatal(err)
	}
	if c, _ := r.Lookup("tax", one); !c.Closed || c.Name != "Ana Dubois" || c.Postcode != "1000" {
		t.Errorf("%+v", c)
	}
	if c, ok := r.Lookup("rf", "RF18539007547034"); !ok || c.Reference.String() != "RF18 5390 0754 7034" {
		t.Errorf("the register's spelling is lost: %+v", c)
	}
	if _, ok := r.Lookup("rf", one); ok {
		t.Error("a reference is found under another scheme")
	}
}

func TestOpenCasesOfAScheme(t *testing.T) {
	r, err := Parse(strings.NewReader("reference,store,status\n"+one+",tax,open\n"+two+",tax,\nTX-2021-000001-33,tax,closed\nRF18 5390 0754 7034,pay,open\n"), schemes(t))
	if err != nil {
		t.Fatal(err)
	}
	for scheme, want := range map[string]string{"tax": "[" + two + " " + one + "]", "rf": "[RF18 5390 0754 7034]", "none": "[]"} {
		if got := fmt.Sprint(r.Open(scheme)); got != want {
			t.Errorf("%s: %s, want %s", scheme, got, want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"empty":            {"", []string{"empty", "reference,store"}},
		"no store":         {"reference\n" + one + "\n", []string{"line 1", `"store"`}},
		"unknown column":   {"reference,store,age\n", []string{"line 1", `"age"`, "postcode"}},
		"a column twice":   {"reference,store,store\n", []string{"line 1", "twice"}},
		"bad check":        {"reference,store\n" + one + ",tax\nTX-2024-207485-79,tax\n", []string{"line 3", "TX-2024-207485-79", "check digits", "correct the row"}},
		"no scheme":        {"reference,store\nABC,tax\n", []string{"line 2", "ABC"}},
		"another store":    {"reference,store\n" + one + ",pay\n", []string{"line 2", `"pay"`, `"tax"`}},
		"no store given":   {"reference,store\n" + one + ",\n", []string{"line 2", `"tax"`}},
		"two stores":       {"reference,store\n" + one + ",tax\n" + one + ",pay\n", []string{"line 3"}},
		"two states":       {"reference,store,status\n" + one + ",tax,open\n" + one + ",tax,closed\n", []string{"line 3", "twice"}},
		"unknown status":   {"reference,store,status\n" + one + ",tax,shut\n", []string{"line 2", `"shut"`, "open, closed"}},
		"too few fields":   {"reference,store\n" + one + "\n", []string{"line 2", "fields"}},
		"a row of nothing": {"reference,store\n,\n", []string{"line 2"}},
	} {
		_, err := Parse(strings.NewReader(c.text), schemes(t))
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not say %q", name, err, w)
			}
		}
	}
	if _, err := Parse(strings.NewReader("reference,store\n"+one+",tax\n"), nil); err == nil {
		t.Error("a register is taken without schemes")
	}
}

func TestNear(t *testing.T) {
	r, err := Parse(strings.NewReader("reference,store\n"+one+",tax\nTX-2024-207488-69,tax\n"+two+",tax\n"), schemes(t))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{one: 1, "TX-2024-207488-68": 2, "TX-2024-20748-78": 1, "TX-2024-207488-79": 2, "TX-2024-207487-68": 2, "TX-1999-111111-11": 0, "": 0} {
		if got := r.Near("tax", text); len(got) != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if got := r.Near("rf", one); len(got) != 0 {
		t.Errorf("another scheme's: %v", got)
	}
}

// scanned is Near by its definition: every case of the register is looked at.
func scanned(reg *Register, scheme, text string) (all []string) {
	want := digits(text)
	for key := range reg.cases {
		if of, ref, _ := strings.Cut(key, "\x00"); of == scheme && differs(want, digits(ref), mostWrong) {
			all = append(all, ref)
		}
	}
	slices.Sort(all)
	return all
}

func differs(a, b string, most int) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	switch {
	case len(a)-len(b) > most || len(b)-len(a) > most:
		return false
	case len(a) == 0 && len(b) == 0:
		return true
	case most == 0:
		return false
	}
	return len(a) > 0 && len(b) > 0 && differs(a[1:], b[1:], most-1) ||
		len(a) > 0 && differs(a[1:], b, most-1) || len(b) > 0 && differs(a, b[1:], most-1)
}

// TestNearIsExact compares with the scan: dense and sparse numbers, of one length
// and of many, asked for as they are, damaged, and anyhow.
func TestNearIsExact(t *testing.T) {
	const seed, asked = 31, 700
	rnd := rand.New(rand.NewPCG(seed, seed))
	some, err := reference.New(reference.Config{Name: "some", Pattern: `[AB]?\d{0,4}(?:/\d{1,9})?Z`, Check: "none", Store: "s"})
	if err != nil {
		t.Fatal(err)
	}
	csv, keys := strings.Builder{}, []string{""}
	csv.WriteString(many(2000))
	for range 3000 {
		key := strconv.Itoa(rnd.IntN(1000))
		if rnd.IntN(2) == 0 {
			key = key[:rnd.IntN(len(key)+1)] + "/" + strconv.Itoa(rnd.IntN([]int{30, 3000, 999_999_999}[rnd.IntN(3)]))
		}
		key = []string{"", "A", "B"}[rnd.IntN(3)] + key + "Z"
		fmt.Fprintf(&csv, "%s,s\n", key)
		keys = append(keys, key)
	}
	reg, err := Parse(strings.NewReader(csv.String()+"Z,s\n"), append(schemes(t), some))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range reg.cases {
		keys = append(keys, c.Reference.String())
	}
	slices.Sort(keys) // the map's order is not the seed's
	found := 0
	for range asked {
		b := []byte(keys[rnd.IntN(len(keys))])
		for range rnd.IntN(5) {
			i := rnd.IntN(len(b) + 1)
			b = slices.Replace(b, i, min(len(b), i+rnd.IntN(2)), []byte(strconv.Itoa(rnd.IntN(10)))[rnd.IntN(2):]...)
		}
		for _, scheme := range []string{"tax", "some", "rf"} {
			var got []string
			for _, c := range reg.Near(scheme, string(b)) {
				got = append(got, c.Reference.String())
			}
			found += len(got)
			if want := scanned(reg, scheme, string(b)); !slices.Equal(got, want) {
				t.Fatalf("seed %d, %s near %q: %d cases %v, want %d %v", seed, scheme, b, len(got), got, len(want), want)
			}
		}
	}
	if found < asked {
		t.Errorf("seed %d: only %d cases were near", seed, found)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("\ufeffreference;store\r\n" + one + ";tax\r\n")
	f.Add("reference,store,status,name,postcode\n\"" + one + "\",tax,open,\"a\nb\",1\n")
	f.Add("reference,store,name\n" + one + ",tax,=cmd|'/c calc'!A0\n" + two + ",tax,\"../../x\x00\u202e\"\n")
	f.Add("reference,store\nRF18 5390 0754 7034,pay\nRF18539007547034,pay\n")
	all := schemes(f)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(strings.NewReader(text), all)
		if (err == nil) != (r != nil) {
			t.Errorf("%q: %v, %v", text, r, err)
		}
		if err != nil {
			return
		}
		if r.Len() > strings.Count(text, "\n")+1 {
			t.Errorf("%q has %d cases", text, r.Len())
		}
		for _, c := range r.cases {
			i := slices.IndexFunc(all, func(s *reference.Scheme) bool { return s.Name() == c.Reference.Scheme() })
			if i < 0 || all[i].Store() != c.Store {
				t.Fatalf("%q: %+v is in a store of another scheme", text, c)
			}
			clean, err := all[i].Parse(c.Reference.String()) // which is spelled as in the register
			if err != nil {
				t.Errorf("%q: %+v fails its own scheme: %v", text, c, err)
			}
			if got, ok := r.Lookup(c.Reference.Scheme(), clean); !ok || got != c {
				t.Errorf("%q: %+v is found as %+v", text, c, got)
			}
		}
	})
}

func many(n int) string {
	var b strings.Builder
	b.WriteString("reference,store\n")
	for i := range n {
		number := fmt.Sprintf("%04d%06d", 2018+i%9, i)
		rest := 0
		for _, d := range number + "00" {
			rest = (rest*10 + int(d-'0')) % 97
		}
		fmt.Fprintf(&b, "TX-%s-%s-%02d,tax\n", number[:4], number[4:], 98-rest)
	}
	return b.String()
}

func BenchmarkParse100k(b *testing.B) {
	text, all := many(100_000), schemes(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(strings.NewReader(text), all); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNear300k asks for texts that few cases are near to, and many.
func BenchmarkNear300k(b *testing.B) {
	r, err := Parse(strings.NewReader(many(300_000)), schemes(b))
	if err != nil {
		b.Fatal(err)
	}
	for _, text := range []string{"TX-2024-20748S-78", "TX-2024-207485-78", "TX-2022-122222-22"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Near("tax", text)
			}
		})
	}
}
