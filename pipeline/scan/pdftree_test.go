package scan

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// objects writes a PDF of hand-made objects, numbered from 1; the first is the catalog.
func objects(all ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.5\n")
	var at []int
	for i, o := range all {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, o := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

func stream(dict, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

// page writes a page of 200 by 100 points below object 2.
func page(resources, contents, extra string) string {
	return "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Resources" + resources + "/Contents " + contents + extra + ">>"
}

const catalog = "<</Type/Catalog/Pages 2 0 R>>"

// kids writes object 2: a page tree of objects 3 to 2+n.
func kids(count, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d 0 R ", 3+i)
	}
	return fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", count, b.String())
}

// cut gives pages as a file of their own.
func cut(t *testing.T, f *File, from, to int) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := f.Cut(from, to, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sameInCut checks that a page looks the same in its cut.
func sameInCut(t *testing.T, f *File, n int) []byte {
	t.Helper()
	b := cut(t, f, n, n)
	got, err1 := mustOpen(t, b).Picture(1)
	want, err2 := f.Picture(n)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if d := difference(got.Gray, want.Gray); d != 0 {
		t.Errorf("page %d looks otherwise in its cut, by %.1f greys", n, d)
	}
	return b
}

func painted(grey string) string { return stream("", grey+" g 0 0 200 100 re f") }

func TestPageWithoutTypeKeepsItsNumber(t *testing.T) {
	middle := strings.Replace(page("<<>>", "7 0 R", ""), "/Type/Page/", "/", 1)
	f := mustOpen(t, objects(catalog, kids(3, 3), page("<<>>", "6 0 R", ""), middle, page("<<>>", "8 0 R", ""),
		painted(".2"), painted(".5"), painted(".8")))
	for n, want := range map[int]byte{1: 51, 2: 127, 3: 204} {
		p, err := mustOpen(t, sameInCut(t, f, n)).Picture(1)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Gray.Pix[0]; abs(int(got)-int(want)) > 2 {
			t.Errorf("the cut of page %d shows grey %d, want %d", n, got, want)
		}
	}
}

func TestPageTreesAtOddsAreRefused(t *testing.T) {
	one := page("<<>>", "6 0 R", "")
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"a count under the pages": {objects(catalog, kids(2, 3), one, one, one, painted("0")), ErrPageCount},
		"a count over the pages":  {objects(catalog, kids(4, 3), one, one, one, painted("0")), ErrPageCount},
		"a circle":                {objects(catalog, kids(2, 2), one, "<</Type/Pages/Parent 2 0 R/Count 1/Kids[2 0 R]>>", "null", painted("0")), ErrUnreadable},
		"another parent":          {objects(catalog, kids(2, 2), one, strings.Replace(one, "Parent 2", "Parent 5", 1), "<</Rotate 180>>", painted("0")), ErrUnreadable},
		"no page":                 {objects(catalog, kids(2, 2), one, "null", "null", painted("0")), ErrUnreadable},
	} {
		if _, err := open(t, c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
