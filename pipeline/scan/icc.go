package scan

import (
	"encoding/binary"
	"unicode/utf16"
)

// sRGB makes an ICC profile of the sRGB colour space (IEC 61966-2-1): version 4.2
// (ICC.1:2004-10), a display profile of matrix and curves. The primaries are those
// of the standard, adapted from D65 to the D50 of the profile connection space by
// Bradford's matrix, as the ICC's own profile has them.
func sRGB() []byte {
	fixed := func(kind string, values ...uint32) []byte { // s15Fixed16 numbers
		b := append([]byte(kind), 0, 0, 0, 0)
		for _, v := range values {
			b = binary.BigEndian.AppendUint32(b, v)
		}
		return b
	}
	// Y = (aX+b)^g from d on, cX below: g, a, b, c, d of the standard.
	curve := append([]byte("para\x00\x00\x00\x00\x00\x03\x00\x00"), fixed("", 0x26666, 0xf2a7, 0x0d59, 0x13d0, 0x0a5b)[4:]...)
	tags := []struct {
		name string
		data []byte
	}{
		{"desc", localized("sRGB")},
		{"cprt", localized("No copyright, use freely")},
		{"wtpt", fixed("XYZ ", 0xf6d6, 0x10000, 0xd32d)},
		{"chad", fixed("sf32", 0x10c42, 0x5de, 0xfffff325, 0x793, 0xfd90, 0xfffffba1, 0xfffffda2, 0x3dc, 0xc06e)},
		{"rXYZ", fixed("XYZ ", 0x6fa2, 0x38f5, 0x0390)},
		{"gXYZ", fixed("XYZ ", 0x6299, 0xb785, 0x18da)},
		{"bXYZ", fixed("XYZ ", 0x24a0, 0x0f84, 0xb6cf)},
		{"rTRC", curve}, {"gTRC", nil}, {"bTRC", nil}, // one curve for all three
	}
	const header = 128
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var body []byte
	at, last := header+4+12*len(tags), 0
	for _, t := range tags {
		from := at + len(body)
		if t.data == nil {
			from -= (last + 3) / 4 * 4
		} else {
			last = len(t.data)
			body = append(body, t.data...)
			body = append(body, make([]byte, (4-last%4)%4)...)
		}
		table = append(table, t.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(from))
		table = binary.BigEndian.AppendUint32(table, uint32(last))
	}
	h := make([]byte, header)
	binary.BigEndian.PutUint32(h, uint32(at+len(body)))
	copy(h[8:], "\x04\x20\x00\x00mntrRGB XYZ ")
	copy(h[24:], "\x07\xd0\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00") // 1 January 2000: it is the same for ever
	copy(h[36:], "acsp")
	binary.BigEndian.PutUint32(h[68:], 0xf6d6) // D50, the illuminant
	binary.BigEndian.PutUint32(h[72:], 0x10000)
	binary.BigEndian.PutUint32(h[76:], 0xd32d)
	return append(append(h, table...), body...)
}

// localized is a text in English (multiLocalizedUnicodeType).
func localized(text string) []byte {
	units := utf16.Encode([]rune(text))
	b := []byte("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cenUS")
	b = binary.BigEndian.AppendUint32(b, uint32(2*len(units)))
	b = binary.BigEndian.AppendUint32(b, 28)
	for _, u := range units {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return b
}
