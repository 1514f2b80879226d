package scan

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// alphabet gives the letters of a rendition's layers their codes of two bytes: a
// letter's own number in Unicode. Those over 16 bits have the numbers of surrogates,
// which no letter has, in the order in which they come.
type alphabet struct {
	used   [1 << 16]bool
	beyond map[rune]uint16
}

// Codes for letters over 16 bits, and the longest word: what is longer is none.
const (
	firstBeyond = 0xd800
	mostBeyond  = 0x800
	longestWord = 1000
)

// codes gives those of a word, without what is no letter to be shown.
func (a *alphabet) codes(word string) (codes []uint16) {
	for _, r := range word {
		if len(codes) == longestWord {
			break
		}
		if unicode.IsControl(r) || unicode.IsSpace(r) || r == 0xfeff || r&0xffff >= 0xfffe || r == unicode.ReplacementChar {
			continue
		}
		if r <= 0xffff {
			codes = append(codes, uint16(r))
		} else if c, ok := a.code(r); ok {
			codes = append(codes, c)
		}
	}
	if len(codes) > 0 {
		a.used[' '] = true
	}
	for _, c := range codes {
		a.used[c] = true
	}
	return codes
}

func (a *alphabet) code(beyond rune) (c uint16, ok bool) {
	if c, ok = a.beyond[beyond]; ok || len(a.beyond) == mostBeyond {
		return c, ok
	}
	if a.beyond == nil {
		a.beyond = map[rune]uint16{}
	}
	c = firstBeyond + uint16(len(a.beyond))
	a.beyond[beyond] = c
	return c, true
}

// last gives the greatest code that is used.
func (a *alphabet) last() (c uint16) {
	for i, used := range a.used {
		if used {
			c = uint16(i)
		}
	}
	return c
}

// toUnicode is the CMap that says which letter a code is (ISO 32000-1, 9.10.3). A range
// may not go over the end of a first byte (Adobe Technical Note 5014).
func (a *alphabet) toUnicode() []byte {
	var ranges []string
	for high := range 256 {
		if high<<8 >= firstBeyond && high<<8 < firstBeyond+mostBeyond {
			continue
		}
		row := a.used[high<<8:][:256]
		if first := slices.Index(row, true); first >= 0 {
			last := 255
			for !row[last] {
				last--
			}
			ranges = append(ranges, fmt.Sprintf("<%02X%02X><%02X%02X><%02X%02X>\n", high, first, high, last, high, first))
		}
	}
	singles := make([]string, len(a.beyond))
	for r, c := range a.beyond {
		units := utf16.Encode([]rune{r})
		singles[c-firstBeyond] = fmt.Sprintf("<%04X><%04X%04X>\n", c, units[0], units[1])
	}
	return []byte("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n/CMapName/Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000><FFFF>\nendcodespacerange\n" + blocks("bfrange", ranges) + blocks("bfchar", singles) +
		"endcmap\nCMapName currentdict/CMap defineresource pop\nend\nend\n")
}

// blocks writes lines of a CMap in blocks of 100, which may not be longer.
func blocks(kind string, lines []string) string {
	var b strings.Builder
	for block := range slices.Chunk(lines, 100) {
		fmt.Fprintf(&b, "%d begin%s\n%send%s\n", len(block), kind, strings.Join(block, ""), kind)
	}
	return b.String()
}
