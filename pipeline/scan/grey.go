package scan

import (
	"image"
	"image/color"
)

// greyOf makes a grey picture at the origin. The common kinds are copied without
// a call for each pixel.
func greyOf(img image.Image) *image.Gray {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if g, ok := img.(*image.Gray); ok && b.Min == (image.Point{}) {
		return g
	}
	out := image.NewGray(image.Rect(0, 0, w, h))
	switch src := img.(type) {
	case *image.YCbCr:
		for y := range h {
			at := src.YOffset(b.Min.X, b.Min.Y+y)
			copy(out.Pix[y*w:y*w+w], src.Y[at:at+w])
		}
	case *image.RGBA:
		for y := range h {
			row := src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):]
			for x := range w {
				out.Pix[y*w+x] = luma(row[4*x], row[4*x+1], row[4*x+2])
			}
		}
	case *image.Gray:
		for y := range h {
			at := src.PixOffset(b.Min.X, b.Min.Y+y)
			copy(out.Pix[y*w:y*w+w], src.Pix[at:at+w])
		}
	case *image.CMYK:
		for y := range h {
			row := src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):]
			for x := range w {
				r, g, b := color.CMYKToRGB(row[4*x], row[4*x+1], row[4*x+2], row[4*x+3])
				out.Pix[y*w+x] = luma(r, g, b)
			}
		}
	default:
		for y := range h {
			for x := range w {
				r, g, bl, a := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
				white := 0xffff - a // what is transparent lies on white paper
				out.Pix[y*w+x] = luma(byte((r+white)>>8), byte((g+white)>>8), byte((bl+white)>>8))
			}
		}
	}
	return out
}

// luma weighs as ITU-R BT.601 does.
func luma(r, g, b byte) byte {
	return byte((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}

// orient turns a picture by a TIFF or EXIF orientation, 1 to 8.
func orient(g *image.Gray, orientation int) *image.Gray {
	if orientation < 2 || orientation > 8 {
		return g
	}
	w, h := g.Rect.Dx(), g.Rect.Dy()
	ow, oh := w, h
	if orientation >= 5 {
		ow, oh = h, w
	}
	out := image.NewGray(image.Rect(0, 0, ow, oh))
	at := func(x, y int) int {
		x, y = origin(orientation, w, h, x, y)
		return y*g.Stride + x
	}
	begin := at(0, 0)
	right, down := at(1, 0)-begin, at(0, 1)-begin // every orientation is one step for all pixels
	for y := range oh {
		row, from := out.Pix[y*out.Stride:y*out.Stride+ow], begin+y*down
		for x := range row {
			row[x] = g.Pix[from]
			from += right
		}
	}
	return out
}

// origin tells where a pixel of the oriented picture stands in one of w by h pixels.
func origin(orientation, w, h, x, y int) (int, int) {
	switch orientation {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, h - 1 - x
	case 7:
		return w - 1 - y, h - 1 - x
	case 8:
		return w - 1 - y, x
	}
	return x, y
}

// turned gives the orientation that a clockwise turn stands for.
func turned(degrees int) int {
	switch ((degrees % 360) + 360) % 360 {
	case 90:
		return 6
	case 180:
		return 3
	case 270:
		return 8
	}
	return 1
}

// swapped tells whether an orientation exchanges width and height.
func swapped(orientation int) bool { return orientation >= 5 && orientation <= 8 }

// white tells whether a picture shows nothing at all.
func white(g *image.Gray) bool {
	for _, v := range g.Pix {
		if v != 255 {
			return false
		}
	}
	return true
}
