package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"postroom/pipeline/sandbox"
	"postroom/pipeline/scan"
)

const (
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
)

// quality of JPEGs: 8-point print on a page of 1240 pixels has no shadows that can be
// seen; at 60 it has a few, at 85 a page is half as large again.
const quality = 75

// encodePicture writes pixels for a browser: a JPEG, or a PNG where exact pixels are
// wanted, or there are but black and white, which is a third of the JPEG then.
func encodePicture(v sandbox.View, exact bool) (PagePicture, error) {
	p := PagePicture{Type: typeJPEG, Width: v.Width, Height: v.Height}
	img := pixels(v)
	_, twoTone := img.(*image.Paletted)
	var out bytes.Buffer
	var err error
	if exact || twoTone {
		p.Type = typePNG
		err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, img)
	} else {
		err = jpeg.Encode(&out, img, &jpeg.Options{Quality: quality})
	}
	p.Bytes = out.Bytes()
	return p, err
}

// pixels gives a view as the encoders know it.
func pixels(v sandbox.View) image.Image {
	at := image.Rect(0, 0, v.Width, v.Height)
	if v.Colours == 1 {
		if twoTone(v.Pix) {
			out := image.NewPaletted(at, color.Palette{color.Gray{}, color.Gray{Y: 255}})
			for i, b := range v.Pix {
				out.Pix[i] = b >> 7
			}
			return out
		}
		return &image.Gray{Pix: v.Pix, Stride: v.Width, Rect: at}
	}
	out := image.NewRGBA(at)
	for i := range v.Width * v.Height {
		in, to := v.Pix[3*i:3*i+3:3*i+3], out.Pix[4*i:4*i+4:4*i+4]
		to[0], to[1], to[2], to[3] = in[0], in[1], in[2], 255
	}
	return out
}

// smaller gives a view at most width pixels across: each is the mean of those that fall on it.
func smaller(v sandbox.View, width int) sandbox.View {
	w, h := scan.Fit(width)(v.Width, v.Height)
	out := sandbox.View{Width: w, Height: h, Colours: v.Colours, Pix: make([]byte, 0, w*h*v.Colours)}
	for y := range h {
		y0, y1 := y*v.Height/h, (y+1)*v.Height/h
		for x := range w {
			x0, x1 := x*v.Width/w, (x+1)*v.Width/w
			for c := range v.Colours {
				sum := 0
				for at := y0; at < y1; at++ {
					row := v.Pix[(at*v.Width+x0)*v.Colours : (at*v.Width+x1)*v.Colours]
					for i := c; i < len(row); i += v.Colours {
						sum += int(row[i])
					}
				}
				n := (y1 - y0) * (x1 - x0)
				out.Pix = append(out.Pix, byte((sum+n/2)/n))
			}
		}
	}
	return out
}

func twoTone(pix []byte) bool {
	for _, b := range pix {
		if b != 0 && b != 255 {
			return false
		}
	}
	return true
}

// tagOf names a picture by what it is made from, and tells nobody what that is.
func tagOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}
