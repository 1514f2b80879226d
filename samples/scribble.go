package samples

import "math"

// scribble is a curve like a signature, from five numbers between 0 and 1.
func scribble(x, y float64, a [5]float64) func(t float64) (float64, float64) {
	return func(t float64) (float64, float64) {
		return x + 42*t + 4*math.Sin(t*(20+14*a[1])), y + 4*math.Sin(t*(26+20*a[2])+6*a[3])*(1-t) + 2.5*math.Cos(t*(9+4*a[4]))
	}
}
