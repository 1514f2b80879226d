package barcode

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"unicode/utf8"

	gozxing "github.com/makiuchi-d/gozxing/common"
)

// The codewords with a function (ISO/IEC 15438, mode identification and global label
// identifiers); those below 900 are data.
const (
	textLatch       = 900 // to text compaction; padding, too
	byteLatch       = 901 // to byte compaction of any length
	numericLatch    = 902
	byteShift       = 913 // one byte within text
	readerInit      = 921
	macroTerminator = 922
	macroField      = 923
	sixesLatch      = 924 // to byte compaction of a multiple of 6 bytes
	eciUser         = 925 // ECI 810900 to 811799, in one more codeword
	eciGeneral      = 926 // ECI 900 to 810899, in two
	eciCharacters   = 927 // ECI 0 to 899, in one
	macroBegin      = 928
)

// pdf417Content is what a PDF417 symbol says.
type pdf417Content struct {
	text string // "" of a symbol that holds nothing
	part bool   // the symbol is a Macro PDF417: its text is a part of one that others continue
}

// readContent reads the data codewords of a PDF417 symbol (ISO/IEC 15438), corrected
// already: the length descriptor, which counts itself, and what it counts; after that
// may stand padding only. A Macro PDF417 control block and what follows is left out.
//
// Bytes are of the character set that an ECI names (AIM ITS/04-023); without one they
// are UTF-8 if they can be, and Latin-1 otherwise.
func readContent(words []int) (pdf417Content, error) {
	data, err := pdf417Data(words)
	if err != nil {
		return pdf417Content{}, err
	}
	d := pdf417Decoder{mode: textLatch, eci: noECI}
	for len(data) > 0 && err == nil {
		data, err = d.next(data)
	}
	if err == nil {
		err = d.flush()
	}
	if err != nil {
		return pdf417Content{}, fmt.Errorf("PDF417: %w", err)
	}
	return pdf417Content{string(d.text), d.part}, nil
}

// pdf417Data checks the codewords and their number and takes off the length descriptor.
func pdf417Data(words []int) ([]int, error) {
	if len(words) == 0 || len(words) >= pdf417Count {
		return nil, fmt.Errorf("PDF417: %d codewords", len(words))
	}
	for _, w := range words {
		if w < 0 || w >= pdf417Count {
			return nil, fmt.Errorf("PDF417: there is no codeword %d", w)
		}
	}
	n := words[0]
	if n < 1 || n > len(words) {
		return nil, fmt.Errorf("PDF417: length descriptor %d, %d codewords", n, len(words))
	}
	for _, w := range words[n:] {
		if w != textLatch {
			return nil, fmt.Errorf("PDF417: data beyond the length descriptor %d", n)
		}
	}
	return words[1:n], nil
}

// pdf417Decoder holds the state between codewords.
type pdf417Decoder struct {
	mode    int // the latch that began it
	submode int // of text compaction
	shift   int // the sub-mode of the next character only; noShift
	sixes   int // groups of 6 bytes that are still to come in the latch's byte compaction
	eci     int // what raw is; noECI
	raw     []byte
	text    []byte // UTF-8
	part    bool
}

// next reads one codeword with a function or a run of others, and leaves the rest.
func (d *pdf417Decoder) next(data []int) (rest []int, err error) {
	n := slices.IndexFunc(data, func(w int) bool { return w >= textLatch })
	if n < 0 {
		n = len(data)
	}
	if n > 0 {
		return data[n:], d.run(data[:n])
	}
	w, data := data[0], data[1:]
	switch w {
	case textLatch, byteLatch, numericLatch, sixesLatch:
		d.mode, d.submode, d.sixes = w, alpha, sixesAhead(w, data)
	case byteShift:
		return d.oneByte(data)
	case eciCharacters:
		return d.characterSet(data)
	case eciUser, eciGeneral:
		return d.otherwise(w, data)
	case macroBegin, macroField, macroTerminator:
		d.part = true
		return nil, nil
	case readerInit:
	default:
		return nil, fmt.Errorf("codeword %d has no meaning here", w)
	}
	return data, nil
}

// run reads codewords below 900 in the mode that is on.
func (d *pdf417Decoder) run(data []int) error {
	switch d.mode {
	case textLatch:
		return d.textRun(data)
	case numericLatch:
		return d.numericRun(data)
	}
	return d.byteRun(data)
}

// The sub-modes of text compaction.
const (
	alpha = iota
	lower
	mixed
	punctuation
	noShift = -1
)

// submodes are the characters of each sub-mode by value; a value that has none is a
// latch or a shift.
var submodes = [4]string{
	alpha:       "ABCDEFGHIJKLMNOPQRSTUVWXYZ ",
	lower:       "abcdefghijklmnopqrstuvwxyz ",
	mixed:       "0123456789&\r\t,:#-.$/+%*=^\x00 ",
	punctuation: ";<>@[\\]_`~!\r\t,:\n-.$/\"|*()?{}'",
}

