package scan

import "image"

// plane is one channel of a picture.
type plane struct {
	pix          []byte // from the picture's corner
	w, h         int
	stride, step int // bytes from row to row, and from pixel to pixel
	wide, high   int // pixels of the picture that one of the plane's covers: 2 where chroma is halved
}

// planes gives a picture's channels: grey alone, or luma and two of chroma, or red, green and blue.
func planes(img image.Image) (channels []plane, chroma bool) {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	switch src := img.(type) {
	case *image.Gray:
		return []plane{{src.Pix[src.PixOffset(b.Min.X, b.Min.Y):], w, h, src.Stride, 1, 1, 1}}, false
	case *image.YCbCr:
		if b.Min != (image.Point{}) {
			break // where its chroma begins is then not simply told
		}
		c := src.SubsampleRatio
		wide := map[image.YCbCrSubsampleRatio]int{image.YCbCrSubsampleRatio422: 2, image.YCbCrSubsampleRatio420: 2, image.YCbCrSubsampleRatio411: 4, image.YCbCrSubsampleRatio410: 4}[c]
		high := map[image.YCbCrSubsampleRatio]int{image.YCbCrSubsampleRatio440: 2, image.YCbCrSubsampleRatio420: 2, image.YCbCrSubsampleRatio410: 2}[c]
		wide, high = max(wide, 1), max(high, 1)
		cw, ch := (w+wide-1)/wide, (h+high-1)/high
		return []plane{{src.Y, w, h, src.YStride, 1, 1, 1}, {src.Cb, cw, ch, src.CStride, 1, wide, high}, {src.Cr, cw, ch, src.CStride, 1, wide, high}}, true
	}
	src, ok := img.(*image.RGBA)
	if !ok {
		src = overWhite(img)
	}
	at := src.PixOffset(src.Rect.Min.X, src.Rect.Min.Y)
	for c := range 3 {
		channels = append(channels, plane{src.Pix[at+c:], w, h, src.Stride, 4, 1, 1})
	}
	return channels, false
}

// span is what one target pixel takes of a row or column: pixels from..to, of the
// first and the last a part only.
type span struct {
	from, to    int
	first, last uint64
}

// spans divides the picture's pixels at..at+size into n equal parts, as a plane's pixels
// of the given size lie under them. What a pixel weighs is counted in n-ths.
func spans(at, size, n, pixel, count int) []span {
	all := make([]span, n)
	unit := pixel * n
	for i := range all {
		begin, end := at*n+i*size, at*n+(i+1)*size
		from, to := min(begin/unit, count-1), min((end-1)/unit, count-1)
		all[i] = span{from, to, uint64(min(end, (from+1)*unit) - begin), uint64(end - max(begin, to*unit))}
		if from == to {
			all[i].first, all[i].last = uint64(size), 0
		}
	}
	return all
}

// average shrinks a part of the picture to w by h pixels: each is the mean of all that it
// covers, so that no stroke is missed however thin it is. The mean is of the stored
// values, not of light: on white paper that keeps dark strokes darker.
func (p plane) average(part image.Rectangle, w, h int) []byte {
	if p.wide == 1 && p.high == 1 && part.Dx() == w && part.Dy() == h {
		return p.copied(part)
	}
	xs := spans(part.Min.X, part.Dx(), w, p.wide, p.w)
	out, sums := make([]byte, w*h), make([]uint64, w)
	unit := uint64(p.high * h)
	all := uint64(part.Dx()) * uint64(part.Dy())
	for y, s := range spans(part.Min.Y, part.Dy(), h, p.high, p.h) {
		clear(sums)
		for row := s.from; row <= s.to; row++ {
			weight := unit
			switch row {
			case s.from:
				weight = s.first
			case s.to:
				weight = s.last
			}
			p.add(sums, p.pix[row*p.stride:], xs, uint64(p.wide*w), weight)
		}
		for x, sum := range sums {
			out[y*w+x] = byte((sum + all/2) / all)
		}
	}
	return out
}

// copied gives a part as it is.
func (p plane) copied(part image.Rectangle) []byte {
	out := make([]byte, 0, part.Dx()*part.Dy())
	for y := part.Min.Y; y < part.Max.Y; y++ {
		row := p.pix[y*p.stride:]
		if p.step == 1 {
			out = append(out, row[part.Min.X:part.Max.X]...)
			continue
		}
		for x := part.Min.X; x < part.Max.X; x++ {
			out = append(out, row[x*p.step])
		}
	}
	return out
}

// add adds a row, weighed.
func (p plane) add(sums []uint64, row []byte, xs []span, unit, weight uint64) {
	for x, s := range xs {
		at := s.from * p.step
		sum := uint64(row[at]) * s.first
		if s.to > s.from {
			last, inner := s.to*p.step, uint64(0)
			for at += p.step; at < last; at += p.step {
				inner += uint64(row[at])
			}
			sum += inner*unit + uint64(row[last])*s.last
		}
		sums[x] += sum * weight
	}
}
