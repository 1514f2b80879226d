package scan

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
	"golang.org/x/image/ccitt"
)

// sound checks every picture that a page paints, before pdfium paints it: what
// pdfium can't decode it leaves out, or paints by half, without a word. It tells
// whether there are pictures.
func (f *pdfFile) sound(p leaf, content []byte) (bool, error) {
	s := &sounding{file: f, forms: map[int]bool{}}
	if err := s.painted(content, p.Resources); err != nil {
		return false, err
	}
	for _, form := range f.appearances(p.Dict) {
		if err := s.form(form, p.Resources); err != nil {
			return false, err
		}
	}
	return s.pictures, nil
}

// sounding is a walk over what a page paints.
type sounding struct {
	file     *pdfFile
	forms    map[int]bool // object numbers: each is walked once
	pictures bool
}

// painted checks the pictures and forms that a content stream names.
func (s *sounding) painted(content []byte, resources types.Dict) error {
	all, err := s.file.ctx.DereferenceDict(resources["XObject"])
	if err != nil {
		return fmt.Errorf("%w: resources: %v", ErrUnreadable, err)
	}
	used := named(content)
	for _, name := range keys(all) {
		if !used[name] {
			continue
		}
		sd, err := s.file.stream(all[name])
		if err != nil {
			return err
		}
		if sd == nil {
			continue
		}
		if s.file.name(sd.Dict["Subtype"]) != "Image" {
			err = s.form(all[name], resources)
		} else {
			s.pictures = true
			err = s.file.completeOnce(numberOf(all[name]), sd)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// form checks a page within the page; above are the resources that it uses when
// it has none of its own.
func (s *sounding) form(o types.Object, above types.Dict) error {
	if s.forms[numberOf(o)] {
		return nil
	}
	s.forms[numberOf(o)] = true
	content, sd, err := s.file.decoded(o)
	if err != nil || sd == nil {
		return err
	}
	if sd.Dict["Resources"] != nil {
		if above, err = s.file.ctx.DereferenceDict(sd.Dict["Resources"]); err != nil {
			return fmt.Errorf("%w: resources: %v", ErrUnreadable, err)
		}
	}
	return s.painted(content, above)
}

// completeOnce keeps the answer: a letterhead is on every page.
func (f *pdfFile) completeOnce(number int, sd *types.StreamDict) error {
	err, known := f.completed[number]
	if !known {
		err = f.complete(sd)
		f.completed[number] = err
	}
	return err
}

// complete tells whether a picture's data are all there, as far as that can be
// told at little cost.
func (f *pdfFile) complete(sd *types.StreamDict) error {
	w, h := f.integer(sd.Dict["Width"]), f.integer(sd.Dict["Height"])
	if err := f.engine.checkPixels(w, h); err != nil {
		return err
	}
	filters := sd.FilterPipeline
	last := ""
	if len(filters) > 0 {
		last = filters[len(filters)-1].Name
	}
	whole := true
	switch last {
	case "DCTDecode", "CCITTFaxDecode", "JBIG2Decode", "JPXDecode":
		raw, err := f.unwrapped(sd, len(filters)-1)
		if err != nil {
			return err
		}
		switch last {
		case "DCTDecode":
			return f.completeJPEG(raw)
		case "CCITTFaxDecode":
			return f.completeFax(raw, filters[len(filters)-1].DecodeParms, w, h)
		case "JBIG2Decode":
			whole = jbig2Whole(raw)
		case "JPXDecode": // from its codestream's first marker to the last
			from := bytes.Index(raw, []byte("\xff\x4f\xff\x51"))
			whole = from >= 0 && bytes.LastIndex(raw, []byte("\xff\xd9")) > from
		}
	default:
		l, _ := f.layout(sd.Dict) // an unknown colour space has one sample a pixel at the least
		stride := (w*max(1, l.channels)*max(1, l.bits) + 7) / 8
		rows, err := f.rows(sd, stride)
		if err != nil {
			return err
		}
		whole = rows >= h
	}
	if !whole {
		return fmt.Errorf("%w: a picture's data end early (%s)", ErrUnreadable, last)
	}
	return nil
}

// unwrapped undoes a stream's first n filters.
func (f *pdfFile) unwrapped(sd *types.StreamDict, n int) ([]byte, error) {
	if n == 0 {
		return sd.Raw, nil
	}
	part := types.StreamDict{Dict: sd.Dict, Raw: sd.Raw, FilterPipeline: sd.FilterPipeline[:n]}
	b, err := part.DecodeLengthWithLimit(-1, f.engine.cfg.Stream)
	if err != nil {
		return nil, fmt.Errorf("%w: stream: %v", ErrUnreadable, err)
	}
	return b, nil
}

// rows counts the rows of a picture whose samples lie open, of so many bytes each.
func (f *pdfFile) rows(sd *types.StreamDict, stride int) (int, error) {
	if len(sd.FilterPipeline) != 1 || sd.FilterPipeline[0].Name != "FlateDecode" {
		b, err := f.unwrapped(sd, len(sd.FilterPipeline))
		return len(b) / stride, err
	}
	z, err := zlib.NewReader(bytes.NewReader(sd.Raw)) // the usual filter: the bytes are not kept
	if err != nil {
		return 0, fmt.Errorf("%w: Flate: %v", ErrUnreadable, err)
	}
	n, err := io.Copy(io.Discard, io.LimitReader(z, f.engine.cfg.Stream))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) { // of what is short too little was counted
		return 0, fmt.Errorf("%w: Flate: %v", ErrUnreadable, err)
	}
	if f.predictor(sd.FilterPipeline[0].DecodeParms).kind >= 10 {
		stride++
	}
	return int(n) / stride, nil
}

// completeJPEG wants a JPEG's end; one without is decoded.
func (f *pdfFile) completeJPEG(raw []byte) error {
	head, err := readJPEG(raw)
	if err != nil {
		return err
	}
	if ended(raw) {
		return nil
	}
	_, err = f.engine.jpeg(raw, head.w, head.h)
	return err
}

func (f *pdfFile) completeFax(raw []byte, parms types.Dict, w, h int) error {
	k, columns := f.integerOr(parms, "K", 0), f.integerOr(parms, "Columns", 1728)
	if k >= 0 && faxLines(raw, k > 0) >= h {
		return nil
	}
	if k > 0 || columns < w {
		return fmt.Errorf("%w: a fax picture ends early", ErrUnreadable)
	}
	format := ccitt.Group4
	if k == 0 {
		format = ccitt.Group3
	}
	_, err := faxGray(raw, columns, h, format, ccitt.MSB, false, f.yes(parms, "EncodedByteAlign"))
	return err
}
