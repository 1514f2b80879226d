package symbol

import "errors"

// matrixSize is a square ECC 200 symbol of ISO/IEC 16022, table 7.
type matrixSize struct{ side, region, data, check int }

var matrixSizes = []matrixSize{{10, 8, 3, 5}, {12, 10, 5, 7}, {14, 12, 8, 10}, {16, 14, 12, 12}, {18, 16, 18, 14}, {20, 18, 22, 18},
	{22, 20, 30, 20}, {24, 22, 36, 24}, {26, 24, 44, 28}, {32, 14, 62, 36}, {36, 16, 86, 42}}

// dataMatrix encodes ASCII in the smallest square that holds it.
func dataMatrix(text string) (Modules, error) {
	var words []int
	for i := 0; i < len(text); i++ {
		switch {
		case digits(text[i:]) >= 2:
			words = append(words, 130+int(text[i]-'0')*10+int(text[i+1]-'0'))
			i++
		case text[i] < 128:
			words = append(words, int(text[i])+1)
		default:
			return nil, errors.New("only ASCII is encoded")
		}
	}
	for _, s := range matrixSizes {
		if len(words) <= s.data {
			return s.draw(words), nil
		}
	}
	return nil, errors.New("too long")
}

func (s matrixSize) draw(words []int) Modules {
	if len(words) < s.data {
		words = append(words, 129)
	}
	for len(words) < s.data { // further padding is scrambled by its place
		words = append(words, (129+149*(len(words)+1)%253)%254+1)
	}
	words = append(words, newField(8, 0x12D).check(words, s.check, 1)...)
	inner := placed(words, s.side/(s.region+2)*s.region)
	m := square(s.side)
	for y := range m {
		for x := range m {
			u, v := x%(s.region+2), y%(s.region+2)
			switch {
			case u == 0 || v == s.region+1:
				m[y][x] = true
			case v == 0:
				m[y][x] = u%2 == 0
			case u == s.region+1:
				m[y][x] = v%2 == 1
			default:
				m[y][x] = inner[y/(s.region+2)*s.region+v-1][x/(s.region+2)*s.region+u-1]
			}
		}
	}
	return m
}

// placement lays codewords out by annex F of ISO/IEC 16022.
type placement struct {
	n     int
	m     Modules
	taken Modules
	words []int
}

func placed(words []int, n int) Modules {
	p := &placement{n, square(n), square(n), words}
	row, col := 4, 0
	for row < n || col < n {
		switch {
		case row == n && col == 0:
			p.word(-1, 0, -1, 1, -1, 2, 0, -2, 0, -1, 1, -1, 2, -1, 3, -1)
		case row == n-2 && col == 0 && n%8 == 4:
			p.word(-3, 0, -2, 0, -1, 0, 0, -2, 0, -1, 1, -1, 2, -1, 3, -1)
		case row == n-2 && col == 0 && n%4 != 0:
			p.word(-3, 0, -2, 0, -1, 0, 0, -4, 0, -3, 0, -2, 0, -1, 1, -1)
		case row == n+4 && col == 2 && n%8 == 0:
			p.word(-1, 0, -1, -1, 0, -3, 0, -2, 0, -1, 1, -3, 1, -2, 1, -1)
		}
		for ok := true; ok; ok = row >= 0 && col < n {
			p.utah(row, col)
			row, col = row-2, col+2
		}
		row, col = row+1, col+3
		for ok := true; ok; ok = row < n && col >= 0 {
			p.utah(row, col)
			row, col = row+2, col-2
		}
		row, col = row+3, col+1
	}
	if !p.taken[n-1][n-1] {
		p.m[n-1][n-1], p.m[n-2][n-2] = true, true
	}
	return p.m
}

// utah lays one codeword around a place, if that is free.
func (p *placement) utah(row, col int) {
	if row < 0 || row >= p.n || col < 0 || col >= p.n || p.taken[row][col] {
		return
	}
	var at []int
	for _, d := range [8][2]int{{-2, -2}, {-2, -1}, {-1, -2}, {-1, -1}, {-1, 0}, {0, -2}, {0, -1}, {0, 0}} {
		r, c := row+d[0], col+d[1]
		if r < 0 {
			r, c = r+p.n, c+4-(p.n+4)%8
		}
		if c < 0 {
			r, c = r+4-(p.n+4)%8, c+p.n
		}
		at = append(at, r, c)
	}
	p.word(at...)
}

// word lays the next codeword at eight places, row and column; negative ones
// count from the end.
func (p *placement) word(at ...int) {
	w := p.words[0]
	p.words = p.words[1:]
	for bit := range 8 {
		r, c := (at[2*bit]+p.n)%p.n, (at[2*bit+1]+p.n)%p.n
		p.m[r][c], p.taken[r][c] = w>>(7-bit)&1 == 1, true
	}
}
