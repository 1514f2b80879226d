package barcode

import (
	"image"
	"math/rand/v2"
	"testing"

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
