package scan

import (
	"bytes"
	"compress/lzw"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// archived renders a file and gives why it is no PDF/A; "" = it is.
func archived(t *testing.T, name string, source []byte) string {
	t.Helper()
	_, b, done := rendition1(t, source, someWords)
	claims := bytes.Contains(b, []byte("pdfaid:conformance"))
	if claims != done.PDFA || done.PDFA != (done.Why == "") {
		t.Errorf("%s: it claims %v: %+v", name, claims, done)
	}
	return done.Why
}

// TestPicturesInArchives: what a page is made of decides on the claim.
func TestPicturesInArchives(t *testing.T) {
	grey := gradient(400, 200)
	var packed bytes.Buffer
	z := lzw.NewWriter(&packed, lzw.MSB, 8)
	z.Write(make([]byte, 100)) // so short that PDF's early change of widths is the same
	z.Close()
	size := "/Width 400/Height 200/BitsPerComponent 8"
	cmyk := flated(make([]byte, 4*400*200))
	plain := greyPage(t, 0)
	jp2 := func(channels uint16, space uint32) []byte {
		be := binary.BigEndian
		part := func(kind string, body []byte) []byte {
			return append(append(be.AppendUint32(nil, uint32(8+len(body))), kind...), body...)
		}
		size := append(be.AppendUint16([]byte{0, 0, 0, 1, 0, 0, 0, 1}, channels), 7, 7, 0, 0)
		head := append(part("ihdr", size), part("colr", be.AppendUint32([]byte{1, 0, 0}, space))...)
		return append(append(part("jP  ", []byte("\r\n\x87\n")), part("jp2h", head)...), part("jp2c", []byte("\xff\x4f\xff\x51\xff\xd9"))...)
	}
	for name, c := range map[string]struct {
		page pdfPage
		why  string
	}{
		"flate":              {plain, ""},
		"jpeg":               {pdfPage{image: greyImage + "/Filter/DCTDecode", data: jpegBytes(t, grey)}, ""},
		"inks":               {pdfPage{image: size + "/ColorSpace/DeviceCMYK/Filter/FlateDecode", data: cmyk}, "DeviceCMYK"},
		"jpeg of inks":       {pdfPage{image: size + "/ColorSpace/DeviceCMYK/Filter/DCTDecode", data: jpegBytes(t, grey)}, "DeviceCMYK"},
		"indexed inks":       {pdfPage{image: size + "/ColorSpace[/Indexed/DeviceCMYK 0<00000000>]/Filter/FlateDecode", data: flated(grey.Pix)}, "DeviceCMYK"},
		"a separation":       {pdfPage{image: size + "/ColorSpace[/Separation/All/DeviceGray<</FunctionType 2/Domain[0 1]/N 1>>]/Filter/FlateDecode", data: flated(grey.Pix)}, ""},
		"inks of many names": {pdfPage{image: size + "/ColorSpace[/DeviceN[/A]/DeviceGray<</FunctionType 2/Domain[0 1]/N 1>>]/Filter/FlateDecode", data: flated(grey.Pix)}, "DeviceN"},
		"LZW":                {pdfPage{image: "/Width 10/Height 10/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/LZWDecode", data: packed.Bytes()}, "LZWDecode"},
		"interpolated":       {pdfPage{image: greyImage + "/Interpolate true/Filter/FlateDecode", data: flated(grey.Pix)}, "interpolated"},
		"not interpolated":   {pdfPage{image: greyImage + "/Interpolate false/Filter/FlateDecode", data: flated(grey.Pix)}, ""},
		"an odd intent":      {pdfPage{image: greyImage + "/Intent/Pretty/Filter/FlateDecode", data: flated(grey.Pix)}, "rendering intent"},
		"12 bits":            {pdfPage{image: "/Width 2/Height 2/BitsPerComponent 12/ColorSpace/DeviceGray/Filter/FlateDecode", data: flated(make([]byte, 6))}, "12 bits"},
		"calibrated":         {pdfPage{image: size + "/ColorSpace[/CalGray<</WhitePoint[0.95 1 1.09]>>]/Filter/FlateDecode", data: flated(grey.Pix)}, ""},
		"JPEG 2000":          {pdfPage{image: "/Width 1/Height 1/Filter/JPXDecode", data: jp2(3, 16)}, ""},
		"JPEG 2000, inks":    {pdfPage{image: "/Width 1/Height 1/Filter/JPXDecode", data: jp2(4, 12)}, "4 channels"},
		"JPEG 2000, Lab":     {pdfPage{image: "/Width 1/Height 1/Filter/JPXDecode", data: jp2(3, 14)}, "none of sRGB"},
		"JPEG 2000, bare":    {pdfPage{image: "/Width 1/Height 1/Filter/JPXDecode", data: []byte("\xff\x4f\xff\x51\xff\xd9")}, "no header"},
		"inks in its stamp":  {pdfPage{image: plain.image, data: plain.data, content: "q 200 0 0 100 0 0 cm /Im0 Do Q 0 0 0 1 k 0 0 9 9 re f"}, "DeviceCMYK"},
		"an inline picture":  {pdfPage{image: plain.image, data: plain.data, content: "q 200 0 0 100 0 0 cm /Im0 Do Q BI /W 1 /H 1 /BPC 8 /CS /G ID x EI"}, ""},
		"inline inks":        {pdfPage{image: plain.image, data: plain.data, content: "q 200 0 0 100 0 0 cm /Im0 Do Q BI /W 1 /H 1 /BPC 8 /CS /CMYK ID xxxx EI"}, "DeviceCMYK"},
		"inline LZW":         {pdfPage{image: plain.image, data: plain.data, content: "q 200 0 0 100 0 0 cm /Im0 Do Q BI /W 1 /H 1 /BPC 8 /CS /G /F /LZW ID x EI"}, "LZW"},
		"inline, smoothed":   {pdfPage{image: plain.image, data: plain.data, content: "q 200 0 0 100 0 0 cm /Im0 Do Q BI /W 1 /H 1 /BPC 8 /CS /G /I true ID x EI"}, "interpolated"},
		"an odd operator":    {pdfPage{image: plain.image, data: plain.data, content: "q 200 0 0 100 0 0 cm /Im0 Do Q BX hocus EX"}, "hocus"},
		"deep":               {pdfPage{image: plain.image, data: plain.data, content: "q 200 0 0 100 0 0 cm /Im0 Do Q " + strings.Repeat("q ", 30) + strings.Repeat("Q ", 30)}, "over 28 deep"},
		"an odd string":      {pdfPage{image: plain.image, data: plain.data, content: "q 200 0 0 100 0 0 cm /Im0 Do Q /P <</A <123>>> BDC EMC BT <ABC> Tj ET"}, "hexadecimal"},
		"inks by name":       {pdfPage{image: plain.image, data: plain.data, content: "q 200 0 0 100 0 0 cm /Im0 Do Q /DeviceCMYK cs 0 0 9 9 re f"}, "DeviceCMYK"},
		"an intent":          {pdfPage{image: plain.image, data: plain.data, content: "/Perceptual ri q 200 0 0 100 0 0 cm /Im0 Do Q"}, ""},
		"a mad intent":       {pdfPage{image: plain.image, data: plain.data, content: "/Mad ri q 200 0 0 100 0 0 cm /Im0 Do Q"}, "rendering intent"},
		"an inline intent":   {pdfPage{image: plain.image, data: plain.data, content: "q 200 0 0 100 0 0 cm /Im0 Do Q BI /W 1 /H 1 /BPC 8 /CS /G /Intent /Mad ID x EI"}, "rendering intent"},
		"no digits":          {pdfPage{image: plain.image, data: plain.data, content: "q 200 0 0 100 0 0 cm /Im0 Do Q BT 3 Tr <0g> Tj ET"}, "not hexadecimal"},
		"an endless name":    {pdfPage{image: plain.image, data: plain.data, content: "q 200 0 0 100 0 0 cm /Im0 Do Q /" + strings.Repeat("n", 200) + " MP"}, "127 bytes"},
		"an endless string":  {pdfPage{image: plain.image, data: plain.data, content: "q 200 0 0 100 0 0 cm /Im0 Do Q BT 3 Tr (" + strings.Repeat("n", 40000) + ") Tj ET"}, "32767 bytes"},
		"a small page":       {pdfPage{image: plain.image, data: plain.data, extra: "/CropBox[0 0 2.5 100]"}, "2.5 by 100 points"},
	} {
		if why := archived(t, name, pdf([]pdfPage{c.page}, false, "")); (why == "") != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s: %q, want %q", name, why, c.why)
		}
	}
}

