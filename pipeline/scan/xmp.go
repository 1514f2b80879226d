package scan

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// described is what a rendition says of itself, in its XMP metadata and, word for
// word the same, in its information dictionary (ISO 19005-2, 6.6.3); "" = nothing.
type described struct{ title, language, producer string }

// tag is a BCP 47 language tag, as far as its form goes.
var tag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// described takes of an order what can be said: XML has no characters for controls.
func (o Order) described() described {
	d := described{title: said(o.Title), producer: said(o.Producer)}
	if tag.MatchString(o.Language) {
		d.language = o.Language
	}
	return d
}

// said gives a text as one line of characters, no longer than anyone reads.
func said(text string) string {
	const most = 500
	line := []rune(strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)), " "))
	return string(line[:min(len(line), most)])
}

// xmp writes the metadata (ISO 16684-1); claim says that they are those of a PDF/A-2b
// (ISO 19005-2, 6.6.4).
func (d described) xmp(claim bool) []byte {
	b := []byte("<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n" +
		"<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:format>application/pdf</dc:format>")
	if d.title != "" {
		b = fmt.Appendf(b, "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">%s</rdf:li></rdf:Alt></dc:title>", escaped(d.title))
	}
	if d.language != "" {
		b = fmt.Appendf(b, "<dc:language><rdf:Bag><rdf:li>%s</rdf:li></rdf:Bag></dc:language>", d.language)
	}
	b = append(b, "</rdf:Description>\n"...)
	if d.producer != "" {
		b = fmt.Appendf(b, "<rdf:Description rdf:about=\"\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\"><pdf:Producer>%s</pdf:Producer></rdf:Description>\n", escaped(d.producer))
	}
	if claim {
		b = append(b, "<rdf:Description rdf:about=\"\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\"><pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description>\n"...)
	}
	return append(b, "</rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>"...)
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}

// info writes the information dictionary.
func (d described) info() []byte {
	b := []byte("<<")
	if d.title != "" {
		b = fmt.Appendf(b, "/Title%s", textString(d.title))
	}
	if d.producer != "" {
		b = fmt.Appendf(b, "/Producer%s", textString(d.producer))
	}
	return append(b, ">>"...)
}

// textString is a text string in UTF-16 (ISO 32000-1, 7.9.2.2).
func textString(text string) string {
	b := []byte("<FEFF")
	for _, u := range utf16.Encode([]rune(text)) {
		b = fmt.Appendf(b, "%04X", u)
	}
	return string(b) + ">"
}
