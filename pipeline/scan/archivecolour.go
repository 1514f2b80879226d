package scan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// errCMYK: the output intent is sRGB, which says nothing about inks.
var errCMYK = errors.New("it has colours in DeviceCMYK, of which an sRGB output intent says nothing (6.2.4.3)")

// colour looks at a colour space (6.2.4).
func (a *archive) colour(o types.Object) error {
	if a.depth++; a.depth > deepest {
		return fmt.Errorf("objects are nested over %d deep", deepest)
	}
	defer func() { a.depth-- }()
	target, err := a.file.ctx.Dereference(o)
	if err != nil {
		return err
	}
	space, _ := target.(types.Array)
	kind := a.file.name(target)
	if len(space) > 0 {
		kind = a.file.name(space[0])
	}
	at := func(i int) types.Object {
		if i < len(space) {
			return space[i]
		}
		return nil
	}
	switch kind {
	case "DeviceGray", "DeviceRGB", "CalGray", "CalRGB", "Lab":
		return nil
	case "DeviceCMYK":
		return errCMYK
	case "Pattern":
		if at(1) == nil {
			return nil
		}
		return a.colour(at(1))
	case "Indexed":
		return a.colour(at(1))
	case "ICCBased":
		return a.profiled(at(1))
	case "Separation":
		name, means := a.file.name(at(1)), fmt.Sprint(at(2), at(3))
		if was, known := a.inks[name]; known && was != means {
			return fmt.Errorf("the ink %.40q stands for two colours (6.2.4.4)", name)
		}
		a.inks[name] = means
		return a.colour(at(2))
	}
	return fmt.Errorf("it has colours in %.40q, which are not looked at (6.2.4)", kind)
}

// profiled looks at an ICC profile of as many colours as it says (6.2.4.2).
func (a *archive) profiled(o types.Object) error {
	sd, err := a.file.stream(o)
	if err != nil || sd == nil {
		return fmt.Errorf("a colour space has no profile: %v (6.2.4.2)", err)
	}
	space := map[int]string{1: "GRAY", 3: "RGB ", 4: "CMYK"}[a.file.integer(sd.Dict["N"])]
	return a.profile(o, space)
}

// profile looks at the header of an ICC profile (ICC.1:2004-10, 7.2).
func (a *archive) profile(o types.Object, space string) error {
	sd, err := a.file.stream(o)
	if err != nil || sd == nil {
		return fmt.Errorf("its profile can't be read: %v (6.2.3)", err)
	}
	b, err := a.file.unwrapped(sd, len(sd.FilterPipeline))
	if err != nil {
		return err
	}
	const header = 128
	if len(b) < header || int64(binary.BigEndian.Uint32(b)) != int64(len(b)) || string(b[36:40]) != "acsp" || b[8] < 2 || b[8] > 4 {
		return errors.New("a colour profile is broken, or of a later version (6.2.4.2)")
	}
	if !slices.Contains([]string{"prtr", "mntr", "scnr", "spac"}, string(b[12:16])) || string(b[16:20]) != space && !(space == "RGB " && string(b[16:20]) == "Lab ") {
		return fmt.Errorf("a colour profile is of the class %q for colours in %q (6.2.4.2)", b[12:16], b[16:20])
	}
	return nil
}

// jpxFault looks at the head of a JPEG 2000 picture (6.2.8.3; boxes: ISO 15444-1,
// annex I). Palettes and channels of different depth, which scanners do not write,
// are not looked into.
func jpxFault(raw []byte) error {
	head, _ := box(raw, "jp2h")
	if head == nil {
		return errors.New("a JPEG 2000 picture has no header of its file format (6.2.8.3)")
	}
	size, _ := box(head, "ihdr")
	if len(size) < 14 {
		return errors.New("a JPEG 2000 picture does not say its size (6.2.8.3)")
	}
	if channels := binary.BigEndian.Uint16(size[8:]); channels != 1 && channels != 3 {
		return fmt.Errorf("a JPEG 2000 picture has %d channels (6.2.8.3)", channels)
	}
	if depth := size[10]; depth == 0xff || depth&0x7f >= 38 {
		return errors.New("a JPEG 2000 picture's channels are of different or great depth (6.2.8.3)")
	}
	colour, more := box(head, "colr")
	if another, _ := box(more, "colr"); another != nil || len(colour) < 3 {
		return errors.New("a JPEG 2000 picture has no colours, or says them twice (6.2.8.3)")
	}
	const srgb, grey, sYCC = 16, 17, 18
	switch {
	case colour[0] == 2: // a profile
	case colour[0] == 1 && len(colour) >= 7 && slices.Contains([]uint32{srgb, grey, sYCC}, binary.BigEndian.Uint32(colour[3:])):
	default:
		return errors.New("a JPEG 2000 picture's colours are none of sRGB, grey, sYCC or a profile's (6.2.8.3)")
	}
	if palette, _ := box(head, "pclr"); palette != nil {
		return errors.New("a JPEG 2000 picture has a palette, which is not looked at (6.2.8.3)")
	}
	return nil
}

// box finds a box's content among others, and what follows it; nil = it is not there.
func box(b []byte, kind string) (content, rest []byte) {
	for len(b) >= 8 {
		length := uint64(binary.BigEndian.Uint32(b))
		head := uint64(8)
		switch {
		case length == 0:
			length = uint64(len(b))
		case length == 1 && len(b) >= 16:
			length, head = binary.BigEndian.Uint64(b[8:]), 16
		}
		if length < head || length > uint64(len(b)) {
			return nil, nil
		}
		if string(b[4:8]) == kind {
			return b[head:length:length], b[length:]
		}
		b = b[length:]
	}
	return nil, nil
}
