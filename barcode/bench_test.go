package barcode

import (
	"image"
	"math/rand/v2"
	"testing"

	"github.com/makiuchi-d/gozxing"

	"postroom/mail"
)

func benchmark(b *testing.B, print func(g *image.Gray)) {
	const dpi = 300
	g := a4(dpi)
	print(g)
	r := New(Config{})
	b.ReportAllocs()
	for b.Loop() {
		r.Read(g, dpi)
	}
}

func text(g *image.Gray) {
	printText(g, rand.New(rand.NewPCG(1, 1)), image.Rect(250, 900, 2250, 3200), 300)
}

func BenchmarkReadBlank(b *testing.B) { benchmark(b, func(*image.Gray) {}) }
func BenchmarkReadText(b *testing.B)  { benchmark(b, text) }

func BenchmarkReadCode128(b *testing.B) {
	benchmark(b, func(g *image.Gray) {
		text(g)
		draw(g, code(b, mail.Code128, "+++873/4895/15954+++", 40), 1600, 400, 4, 1)
	})
}

func BenchmarkReadQR(b *testing.B) {
	benchmark(b, func(g *image.Gray) {
		text(g)
		draw(g, code(b, mail.QR, "PER/855841/B", 0), 500, 500, 5, 1)
	})
}

// What gozxing's binarizer alone costs, which it needs before it looks for anything.
func BenchmarkHybridBinarizer(b *testing.B) {
	g := a4(300)
	text(g)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := gozxing.NewHybridBinarizer(gozxing.NewLuminanceSourceFromImage(g)).GetBlackMatrix(); err != nil {
			b.Fatal(err)
		}
	}
}
