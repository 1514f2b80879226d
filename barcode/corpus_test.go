package barcode

import (
	"image"
	imagedraw "image/draw"
	_ "image/jpeg"
	_ "image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "golang.org/x/image/webp"

	"postroom/mail"
)

// floors are how many pictures of each folder of a corpus of photographed codes
// were read; fewer is a step back. They are harder than scans.
var floors = map[string]int{
	"aztec-1":           11,
	"aztec-2":           6,
	"codabar-1":         4,
	"codabar-2":         2,
	"code128-1":         2,
	"code128-2":         5,
	"code128-3":         1,
	"code39-1":          2,
	"code39-2":          1,
	"code39-3":          2,
	"code93-1":          1,
	"datamatrix-1":      9,
	"datamatrix-3":      10,
	"datamatrix-4":      7,
	"datamatrix-5":      2,
	"ean13-1":           5,
	"ean13-2":           4,
	"ean13-3":           3,
	"ean13-4":           4,
	"ean13-extension-1": 2,
	"ean8-1":            3,
	"itf-1":             5,
	"itf-2":             2,
	"datamatrix-2":      5,
	"pdf417-1":          5,
	"pdf417-3":          6,
	"pdf417-2":          9,
	"qrcode-1":          3,
	"qrcode-2":          19,
	"qrcode-3":          6,
	"qrcode-4":          8,
	"qrcode-5":          6,
	"qrcode-6":          5,
	"upca-1":            2,
	"upca-2":            7,
	"upca-3":            2,
	"upca-4":            4,
	"upca-5":            3,
	"upca-extension-1":  2,
}

// held are what pictures hold beside which another text lies: another one is
// printed in digits below the bars, or is that of a code within the code.
var held = map[string]string{
	"ean13-2/23.webp":  "9784872348880",
	"qrcode-2/16.webp": "[外側QRコード]\r\n \r\n*ﾀﾞﾌﾞﾙQR*\r\nhttp://d-qr.net/ex/",
}

// TestCorpus reads the pictures in $POSTROOM_CORPUS/barcodes: folders named after a
// symbology, a picture's text beside it. A wrong text is never allowed.
func TestCorpus(t *testing.T) {
	root := os.Getenv("POSTROOM_CORPUS")
	if root == "" {
		t.Skip("POSTROOM_CORPUS names no corpus")
	}
	folders, err := os.ReadDir(filepath.Join(root, "barcodes"))
	if err != nil {
		t.Fatal(err)
	}
	r := New(Config{})
	for _, folder := range folders {
		dir := filepath.Join(root, "barcodes", folder.Name())
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		read, all := 0, 0
		for _, f := range files {
			g := decode(t, filepath.Join(dir, f.Name()))
			if g == nil {
				continue
			}
			all++
			want, _ := os.ReadFile(strings.TrimSuffix(filepath.Join(dir, f.Name()), filepath.Ext(f.Name())) + ".txt")
			if text := held[folder.Name()+"/"+f.Name()]; text != "" {
				want = []byte(text)
			}
			good, found := false, r.Read(g, 0)
			for _, d := range found.Doubts {
				good = good || d.Part != "" && d.Part == string(want)
			}
			for _, s := range found.Symbols {
				if !same(s, string(want)) {
					t.Errorf("%s/%s: read %v %q, not %q", folder.Name(), f.Name(), s.Symbology, s.Text, want)
				} else {
					good = true
				}
			}
			if good {
				read++
			}
		}
		t.Logf("%q: %d, // of %d", folder.Name(), read, all)
		if read < floors[folder.Name()] {
			t.Errorf("%s: %d read, were %d", folder.Name(), read, floors[folder.Name()])
		}
	}
}

// same compares without what the corpus and the reader spell differently: white
// space, an added check zero of UPC-A, start and stop of Codabar, extensions.
func same(s mail.Symbol, want string) bool {
	plain := func(t string) string {
		return strings.Map(func(c rune) rune {
			if c <= ' ' || c == '\x7f' {
				return -1
			}
			return c
		}, t)
	}
	got, want := plain(s.Text), plain(want)
	switch s.Symbology {
	case mail.Codabar:
		return len(want) > 2 && want[1:len(want)-1] == got
	case mail.UPCA:
		return strings.HasPrefix(want, "0"+got)
	case mail.EAN13:
		return strings.HasPrefix(want, got)
	case mail.Aztec:
		return strings.HasSuffix(got, want) // one part of several begins with the parts' own name
	case mail.Code39:
		return got == want || strings.ContainsAny(got, "+/$%") // full ASCII stays literal
	}
	return got != "" && got == want
}

// decode gives a picture as grey on white paper; nil when it is none.
func decode(t *testing.T, path string) *image.Gray {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	im, _, err := image.Decode(f)
	if err != nil {
		return nil
	}
	g := image.NewGray(image.Rect(0, 0, im.Bounds().Dx(), im.Bounds().Dy()))
	for i := range g.Pix {
		g.Pix[i] = 255
	}
	imagedraw.Draw(g, g.Rect, im, im.Bounds().Min, imagedraw.Over)
	return g
}
