package ocr

import (
	"image"
	"math"
	"slices"
)

// attitude is how a page lies in the scanner.
type attitude struct {
	quarter int     // clockwise turn that makes it upright: 0, 90, 180, 270 degrees
	skew    float64 // tilt of its lines then, degrees, clockwise positive
	axis    bool    // sure whether its lines run across or down
	way     bool    // sure which of the two ways is up
	letters int     // pieces of the size of letters, the smallest left out
	small   float64 // height of its smallest letters, millimetres; 0 = unknown
}

// smallPrint is how tall letters are at least that count for whether a page was
// read, millimetres: crumbs of streaks and folds are smaller.
const smallPrint = 1.1

// The letters by which a page's resolution is chosen.
const (
	slimmest = 0.8 // millimetres
	several  = 8
)

// most is the largest skew that is looked for, degrees.
const most = 10.0

// attitudeOf finds a page's attitude from the shapes of its letters, without
// reading them: neighbours tell the way that lines run (the docstrum of
// O'Gorman, 1993), the sharpness of the ink's profile their tilt (Postl, 1986),
// and which side of the lines more strokes rise above, ascenders and capitals
// being commoner than descenders, tells what is up.
func attitudeOf(g *image.Gray, dpi float64) attitude {
	step := max(1, int(dpi/150+0.3))
	small := reduce(g, step)
	if small.Rect.Dx() < 16 || small.Rect.Dy() < 16 {
		return attitude{}
	}
	mm := dpi / float64(step) / 25.4
	runs, all := pieces(small, threshold(histogram(small)))
	letter := make([]bool, len(all))
	var boxes []image.Rectangle
	letters := 0
	for i, p := range all {
		if likeLetter(p, mm) {
			letter[i] = true
			if float64(max(p.box.Dx(), p.box.Dy())) >= smallPrint*mm {
				letters++
			}
			boxes = append(boxes, p.box)
		}
	}
	across, down := directions(boxes, int(6*mm))
	var ink []place
	for _, r := range runs {
		if letter[r.piece] {
			for x := r.x0; x < r.x1; x++ {
				ink = append(ink, place{float64(x), float64(r.y)})
			}
		}
	}
	if len(ink) < 60 {
		return attitude{letters: letters}
	}
	a := attitude{letters: letters, axis: max(across, down) > 2*min(across, down) && across+down >= 8}
	a.small = smallest(boxes, down > across, mm) / mm
	if down > across {
		a.quarter = 90
		for i, p := range ink {
			ink[i] = place{float64(small.Rect.Dy()) - 1 - p.y, p.x}
		}
	}
	a.skew = tilt(ink)
	up := rise(ink, a.skew, mm)
	a.way = math.Abs(up) >= 2.5
	if up < 0 {
		a.quarter += 180
	}
	return a
}

// smallest is how high the smallest letters are that a page has several of, pixels;
// 0 = there are no letters. Stops, strokes and slim letters don't count, nor do the
// very few smaller ones that a picture or a speckled copy has.
func smallest(boxes []image.Rectangle, down bool, mm float64) float64 {
	var heights []int
	for _, b := range boxes {
		if float64(min(b.Dx(), b.Dy())) < slimmest*mm {
			continue
		}
		if down {
			heights = append(heights, b.Dx())
		} else {
			heights = append(heights, b.Dy())
		}
	}
	if len(heights) == 0 {
		return 0
	}
	slices.Sort(heights)
	return float64(heights[min(max(len(heights)/25, several), len(heights)-1)])
}

// likeLetter tells pieces of the size of letters, or of words whose letters touch.
func likeLetter(p piece, mm float64) bool {
	long := float64(max(p.box.Dx(), p.box.Dy())) / mm
	short := float64(min(p.box.Dx(), p.box.Dy())) / mm
	if long < 0.7 || short > 9 || long > 60 {
		return false
	}
	return !(long > 5 && (short < 0.9 || p.fill() > 0.8)) // rules, streaks and bars
}

