package sandbox

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"postroom/mail"
)

// patchT draws the bars of a patch T, half an inch from the top: narrow, wide, narrow, wide.
func patchT(dpiX, dpiY float64) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, int(8.47*dpiX), int(11.68*dpiY)))
	draw.Draw(g, g.Rect, image.White, image.Point{}, draw.Src)
	y := 0.8
	for _, thick := range []float64{0.08, 0.2, 0.08, 0.2} {
		bar := image.Rect(int(2*dpiX), int(y*dpiY), int(6*dpiX), int((y+thick)*dpiY))
		draw.Draw(g, bar, image.Black, image.Point{}, draw.Src)
		y += thick + 0.08
	}
	return g
}

// withDPI writes a PNG that says its resolution (chunk pHYs, behind the header).
func withDPI(t *testing.T, g *image.Gray, dpiX, dpiY float64) *os.File {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, g); err != nil {
		t.Fatal(err)
	}
	said := []byte("pHYs")
	said = binary.BigEndian.AppendUint32(said, uint32(dpiX/0.0254+0.5))
	said = append(binary.BigEndian.AppendUint32(said, uint32(dpiY/0.0254+0.5)), 1)
	said = binary.BigEndian.AppendUint32(said, crc32.ChecksumIEEE(said))
	const header = 33
	text := append(bytes.Clone(b.Bytes()[:header]), 0, 0, 0, 9)
	text = append(append(text, said...), b.Bytes()[header:]...)
	path := filepath.Join(t.TempDir(), "fax.png")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestFaxPagesCodes: a code on a page whose pixels are no squares is read, and lies
// where it stands on that page.
func TestFaxPagesCodes(t *testing.T) {
	p := pool(t, "real", Config{})
	for _, dpi := range [][2]float64{{204, 98}, {204, 196}, {204, 391}, {98, 204}} {
		g := patchT(dpi[0], dpi[1])
		got, err := p.Read(t.Context(), withDPI(t, g, dpi[0], dpi[1]), "", []int{1}, NoText)
		if err != nil || len(got) != 1 || len(got[0].Symbols) != 1 || got[0].Symbols[0].Symbology != mail.PatchT {
			t.Errorf("%g by %g dpi: %+v, %v", dpi[0], dpi[1], got, err)
			continue
		}
		if got[0].Width != g.Rect.Dx() || got[0].Height != g.Rect.Dy() || got[0].Blank {
			t.Errorf("%g by %g dpi: %+v", dpi[0], dpi[1], got[0])
		}
		x0, y0, x1, y1 := got[0].Symbols[0].Polygon.Bounds()
		const slack = 0.15 // inches
		if x0 < (2-slack)*dpi[0] || x1 > (6+slack)*dpi[0] || y0 < (0.8-slack)*dpi[1] || y1 > (1.6+slack)*dpi[1] || y1-y0 < 0.7*dpi[1] {
			t.Errorf("%g by %g dpi: the code lies at %g..%g, %g..%g", dpi[0], dpi[1], x0, x1, y0, y1)
		}
	}
}
