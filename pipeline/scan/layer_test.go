package scan

import (
	"errors"
	"fmt"
	"image"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klippa-app/go-pdfium/requests"

	"postroom/mail"
)

// found is a word that pdfium finds on a page, with its box in the page's own points,
// y up.
type found struct {
	text           string
	units          []uint16 // of UTF-16, which is what pdfium gives
	x0, y0, x1, y1 float64
}

// texts gives the words that pdfium finds on page n, in the order of the content.
func texts(t testing.TB, f *File, n int) (all []found) {
	t.Helper()
	d := f.pages.(*pdfFile).doc
	i := d.r.instance
	page, err := i.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: requests.Page{ByIndex: &requests.PageByIndex{Document: d.ref, Index: n - 1}}})
	if err != nil {
		t.Fatal(err)
	}
	defer i.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: page.TextPage})
	count, err := i.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: page.TextPage})
	if err != nil {
		t.Fatal(err)
	}
	between := true
	for at := range count.Count {
		char, err := i.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: page.TextPage, Index: at})
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(string(rune(char.Unicode))) == "" {
			between = true
			continue
		}
		box, err := i.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: page.TextPage, Index: at})
		if err != nil {
			t.Fatal(err)
		}
		x0, y0, x1, y1 := float64(box.Rect.Left), float64(box.Rect.Bottom), float64(box.Rect.Right), float64(box.Rect.Top)
		if between {
			all = append(all, found{"", nil, x0, y0, x1, y1})
		}
		between = false
		w := &all[len(all)-1]
		units := append(w.units, uint16(char.Unicode))
		*w = found{string(utf16.Decode(units)), units, min(w.x0, x0), min(w.y0, y0), max(w.x1, x1), max(w.y1, y1)}
	}
	return all
}

// attitude is how a page lies on the scanner's glass.
type attitude struct {
	rotation   int     // that makes it upright
	skew       float64 // that then remains
	dpiX, dpiY float64
}

// read gives the reading of an A4 page that lies so: 20 lines of 6 words.
func (a attitude) read() mail.Reading {
	const wide, tall = 210 / 25.4, 297 / 25.4 // of the upright page, inches
	r := mail.Reading{Page: 1, DPI: a.dpiX, DPIY: a.dpiY, Rotation: a.rotation, Skew: a.skew, HasText: true}
	across, down := wide, tall
	if a.rotation%180 != 0 {
		across, down = tall, wide
	}
	r.Width, r.Height = int(across*a.dpiX), int(down*a.dpiY)
	skew, turn := a.skew*math.Pi/180, -float64(a.rotation)*math.Pi/180
	clockwise := func(v vector, r float64) vector { return backwards(v, -r) }
	for line := range 20 {
		x := 0.9
		for i := range 6 {
			text := strings.Repeat(string([]rune("Wörter")[:1+i]), 1+(line+i)%3) + fmt.Sprint(line*6+i)
			length := 0.09 * float64(len([]rune(text)))
			var at []vector
			for _, corner := range []vector{{x, 0}, {x + length, 0}, {x, 0.15}, {x + length, 0.15}} {
				corner.y += 1.5 + float64(line)*0.4
				v := clockwise(vector{corner.x - wide/2, corner.y - tall/2}, skew)
				v = clockwise(v, turn).plus(vector{across / 2, down / 2})
				at = append(at, vector{v.x * a.dpiX, v.y * a.dpiY})
			}
			box := mail.Box{X0: math.MaxInt, Y0: math.MaxInt}
			for _, v := range at {
				box = mail.Box{X0: min(box.X0, int(v.x)), Y0: min(box.Y0, int(v.y)), X1: max(box.X1, int(v.x)+1), Y1: max(box.Y1, int(v.y)+1)}
			}
			r.Words = append(r.Words, mail.Word{Text: text, Box: box, Confidence: 0.9, Line: line})
			x += length + 0.1
		}
	}
	return r
}

