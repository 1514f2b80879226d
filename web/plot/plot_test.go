package plot

import (
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// week is seven days of three series.
func week() Chart {
	return Chart{
		ID: "by-day", Title: "Documents filed a day", Description: "From 20 to 60 a day, most of them by the machine; none on Sunday.",
		Columns: []string{"Mo 2", "Tu 3", "We 4", "Th 5", "Fr 6", "Sa 7", "Su 8"},
		Series: []Series{{"by the machine", []float64{40, 52, 31, 44, 20, 4, 0}}, {"by a person", []float64{8, 9, 6, 0, 5}},
			{"discarded", []float64{1, 0, 2, 1, math.NaN(), 1, 0}}},
	}
}

// TestGolden compares with testdata; POSTROOM_GOLDEN=write writes it anew, to be looked at.
func TestGolden(t *testing.T) {
	quarter := Chart{ID: "q", Title: "Délai médian", Description: "Le délai baisse.", Series: []Series{{Name: "heures", Values: nil}},
		Number: func(v float64) string {
			return strings.Replace(strconv.FormatFloat(v, 'f', 1, 64), ".", ",", 1) + "\u00a0h"
		}}
	for i := range 90 {
		quarter.Columns = append(quarter.Columns, fmt.Sprintf("J%d", i+1))
		v := 9 - float64(i)/12
		if i%30 == 7 || i%30 == 9 {
			v = math.NaN()
		}
		quarter.Series[0].Values = append(quarter.Series[0].Values, v)
	}
	for name, got := range map[string]template.HTML{
		"bars": Bars(week()), "shares": Shares(week()), "lines": Lines(week()), "quarter": Lines(quarter),
		"empty": Bars(Chart{ID: "none", Title: "Nothing", Description: "Nothing happened."}),
	} {
		path := filepath.Join("testdata", name+".svg")
		if os.Getenv("POSTROOM_GOLDEN") == "write" {
			if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got)+"\n" != string(want) {
			t.Errorf("%s is not as it was:\n%s", name, got)
		}
	}
}

// hostile is a chart of whose texts and numbers none is as it should be.
func hostile() Chart {
	bad := `"><script>alert(1)</script>&amp;` + "\x00\u202e\n\xff"
	return Chart{ID: bad, Title: bad, Description: bad, Columns: []string{bad, "", bad},
		Series: []Series{{bad, []float64{math.Inf(1), -3, math.NaN()}}, {bad, []float64{1e300, 5e-324, 7, 8, 9}}, {bad, nil}},
		Number: func(float64) string { return bad }}
}

// TestNoStyleNoScript: the pages' policy allows of neither, and what is drawn is well formed
// and inside the picture, whatever the texts and numbers are.
func TestNoStyleNoScript(t *testing.T) {
	for name, draw := range map[string]func(Chart) template.HTML{"bars": Bars, "shares": Shares, "lines": Lines} {
		for _, c := range []Chart{week(), hostile()} {
			got := string(draw(c))
			if strings.Contains(got, "style=") || strings.Contains(got, "<script") || strings.Contains(got, "NaN") || strings.Contains(got, "Inf") {
				t.Errorf("%s: %s", name, got)
			}
			for d := xml.NewDecoder(strings.NewReader(got)); ; {
				token, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%s: %v\n%s", name, err, got)
				}
				if e, ok := token.(xml.StartElement); ok {
					inside(t, e)
				}
			}
		}
	}
}

// inside checks that an element lies in the picture.
func inside(t *testing.T, e xml.StartElement) {
	t.Helper()
	at := map[string]float64{}
	for _, a := range e.Attr {
		if v, err := strconv.ParseFloat(a.Value, 64); err == nil {
			at[a.Name.Local] = v
		}
	}
	if at["x"] < 0 || at["x"]+at["width"] > width+0.01 || at["y"] < 0 || at["y"]+at["height"] > height+0.01 || at["width"] < 0 || at["height"] < 0 {
		t.Errorf("%s %v lies outside", e.Name.Local, e.Attr)
	}
}

