package barcode

import (
	"math"

	qr "github.com/makiuchi-d/gozxing/qrcode/decoder"

	"postroom/mail"
)

// known is a module whose tone the symbology fixes, whatever the text. Modules
// beyond the edges are those of the quiet zone.
type known struct {
	i, j int
	dark bool
}

// quietRing lists the modules around a code, which are paper.
func quietRing(cols, rows int) (all []known) {
	for i := -1; i <= cols; i++ {
		all = append(all, known{i, -1, false}, known{i, rows, false})
	}
	for j := range rows {
		all = append(all, known{-1, j, false}, known{cols, j, false})
	}
	return all
}

// knownDataMatrix lists the rims of a Data Matrix and of the regions that large ones
// are divided into: solid sides left and below, alternating ones above and right
// (ISO/IEC 16022).
func knownDataMatrix(cols, rows int) []known {
	all := append(quietRing(cols, rows), timingDataMatrix(cols, rows)...)
	w, h := cols/regionsDataMatrix(cols), rows/regionsDataMatrix(rows)
	for j := range rows {
		for i := range cols {
			switch u, v := i%w, j%h; {
			case u == 0 && j > 0 || v == h-1 && i < cols-1:
				all = append(all, known{i, j, true})
			case v == 0 && j > 0 && i < cols-1:
				all = append(all, known{i, j, u%2 == 0})
			case u == w-1 && j > 0 && i < cols-1:
				all = append(all, known{i, j, v%2 == 1})
			}
		}
	}
	return all
}

// regionsDataMatrix is how many regions lie along a side of so many modules: those
// of ISO/IEC 16022, table 7, and of ISO/IEC 21471 follow the same bounds.
func regionsDataMatrix(side int) int {
	switch {
	case side <= 26:
		return 1
	case side <= 52:
		return 2
	case side <= 104:
		return 4
	}
	return 6
}

// timingDataMatrix lists the outer alternating rims.
func timingDataMatrix(cols, rows int) (all []known) {
	for i := range cols {
		all = append(all, known{i, 0, i%2 == 0})
	}
	for j := range rows {
		all = append(all, known{cols - 1, j, (rows-1-j)%2 == 0})
	}
	return all
}

// rings lists the modules of the bull's eye of an Aztec code (ISO/IEC 24778).
func (n aztecSize) rings() (all []known) {
	m, reach := n.modules/2, 4
	if n.full {
		reach = 6
	}
	for j := -reach; j <= reach; j++ {
		for i := -reach; i <= reach; i++ {
			all = append(all, known{m + i, m + j, max(abs(i), abs(j))%2 == 0})
		}
	}
	return all
}

// known lists the bull's eye and, of a full code, the reference grid.
func (n aztecSize) known() []known {
	all, m := n.rings(), n.modules/2
	if !n.full {
		return all
	}
	for k := 16; k <= m; k += 16 {
		for i := -m; i <= m; i++ {
			for _, at := range [4][2]int{{i, k}, {i, -k}, {k, i}, {-k, i}} {
				all = append(all, known{m + at[0], m + at[1], i%2 == 0})
			}
		}
	}
	for i := 8; i <= m; i++ {
		for _, at := range [4][2]int{{i, 0}, {-i, 0}, {0, i}, {0, -i}} {
			all = append(all, known{m + at[0], m + at[1], i%2 == 0})
		}
	}
	return all
}

// knownQR lists the finder, timing and alignment patterns of a QR code (ISO/IEC 18004).
func knownQR(dim int) []known {
	all := quietRing(dim, dim)
	for _, o := range [3][2]int{{0, 0}, {dim - 7, 0}, {0, dim - 7}} {
		for j := -1; j <= 7; j++ {
			for i := -1; i <= 7; i++ {
				x, y := o[0]+i, o[1]+j
				if x < 0 || y < 0 || x >= dim || y >= dim {
					continue
				}
				r := max(abs(i-3), abs(j-3))
				all = append(all, known{x, y, r != 2 && r < 4})
			}
		}
	}
	return append(all, insideQR(dim)...)
}

