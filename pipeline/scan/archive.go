package scan

import "errors"

// checkArchive tells what keeps a written rendition from being a PDF/A-2b.
func (f *pdfFile) checkArchive(font int, d described) error {
	return errors.New("its structure is not checked")
}
