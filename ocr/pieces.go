package ocr

import (
	"image"
	"math"
)

// run is a row of dark pixels, x1 just outside, and the piece that it belongs to.
type run struct{ y, x0, x1, piece int }

// piece is a connected piece of dark pixels, eight neighbours each.
type piece struct {
	box        image.Rectangle
	area       int
	x, y       float64 // sums over its pixels
	xx, xy, yy float64
}

// add takes a run into the piece.
func (p *piece) add(r run) {
	n, y, last := float64(r.x1-r.x0), float64(r.y), float64(r.x1-1)
	before := float64(r.x0 - 1)
	x := (last + before + 1) / 2 * n
	squares := func(k float64) float64 { return k * (k + 1) * (2*k + 1) / 6 } // 1 + 4 + ... + k*k
	p.box = p.box.Union(image.Rect(r.x0, r.y, r.x1, r.y+1))
	p.area += r.x1 - r.x0
	p.x, p.y = p.x+x, p.y+n*y
	p.xx, p.xy, p.yy = p.xx+squares(last)-squares(before), p.xy+x*y, p.yy+n*y*y
}

// thick is the width of the straight bar whose pixels lie as far from its axis, on
// the whole, as the piece's do from theirs. A thin line that winds is thick.
func (p piece) thick() float64 {
	n := float64(p.area)
	x, y := p.x/n, p.y/n
	a, b, c := p.xx/n-x*x, p.xy/n-x*y, p.yy/n-y*y
	return math.Sqrt(max(0, 12*((a+c)/2-math.Hypot((a-c)/2, b))+1))
}

// fill is the share of the box that is dark, 0..1.
func (p piece) fill() float64 { return float64(p.area) / float64(p.box.Dx()*p.box.Dy()) }

// pieces finds the connected pieces of the pixels darker than limit, by runs and
// union-find (Rosenfeld and Pfaltz, 1966).
func pieces(g *image.Gray, limit int) ([]run, []piece) {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	var runs []run
	var parent []int
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	above, end := 0, 0 // the runs of the row above
	for y := range h {
		start := len(runs)
		row := g.Pix[y*g.Stride : y*g.Stride+w]
		for x := 0; x < w; {
			if int(row[x]) >= limit {
				x++
				continue
			}
			x0 := x
			for x < w && int(row[x]) < limit {
				x++
			}
			n := len(runs)
			runs, parent = append(runs, run{y, x0, x, n}), append(parent, n)
			for above < end && runs[above].x1 < x0 {
				above++
			}
			for k := above; k < end && runs[k].x0 <= x; k++ {
				if a, b := find(k), find(n); a < b {
					parent[b] = a
				} else {
					parent[a] = b
				}
			}
		}
		above, end = start, len(runs)
	}
	var all []piece
	number := make([]int, len(runs))
	for i := range runs {
		if root := find(i); root == i {
			number[i] = len(all)
			all = append(all, piece{})
		} else {
			number[i] = number[root]
		}
		runs[i].piece = number[i]
		all[number[i]].add(runs[i])
	}
	return runs, all
}

// paper is the commonest grey of the lighter half: the paper's own.
func paper(g *image.Gray) int { return paperOf(histogram(g)) }

func paperOf(counts *[256]int) int {
	best := 255
	for v := 255; v >= 96; v-- {
		if counts[v] > counts[best] {
			best = v
		}
	}
	return best
}

func histogram(g *image.Gray) *[256]int {
	// Neighbours are alike, and a count that was just stored must be waited for.
	var counts [4][256]int
	for y := range g.Rect.Dy() {
		row := g.Pix[y*g.Stride : y*g.Stride+g.Rect.Dx()]
		for ; len(row) >= 4; row = row[4:] {
			counts[0][row[0]]++
			counts[1][row[1]]++
			counts[2][row[2]]++
			counts[3][row[3]]++
		}
		for _, v := range row {
			counts[0][v]++
		}
	}
	for v := range counts[0] {
		counts[0][v] += counts[1][v] + counts[2][v] + counts[3][v]
	}
	return &counts[0]
}

// threshold is the grey that parts ink from paper best (Otsu, 1979), and no
// nearer to the paper's than 25 greys, so that an almost empty page has no ink.
func threshold(counts *[256]int) int {
	total, sum := 0, 0.0
	for v, n := range counts {
		total += n
		sum += float64(v * n)
	}
	best, at := -1.0, 128
	below, low := 0, 0.0
	for v, n := range counts {
		below += n
		low += float64(v * n)
		if below == 0 || below == total {
			continue
		}
		d := low/float64(below) - (sum-low)/float64(total-below)
		if s := d * d * float64(below) * float64(total-below); s > best {
			best, at = s, v+1
		}
	}
	return min(at, paperOf(counts)-25)
}
