package scan

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"postroom/mail"
)

// BenchmarkRender makes the rendition of an A4 page of 300 dpi, a grey JPEG with 400
// words. What is looked for: under 60 ms a page.
func BenchmarkRender(b *testing.B) {
	const pages = 4
	g := gradient(2480, 3508)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range g.Pix { // grain, which a JPEG keeps
		g.Pix[i] = byte(max(0, min(255, 235+int(8*rng.NormFloat64()))))
	}
	read := mail.Reading{Width: 2480, Height: 3508, DPI: 300, DPIY: 300, HasText: true}
	for i := range 400 {
		x, y := 200+i%10*200, 200+i/10*70
		read.Words = append(read.Words, mail.Word{Text: fmt.Sprintf("word%d", i), Box: mail.Box{X0: x, Y0: y, X1: x + 150, Y1: y + 40}, Line: i / 10})
		for v := y; v < y+40; v++ {
			for u := x; u < x+150; u++ {
				g.Pix[v*2480+u] = byte(u * 37)
			}
		}
	}
	p := pdfPage{image: "/Width 2480/Height 3508/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode", data: jpegBytes(b, g)}
	all := make([]pdfPage, pages)
	for i := range all {
		all[i] = p
	}
	f := mustOpen(b, pdf(all, false, ""))
	out, err := os.Create(filepath.Join(b.TempDir(), "out"))
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	for b.Loop() {
		order := Order{Pages: pages, Page: func(int) (OrderPage, error) { return OrderPage{Reading: read}, nil }}
		if done, err := f.Render(order, out); err != nil || !done.PDFA {
			b.Fatalf("%+v, %v", done, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*pages), "ms/page")
	b.ReportMetric(float64(len(p.data))/1000, "kB/page")
}