// page is the page of that size as a PDF; extra are entries of it.
func (a attitude) page(extra string) []byte {
	r := a.read()
	g := gradient(r.Width/8, r.Height/8)
	w, h := float64(r.Width)*72/a.dpiX, float64(r.Height)*72/a.dpiY
	if strings.Contains(extra, "90") {
		w, h = h, w
	}
	return objects(catalog, kids(1, 1),
		fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 %g %g]/Resources<</XObject<</Im0 5 0 R>>>>/Contents 4 0 R%s>>", w, h, extra),
		stream("", fmt.Sprintf("%g 0 0 %g 0 0 cm /Im0 Do", w, h)),
		stream(fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode", g.Rect.Dx(), g.Rect.Dy()), string(flated(g.Pix))))
}

// TestWordsLieOnTheirPictures: on pages that lie in any way.
func TestWordsLieOnTheirPictures(t *testing.T) {
	const most = 2.0 // mm
	for _, dpi := range [][2]float64{{300, 300}, {200, 100}} {
		for _, rotation := range []int{0, 90, 180, 270} {
			for _, skew := range []float64{0, -0.7, 2, 5, -5} {
				a := attitude{rotation, skew, dpi[0], dpi[1]}
				read := a.read()
				got, _, done := rendition1(t, a.page(""), read)
				if len(done.Pages) != 1 || done.Pages[0].Words != len(read.Words) || done.Pages[0].Rotation != rotation || !done.PDFA {
					t.Fatalf("%+v: %+v", a, done)
				}
				words := texts(t, got, 1)
				if len(words) != len(read.Words) {
					t.Errorf("%+v: %d words were found, want %d: %v", a, len(words), len(read.Words), words)
					continue
				}
				if math.Abs(skew) > 2 { // pdfium takes words of two lines that are level for one line's
					order := map[string]int{}
					for i, w := range read.Words {
						order[w.Text] = i
					}
					slices.SortFunc(words, func(a, b found) int { return order[a.text] - order[b.text] })
				}
				high, worst := float64(read.Height)/a.dpiY*25.4, 0.0
				for i, w := range read.Words {
					if words[i].text != w.Text {
						t.Fatalf("%+v: word %d is %q, want %q", a, i, words[i].text, w.Text)
					}
					mm := func(pixels int, dpi float64) float64 { return float64(pixels) / dpi * 25.4 }
					const point = 25.4 / 72
					for _, d := range []float64{words[i].x0*point - mm(w.Box.X0, a.dpiX), words[i].x1*point - mm(w.Box.X1, a.dpiX),
						high - words[i].y1*point - mm(w.Box.Y0, a.dpiY), high - words[i].y0*point - mm(w.Box.Y1, a.dpiY)} {
						worst = max(worst, math.Abs(d))
					}
				}
				t.Logf("%+v: %.2f mm", a, worst)
				if worst > most {
					t.Errorf("%+v: a word's edge lies %.1f mm off", a, worst)
				}
			}
		}
	}
}

// TestPlaced: a page's pixels are led to its units by its own turn and boxes.
func TestPlaced(t *testing.T) {
	for extra, want := range map[string][2]vector{ // where the reading's first and last pixel are
		"":                                    {{0, 100}, {200, 0}},
		"/Rotate 90":                          {{0, 0}, {200, 100}},
		"/Rotate 180":                         {{200, 0}, {0, 100}},
		"/Rotate 270":                         {{200, 100}, {0, 0}},
		"/CropBox[10 20 110 90]":              {{10, 90}, {110, 20}},
		"/MediaBox[-5 -6 195 94]":             {{-5, 94}, {195, -6}},
		"/MediaBox[-5 -6 195 94]/Rotate -270": {{-5, -6}, {195, 94}},
	} {
		source := strings.Replace(string(objects(catalog, kids(1, 1), page("<<>>", "4 0 R", extra), painted("1"))), "/MediaBox[0 0 200 100]", "", strings.Count(extra, "/MediaBox"))
		f := mustOpen(t, []byte(source)).pages.(*pdfFile)
		m := f.placed(f.page(1), nil, mail.Reading{Width: 40, Height: 30})
		for i, corner := range []vector{{0, 0}, {40, 30}} {
			if got := m.point(corner); math.Abs(got.x-want[i].x)+math.Abs(got.y-want[i].y) > 1e-6 {
				t.Errorf("%s: corner %d is led to %v, want %v", extra, i, got, want[i])
			}
		}
	}
}

// TestPagesAreUpright: by their own turn and the reading's, and not a pixel is made anew.
func TestPagesAreUpright(t *testing.T) {
	p := greyPage(t, 0)
	for _, own := range []int{0, 90, -90, 180, 450} {
		for _, rotation := range []int{0, 90, 180, 270} {
			p.extra = fmt.Sprintf("/Rotate %d", own)
			source := pdf([]pdfPage{p}, false, "")
			before, err := mustOpen(t, source).Picture(1)
			if err != nil {
				t.Fatal(err)
			}
			got, b, _ := rendition1(t, source, mail.Reading{Width: before.Gray.Rect.Dx(), Height: before.Gray.Rect.Dy(), Rotation: rotation})
			after, err := got.Picture(1)
			if err != nil {
				t.Fatal(err)
			}
			want := orient(before.Gray, map[int]int{0: 1, 90: 6, 180: 3, 270: 8}[rotation])
			if d := difference(after.Gray, want); d != 0 {
				t.Errorf("/Rotate %d, then %d: it differs by %.1f greys (%v, want %v)", own, rotation, d, after.Gray.Rect, want.Rect)
			}
			if !strings.Contains(string(b), string(p.data)) {
				t.Errorf("/Rotate %d, then %d: the picture's stream is another", own, rotation)
			}
		}
	}
}

// TestHostileReadings: a reading comes from a process that a file may have taken over.
func TestHostileReadings(t *testing.T) {
	box := mail.Box{X0: 10, Y0: 10, X1: 60, Y1: 20}
	whole := mail.Reading{Width: 400, Height: 200, DPI: 144, DPIY: 144}
	for name, c := range map[string]struct {
		change func(*mail.Reading)
		want   string // the words that are found
	}{
		"none":            {func(r *mail.Reading) {}, ""},
		"no size":         {func(r *mail.Reading) { r.Width = 0; r.Words = []mail.Word{{Text: "x", Box: box}} }, ""},
		"a negative size": {func(r *mail.Reading) { r.Height = -5; r.Words = []mail.Word{{Text: "x", Box: box}} }, ""},
		"no number": {func(r *mail.Reading) {
			r.DPI, r.Skew = math.NaN(), math.NaN()
			r.Words = []mail.Word{{Text: "x", Box: box}}
		}, "x"},
		"infinite": {func(r *mail.Reading) {
			r.DPIY, r.Skew = math.Inf(1), math.Inf(-1)
			r.Words = []mail.Word{{Text: "x", Box: box}}
		}, "x"},
		"an odd turn":    {func(r *mail.Reading) { r.Rotation = 45; r.Words = []mail.Word{{Text: "x", Box: box}} }, "x"},
		"a negative box": {func(r *mail.Reading) { r.Words = []mail.Word{{Text: "x", Box: mail.Box{X0: 9, Y0: 9, X1: -9, Y1: -9}}} }, ""},
		"off the page": {func(r *mail.Reading) {
			r.Words = []mail.Word{{Text: "x", Box: mail.Box{X0: 500, Y0: 9, X1: 600, Y1: 20}}}
		}, ""},
		"partly off": {func(r *mail.Reading) {
			r.Words = []mail.Word{{Text: "x", Box: mail.Box{X0: math.MinInt, Y0: 9, X1: math.MaxInt, Y1: 20}}}
		}, "x"},
		"controls": {func(r *mail.Reading) {
			r.Words = []mail.Word{{Text: "a\x00\x1b\nb\u0085\ufeff\ufffe\uffff\ufffdc", Box: box}, {Text: "\x07", Box: box}}
		}, "abc"},
		"no text":            {func(r *mail.Reading) { r.Words = []mail.Word{{Box: box}} }, ""},
		"not UTF-8":          {func(r *mail.Reading) { r.Words = []mail.Word{{Text: "a\xff\xc0b", Box: box}} }, "ab"},
		"syntax":             {func(r *mail.Reading) { r.Words = []mail.Word{{Text: ")>Tj(<<%", Box: box}} }, ")>Tj(<<%"},
		"astral letters":     {func(r *mail.Reading) { r.Words = []mail.Word{{Text: "𝔄𝔅𝔄😀", Box: box}} }, "𝔄𝔅𝔄😀"},
		"ligatures and gaps": {func(r *mail.Reading) { r.Words = []mail.Word{{Text: "a b\u00a0c", Box: box}} }, "abc"},
	} {
		r := whole
		c.change(&r)
		got, b, done := rendition1(t, pdf([]pdfPage{greyPage(t, 0)}, false, ""), r)
		words := ""
		for _, w := range texts(t, got, 1) {
			words += w.text
		}
		if words != c.want || !done.PDFA || (done.Pages[0].Words > 0) != (c.want != "") {
			t.Errorf("%s: %q were found, want %q: %+v", name, words, c.want, done)
		}
		sane(t, b, 1)
	}
	right := mail.Reading{Width: 400, Height: 200, Words: []mail.Word{{Text: "שלום", Box: box}, {Text: strings.Repeat("long", 1<<16), Box: box}}}
	if _, b, done := rendition1(t, pdf([]pdfPage{greyPage(t, 0)}, false, ""), right); !done.PDFA || done.Pages[0].Words != 2 || len(b) > 1<<17 {
		t.Errorf("letters from the right, and a long word: %+v, %d bytes", done, len(b))
	}
}

func TestAlphabet(t *testing.T) {
	a := &alphabet{}
	for r := rune(0x10000); r < 0x11000; r++ {
		a.codes(string(r))
	}
	if len(a.beyond) != mostBeyond || a.last() != firstBeyond+mostBeyond-1 {
		t.Errorf("%d letters over 16 bits, the last is %x", len(a.beyond), a.last())
	}
	if m := string(a.toUnicode()); strings.Count(m, "beginbfchar") != 21 || !strings.Contains(m, "<D801><D800DC01>") {
		t.Errorf("%.500s", m)
	}
	if got := a.codes("\U0001F600a"); len(got) != 1 || got[0] != 'a' {
		t.Errorf("a letter for which no code is left: %x", got)
	}
}

// picture is a page's picture as Render's tests compare it.
func picture(t testing.TB, f *File, n int) *image.Gray {
	t.Helper()
	p, err := f.Picture(n)
	if err != nil {
		t.Fatal(err)
	}
	return p.Gray
}

// TestNarrowLetters: letters that are much taller than wide are laid less tall, about where
// they are: poppler would drop the second of two alike.
func TestNarrowLetters(t *testing.T) {
	read := mail.Reading{Width: 400, Height: 400, DPI: 72, DPIY: 72, Words: []mail.Word{{Text: "AAE", Box: mail.Box{X0: 100, Y0: 100, X1: 136, Y1: 300}}}}
	content, laid := layOut(read, matrix{1, 0, 0, 1, 0, 0}, &alphabet{})
	found := regexp.MustCompile(`(?s)/\S+ ([\d.]+) Tf.* ([\d.]+) Tm `).FindSubmatch(content)
	if laid != 1 || found == nil {
		t.Fatalf("%d words: %s", laid, content)
	}
	size, err := strconv.ParseFloat(string(found[1]), 64)
	foot, err2 := strconv.ParseFloat(string(found[2]), 64)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if size > 36/3/narrowest+0.01 || size < 36/3/narrowest-1 || math.Abs(foot-size/2-200) > 1 {
		t.Errorf("letters are %g points high, and stand at %g", size, foot)
	}
}
