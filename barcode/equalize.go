package barcode

import "math"

// An equalizer takes back the blur of print and scanner: it weighs the tones
// around a module's middle so that the known modules come out as they must, and
// then, by its own decisions, all others (decision-directed equalization, Lucky
// 1966). Least squares with a small ridge finds the weights.
const (
	tapReach = 2                                 // half modules around the middle
	taps     = (2*tapReach+1)*(2*tapReach+1) + 1 // and a constant
	ridge    = 0.02                              // of the mean square of the tones
	surely   = 0.2                               // by how much a decision is off the middle to be learnt from
	rounds   = 3                                 // of deciding and learning
)

// field is a code's tones at every half module, with a rim of two modules.
type field struct {
	l     lattice
	width int
	tones []float64 // 0 dark to 1 bright
}

const fieldRim = 2 // modules

// fieldOf samples the tones of a lattice.
func (s *sheet) fieldOf(l lattice) field {
	w, h := 2*(l.cols+2*fieldRim)+1, 2*(l.rows+2*fieldRim)+1
	f := field{l, w, make([]float64, 0, w*h)}
	lo, hi := 255.0, 0.0
	for j := range h {
		for i := range w {
			p := l.at(float64(i)/2-fieldRim, float64(j)/2-fieldRim)
			v := s.at(p.X-0.5, p.Y-0.5)
			lo, hi = min(lo, v), max(hi, v)
			f.tones = append(f.tones, v)
		}
	}
	for i, v := range f.tones {
		f.tones[i] = (v - lo) / max(hi-lo, 1)
	}
	return f
}

// around fills the tones around the middle of module (i, j), and a constant.
func (f field) around(i, j int, out *[taps]float64) {
	n := 0
	x, y := 2*(i+fieldRim)+1, 2*(j+fieldRim)+1
	for dy := -tapReach; dy <= tapReach; dy++ {
		row := f.tones[(y+dy)*f.width+x-tapReach:]
		for dx := range 2*tapReach + 1 {
			out[n] = row[dx]
			n++
		}
	}
	out[n] = 1
}

// learner sums the normal equations of the least squares.
type learner struct {
	a [taps][taps]float64
	b [taps]float64
	n int
}

func (e *learner) add(x *[taps]float64, want float64) {
	for i, v := range x {
		for j := i; j < taps; j++ {
			e.a[i][j] += v * x[j]
		}
		e.b[i] += v * want
	}
	e.n++
}

// weights solves the equations by Cholesky's method; false when they have no solution.
func (e *learner) weights() (w [taps]float64, ok bool) {
	mean := 0.0
	for i := range taps - 1 {
		mean += e.a[i][i] / (taps - 1)
	}
	a := e.a
	for i := range taps - 1 {
		a[i][i] += ridge * mean
	}
	var l [taps][taps]float64
	for i := range taps {
		for j := range i + 1 {
			sum := a[j][i]
			for k := range j {
				sum -= l[i][k] * l[j][k]
			}
			switch {
			case i != j:
				l[i][j] = sum / l[j][j]
			case sum <= 1e-12:
				return w, false
			default:
				l[i][i] = math.Sqrt(sum)
			}
		}
	}
	var y [taps]float64
	for i := range taps {
		y[i] = e.b[i]
		for k := range i {
			y[i] -= l[i][k] * y[k]
		}
		y[i] /= l[i][i]
	}
	for i := taps - 1; i >= 0; i-- {
		w[i] = y[i]
		for k := i + 1; k < taps; k++ {
			w[i] -= l[k][i] * w[k]
		}
		w[i] /= l[i][i]
	}
	return w, true
}

// equalized gives the modules' tones, row by row, around 0 for dark and 1 for
// bright: learnt from the known modules, then anew from the decisions. try is asked
// each time and ends the work by true.
func (f field) equalized(ks []known, try func(tones []float64) bool) bool {
	var first learner
	var x [taps]float64
	for _, k := range ks {
		f.around(k.i, k.j, &x)
		want := 1.0
		if k.dark {
			want = 0
		}
		first.add(&x, want)
	}
	tones := make([]float64, f.l.cols*f.l.rows)
	e := first
	for range rounds {
		w, ok := e.weights()
		if !ok {
			return false
		}
		e = first
		for j := range f.l.rows {
			for i := range f.l.cols {
				f.around(i, j, &x)
				v := 0.0
				for k := range x {
					v += w[k] * x[k]
				}
				tones[j*f.l.cols+i] = v
				if math.Abs(v-0.5) > surely {
					e.add(&x, math.Round(min(max(v, 0), 1)))
				}
			}
		}
		if try(tones) {
			return true
		}
	}
	return false
}
