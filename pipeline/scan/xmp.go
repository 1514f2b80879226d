package scan

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"unicode/utf16"
)

// described is what a rendition says of itself, in its XMP metadata and, word for
// word the same, in its information dictionary.
type described struct{ title, language, producer string }

// xmp writes the metadata (ISO 16684-1); claim says that they are those of a PDF/A-2b
// (ISO 19005-2, 6.6.4).
func (d described) xmp(claim bool) []byte {
	part := ""
	if claim {
		part = "<rdf:Description rdf:about=\"\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\"><pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description>\n"
	}
	return fmt.Appendf(nil, "<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"+
		"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"+
		"<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:format>application/pdf</dc:format>"+
		"<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">%s</rdf:li></rdf:Alt></dc:title>"+
		"<dc:language><rdf:Bag><rdf:li>%s</rdf:li></rdf:Bag></dc:language></rdf:Description>\n"+
		"<rdf:Description rdf:about=\"\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\"><pdf:Producer>%s</pdf:Producer></rdf:Description>\n"+
		"%s</rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>", escaped(d.title), escaped(d.language), escaped(d.producer), part)
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}

// info writes the information dictionary.
func (d described) info() []byte {
	return fmt.Appendf(nil, "<</Title%s/Producer%s>>", textString(d.title), textString(d.producer))
}

// textString is a text string in UTF-16 (ISO 32000-1, 7.9.2.2).
func textString(text string) string {
	b := []byte("<feff")
	for _, u := range utf16.Encode([]rune(text)) {
		b = fmt.Appendf(b, "%04x", u)
	}
	return string(b) + ">"
}
