package scan

import (
	"image"
	"math/rand/v2"
	"testing"
)

// noisy is a page as a colour scanner gives it at 300 dpi: paper with grain, and lines of ink.
func noisy() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 2480, 3508))
	rng := rand.New(rand.NewPCG(3, 0))
	for i := 0; i < len(img.Pix); i += 4 {
		x, y := i/4%2480, i/4/2480
		v := 236 + byte(rng.UintN(6))
		if y%60 < 30 && x%23 < 9 && x > 250 && x < 2200 {
			v = 30 + byte(rng.UintN(20))
		}
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = v, v-byte(rng.UintN(3)), v-4, 255
	}
	return img
}

// BenchmarkRecode codes an A4 page at 300 dpi anew, as a cut does with what PDF can't carry.
func BenchmarkRecode(b *testing.B) {
	n := noisy()
	rgba, rgba64, nrgba64, ycc := image.NewRGBA(n.Rect), image.NewRGBA64(n.Rect), image.NewNRGBA64(n.Rect), image.NewYCbCr(n.Rect, image.YCbCrSubsampleRatio420)
	copy(rgba.Pix, n.Pix)
	for i, v := range n.Pix {
		rgba64.Pix[2*i], nrgba64.Pix[2*i] = v, v
	}
	copy(ycc.Y, n.Pix)
	for name, img := range map[string]image.Image{"NRGBA": n, "RGBA": rgba, "YCbCr": ycc, "grey": greyOf(n), "NRGBA64": nrgba64} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s, err := flateStrips(img)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(s[0].raw))/1e6, "MB")
			}
		})
	}
}
