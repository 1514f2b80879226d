package scan

import (
	"testing"

	mails "postroom/samples"
)

// BenchmarkFax decodes a page of CCITT Group 4, A4 at 300 dpi, as scanners write it.
func BenchmarkFax(b *testing.B) {
	for name, file := range map[string]string{"pdf": "batch-002.pdf", "tiff": "batch-001.tif"} {
		text, err := mails.FS.ReadFile("mail/" + file)
		if err != nil {
			b.Fatal(err)
		}
		f := mustOpen(b, text)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Picture(2); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
