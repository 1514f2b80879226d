package samples

import (
	"image"
	"math"
)

// skewed turns a page about its middle, clockwise, bilinear, on white. Places
// are in 65536ths of a pixel.
func skewed(g *image.Gray, degrees float64) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	out := image.NewGray(g.Rect)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	cx, cy := float64(w)/2, float64(h)/2
	dx, dy := int(math.Round(cos*65536)), int(math.Round(-sin*65536))
	for y := range h {
		fx := int(math.Round((cx - cos*cx + sin*(float64(y)-cy)) * 65536))
		fy := int(math.Round((cy + sin*cx + cos*(float64(y)-cy)) * 65536))
		row := out.Pix[y*out.Stride : y*out.Stride+w]
		for x := range row {
			ix, iy := fx>>16, fy>>16
			row[x] = 255
			if ix >= 0 && iy >= 0 && ix < w-1 && iy < h-1 {
				u, t := fx>>8&255, fy>>8&255
				at := iy*g.Stride + ix
				top := int(g.Pix[at])*(256-u) + int(g.Pix[at+1])*u
				low := int(g.Pix[at+g.Stride])*(256-u) + int(g.Pix[at+g.Stride+1])*u
				row[x] = byte((top*(256-t) + low*t) >> 16)
			}
			fx += dx
			fy += dy
		}
	}
	return out
}

// mean3 is the mean of 3 by 3 pixels; the edge stays.
func mean3(g *image.Gray) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	out := image.NewGray(g.Rect)
	copy(out.Pix, g.Pix)
	sums := make([]int, w)
	for y := 1; y < h-1; y++ {
		above, row, below := g.Pix[(y-1)*g.Stride:][:w], g.Pix[y*g.Stride:][:w], g.Pix[(y+1)*g.Stride:][:w]
		for x := range sums {
			sums[x] = int(above[x]) + int(row[x]) + int(below[x])
		}
		to := out.Pix[y*out.Stride:][:w]
		for x := 1; x < w-1; x++ {
			to[x] = byte((sums[x-1] + sums[x] + sums[x+1]) / 9)
		}
	}
	return out
}

// lying turns a page clockwise by a right angle.
func lying(g *image.Gray, degrees int) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	if degrees == 0 {
		return g
	}
	out := image.NewGray(image.Rect(0, 0, h, w))
	if degrees == 180 {
		out = image.NewGray(g.Rect)
	}
	for y := range h {
		for x := range w {
			v := g.Pix[y*g.Stride+x]
			switch degrees {
			case 90:
				out.Pix[x*out.Stride+h-1-y] = v
			case 180:
				out.Pix[(h-1-y)*out.Stride+w-1-x] = v
			case 270:
				out.Pix[(w-1-x)*out.Stride+y] = v
			}
		}
	}
	return out
}
