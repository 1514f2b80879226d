package scan

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// painting is a content stream with the resources that it paints from: a page's own,
// or that of a form on it.
type painting struct {
	content   []byte
	resources types.Dict
	form      types.Dict // nil = it is the page's own
}

// paintings lists a page's content and the forms that it paints, each once; those in
// annotations, patterns and letters are not among them.
func (f *pdfFile) paintings(p leaf, content []byte) ([]painting, error) {
	all := []painting{{content: content, resources: p.Resources}}
	seen := map[int]bool{}
	for i := 0; i < len(all); i++ {
		named := named(all[i].content)
		entries, err := f.ctx.DereferenceDict(all[i].resources["XObject"])
		if err != nil {
			return nil, fmt.Errorf("%w: resources: %v", ErrUnreadable, err)
		}
		for _, name := range keys(entries) {
			number := numberOf(entries[name])
			if !named[name] || seen[number] {
				continue
			}
			sd, err := f.stream(entries[name])
			if err != nil {
				return nil, err
			}
			if sd == nil || f.name(sd.Dict["Subtype"]) != "Form" {
				continue
			}
			seen[number] = true
			form := painting{form: sd.Dict, resources: all[i].resources}
			if form.content, err = f.unwrapped(sd, len(sd.FilterPipeline)); err != nil {
				return nil, err
			}
			if sd.Dict["Resources"] != nil {
				if form.resources, err = f.ctx.DereferenceDict(sd.Dict["Resources"]); err != nil {
					return nil, fmt.Errorf("%w: resources: %v", ErrUnreadable, err)
				}
			}
			all = append(all, form)
		}
	}
	return all, nil
}

// writes counts about how many letters a page has in text of its own, seen or unseen.
func (f *pdfFile) writes(p leaf, content []byte) (letters int, err error) {
	all, err := f.paintings(p, content)
	for _, painting := range all {
		letters += lettersIn(painting.content)
	}
	return letters, err
}

// lettersIn counts the letters that a content stream shows: the bytes of its strings but
// for spaces and the zeros that two-byte codes begin with. Any other code may be a letter's.
func lettersIn(content []byte) (letters int) {
	said := 0
	for s := (scanner{b: content}); ; {
		token := s.next()
		if token == nil {
			return letters
		}
		switch token[0] {
		case '(':
			said += lettersInString(token[1:])
			continue
		case '<':
			if !bytes.HasPrefix(token, []byte("<<")) {
				said += lettersInHex(token[1:])
			}
			continue
		case '[', ']', '/', '+', '-', '.':
			continue
		}
		switch string(token) {
		case "Tj", "TJ", "'", "\"":
			letters += said
			said = 0
		case "ID":
			s.inline()
			said = 0
		default:
			if token[0] < '0' || token[0] > '9' { // an operator
				said = 0
			}
		}
	}
}

// lettersInString counts the bytes of a literal string, less its first bracket, that are letters.
func lettersInString(s []byte) (n int) {
	s = bytes.TrimSuffix(s, []byte(")"))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' && i+1 < len(s) {
			i++
			if c = s[i]; c >= '0' && c <= '7' {
				value := 0
				for end := i + 3; i < min(end, len(s)) && s[i] >= '0' && s[i] <= '7'; i++ {
					value = value<<3 | int(s[i]-'0')
				}
				i--
				c = byte(value)
			}
		}
		if c != 0 && c != ' ' {
			n++
		}
	}
	return n
}

// lettersInHex counts the bytes of a string in hexadecimal digits that are letters.
func lettersInHex(digits []byte) (n int) {
	value, odd := 0, false
	for _, c := range digits {
		digit := bytes.IndexByte([]byte("0123456789abcdef"), c|0x20)
		if digit < 0 {
			continue
		}
		if value = value<<4 | digit; odd {
			if value != 0 && value != ' ' {
				n++
			}
			value = 0
		}
		odd = !odd
	}
	return n
}

// pictures gives the digests of the pictures that a page paints, in a certain order:
// of their streams as they are, their entries, and all that those lead to. size is how
// many bytes of data there are.
func (f *pdfFile) pictures(p leaf, content []byte) (all []string, size int, err error) {
	parts, err := f.paintings(p, content)
	if err != nil {
		return nil, 0, err
	}
	for _, part := range parts {
		named := named(part.content)
		entries, err := f.ctx.DereferenceDict(part.resources["XObject"])
		if err != nil {
			return nil, 0, fmt.Errorf("%w: resources: %v", ErrUnreadable, err)
		}
		for _, name := range keys(entries) {
			if !named[name] {
				continue
			}
			sd, err := f.stream(entries[name])
			if err != nil {
				return nil, 0, err
			}
			if sd == nil || f.name(sd.Dict["Subtype"]) != "Image" {
				continue
			}
			c := copier{file: f, numbers: map[int]int{}} // whose numbers are the same for the same objects
			if _, err := c.object(entries[name]); err != nil {
				return nil, 0, err
			}
			digest := sha256.New()
			for _, o := range c.objects {
				digest.Write(o.body)
				digest.Write(o.raw)
				size += len(o.raw)
			}
			all = append(all, fmt.Sprintf("%s %x", name, digest.Sum(nil)))
		}
	}
	return all, size, nil
}