// textRun reads two characters a codeword. A shift that is left over is padding.
func (d *pdf417Decoder) textRun(data []int) error {
	d.shift = noShift
	for _, w := range data {
		for _, v := range [2]int{w / 30, w % 30} {
			if err := d.character(v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *pdf417Decoder) character(v int) error {
	in := d.submode
	if d.shift != noShift {
		in = d.shift
	}
	if v < len(submodes[in]) && submodes[in][v] != 0 {
		d.raw = append(d.raw, submodes[in][v])
		d.shift = noShift
		return nil
	}
	if d.shift == alpha {
		return fmt.Errorf("value %d after a shift to capitals", v)
	}
	d.shift = noShift
	d.change(in, v)
	return nil
}

// change obeys a latch or a shift of a sub-mode.
func (d *pdf417Decoder) change(in, v int) {
	switch {
	case v == 25:
		d.submode = punctuation
	case v == 27 && in == lower:
		d.shift = alpha
	case v == 27:
		d.submode = lower
	case v == 28 && in == mixed:
		d.submode = alpha
	case v == 28:
		d.submode = mixed
	case in == punctuation:
		d.submode = alpha
	default:
		d.shift = punctuation
	}
}

// numericRun reads groups of 15 codewords, the last one shorter: a number to base 900
// that is a 1 and the digits.
func (d *pdf417Decoder) numericRun(data []int) error {
	base := big.NewInt(900)
	for group := range slices.Chunk(data, 15) {
		n := new(big.Int)
		for _, w := range group {
			n.Add(n.Mul(n, base), big.NewInt(int64(w)))
		}
		digits := n.String()
		if len(digits) < 2 || digits[0] != '1' {
			return errors.New("numeric compaction without its leading 1")
		}
		d.raw = append(d.raw, digits[1:]...)
	}
	return nil
}

// sixesAhead counts the groups of 5 codewords, 6 bytes each, after a latch to byte
// compaction. After latch 901 stand 1 to 5 codewords more, one byte each. Changes of
// the character set in between are not counted.
func sixesAhead(latch int, data []int) int {
	n := 0
	for i := 0; i < len(data); i++ {
		switch w := data[i]; {
		case w < textLatch:
			n++
		case w == eciCharacters, w == eciUser:
			i++
		case w == eciGeneral:
			i += 2
		default:
			i = len(data)
		}
	}
	if latch == byteLatch {
		n--
	}
	return n / 5
}

// byteRun reads groups of 5 codewords, a number to base 900 that is 6 bytes, and then
// single bytes.
func (d *pdf417Decoder) byteRun(data []int) error {
	for ; d.sixes > 0 && len(data) > 0; d.sixes-- {
		if len(data) < 5 {
			return errors.New("a character set that begins within a group of bytes")
		}
		var n uint64
		for _, w := range data[:5] {
			n = n*900 + uint64(w)
		}
		if n >= 1<<48 {
			return errors.New("byte compaction beyond 6 bytes")
		}
		d.raw = append(d.raw, byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		data = data[5:]
	}
	if d.mode == sixesLatch && len(data) > 0 {
		return fmt.Errorf("byte compaction with %d codewords over", len(data))
	}
	for _, w := range data {
		if w > 255 {
			return fmt.Errorf("byte compaction with %d for a byte", w)
		}
		d.raw = append(d.raw, byte(w))
	}
	return nil
}

// oneByte reads the byte after a shift, which is text compaction's alone.
func (d *pdf417Decoder) oneByte(data []int) (rest []int, err error) {
	if d.mode != textLatch || len(data) == 0 || data[0] > 255 {
		return nil, errors.New("shift to a byte without one")
	}
	d.raw = append(d.raw, byte(data[0]))
	return data[1:], nil
}

// What the bytes are when no character set says so.
const (
	noECI    = -1 // nothing was said
	otherECI = -2 // something else than characters
)

// characterSet begins text in another character set. The mode stays.
func (d *pdf417Decoder) characterSet(data []int) (rest []int, err error) {
	if len(data) == 0 || data[0] >= textLatch {
		return nil, errors.New("ECI without a number")
	}
	err = d.flush()
	d.eci = data[0]
	return data[1:], err
}

// otherwise begins what an ECI other than a character set's says how to understand.
func (d *pdf417Decoder) otherwise(eci int, data []int) (rest []int, err error) {
	n := 1
	if eci == eciGeneral {
		n = 2
	}
	if len(data) < n || slices.Max(data[:n]) >= textLatch {
		return nil, errors.New("ECI without a number")
	}
	err = d.flush()
	d.eci = otherECI
	return data[n:], err
}

// flush turns the bytes since the last ECI into text.
func (d *pdf417Decoder) flush() error {
	raw := d.raw
	d.raw = nil
	if len(raw) == 0 {
		return nil
	}
	switch {
	case d.eci == otherECI:
		return errors.New("an ECI that is no character set")
	case d.eci == noECI && utf8.Valid(raw):
		d.text = append(d.text, raw...)
		return nil
	case d.eci == noECI:
		d.eci = 3 // Latin-1
	}
	set, err := gozxing.GetCharacterSetECIByValue(d.eci)
	if err != nil || set == nil || set.GetCharset() == nil {
		return fmt.Errorf("character set of ECI %d", d.eci)
	}
	text, err := set.GetCharset().NewDecoder().Bytes(raw)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return fmt.Errorf("bytes that are no %s", set.Name())
	}
	d.text = append(d.text, text...)
	return nil
}
