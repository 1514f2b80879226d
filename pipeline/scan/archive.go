package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// archive looks for what keeps a written rendition from being a PDF/A-2b (ISO
// 19005-2; the numbers in its errors are that standard's). It knows what a scanner's
// pages are made of. Where the standard allows more than can be told at little cost
// (fonts other than the layer's, whose letters would have to be measured, inks of
// many names, what is attached) it says no: a claim too few does no harm.
type archive struct {
	file  *pdfFile
	font  int               // object number of the layers' font; 0 = there is none
	seen  map[int]bool      // object numbers: each is looked at once
	inks  map[string]string // by the name of a separation: what stands for it
	depth int
}

// checkArchive gives, as one sentence, the first thing that keeps the file from being
// a PDF/A-2b; nil = nothing was found. font is the object number of the layers' font,
// d what the file was made to say of itself. A step is said for each page.
func (f *pdfFile) checkArchive(font int, d described, step func()) error {
	a := &archive{file: f, font: font, seen: map[int]bool{}, inks: map[string]string{}}
	if err := a.bytes(); err != nil {
		return err
	}
	if err := a.catalog(d); err != nil {
		return err
	}
	for n := 1; n <= f.count(); n++ {
		if err := a.page(f.page(n)); err != nil {
			return fmt.Errorf("page %d: %w", n, err)
		}
		step()
	}
	return nil
}

var archiveHead = regexp.MustCompile(`^%PDF-1\.[0-7]\n%[\x80-\xff]{4}`)

// bytes looks at the file's beginning and end (6.1.2, 6.1.3).
func (a *archive) bytes() error {
	head := make([]byte, 16)
	if _, err := a.file.raw.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("its header can't be read: %v", err)
	}
	var latin []rune // a regular expression sees characters, not bytes
	for _, b := range head {
		latin = append(latin, rune(b))
	}
	if !archiveHead.MatchString(string(latin)) {
		return errors.New("it does not begin with a header and a comment of high bytes (6.1.2)")
	}
	if id := a.file.ctx.ID; len(id) != 2 || a.file.ctx.Encrypt != nil {
		return errors.New("its trailer has no ID, or it is encrypted (6.1.3)")
	}
	return nil
}

// catalog looks at what the file says of itself: its metadata (6.6), colours (6.2.3),
// and that nothing else is there that could act (6.5), hide (6.9) or be attached (6.8).
func (a *archive) catalog(d described) error {
	f := a.file
	root, err := f.ctx.Catalog()
	if err != nil {
		return fmt.Errorf("its catalog can't be read: %v", err)
	}
	for _, k := range keys(root) {
		switch k {
		case "Type", "Pages", "Metadata", "OutputIntents", "Lang", "ViewerPreferences":
		default:
			return fmt.Errorf("its catalog has an entry /%s", k)
		}
	}
	metadata, err := f.stream(root["Metadata"])
	if err != nil || metadata == nil || len(metadata.FilterPipeline) > 0 || !bytes.Equal(metadata.Raw, d.xmp(true)) {
		return errors.New("its metadata are not those of a PDF/A (6.6.2.1)")
	}
	if f.ctx.Info == nil {
		return errors.New("it has no information dictionary")
	}
	info, err := f.ctx.DereferenceDict(*f.ctx.Info)
	if err != nil || !bytes.Equal(canonical(info), d.info()) {
		return errors.New("its information dictionary says something else than its metadata (6.6.3)")
	}
	intents, err := f.ctx.DereferenceArray(root["OutputIntents"])
	if err != nil || len(intents) != 1 {
		return errors.New("it has no output intent, or several (6.2.3)")
	}
	intent, err := f.ctx.DereferenceDict(intents[0])
	if err != nil || f.name(intent["S"]) != "GTS_PDFA1" {
		return errors.New("its output intent is none of PDF/A (6.2.3)")
	}
	return a.profile(intent["DestOutputProfile"], "RGB ")
}

// canonical writes an information dictionary of texts in the order of described.
func canonical(info types.Dict) []byte {
	b := []byte("<<")
	for _, k := range []string{"Title", "Producer"} {
		if info[k] != nil {
			b = fmt.Appendf(b, "/%s%s", k, info[k].PDFString())
		}
	}
	if len(info) > 2 {
		b = append(b, "and more"...)
	}
	return append(b, ">>"...)
}

// page looks at a page and all that it leads to.
func (a *archive) page(p leaf) error {
	content, err := a.file.content(p.Dict)
	if err != nil {
		return err
	}
	for _, box := range []*types.Rectangle{p.MediaBox, p.CropBox} {
		const least, most = 3, 14400 // points
		if box != nil && (min(box.Width(), box.Height()) < least || max(box.Width(), box.Height()) > most) {
			return fmt.Errorf("it is %g by %g points large (6.1.13)", box.Width(), box.Height())
		}
	}
	if err := a.content(content, true); err != nil {
		return err
	}
	for _, k := range keys(p.Dict) {
		switch k {
		case "Parent", "Contents":
		case "AA", "PresSteps":
			return fmt.Errorf("it has an entry /%s (6.5.2, 6.10)", k)
		case "Annots":
			err = a.annots(p.Dict[k])
		default:
			err = a.entry(k, p.Dict[k])
		}
		if err != nil {
			return err
		}
	}
	return nil
}
