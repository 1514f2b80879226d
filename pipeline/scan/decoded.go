package scan

import (
	"image"
	"image/draw"
)

// decoded is a page as its file stores it: not turned yet, and in its own colours.
type decoded struct {
	img         image.Image
	orientation int     // of TIFF and EXIF, 1 to 8, that is still to be applied
	dpiX, dpiY  float64 // of img, as the file says them
	via         string
}

// grey gives the page as it is read.
func (d decoded) grey() Picture {
	x, y := d.dpiX, d.dpiY
	if swapped(d.orientation) {
		x, y = y, x
	}
	return Picture{Gray: orient(greyOf(d.img), d.orientation), Via: d.via}.at(x, y)
}

// overWhite lays a picture of any kind on white paper.
func overWhite(img image.Image) *image.RGBA {
	b := img.Bounds()
	paper := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(paper, paper.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(paper, paper.Rect, img, b.Min, draw.Over)
	return paper
}
