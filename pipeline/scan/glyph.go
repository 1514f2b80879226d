package scan

import (
	"encoding/binary"
	"fmt"
)

// The font of a text layer has one glyph, without an area, for every character: the
// words are there to be found and copied, and nothing of them is to be seen. The
// recipe is tesseract's (pdfrenderer.cpp): a Type 0 font over a CIDFontType2, codes
// of two bytes, a CIDToGIDMap that leads all of them to glyph 1.

// fontName is that of the text layer's font, in all its dictionaries.
const fontName = "PostroomInvisible"

// Measures of the font, in units of which an em has 1000.
const (
	unitsPerEm = 1000
	advance    = 500 // of each glyph
)

// invisibleFont sets the objects of the font under the number, for the letters that are used.
func (w *writer) invisibleFont(number int, letters *alphabet) error {
	glyphs := make([]byte, 2*(int(letters.last())+1))
	for i := 1; i < len(glyphs); i += 2 {
		glyphs[i] = 1
	}
	program := invisible()
	file, err := w.flated(fmt.Sprintf("/Length1 %d", len(program)), program)
	if err != nil {
		return err
	}
	toGlyph, err := w.flated("", glyphs)
	if err != nil {
		return err
	}
	unicode, err := w.flated("", letters.toUnicode())
	if err != nil {
		return err
	}
	// A descent of 0 makes readers assume one, and words then reach below their line.
	descriptor := w.add(fmt.Appendf(nil, "<</Type/FontDescriptor/FontName/%s/Flags 5/FontBBox[0 0 %d %d]/ItalicAngle 0/Ascent %d/Descent -1/CapHeight %d/StemV 80/FontFile2 %d 0 R>>",
		fontName, advance, unitsPerEm, unitsPerEm, unitsPerEm, file))
	descendant := w.add(fmt.Appendf(nil, "<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor %d 0 R/DW %d/CIDToGIDMap %d 0 R>>",
		fontName, descriptor, advance, toGlyph))
	w.set(number, fmt.Appendf(nil, "<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>",
		fontName, descendant, unicode))
	return nil
}

// invisible makes the font program: a TrueType file with the tables that PDF asks of
// a CIDFontType2 (ISO 32000-1, 9.9), and two glyphs, the first empty (Apple TrueType
// Reference Manual, chapter 6).
func invisible() []byte {
	const glyphs = 2
	words := func(v ...uint16) (b []byte) {
		for _, x := range v {
			b = binary.BigEndian.AppendUint16(b, x)
		}
		return b
	}
	// A stroke without width from corner to corner of an em's half: pdfium takes the
	// extent of a letter from its outline, and finds no word that stands upright on a
	// page if that is empty.
	glyph := words(1, 0, 0, advance, unitsPerEm, 1, 0) // one contour, its box, its last point, no instructions
	glyph = append(glyph, 1, 1)                        // both points lie on the curve
	glyph = append(glyph, words(0, advance, 0, unitsPerEm)...)
	head := words(1, 0, 1, 0, 0, 0, 0x5f0f, 0x3cf5, 0x000b, unitsPerEm)
	head = append(head, make([]byte, 16)...) // made and changed at no time that is known
	head = append(head, words(0, 0, advance, unitsPerEm, 0, 8, 2, 0, 0)...)
	tables := []struct {
		tag  string
		data []byte
	}{
		{"glyf", glyph},
		{"head", head},
		{"hhea", words(1, 0, unitsPerEm, 0xffff, 0, advance, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, glyphs)},
		{"hmtx", words(advance, 0, advance, 0)},
		{"loca", words(0, 0, uint16(len(glyph)/2))},
		{"maxp", words(1, 0, glyphs, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)},
	}
	const entry, lead = 16, 12
	out := words(1, 0, uint16(len(tables)), 64, 2, uint16(16*len(tables)-64))
	at := lead + entry*len(tables)
	checks := map[string]int{}
	for _, t := range tables {
		out = append(out, t.tag...)
		out = binary.BigEndian.AppendUint32(out, checksum(t.data))
		out = binary.BigEndian.AppendUint32(out, uint32(at))
		out = binary.BigEndian.AppendUint32(out, uint32(len(t.data)))
		checks[t.tag] = at
		at += (len(t.data) + 3) / 4 * 4
	}
	for _, t := range tables {
		out = append(out, t.data...)
		out = append(out, make([]byte, (4-len(t.data)%4)%4)...)
	}
	binary.BigEndian.PutUint32(out[checks["head"]+8:], 0xb1b0afba-checksum(out))
	return out
}

// checksum adds a table's 32-bit words up, the last filled with zeros.
func checksum(b []byte) (sum uint32) {
	for len(b) >= 4 {
		sum += binary.BigEndian.Uint32(b)
		b = b[4:]
	}
	if len(b) > 0 {
		var last [4]byte
		copy(last[:], b)
		sum += binary.BigEndian.Uint32(last[:])
	}
	return sum
}
