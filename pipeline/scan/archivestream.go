package scan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// filters that a stream may have (ISO 19005-2, 6.1.7.2): those of ISO 32000-1 but LZW
// and Crypt, which may lead to a code that nobody can read any more.
var filters = []string{"ASCIIHexDecode", "ASCII85Decode", "RunLengthDecode", "FlateDecode", "CCITTFaxDecode", "DCTDecode", "JBIG2Decode", "JPXDecode"}

// stream looks at a stream and its dictionary.
func (a *archive) stream(o types.Object) error {
	sd, err := a.file.stream(o)
	if err != nil {
		return err
	}
	for _, k := range []string{"F", "FFilter", "FDecodeParms"} {
		if sd.Dict[k] != nil {
			return fmt.Errorf("a stream's data lie in another file (6.1.7.1)")
		}
	}
	for _, filter := range sd.FilterPipeline {
		if !slices.Contains(filters, filter.Name) {
			return fmt.Errorf("a stream is coded by %.40q (6.1.7.2)", filter.Name)
		}
	}
	switch subtype := a.file.name(sd.Dict["Subtype"]); {
	case subtype == "Image":
		err = a.image(sd)
	case subtype == "PS" || a.file.name(sd.Dict["Subtype2"]) == "PS" || sd.Dict["PS"] != nil:
		err = errors.New("it has a PostScript program (6.2.9)")
	case subtype == "Form" || a.file.integerOr(sd.Dict, "PatternType", 0) == 1:
		var content []byte
		if content, err = a.file.unwrapped(sd, len(sd.FilterPipeline)); err == nil {
			err = a.content(content, sd.Dict["Resources"] != nil)
		}
	}
	if err != nil {
		return err
	}
	return a.dict(sd.Dict)
}

// image looks at a picture (6.2.8).
func (a *archive) image(sd *types.StreamDict) error {
	d, last := sd.Dict, ""
	if n := len(sd.FilterPipeline); n > 0 {
		last = sd.FilterPipeline[n-1].Name
	}
	if last == "JPXDecode" {
		raw, err := a.file.unwrapped(sd, len(sd.FilterPipeline)-1)
		if err == nil {
			err = jpxFault(raw)
		}
		if err != nil {
			return err
		}
	} else if err := a.bits(a.file.integerOr(d, "BitsPerComponent", 1)); err != nil {
		return err
	}
	switch {
	case a.file.yes(d, "Interpolate"):
		return errors.New("a picture is to be interpolated (6.2.8.1)")
	case d["Intent"] != nil && !slices.Contains(intents, a.file.name(d["Intent"])):
		return errors.New("a picture has a rendering intent that is none of the standard's (6.2.6)")
	}
	return nil
}

func (a *archive) bits(n int) error {
	if !slices.Contains([]int{1, 2, 4, 8, 16}, n) {
		return fmt.Errorf("a picture has %d bits a component (6.2.8.2)", n)
	}
	return nil
}

// operators are those of ISO 32000-1, table 51; no others may stand, between BX and EX neither.
const operators = " b B b* B* BDC BI BMC BT BX c cm CS cs d d0 d1 Do DP EI EMC ET EX f F f* G g gs h i ID j J K k l m M MP n q Q re RG rg ri s S sc SC scn SCN sh T* Tc Td TD Tf Tj TJ TL Tm Tr Ts Tw Tz v w W W* y ' \" "

// content looks at a content stream (6.2.2); at hand tells whether it has resources of
// its own.
func (a *archive) content(content []byte, atHand bool) error {
	deep := 0
	var operands [][]byte
	for s := (scanner{b: content}); ; {
		token := s.next()
		if token == nil {
			return nil
		}
		if err := operandFault(token); err != nil {
			return err
		}
		if c := token[0]; strings.IndexByte("/(<[]+-.0123456789", c) >= 0 || slices.Contains([]string{"true", "false", "null"}, string(token)) {
			operands = append(operands, token)
			continue
		}
		name := string(token)
		var last string
		if n := len(operands); n > 0 {
			last = string(operands[n-1])
		}
		switch name {
		case "q":
			if deep++; deep > 28 {
				return errors.New("graphics states are nested over 28 deep (6.1.13)")
			}
		case "Q":
			if deep--; deep < 0 {
				return errors.New("a graphics state is restored that was not saved (ISO 32000-1, 8.4.2)")
			}
		case "K", "k":
			return errCMYK
		case "CS", "cs":
			if last == "/DeviceCMYK" {
				return errCMYK
			}
		case "ri":
			if !slices.Contains(intents, strings.TrimPrefix(last, "/")) {
				return errors.New("a rendering intent is none of the standard's (6.2.6)")
			}
		case "Do", "gs", "sh", "Tf":
			if !atHand {
				return errors.New("a form borrows its page's resources (6.2.2)")
			}
		case "ID":
			if err := a.inlineFault(operands); err != nil {
				return err
			}
			s.inline()
		default:
			if !strings.Contains(operators, " "+name+" ") {
				return fmt.Errorf("its content has an operator %.20q (6.2.2)", name)
			}
		}
		operands = operands[:0]
	}
}

// operandFault looks at a token of a content stream (6.1.6, 6.1.13).
func operandFault(token []byte) error {
	switch {
	case token[0] == '/' && len(nameOf(token)) > longestName:
		return errors.New("its content has a name of over 127 bytes (6.1.13)")
	case token[0] == '(' && len(token) > longestString:
		return errors.New("its content has a string of over 32767 bytes (6.1.13)")
	case token[0] == '<' && (len(token) < 2 || token[1] != '<'):
		digits := 0
		for _, c := range token[1:] {
			switch {
			case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
				digits++
			case !space(c) && c != '>':
				return errors.New("its content has a string of digits that are not hexadecimal (6.1.6)")
			}
		}
		if digits%2 > 0 || digits > 2*longestString {
			return fmt.Errorf("its content has a string of %d hexadecimal digits (6.1.6, 6.1.13)", digits)
		}
	}
	return nil
}

// inlineFault looks at an inline picture's entries: keys and values in turn (6.1.10, 6.2.8).
func (a *archive) inlineFault(entries [][]byte) error {
	for i, token := range entries {
		next := ""
		if i+1 < len(entries) {
			next = string(entries[i+1])
		}
		switch string(token) {
		case "/LZW", "/LZWDecode", "/Crypt":
			return fmt.Errorf("an inline picture is coded by %q (6.1.10)", token)
		case "/CMYK", "/DeviceCMYK":
			return errCMYK
		case "/I", "/Interpolate":
			if next == "true" {
				return errors.New("an inline picture is to be interpolated (6.2.8.1)")
			}
		case "/Intent":
			if !slices.Contains(intents, strings.TrimPrefix(next, "/")) {
				return errors.New("an inline picture has a rendering intent that is none of the standard's (6.2.6)")
			}
		}
	}
	return nil
}
