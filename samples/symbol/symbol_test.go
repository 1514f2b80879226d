package symbol_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"postroom/barcode"
	"postroom/mail"
	"postroom/samples/symbol"
)

// texts are what every symbology has to carry, short and long.
var texts = []struct {
	symbology mail.Symbology
	text      string
}{
	{mail.Code128, "TX-2024-348096-98"}, {mail.Code128, "+++873/4895/15954+++"}, {mail.Code128, "PATCHT"}, {mail.Code128, "12345"}, {mail.Code128, "AB123456"},
	{mail.Code128, "RR473124829GB"}, {mail.Code128, "1234567890"}, {mail.Code128, "123x45678y"},
	{mail.Code39, "PER/962309/N"}, {mail.Code39, "+++873/4895/15954+++"}, {mail.Code39, "A-1 .$/+%Z"},
	{mail.ITF, "15400141288763"}, {mail.ITF, "00123456789012"}, {mail.Codabar, "A123456789B"}, {mail.Codabar, "C40-12$3:4/5.6+7D"},
	{mail.EAN13, "4006381333931"}, {mail.EAN13, "9780201379624"}, {mail.EAN13, "0012345678905"},
	{mail.QR, "PATCHT"}, {mail.QR, "TX-2024-348096-98"}, {mail.QR, "+++873/4895/15954+++"}, {mail.QR, "é à ü"},
	{mail.QR, "BCD\n002\n1\nSCT\nKREDBEBB\nTown\nBE71096123456769\nEUR12.50"},
	{mail.QR, strings.Repeat("Every letter of this text takes a byte. ", 3)}, {mail.QR, strings.Repeat("LONG TEXT FOR VERSIONS FROM SEVEN ON ", 5)},
	{mail.DataMatrix, "PATCH"}, {mail.DataMatrix, "PATCHT"}, {mail.DataMatrix, "PER/113085/V"}, {mail.DataMatrix, "TX-2025-138487-90"},
	{mail.DataMatrix, "+++873/4895/15954+++"}, {mail.DataMatrix, "DEA0123456789012345678901234"}, {mail.DataMatrix, "a text of thirty characters..."},
	{mail.DataMatrix, "a text of more than thirty characters."}, {mail.DataMatrix, strings.Repeat("JGB 0123", 6)}, {mail.DataMatrix, strings.Repeat("ten chars.", 6)},
	{mail.Aztec, "PATCHT"}, {mail.Aztec, "PER/113085/V"}, {mail.Aztec, "TX-2025-138487-90"}, {mail.Aztec, "+++873/4895/15954+++ and more"},
}

// printed draws a code on white paper, 4 pixels a module.
func printed(t *testing.T, s mail.Symbology, text string) *image.Gray {
	t.Helper()
	m, err := symbol.Draw(s, text)
	if err != nil {
		t.Fatal(err)
	}
	const px, quiet = 4, 80
	high := len(m) * px
	if len(m) == 1 {
		high = 120
	}
	g := image.NewGray(image.Rect(0, 0, len(m[0])*px+2*quiet, high+2*quiet))
	draw.Draw(g, g.Rect, image.White, image.Point{}, draw.Src)
	for y := range high {
		for x := range len(m[0]) * px {
			if m[min(y/px, len(m)-1)][x/px] {
				g.SetGray(x+quiet, y+quiet, color.Gray{})
			}
		}
	}
	return g
}

func TestReaderReadsTheText(t *testing.T) {
	r := barcode.New(barcode.Config{})
	for _, c := range texts {
		found := r.Read(printed(t, c.symbology, c.text), 300).Symbols
		want, text := c.symbology, c.text
		switch {
		case want == mail.Codabar: // its frame is not told
			text = strings.Trim(text, "ABCD")
		case want == mail.EAN13 && text[0] == '0':
			want, text = mail.UPCA, text[1:]
		}
		if len(found) != 1 || found[0].Symbology != want || found[0].Text != text {
			t.Errorf("%s %q is read as %+v", c.symbology, c.text, found)
		}
	}
}

// TestZbarReadsTheText asks a reader that shares nothing with either side.
func TestZbarReadsTheText(t *testing.T) {
	zbar, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Skip("zbarimg is not installed")
	}
	names := map[mail.Symbology]string{mail.Code128: "CODE-128", mail.Code39: "CODE-39", mail.ITF: "I2/5", mail.Codabar: "Codabar", mail.EAN13: "EAN-13", mail.QR: "QR-Code"}
	for _, c := range texts {
		name := names[c.symbology]
		if name == "" || c.text == "12345" { // zbar wants longer ones
			continue
		}
		var b bytes.Buffer
		if err := png.Encode(&b, printed(t, c.symbology, c.text)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "code.png")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		out, _ := exec.Command(zbar, "-q", "--set", "codabar.enable", "--set", "i25.enable", path).Output()
		if got := strings.TrimSuffix(string(out), "\n"); got != name+":"+c.text {
			t.Errorf("%s %q is read as %q", c.symbology, c.text, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		symbology mail.Symbology
		text      string
	}{
		{mail.Code128, ""}, {mail.Code128, "é"}, {mail.Code39, "lower"}, {mail.Code39, "A*B"}, {mail.ITF, "123"}, {mail.ITF, "12a4"},
		{mail.Codabar, "123"}, {mail.EAN13, "4006381333932"}, {mail.EAN13, "123"}, {mail.QR, strings.Repeat("x", 3000)},
		{mail.DataMatrix, strings.Repeat("x", 300)}, {mail.DataMatrix, "é"}, {mail.Aztec, ""}, {mail.PDF417, ""}, {mail.Code93, "X"},
	} {
		if m, err := symbol.Draw(c.symbology, c.text); err == nil {
			t.Errorf("%s %q gives %d rows", c.symbology, c.text, len(m))
		}
	}
	if _, err := symbol.AztecSetup(strings.Repeat("x", 20)); err == nil {
		t.Error("20 bytes are drawn in one layer")
	}
	for _, v := range []int{-1, 256} {
		if _, err := symbol.AztecRune(v); err == nil {
			t.Errorf("%d is drawn as a rune", v)
		}
	}
	if _, err := symbol.Patch(mail.QR); err == nil {
		t.Error("a QR code is no patch code")
	}
}

// The rune of 64, module for module, as another program draws it.
func TestRuneIsDrawn(t *testing.T) {
	m, err := symbol.AztecRune(64)
	if err != nil {
		t.Fatal(err)
	}
	want := "#####.#.#.# ########### .#.......#. .#.#####.## .#.#...#.#. .#.#.#.#.## ##.#...#.## .#.#####.## .#.......## .########## ..###.###.."
	var rows []string
	for _, row := range m {
		s := ""
		for _, dark := range row {
			s += map[bool]string{true: "#", false: "."}[dark]
		}
		rows = append(rows, s)
	}
	if got := strings.Join(rows, " "); got != want {
		t.Errorf("drawn as %s", strings.Join(rows, "\n"))
	}
}

func TestPatchRuns(t *testing.T) {
	for s, want := range map[mail.Symbology]string{mail.Patch1: "5252222", mail.Patch2: "5222225", mail.Patch3: "5222522",
		mail.Patch4: "2252522", mail.PatchT: "2252225", mail.Patch6: "2222525"} {
		runs, err := symbol.Patch(s)
		got := ""
		for _, r := range runs {
			got += string(rune('0' + r))
		}
		if err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", s, got, err, want)
		}
	}
}
