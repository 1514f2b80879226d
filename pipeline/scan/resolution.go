package scan

// Bounds on what a file may say of its resolution. Programs write 72 or 96 dpi
// where they know none, and a page that is taken for three times its size has its
// separators overlooked.
const (
	leastTag, mostTag = 30, 2400 // dpi
	mostStretch       = 4        // of one direction against the other
	mostSide          = 13       // inches, the shorter side: A3 has 11.7
	leastSide         = 3        // inches, the shorter side of a picture of over
	leastSidePixels   = 1500
)

// paperWidth is that of an A4 page, inches: what a picture without dpi is taken for.
const paperWidth = 8.27

// orGuess gives the dpi of a picture of w by h pixels, guessed where the file says
// none or nonsense.
func orGuess(x, y float64, w, h int) (float64, float64) {
	if believable(x, y, w, h) {
		return x, y
	}
	d := float64(min(w, h)) / paperWidth
	return d, d
}

func believable(x, y float64, w, h int) bool {
	if !(x >= leastTag && x <= mostTag && y >= leastTag && y <= mostTag) || x > mostStretch*y || y > mostStretch*x {
		return false
	}
	side := min(float64(w)/x, float64(h)/y)
	return side <= mostSide && (side >= leastSide || min(w, h) <= leastSidePixels)
}

// at gives the picture the dpi that its file says, if that may be.
func (p Picture) at(x, y float64) Picture {
	p.DPIX, p.DPIY = orGuess(x, y, p.Gray.Rect.Dx(), p.Gray.Rect.Dy())
	return p
}