// TestBoxes: those of JPEG 2000 have their lengths in three ways, and may lie.
func TestBoxes(t *testing.T) {
	for name, c := range map[string]struct {
		b    string
		want string
	}{
		"short":         {"\x00\x00\x00\x0aaaaaxx\x00\x00\x00\x09bbbby", "y"},
		"long":          {"\x00\x00\x00\x01bbbb\x00\x00\x00\x00\x00\x00\x00\x11z", "z"},
		"to the end":    {"\x00\x00\x00\x00bbbbrest", "rest"},
		"over the end":  {"\x00\x00\x00\x20bbbbrest", ""},
		"under a head":  {"\x00\x00\x00\x07bbbbrest", ""},
		"over all ends": {"\x00\x00\x00\x01bbbb\xff\xff\xff\xff\xff\xff\xff\xffz", ""},
		"no other":      {"\x00\x00\x00\x0aaaaaxx", ""},
	} {
		if got, _ := box([]byte(c.b), "bbbb"); string(got) != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestPartsInArchives: what a page leads to decides, too, wherever it lies.
func TestPartsInArchives(t *testing.T) {
	const font = "<</Font<</F1 5 0 R>>>>"
	program := stream("", "not looked at")
	ink := stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]", "0 0 9 9 re f")
	annot := func(entries string) string { return "/Annots[<</Type/Annot/Rect[0 0 9 9]" + entries + ">>]" }
	for name, c := range map[string]struct{ resources, content, extra, five, six, why string }{
		"nothing":            {"<<>>", "", "", "null", "null", ""},
		"a font outside":     {font, "BT /F1 9 Tf (x) Tj ET", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", "null", `"Helvetica" is not embedded`},
		"a font inside":      {font, "BT /F1 9 Tf (x) Tj ET", "", "<</Type/Font/Subtype/TrueType/BaseFont/A/FontDescriptor<</FontFile2 6 0 R>>>>", program, `the font "A", whose letters`},
		"a composite font":   {font, "BT /F1 9 Tf (x) Tj ET", "", "<</Type/Font/Subtype/Type0/BaseFont/B/DescendantFonts[<</FontDescriptor<</FontFile3 6 0 R>>>>]>>", program, `the font "B", whose letters`},
		"an unseen font":     {font, "BT 3 Tr /F1 9 Tf (x) Tj ET", "", "<</Subtype/Type1/BaseFont/Helvetica>>", "null", "not embedded"},
		"a font of drawings": {font, "BT /F1 9 Tf (x) Tj ET", "", "<</Subtype/Type3/FontMatrix[1 0 0 1 0 0]/FontBBox[0 0 1 1]/CharProcs<<>>/Encoding<<>>/FirstChar 0/LastChar 0/Widths[0]>>", "null", "font of drawings"},
		"a transfer":         {"<</ExtGState<</G 5 0 R>>>>", "/G gs", "", "<</TR/Identity>>", "null", "transfer function"},
		"a blend":            {"<</ExtGState<</G 5 0 R>>>>", "/G gs", "", "<</BM/Multiply>>", "null", ""},
		"an odd blend":       {"<</ExtGState<</G 5 0 R>>>>", "/G gs", "", "<</BM/Shine>>", "null", "blend mode"},
		"an intent":          {"<</ExtGState<</G 5 0 R>>>>", "/G gs", "", "<</RI/Mad>>", "null", "rendering intent"},
		"an overprint":       {"<</ExtGState<</G 5 0 R>>>>", "/G gs", "", "<</OPM 1/OP true>>", "null", "overprints"},
		"a form":             {"<</XObject<</X 5 0 R>>>>", "/X Do", "", ink, "null", ""},
		"a borrowing form":   {"<</XObject<</X 5 0 R/Y 6 0 R>>>>", "/X Do", "", stream("/Subtype/Form/BBox[0 0 9 9]", "/Y Do"), ink, "borrows"},
		"a program":          {"<</XObject<</X 5 0 R>>>>", "/X Do", "", stream("/Subtype/PS", "showpage"), "null", "PostScript"},
		"inks in a form":     {"<</XObject<</X 5 0 R>>>>", "/X Do", "", stream("/Subtype/Form/BBox[0 0 9 9]/Group<</S/Transparency/CS/DeviceCMYK>>", ""), "null", "DeviceCMYK"},
		"inks in a shading":  {"<</Shading<</S 5 0 R>>>>", "/S sh", "", "<</ShadingType 2/ColorSpace/DeviceCMYK/Coords[0 0 1 1]/Function<</FunctionType 2/Domain[0 1]/N 1/C0[0 0 0 0]/C1[0 0 0 0]>>>>", "null", "DeviceCMYK"},
		"inks in a pattern":  {"<</ColorSpace<</C[/Pattern/DeviceCMYK]>>>>", "/C cs", "", "null", "null", "DeviceCMYK"},
		"a pattern":          {"<</ColorSpace<</C[/Pattern]>>/Pattern<</P 5 0 R>>>>", "/C cs /P scn 0 0 9 9 re f", "", stream("/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep 1/YStep 1/Resources<<>>", "0 0 1 1 re f"), "null", ""},
		"inks in a tile":     {"<</Pattern<</P 5 0 R>>>>", "/Pattern cs /P scn 0 0 9 9 re f", "", stream("/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep 1/YStep 1/Resources<<>>", "0 0 0 1 k 0 0 1 1 re f"), "null", "DeviceCMYK"},
		"a script":           {"<</Properties<</P<</JS(app.alert)>>>>>>", "/X/P BDC EMC", "", "null", "null", "/JS"},
		"an action":          {"<</Properties<</P<</Q<</Type/Action/S/Launch>>>>>>>>", "/X/P BDC EMC", "", "null", "null", "Action"},
		"a broken profile":   {"<</ColorSpace<</C[/ICCBased 5 0 R]>>>>", "/C cs", "", stream("/N 3", "no profile"), "null", "colour profile is broken"},
		"a profile":          {"<</ColorSpace<</C[/ICCBased 5 0 R]>>>>", "/C cs", "", stream("/N 3", string(sRGB())), "null", ""},
		"the wrong profile":  {"<</ColorSpace<</C[/ICCBased 5 0 R]>>>>", "/C cs", "", stream("/N 1", string(sRGB())), "null", `for colours in "RGB "`},
		"one ink, two looks": {"<</ColorSpace<</C[/Separation/A/DeviceGray 5 0 R]/D[/Separation/A/DeviceGray 6 0 R]>>>>", "/C cs /D cs", "", "<</FunctionType 2/Domain[0 1]/N 1>>", "<</FunctionType 2/Domain[0 1]/N 2>>", "two colours"},
		"data elsewhere":     {"<</XObject<</X 5 0 R>>>>", "/X Do", "", stream("/Subtype/Form/BBox[0 0 9 9]/F(elsewhere)", ""), "null", "another file"},
		"a stamp":            {"<<>>", "", annot("/Subtype/Stamp/F 4/AP<</N 5 0 R>>"), ink, "null", ""},
		"a hidden stamp":     {"<<>>", "", annot("/Subtype/Stamp/F 6/AP<</N 5 0 R>>"), ink, "null", "can be hidden"},
		"no look":            {"<<>>", "", annot("/Subtype/Stamp/F 4"), "null", "null", "no appearance"},
		"a link":             {"<<>>", "", annot("/Subtype/Link/F 4/A<</S/URI/URI(there)>>"), "null", "null", ""}, // its action is left out
		"a film":             {"<<>>", "", annot("/Subtype/Movie/F 4"), "null", "null", `type "Movie"`},
		"an attachment":      {"<<>>", "", annot("/Subtype/FileAttachment/F 4/FS<</Type/Filespec/EF<</F 5 0 R>>>>/AP<</N 6 0 R>>"), program, ink, "FileAttachment"},
		"attached to a page": {"<<>>", "", "/AF[<</Type/Filespec/EF<</F 5 0 R>>>>]", program, "null", "Filespec"},
		"a large number":     {"<</Properties<</P<</N 99999999999>>>>>>", "/X/P BDC EMC", "", "null", "null", "a number is"},
		"a long name":        {"<</Properties<</P<</N/" + strings.Repeat("n", 200) + ">>>>>>", "/X/P BDC EMC", "", "null", "null", "a name has 200"},
		"a long string":      {"<</Properties<</P<</N(" + strings.Repeat("n", 40000) + ")>>>>>>", "/X/P BDC EMC", "", "null", "null", "a string has 40000"},
	} {
		source := objects(catalog, kids(1, 1), page(c.resources, "4 0 R", c.extra), stream("", c.content), c.five, c.six)
		if why := archived(t, name, source); (why == "") != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s: %q, want %q", name, why, c.why)
		}
	}
}

// TestArchiveIsReadBack: the claim is of the bytes that were written, not of those that
// were meant.
func TestArchiveIsReadBack(t *testing.T) {
	_, b, done := rendition1(t, pdf([]pdfPage{greyPage(t, 0)}, false, ""), someWords)
	if !done.PDFA {
		t.Fatal(done)
	}
	said := Order{Title: "Brief", Language: "de", Producer: "postroom"}.described()
	font := 0
	fmt.Sscanf(string(b[bytes.Index(b, []byte("/"+layerFont+" ")):]), "/"+layerFont+" %d", &font)
	for name, change := range map[string][2]string{
		"nothing":              {"", ""},
		"its header":           {"%PDF-1.7\n%\xe2", "%PDF-1.7\n% "},
		"its comment":          {"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "%PDF-1.7\n%    \n"},
		"its title":            {"/Title<FEFF0042", "/Title<FEFF0043"},
		"its claim":            {"<pdfaid:part>2", "<pdfaid:part>3"},
		"its ID":               {"/ID[", "/XX["},
		"its intent":           {"/GTS_PDFA1", "/GTS_PDFX1"},
		"its intents":          {"/OutputIntents[", "/OutputXntents["},
		"an action":            {"/ViewerPreferences", "/OpenAction[3]   /X"},
		"its font's program":   {"/FontFile2", "/FontFileX"},
		"its font's coding":    {"/Identity-H", "/Identity-V"},
		"its font's letters":   {"/ToUnicode", "/ToUnicodX"},
		"its font's alphabet":  {"/CIDToGIDMap", "/CIDToGIDXap"},
		"its font's kind":      {"/Subtype/CIDFontType2", "/Subtype/CIDFontType0"},
		"its font's parts":     {"/DescendantFonts", "/DescendantFontX"},
		"its information":      {"/Info ", "/Xnfo "},
		"its colour's profile": {"/DestOutputProfile", "/DestOutputProfilX"},
	} {
		f := mustOpen(t, bytes.Replace(b, []byte(change[0]), []byte(change[1]), 1)).pages.(*pdfFile)
		if err := f.checkArchive(font, said, unpaced); (err == nil) != (name == "nothing") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// TestProfile: the sizes and places of a profile's tags are right.
func TestProfile(t *testing.T) {
	b := sRGB()
	be := binary.BigEndian
	if int(be.Uint32(b)) != len(b) || len(b)%4 != 0 || string(b[36:40]) != "acsp" {
		t.Fatalf("% x", b[:132])
	}
	var white, sum [3]float64
	for i := range be.Uint32(b[128:]) {
		tag := b[132+12*i:]
		at, length := be.Uint32(tag[4:]), be.Uint32(tag[8:])
		if at%4 != 0 || int(at+length) > len(b) {
			t.Errorf("tag %q lies at %d, %d bytes", tag[:4], at, length)
			continue
		}
		for j := range 3 {
			if data := b[at:]; string(data[:4]) == "XYZ " {
				v := float64(int32(be.Uint32(data[8+4*j:]))) / 65536
				if string(tag[:4]) == "wtpt" {
					white[j] = v
				} else {
					sum[j] += v
				}
			}
		}
	}
	for j := range 3 { // the primaries together are white
		if d := white[j] - sum[j]; d > 1e-3 || d < -1e-3 {
			t.Errorf("white is %v, the primaries give %v", white, sum)
		}
	}
}
