package symbol

import (
	"errors"
	"strings"
)

// wide is a wide element in narrow ones, for the codes that have two widths.
const wide = "3"

// code128Widths are the elements of ISO/IEC 15417, table 1, by value; the last is stop.
const code128Widths = "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 123122 123221 " +
	"223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 " +
	"112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 " +
	"311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 " +
	"122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 " +
	"214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"

// code128 encodes in set B, and runs of four or more digits in set C.
func code128(text string) (Modules, error) {
	const toC, toB, startB, startC, stop = 99, 100, 104, 105, 106
	if text == "" {
		return nil, errors.New("nothing to encode")
	}
	values, inC := []int(nil), false
	for i := 0; i < len(text); {
		n := digits(text[i:])
		switch {
		case n >= 4 && n%2 == 0 && !inC, n >= 5 && !inC && i == 0:
			values, inC = append(values, map[bool]int{true: startC, false: toC}[i == 0]), true
		case i == 0:
			values = append(values, startB)
		case inC && n < 2:
			values, inC = append(values, toB), false
		}
		if inC {
			values = append(values, int(text[i]-'0')*10+int(text[i+1]-'0'))
			i += 2
			continue
		}
		if text[i] < ' ' || text[i] > '~' {
			return nil, errors.New("set B carries printable ASCII only")
		}
		values = append(values, int(text[i]-' '))
		i++
	}
	sum := values[0]
	for i, v := range values {
		sum += i * v
	}
	widths, row := strings.Fields(code128Widths), []bool(nil)
	for _, v := range append(values, sum%103, stop) {
		row = bars(row, widths[v])
	}
	return Modules{row}, nil
}

// digits counts the digits that a text begins with.
func digits(text string) (n int) {
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}

// code39 encodes by ISO/IEC 16388, without check character.
func code39(text string) (Modules, error) {
	// Nine elements each, the highest bit first; a one is wide.
	codes := []int{0x034, 0x121, 0x061, 0x160, 0x031, 0x130, 0x070, 0x025, 0x124, 0x064, 0x109, 0x049, 0x148, 0x019, 0x118, 0x058, 0x00D, 0x10C, 0x04C, 0x01C, 0x103, 0x043,
		0x142, 0x013, 0x112, 0x052, 0x007, 0x106, 0x046, 0x016, 0x181, 0x0C1, 0x1C0, 0x091, 0x190, 0x0D0, 0x085, 0x184, 0x0C4, 0x0A8, 0x0A2, 0x08A, 0x02A, 0x094}
	at, err := position("*"+text+"*", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%*")
	if err != nil || strings.Contains(text, "*") {
		return nil, errors.Join(err, errors.New("Code 39 has capitals, digits and - . $ / + % space"))
	}
	return twoWidths(at, codes, 9), nil
}

// codabar encodes by EN 798; the text begins and ends with one of A to D.
func codabar(text string) (Modules, error) {
	codes := []int{0x003, 0x006, 0x009, 0x060, 0x012, 0x042, 0x021, 0x024, 0x030, 0x048, 0x00C, 0x018, 0x045, 0x051, 0x054, 0x015, 0x01A, 0x029, 0x00B, 0x00E}
	at, err := position(text, "0123456789-$:/.+ABCD")
	if err != nil || len(at) < 3 || at[0] < 16 || at[len(at)-1] < 16 {
		return nil, errors.Join(err, errors.New("Codabar has digits and - $ : / . + between two of A to D"))
	}
	return twoWidths(at, codes, 7), nil
}

// twoWidths draws characters of so many elements, a narrow space between them.
func twoWidths(at, codes []int, elements int) Modules {
	var row []bool
	for i, c := range at {
		if i > 0 {
			row = append(row, false)
		}
		widths := ""
		for e := elements - 1; e >= 0; e-- {
			widths += map[int]string{0: "1", 1: wide}[codes[c]>>e&1]
		}
		row = bars(row, widths)
	}
	return Modules{row}
}

// itf encodes an even number of digits by ISO/IEC 16390, without bearer bars.
func itf(text string) (Modules, error) {
	if len(text) == 0 || len(text)%2 == 1 || digits(text) != len(text) {
		return nil, errors.New("ITF has an even number of digits")
	}
	codes := strings.Fields("nnwwn wnnnw nwnnw wwnnn nnwnw wnwnn nwwnn nnnww wnnwn nwnwn")
	width := map[byte]string{'n': "1", 'w': wide}
	row := bars(nil, "1111")
	for i := 0; i < len(text); i += 2 {
		widths, dark, light := "", codes[text[i]-'0'], codes[text[i+1]-'0']
		for e := range 5 {
			widths += width[dark[e]] + width[light[e]]
		}
		row = bars(row, widths)
	}
	return Modules{bars(row, wide+"11")}, nil
}

// ean13 encodes 13 digits, the last their check digit, by ISO/IEC 15420.
func ean13(text string) (Modules, error) {
	if len(text) != 13 || digits(text) != 13 {
		return nil, errors.New("EAN-13 has 13 digits")
	}
	sum := 0
	for i, r := range text {
		sum += int(r-'0') * (1 + i%2*2)
	}
	if sum%10 != 0 {
		return nil, errors.New("the check digit is wrong")
	}
	left := strings.Fields("3211 2221 2122 1411 1132 1231 1114 1312 1213 3112")
	parity := strings.Fields("LLLLLL LLGLGG LLGGLG LLGGGL LGLLGG LGGLLG LGGGLL LGLGLG LGLGGL LGGLGL")[text[0]-'0']
	widths := "111"
	for i := 1; i < 13; i++ {
		w := left[text[i]-'0']
		if i == 7 {
			widths += "11111"
		}
		if i < 7 && parity[i-1] == 'G' {
			w = w[3:] + w[2:3] + w[1:2] + w[:1]
		}
		widths += w // right of the middle the colours are turned, as the bars before it are odd
	}
	return Modules{bars(nil, widths+"111")}, nil
}