// insideQR lists the timing and alignment patterns.
func insideQR(dim int) []known {
	all := timingQR(dim)
	v, err := qr.Version_GetVersionForNumber((dim - 17) / 4)
	if err != nil {
		return all
	}
	middles := v.GetAlignmentPatternCenters()
	for _, y := range middles {
		for _, x := range middles {
			if x < 9 && y < 9 || x < 9 && y > dim-9 || x > dim-9 && y < 9 {
				continue // a finder pattern's place
			}
			for j := -2; j <= 2; j++ {
				for i := -2; i <= 2; i++ {
					all = append(all, known{x + i, y + j, max(abs(i), abs(j)) != 1})
				}
			}
		}
	}
	return all
}

// timingQR lists the alternating modules between the finder patterns.
func timingQR(dim int) (all []known) {
	for i := 8; i < dim-8; i++ {
		all = append(all, known{i, 6, i%2 == 0}, known{6, i, i%2 == 0})
	}
	return all
}

// agreement is how well the known modules' tones show what they must, -1..1.
func (s *sheet) agreement(l lattice, ks []known) float64 {
	if !s.effort.spend(perKnown * len(ks)) {
		return 0
	}
	var t tally
	for _, k := range ks {
		t.add(s.tone(l, k.i, k.j), k.dark)
	}
	return t.agreement()
}

// tally sums up tones of modules that must be dark or bright.
type tally struct{ n, sa, sb, aa, ab float64 }

func (t *tally) add(tone float64, dark bool) {
	t.n, t.sa, t.aa = t.n+1, t.sa+tone, t.aa+tone*tone
	if !dark {
		t.sb, t.ab = t.sb+1, t.ab+tone
	}
}

// agreement is the correlation (Pearson) of what is and what must be, -1..1.
func (t *tally) agreement() float64 {
	va, vb := t.aa-t.sa*t.sa/t.n, t.sb-t.sb*t.sb/t.n
	if va <= 0 || vb <= 0 {
		return 0
	}
	return (t.ab - t.sa*t.sb/t.n) / math.Sqrt(va*vb)
}

// fitted moves a lattice to where the known modules agree best: three of its
// corners, the fourth follows.
func (s *sheet) fitted(l lattice, ks []known) (lattice, float64) {
	q := l.quad()
	return s.search(l, s.agreement(l, ks), ks, 0.4, q[:], []int{0, 1, 3}, func(q []mail.Point) (lattice, bool) {
		return spanned(q[0], q[1], q[3], l.cols, l.rows), true
	})
}

// tilted moves a lattice whose agreement is known on by all four corners: the
// perspective of a camera.
func (s *sheet) tilted(l lattice, ks []known, agreed float64) (lattice, float64) {
	q := l.quad()
	return s.search(l, agreed, ks, 1.6, q[:], []int{0, 1, 2, 3}, func(q []mail.Point) (lattice, bool) {
		return stretched(mail.Quad(q), l.cols, l.rows)
	})
}

// search moves the free corners in turn, by shrinking steps, as long as the known
// modules agree better (a pattern search, Hooke and Jeeves 1961).
func (s *sheet) search(l lattice, best float64, ks []known, reach float64, corners []mail.Point, free []int, lay func([]mail.Point) (lattice, bool)) (lattice, float64) {
	for step := reach * l.module(); step > 0.04*l.module(); step /= 2 {
		for range 2 {
			moved := false
			for _, k := range free {
				for _, d := range [4]mail.Point{{X: step}, {X: -step}, {Y: step}, {Y: -step}} {
					was := corners[k]
					corners[k] = mail.Point{X: was.X + d.X, Y: was.Y + d.Y}
					if t, ok := lay(corners); ok {
						if score := s.agreement(t, ks); score > best {
							best, l, moved = score, t, true
							continue
						}
					}
					corners[k] = was
				}
			}
			if !moved {
				break
			}
		}
	}
	return l, best
}