// directions counts the letters whose nearest neighbour lies beside them, and
// those where it lies above or below. A word in one piece counts for its letters.
func directions(boxes []image.Rectangle, reach int) (across, down float64) {
	cell := max(8, reach)
	grid := map[image.Point][]int{}
	for i, b := range boxes {
		for x := b.Min.X / cell; x <= b.Max.X/cell; x++ {
			for y := b.Min.Y / cell; y <= b.Max.Y/cell; y++ {
				at := image.Pt(x, y)
				grid[at] = append(grid[at], i)
			}
		}
	}
	for i, b := range boxes {
		w, h := float64(b.Dx()), float64(b.Dy())
		if w > 2.5*h {
			across += w / h
			continue
		}
		if h > 2.5*w && h > float64(reach)*0.7 {
			down += h / w
			continue
		}
		nearest, dx, dy := math.Inf(1), 0.0, 0.0
		for x := b.Min.X/cell - 1; x <= b.Max.X/cell+1; x++ {
			for y := b.Min.Y/cell - 1; y <= b.Max.Y/cell+1; y++ {
				for _, j := range grid[image.Pt(x, y)] {
					c := boxes[j]
					if j == i || max(c.Dx(), c.Dy())*3 < max(b.Dx(), b.Dy()) {
						continue // the dot of an i says nothing
					}
					ex, ey := gap(b.Min.X, b.Max.X, c.Min.X, c.Max.X), gap(b.Min.Y, b.Max.Y, c.Min.Y, c.Max.Y)
					if d := math.Hypot(ex, ey); d < nearest {
						nearest = d
						dx = math.Abs(float64(b.Min.X + b.Max.X - c.Min.X - c.Max.X))
						dy = math.Abs(float64(b.Min.Y + b.Max.Y - c.Min.Y - c.Max.Y))
					}
				}
			}
		}
		switch {
		case nearest > float64(reach):
		case dx > 2*dy:
			across++
		case dy > 2*dx:
			down++
		}
	}
	return across, down
}

func gap(a0, a1, b0, b1 int) float64 { return float64(max(0, a0-b1, b0-a1)) }

// place is a dark pixel, x along the lines and y across them.
type place struct{ x, y float64 }

// tilt finds the angle at which the profile of the ink has its sharpest steps,
// degrees, clockwise positive.
func tilt(ink []place) float64 {
	if len(ink) > 30000 {
		// Every n-th pixel would lie on a lattice that has sharp steps of its own,
		// at an angle that no line has: a fixed scatter has none.
		var some []place
		for i, p := range ink {
			if int(scattered(uint32(i)))%len(ink) < 30000 {
				some = append(some, p)
			}
		}
		ink = some
	}
	best, at := -1.0, 0.0
	try := func(degrees float64) {
		if s := steps(profile(ink, degrees)); s > best {
			best, at = s, degrees
		}
	}
	for i := range int(2*most/0.5) + 1 {
		try(-most + 0.5*float64(i))
	}
	for i, around := -4, at; i <= 4; i++ {
		try(around + 0.1*float64(i))
	}
	return at
}

// scattered mixes a number's bits (the finalizer of MurmurHash3, public domain).
func scattered(h uint32) uint32 {
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}

// profile counts the ink of each row of the picture with its tilt taken out.
func profile(ink []place, degrees float64) []float64 {
	tan := math.Tan(degrees * math.Pi / 180)
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range ink {
		y := p.y - p.x*tan
		low, high = min(low, y), max(high, y)
	}
	rows := make([]float64, int(high-low)+2)
	for _, p := range ink {
		rows[int(p.y-p.x*tan-low)]++
	}
	return rows
}

func steps(rows []float64) (sum float64) {
	for i := 1; i < len(rows); i++ {
		d := rows[i] - rows[i-1]
		sum += d * d
	}
	return sum
}

// rise tells how surely the lines stand upright (positive) or on their heads
// (negative), in standard deviations. The page is looked at in strips, so that columns
// do not blur each other's lines.
func rise(ink []place, skew, mm float64) float64 {
	wide := 45 * mm
	strips := map[int][]place{}
	for _, p := range ink {
		n := int(p.x / wide)
		strips[n] = append(strips[n], p)
	}
	votes, count := 0.0, 0.0
	for _, strip := range strips {
		rows := profile(strip, skew)
		for from := 0; from < len(rows); from++ {
			peak, to := 0.0, from
			for to < len(rows) && rows[to] > 0.04*peak && rows[to] > 1 {
				peak = max(peak, rows[to])
				to++
			}
			if h := float64(to-from) / mm; h > 1.5 && h < 8 && peak > 3*mm {
				v := lean(rows[from:to], peak)
				votes += v
				count += math.Abs(v)
			}
			from = to
		}
	}
	if count == 0 {
		return 0
	}
	return votes / math.Sqrt(count)
}

// lean compares the ink above a line's body with that below: 1 = it stands
// upright, -1 = on its head, 0 = it can't be told (capitals, figures).
func lean(rows []float64, peak float64) float64 {
	top, bottom := 0, len(rows)-1
	for rows[top] < 0.5*peak {
		top++
	}
	for rows[bottom] < 0.5*peak {
		bottom--
	}
	above, below := 0.0, 0.0
	for _, n := range rows[:top] {
		above += n
	}
	for _, n := range rows[bottom+1:] {
		below += n
	}
	switch {
	case above > 1.3*below+peak:
		return 1
	case below > 1.3*above+peak:
		return -1
	}
	return 0
}