// TestSharesAddUp: the bars of each column that has any reach the top.
func TestSharesAddUp(t *testing.T) {
	rect := regexp.MustCompile(`<rect x="([0-9.]+)" y="[0-9.]+" width="[0-9.]+" height="([0-9.]+)"/>`)
	of := map[string]float64{}
	for _, m := range rect.FindAllStringSubmatch(string(Shares(week())), -1) {
		h, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		of[m[1]] += h
	}
	for x, h := range of {
		if math.Abs(h-(height-top-bottom)) > 0.05 {
			t.Errorf("the column at %s is %v high", x, h)
		}
	}
	if len(of) != 6 {
		t.Errorf("%d columns, want 6: on the seventh nothing happened", len(of))
	}
}

func TestScale(t *testing.T) {
	for v, want := range map[float64]scale{0: {step: 1, top: 1}, 1: {step: 1, top: 1}, 4.2: {step: 1, top: 5}, 5: {step: 1, top: 5}, 7: {step: 2, top: 8},
		52: {step: 20, top: 60}, 99: {step: 20, top: 100}, 101: {step: 50, top: 150}, 1234: {step: 500, top: 1500}, 1e6: {step: 200_000, top: 1e6}} {
		if got := scaleTo(v); got != want {
			t.Errorf("%v: %+v, want %+v", v, got, want)
		}
	}
}

// TestEveryClassHasAStyle in the light look and in the dark.
func TestEveryClassHasAStyle(t *testing.T) {
	all := string(Bars(week()) + Shares(week()) + Lines(week()))
	for _, m := range regexp.MustCompile(`class="([^"]+)"`).FindAllStringSubmatch(all, -1) {
		for _, class := range strings.Fields(m[1]) {
			if !regexp.MustCompile(`\.` + class + `\b`).MatchString(Style()) {
				t.Errorf("%s has no style", class)
			}
		}
	}
	for i := 1; i <= 6; i++ {
		if n := strings.Count(Style(), fmt.Sprintf("--plot-%d: #", i)); n != 3 {
			t.Errorf("series %d has %d colours, want a light one and, twice, a dark one", i, n)
		}
	}
}

// TestColoursCanBeTold: each has 3:1 against its ground (WCAG 2.2, 1.4.11).
func TestColoursCanBeTold(t *testing.T) {
	block := regexp.MustCompile(`(?s)--plot-ground: #([0-9a-f]{6}).*?--plot-6: #[0-9a-f]{6}`)
	colour := regexp.MustCompile(`--plot-(ink|\d): #([0-9a-f]{6})`)
	looks := block.FindAllStringSubmatch(Style(), -1)
	if len(looks) != 3 {
		t.Fatalf("%d looks", len(looks))
	}
	for _, look := range looks {
		ground := luminance(t, look[1])
		for _, c := range colour.FindAllStringSubmatch(look[0], -1) {
			a, b := max(ground, luminance(t, c[2])), min(ground, luminance(t, c[2]))
			need := 3.0
			if c[1] == "ink" {
				need = 4.5
			}
			if ratio := (a + 0.05) / (b + 0.05); ratio < need {
				t.Errorf("#%s on #%s has %.1f:1", c[2], look[1], ratio)
			}
		}
	}
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	part := func(shift int) float64 {
		v := float64(n>>shift&0xff) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

// BenchmarkThreeYears draws each day of three years.
func BenchmarkThreeYears(b *testing.B) {
	c := Chart{ID: "b", Series: []Series{{Name: "a"}, {Name: "b"}, {Name: "c"}}}
	for i := range 3 * 365 {
		c.Columns = append(c.Columns, fmt.Sprint(i))
		for s := range c.Series {
			c.Series[s].Values = append(c.Series[s].Values, float64(i%(50*(s+1))))
		}
	}
	for b.Loop() {
		Shares(c)
	}
}
