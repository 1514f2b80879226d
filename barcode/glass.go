package barcode

import (
	"image"

	"postroom/mail"
)

// A streak of the glass is told from a printed rule by where it ends and how it lies: it
// runs from one edge of the picture to the other, along the transport to the pixel,
// however the sheet lay. A printer leaves a margin, and a sheet that lies askew by a
// tenth of a degree takes its rules out of line.
const (
	glassRows  = 64   // looked at for candidates
	glassLines = 700  // looked at along a candidate
	glassStep  = 24   // darker, or lighter, than both sides by
	glassVotes = 0.5  // of the rows that must show a candidate
	glassShare = 0.9  // of the rows between light paper that must show a streak
	glassEnds  = 5.0  // mm at the top and the bottom where it must be seen as well
	glassEdge  = 3.0  // mm beside the picture's edges where the sheet's own edge lies
	glassSides = 14.0 // by how much both sides may differ: more is the edge of the sheet
	glassInk   = 70   // darker than most of both sides: a letter or a bar, which hides the streak
)

// Streaks finds the streaks that dirt on a scanner's glass draws from the top of a page's
// picture to its bottom, from the left to the right. dpi is as Read's; of what is no
// scanner's there are none, nor of less than a postcard. A light streak is seen only
// where the page is darker than it. More than eight are a pattern, and none.
func Streaks(g *image.Gray, dpi float64) []mail.Streak {
	if dpi = scanDPI(dpi); dpi == 0 || !sound(g) || float64(g.Rect.Dx()) < 3.5*dpi || float64(g.Rect.Dy()) < 3.5*dpi {
		return nil
	}
	p := glass{pix: g.Pix, stride: g.Stride, w: g.Rect.Dx(), h: g.Rect.Dy(), mm: dpi / 25.4}
	p.reach = max(2, int(streakWidth*dpi+0.5))
	votes, rows := p.votes()
	all := p.streaks(votes, int16(glassVotes*float64(rows)))
	if len(all) > MostStreaks {
		return nil
	}
	return all
}

// glass is a page's picture as streaks are looked for on it.
type glass struct {
	pix    []byte
	stride int
	w, h   int
	reach  int // how far beside a line its sides are, pixels
	mm     float64
}

// votes counts for each column in how many rows it is darker than both its sides, less
// those in which it is lighter.
func (p *glass) votes() (votes []int16, rows int) {
	votes = make([]int16, p.w)
	step := max(1, p.h/glassRows)
	for y := step / 2; y < p.h; y += step {
		rows++
		row := p.pix[y*p.stride:][:p.w]
		here := row[p.reach : p.w-p.reach]
		left, right, sum := row[:len(here)], row[2*p.reach:][:len(here)], votes[p.reach:][:len(here)]
		for i, v := range here {
			// The sign of a difference is the vote: a branch would be guessed wrong among noise.
			a, b := left[i], right[i]
			dark, light := int32(v)+glassStep-int32(min(a, b)), int32(max(a, b))+glassStep-int32(v)
			sum[i] += int16(light>>31 - dark>>31)
		}
	}
	return votes, rows
}

// streaks joins columns that have the votes, and follows each such line along the page.
func (p *glass) streaks(votes []int16, least int16) (all []mail.Streak) {
	edge := int(glassEdge * p.mm)
	for x := edge; x < p.w-edge && len(all) <= MostStreaks; x++ {
		dark := votes[x] >= least
		if !dark && votes[x] > -least {
			continue
		}
		from := x
		for x < p.w && (dark && votes[x] >= least || !dark && votes[x] <= -least) {
			x++
		}
		if x <= p.w-edge && x-from <= p.reach && p.follow(from, x, dark) {
			all = append(all, mail.Streak{Place: (float64(from) + float64(x)) / 2 / float64(p.w), Width: x - from, Dark: dark})
		}
	}
	return all
}

// follow tells whether a line is seen from end to end wherever nothing hides it.
func (p *glass) follow(from, to int, dark bool) bool {
	step := max(1, p.h/glassLines)
	x, left, right := (from+to)/2, from-p.reach, min(to-1+p.reach, p.w-1)
	light := p.lightness(left, right, step)
	ends := int(glassEnds * p.mm / float64(step))
	seen, free, differ := 0, 0, 0
	last := make([]bool, 0, p.h/step+1)
	for y := step / 2; y < p.h; y += step {
		row := p.pix[y*p.stride:]
		a, b, v := int(row[left]), int(row[right]), int(row[x])
		if min(a, b) < light-glassInk {
			continue
		}
		is := v+glassStep/2 < min(a, b)
		if !dark {
			is = v > max(a, b)+glassStep/2
		}
		free++
		if last = append(last, is); is {
			seen++
			differ += a - b
		}
	}
	if free < 2*ends || float64(seen) < glassShare*float64(free) {
		return false
	}
	sides := float64(differ) / float64(seen)
	return sides < glassSides && sides > -glassSides && mostly(last[:ends]) && mostly(last[len(last)-ends:])
}

// lightness gives what a quarter of the values at both sides of a line exceed.
func (p *glass) lightness(left, right, step int) int {
	var count [256]int
	n := 0
	for y := step / 2; y < p.h; y += step {
		row := p.pix[y*p.stride:]
		count[min(row[left], row[right])]++
		n++
	}
	at := 255
	for left := n / 4; at > 0 && left >= count[at]; at-- {
		left -= count[at]
	}
	return at
}

func mostly(rows []bool) bool {
	n := 0
	for _, is := range rows {
		if is {
			n++
		}
	}
	return 4*n >= 3*len(rows)
}
