package scan

import (
	"errors"
	"fmt"
	"io"
)

// describe adds what the file says of itself, and its colours.
func (r *rendition) describe() error {
	d := r.order.described()
	profile, err := r.flated("/N 3", sRGB())
	if err != nil {
		return err
	}
	intent := r.add(fmt.Appendf(nil, "<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB IEC61966-2.1)/Info(sRGB IEC61966-2.1)/DestOutputProfile %d 0 R>>", profile))
	r.metadata = r.reserve()
	r.claim(true)
	r.info = r.add(d.info())
	language := ""
	if d.language != "" {
		language = "/Lang(" + d.language + ")"
	}
	r.root = fmt.Sprintf("/Metadata %d 0 R/OutputIntents[%d 0 R]%s/ViewerPreferences<</DisplayDocTitle true>>", r.metadata, intent, language)
	return nil
}

// claim sets the metadata, which say that the file is a PDF/A or do not.
func (r *rendition) claim(archive bool) {
	r.setStream(r.metadata, "/Type/Metadata/Subtype/XML", r.order.described().xmp(archive))
}

// publish writes the rendition and has it prove itself.
func (r *rendition) publish(out Target, step func()) (Rendered, error) {
	done := Rendered{Pages: r.done}
	written, err := r.written(out)
	if err != nil {
		return done, err
	}
	if fault := written.checkArchive(r.font, r.order.described(), step); fault != nil {
		done.Why = fault.Error()
		r.claim(false)
		written.close()
		if written, err = r.written(out); err != nil {
			return done, err
		}
	}
	defer written.close()
	done.PDFA = done.Why == ""
	return done, r.file.sameAs(written, r.kept, r.done, step)
}

// written writes the file anew and opens it.
func (r *rendition) written(out Target) (*pdfFile, error) {
	_, err := out.Seek(0, io.SeekStart)
	if err = errors.Join(err, out.Truncate(0)); err == nil {
		err = r.write(out)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOutput, err)
	}
	size, err := out.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOutput, err)
	}
	opened, err := r.file.engine.openPDF(out, size)
	if err != nil {
		return nil, fmt.Errorf("%w: it can't be opened: %v", ErrDiffers, err)
	}
	return opened.(*pdfFile), nil
}
