package scan

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postroom/mail"
)

// render makes a rendition in a file and gives it opened.
func render(t testing.TB, source []byte, o Order) (*File, []byte, Rendered, error) {
	t.Helper()
	f := mustOpen(t, source)
	out, err := os.Create(filepath.Join(t.TempDir(), "out.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := out.WriteString("what was there before"); err != nil {
		t.Fatal(err)
	}
	if o.Pages == 0 {
		o.Pages = f.Pages()
	}
	done, err := f.Render(o, out)
	if err != nil {
		return nil, nil, done, err
	}
	b, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return mustOpen(t, b), b, done, nil
}

// each gives the same reading for all pages.
func each(r mail.Reading) func(int) (OrderPage, error) {
	return func(int) (OrderPage, error) { return OrderPage{Reading: r}, nil }
}

// rendition1 makes a rendition with one reading for all pages.
func rendition1(t testing.TB, source []byte, r mail.Reading) (*File, []byte, Rendered) {
	t.Helper()
	f, b, done, err := render(t, source, Order{Title: "Brief", Language: "de", Producer: "postroom", Page: each(r)})
	if err != nil {
		t.Fatal(err)
	}
	return f, b, done
}

// someWords is a reading of the pages that pdf writes.
var someWords = mail.Reading{Width: 400, Height: 200, DPI: 144, DPIY: 144, Words: []mail.Word{
	{Text: "Réclamation", Box: mail.Box{X0: 20, Y0: 20, X1: 120, Y1: 40}}, {Text: "n°", Box: mail.Box{X0: 130, Y0: 20, X1: 150, Y1: 40}}}}

// TestRenderKeepsPictures: of each kind that scanners write.
func TestRenderKeepsPictures(t *testing.T) {
	for _, name := range []string{"batch-000.pdf", "batch-003.pdf"} { // G4, JPEG
		source, err := os.ReadFile("../../samples/mail/" + name)
		if err != nil {
			t.Fatal(err)
		}
		f, b, done := rendition1(t, source, mail.Reading{Width: 100, Height: 140, DPI: 12, DPIY: 12,
			Words: []mail.Word{{Text: "Brief", Box: mail.Box{X0: 10, Y0: 10, X1: 40, Y1: 16}}}})
		if !done.PDFA || f.Pages() != 4 {
			t.Errorf("%s: %+v", name, done)
		}
		kept(t, name, source, b)
	}
	for name, p := range map[string]pdfPage{
		"flate":  greyPage(t, 3),
		"jpeg":   {image: greyImage + "/Filter/DCTDecode", data: jpegBytes(t, gradient(400, 200))},
		"colour": {image: "/Width 400/Height 200/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/FlateDecode", data: flated(make([]byte, 400*200*3))},
		"stamp":  {image: greyImage + "/Filter/FlateDecode", data: flated(gradient(400, 200).Pix), content: "q 200 0 0 100 0 0 cm /Im0 Do Q 0 0 50 50 re f"},
	} {
		source := pdf([]pdfPage{p, greyPage(t, 9)}, true, "")
		f, b, done := rendition1(t, source, someWords)
		if !done.PDFA || done.Why != "" || done.Pages[0] != (RenderedPage{Text: LaidWords, Words: 2}) {
			t.Errorf("%s: %+v", name, done)
		}
		kept(t, name, source, b)
		for n := 1; n <= 2; n++ {
			if d := difference(picture(t, f, n), picture(t, mustOpen(t, source), n)); d != 0 {
				t.Errorf("%s: page %d differs by %.1f greys", name, n, d)
			}
		}
		if words := texts(t, f, 1); len(words) != 2 || words[0].text != "Réclamation" {
			t.Errorf("%s: %v", name, words)
		}
		sane(t, b, 2)
	}
}

// kept checks that each picture stream of a file is in its rendition, byte by byte.
func kept(t *testing.T, name string, source, rendition []byte) {
	t.Helper()
	f := mustOpen(t, source).pages.(*pdfFile)
	for n := 1; n <= f.count(); n++ {
		p := f.page(n)
		content, err := f.content(p.Dict)
		if err != nil {
			t.Fatal(err)
		}
		for used := range named(content) {
			if sd := f.xobject(p.Resources, used); sd != nil && !bytes.Contains(rendition, sd.Raw) {
				t.Errorf("%s: the picture of page %d is not in the rendition as it was", name, n)
			}
		}
	}
}

// TestOwnTextIsKept: a page that came with its text gets no second one; one with a line
// that a fax or a scanner printed on it does.
func TestOwnTextIsKept(t *testing.T) {
	born := greyPage(t, 0)
	born.content = "q 200 0 0 100 0 0 cm /Im0 Do Q BT /F1 12 Tf 20 20 Td (Guten Tag) Tj ET"
	empty := greyPage(t, 1)
	empty.content = "q 200 0 0 100 0 0 cm /Im1 Do Q BT /F1 12 Tf 20 20 Td (  ) Tj ET"
	faxed := greyPage(t, 2)
	faxed.content = "q 200 0 0 100 0 0 cm /Im2 Do Q BT /F1 12 Tf 20 20 Td <46006100 78> Tj ET"
	_, b, done := rendition1(t, pdf([]pdfPage{born, empty, faxed, greyPage(t, 3)}, false, ""), someWords)
	if done.Pages[0] != (RenderedPage{Text: OwnWords}) || done.Pages[1].Text != LaidWords || done.Pages[2].Words != 2 || done.Pages[3].Words != 2 {
		t.Errorf("%+v", done)
	}
	if !bytes.Contains(b, []byte("(Guten Tag) Tj")) {
		t.Error("the page's text is not there any more")
	}
}

// TestLettersOfOwnText: as programs write them: glyphs are numbered from 1 on in LibreOffice's
// files, codes of two bytes begin with zeros, a byte may be written as an escape.
func TestLettersOfOwnText(t *testing.T) {
	for content, want := range map[string]int{
		"BT <0102010304>Tj [<05>-20<0A0B0C>]TJ ET": 9,
		"BT <00480065006C0020>Tj ET":               3,
		`BT (a\101 \)\\ \040\000)Tj (b) ' ET`:      5,
		"BT (  ) Tj <2020> Tj ET (not shown)":      0,
		"BI /W 1 ID (x)Tj EI BT (c)Tj ET":          1,
	} {
		if got := lettersIn([]byte(content)); got != want {
			t.Errorf("%s: %d letters, want %d", content, got, want)
		}
	}
}

func TestBlankPagesMayBeDropped(t *testing.T) {
	all := []pdfPage{greyPage(t, 0), greyPage(t, 1), greyPage(t, 2)}
	drop := func(pages ...int) Order {
		return Order{Page: func(n int) (OrderPage, error) {
			return OrderPage{Reading: someWords, Drop: bytes.IndexByte([]byte(fmt.Sprint(pages)), byte('0'+n)) > 0}, nil
		}}
	}
	f, b, done, err := render(t, pdf(all, true, ""), drop(2))
	if err != nil || f.Pages() != 2 || len(done.Pages) != 3 || done.Pages[1] != (RenderedPage{}) || bytes.Contains(b, all[1].data) {
		t.Errorf("%+v, %v", done, err)
	}
	if _, _, _, err := render(t, pdf(all, true, ""), drop(1, 2, 3)); !errors.Is(err, ErrUnreadable) {
		t.Errorf("nothing is left: %v", err)
	}
	lost := errors.New("lost")
	if _, _, _, err := render(t, pdf(all, true, ""), Order{Page: func(int) (OrderPage, error) { return OrderPage{}, lost }}); !errors.Is(err, lost) {
		t.Errorf("a page without order: %v", err)
	}
	if _, _, _, err := render(t, pdf(all, true, ""), Order{Pages: 2, Page: each(someWords)}); !errors.Is(err, ErrPages) {
		t.Errorf("readings of two pages for three: %v", err)
	}
}

// TestDamagedRenditionsDiffer: a page that was left blank, cropped, shifted, turned
// wrongly, or took another's picture is found, and one that is right is not.
func TestDamagedRenditionsDiffer(t *testing.T) {
	right := greyPage(t, 0)
	with := func(change func(*pdfPage)) []byte {
		p := right
		change(&p)
		return pdf([]pdfPage{p}, false, "")
	}
	for _, composed := range []string{"", " 0 0 9 9 re f"} { // the latter is drawn by pdfium
		right.content = "q 200 0 0 100 0 0 cm /Im0 Do Q" + composed
		at := func(matrix string) string { return "q " + matrix + " cm /Im0 Do Q" + composed }
		for name, c := range map[string]struct {
			rendition []byte
			turn      int
			differs   bool
		}{
			"right":          {with(func(*pdfPage) {}), 0, false},
			"turned":         {with(func(p *pdfPage) { p.extra = "/Rotate 90" }), 90, false},
			"turned back":    {with(func(p *pdfPage) { p.extra = "/Rotate -90" }), 270, false},
			"on its head":    {with(func(p *pdfPage) { p.extra = "/Rotate 180" }), 180, false},
			"not turned":     {with(func(*pdfPage) {}), 90, true},
			"turned at will": {with(func(p *pdfPage) { p.extra = "/Rotate 90" }), 0, true},
			"turned wrongly": {with(func(p *pdfPage) { p.extra = "/Rotate 90" }), 270, true},
			"blank":          {with(func(p *pdfPage) { p.content = "q Q" + composed }), 0, true},
			"shifted":        {with(func(p *pdfPage) { p.content = at("200 0 0 100 1.5 0") }), 0, true},
			"shifted, 180":   {with(func(p *pdfPage) { p.content, p.extra = at("200 0 0 100 1.5 0"), "/Rotate 180" }), 180, true},
			"smaller":        {with(func(p *pdfPage) { p.content = at("198.5 0 0 99 0 0") }), 0, true},
			"mirrored":       {with(func(p *pdfPage) { p.content = at("-200 0 0 100 200 0") }), 0, true},
			"cropped":        {with(func(p *pdfPage) { p.extra = "/CropBox[0 0 200 97]" }), 0, true},
			"cropped, 90":    {with(func(p *pdfPage) { p.extra = "/CropBox[0 0 200 97]/Rotate 90" }), 90, true},
			"another":        {with(func(p *pdfPage) { p.data = flated(gradient(400, 200).Pix[1:]) }), 0, true},
			"decoded":        {with(func(p *pdfPage) { p.image += "/Decode[1 0]" }), 0, true},
			"overwritten":    {with(func(p *pdfPage) { p.content += " BT /F1 40 Tf 9 9 Td (VOID) Tj ET" }), 0, true},
			"two pages":      {pdf([]pdfPage{right, right}, false, ""), 0, true},
		} {
			source := mustOpen(t, with(func(*pdfPage) {})).pages.(*pdfFile)
			got := mustOpen(t, c.rendition).pages.(*pdfFile)
			err := source.sameAs(got, []int{1}, []RenderedPage{{Rotation: c.turn}}, unpaced)
			if errors.Is(err, ErrDiffers) != c.differs || err != nil && !c.differs {
				t.Errorf("%s%s: %v", name, composed, err)
			}
		}
	}
}

// TestManyPictures: pdfium is made to forget pages while they are compared.
func TestManyPictures(t *testing.T) {
	raw := bytes.Repeat([]byte{200}, 5000*4000)
	p := pdfPage{image: "/Width 5000/Height 4000/ColorSpace/DeviceGray/BitsPerComponent 8", data: raw}
	last := greyPage(t, 0)
	last.content = "q 200 0 0 100 0 0 cm /Im2 Do Q 0 0 9 9 re f" // drawn, after that
	if 2*len(raw) < mostHeld {
		t.Fatal("two pictures are not too many")
	}
	f, _, done := rendition1(t, pdf([]pdfPage{p, p, last}, false, ""), someWords)
	if !done.PDFA || f.Pages() != 3 {
		t.Errorf("%+v", done)
	}
}

func TestAlike(t *testing.T) {
	const w, h = 30, 22
	a := make([]byte, 4*w*h)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range a {
		a[i] = byte(rng.IntN(256))
	}
	b := bytes.Clone(a)
	for i := 3; i < len(b); i += 4 {
		b[i]++ // which means nothing
	}
	if !alike(a, b, 4*w) || alike(a, b[4*w:], 4*w) {
		t.Error("what is the same is not alike, or what is shorter is")
	}
	for y := h - 2; y < h; y++ { // the last square is cut off by both edges
		for x := 4 * (w - 2); x < 4*w; x++ {
			b[y*4*w+x] = a[y*4*w+x] ^ 0x80
			a[y*4*w+x] |= 0x80
			b[y*4*w+x] &= 0x7f
		}
	}
	if alike(a, b, 4*w) {
		t.Error("half black, half white, in a corner, and alike")
	}
}

func TestSignedIsNotRendered(t *testing.T) {
	b := func(root, more string) []byte {
		return objects("<</Type/Catalog/Pages 2 0 R"+root+">>", kids(1, 1), page("<<>>", "4 0 R", ""), painted(".5"), more)
	}
	for name, c := range map[string]struct {
		source []byte
		signed bool
	}{
		"not":                   {b("", "null"), false},
		"by a field":            {b("/AcroForm<</Fields[<</FT/Sig/T(s)/V 5 0 R>>]>>", "<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>"), true},
		"by a direct value":     {b("/AcroForm<</Fields[5 0 R]>>", "<</FT/Sig/T(s)/Kids[<</V<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>>>]>>"), true},
		"by the file's flags":   {b("/AcroForm<</SigFlags 3/Fields[]>>", "null"), true},
		"by usage rights":       {b("/Perms<</UR3 5 0 R>>", "<<>>"), true},
		"by what nothing names": {b("", "<</Type/Sig/ByteRange[0 1 2 3]>>"), true},
	} {
		if _, _, _, err := render(t, c.source, Order{Page: each(mail.Reading{})}); errors.Is(err, ErrSigned) != c.signed || err != nil && !c.signed {
			t.Errorf("%s: %v", name, err)
		}
	}
	var wrapped bytes.Buffer
	if _, err := mustOpen(t, jpegBytes(t, gradient(400, 200))).Cut(1, 1, &wrapped); err != nil {
		t.Fatal(err)
	}
	if _, _, done := rendition1(t, wrapped.Bytes(), someWords); !done.PDFA {
		t.Errorf("a JPEG that was wrapped: %+v", done)
	}
	if _, _, _, err := render(t, jpegBytes(t, gradient(400, 200)), Order{Page: each(someWords)}); !errors.Is(err, ErrUnreadable) {
		t.Errorf("a JPEG that was not: %v", err)
	}
}

// full is an output whose disk is full when it is written once more.
type full struct {
	*os.File
	times int
}

func (f *full) Truncate(size int64) error {
	f.times--
	return f.File.Truncate(size)
}

func (f *full) Write(b []byte) (int, error) {
	if f.times < 0 {
		return 0, errors.New("no space is left")
	}
	return f.File.Write(b)
}

func TestFullDiskIsNotTheFilesFault(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p := greyPage(t, 0)
	p.image += "/Interpolate true" // no PDF/A: it is written twice
	f := mustOpen(t, pdf([]pdfPage{p}, false, ""))
	for times := range 2 {
		if _, err := f.Render(Order{Pages: 1, Page: each(someWords)}, &full{out, times}); !errors.Is(err, ErrOutput) || errors.Is(err, ErrUnreadable) {
			t.Errorf("after %d: %v", times, err)
		}
	}
	if done, err := f.Render(Order{Pages: 1, Page: each(someWords)}, &full{out, 2}); err != nil || done.PDFA {
		t.Errorf("%+v, %v", done, err)
	}
}

// TestRandomReadings: whatever the numbers and letters of a reading, the rendition is
// sound, and shows the page.
func TestRandomReadings(t *testing.T) {
	const seed = 20261125
	rng := rand.New(rand.NewPCG(seed, 1))
	number := func() int {
		return []int{rng.IntN(400), rng.IntN(400), -rng.IntN(1000), rng.IntN(1 << 40), math.MaxInt, math.MinInt, 0}[rng.IntN(7)]
	}
	for i := range 150 {
		r := mail.Reading{Width: 1 + rng.IntN(800), Height: 1 + rng.IntN(400), Rotation: []int{0, 90, 180, 270, number()}[rng.IntN(5)],
			DPI: math.Exp(rng.NormFloat64() * 20), DPIY: math.Exp(rng.NormFloat64() * 20), Skew: rng.NormFloat64() * 20}
		for range rng.IntN(30) {
			text := make([]rune, rng.IntN(12))
			for j := range text {
				text[j] = rune(rng.IntN(0x110000))
				if rng.IntN(2) == 0 {
					text[j] = rune(rng.IntN(0x300))
				}
			}
			r.Words = append(r.Words, mail.Word{Text: string(text), Box: mail.Box{X0: number(), Y0: number(), X1: number(), Y1: number()}, Line: number()})
		}
		_, b, done, err := render(t, pdf([]pdfPage{greyPage(t, 0)}, false, ""), Order{Title: string(rune(i)), Page: each(r)})
		if err != nil || !done.PDFA {
			t.Fatalf("reading %d of seed %d: %+v, %v\n%+v", i, seed, done, err, r)
		}
		if i%10 == 0 {
			sane(t, b, 1)
		}
	}
}

// TestRenderedTwiceIsTheSame: what is written depends on nothing but the file and the order.
func TestRenderedTwiceIsTheSame(t *testing.T) {
	source := pdf([]pdfPage{greyPage(t, 0), greyPage(t, 5)}, true, "")
	_, one, _ := rendition1(t, source, someWords)
	_, two, _ := rendition1(t, source, someWords)
	if !bytes.Equal(one, two) {
		t.Error("the second rendition is another")
	}
}

// TestAPersonsTurnGoesFirst: the page lies as a person says, whatever its reading says, and
// still shows what it showed; its words are laid as they were read.
func TestAPersonsTurnGoesFirst(t *testing.T) {
	source := pdf([]pdfPage{greyPage(t, 0)}, false, "")
	for _, read := range []int{0, 90} {
		for _, turn := range []int{0, 90, 180, 270} {
			reading := someWords
			reading.Rotation = read
			_, b, done, err := render(t, source, Order{Page: func(int) (OrderPage, error) { return OrderPage{Reading: reading, Turn: &turn}, nil }})
			if err != nil || done.Pages[0].Rotation != turn || done.Pages[0].Words != 2 {
				t.Errorf("read %d, turned %d: %+v, %v", read, turn, done, err)
			}
			if is := mustOpen(t, b).pages.(*pdfFile).page(1).Rotate; is != turn {
				t.Errorf("read %d, turned %d: the page is turned by %d", read, turn, is)
			}
		}
	}
}

// TestMetadata: they are XML, say the same in both places, and hold no more than that.
func TestMetadata(t *testing.T) {
	for name, c := range map[string]struct{ title, language, want string }{
		"plain":    {"Brief", "de", "Brief"},
		"markup":   {"<a> & ]]> \"b\"", "fr-BE", "<a> & ]]> \"b\""},
		"controls": {"a\x00b\r\n\tc\xff😀", "de\n", "a b c 😀"},
		"nothing":  {"", "", ""},
		"long":     {strings.Repeat("é", 1<<16), "de", strings.Repeat("é", 500)},
	} {
		d := Order{Title: c.title, Language: c.language, Producer: "p"}.described()
		if d.title != c.want || strings.ContainsAny(d.language, "\n") {
			t.Errorf("%s: %+v", name, d)
		}
		for _, claim := range []bool{true, false} {
			said, x := "", xml.NewDecoder(bytes.NewReader(d.xmp(claim)))
			for {
				token, err := x.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if text, ok := token.(xml.CharData); ok {
					said += string(text)
				}
			}
			if !strings.Contains(said, c.want) || strings.Contains(string(d.xmp(claim)), "pdfaid") != claim {
				t.Errorf("%s: %s", name, said)
			}
		}
		if _, _, done, err := render(t, pdf([]pdfPage{greyPage(t, 0)}, false, ""), Order{Title: c.title, Language: c.language, Page: each(someWords)}); err != nil || !done.PDFA {
			t.Errorf("%s: %+v, %v", name, done, err)
		}
	}
}

// TestOtherPrograms asks poppler and qpdf, where they are installed.
func TestOtherPrograms(t *testing.T) {
	for _, program := range []string{"qpdf", "pdftotext"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	for _, a := range []attitude{{0, 0, 300, 300}, {90, 1.5, 200, 100}, {180, -2, 300, 300}, {270, 0.7, 200, 200}} {
		read := a.read()
		_, b, _ := rendition1(t, a.page(""), read)
		path := filepath.Join(t.TempDir(), "out.pdf")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if said, err := exec.Command("qpdf", "--check", path).CombinedOutput(); err != nil || bytes.Contains(said, []byte("WARNING")) {
			t.Errorf("%+v: qpdf: %v\n%s", a, err, said)
		}
		said, err := exec.Command("pdftotext", "-raw", path, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, w := range read.Words {
			want = append(want, w.Text)
		}
		if got := strings.Fields(string(said)); !slices.Equal(got, want) {
			t.Errorf("%+v: poppler finds %.200q..., want %.200q...", a, got, want)
		}
	}
}
