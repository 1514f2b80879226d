package scan

import (
	"fmt"
	"math"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// leaf is a page of the page tree, with what it inherits.
type leaf struct {
	types.Dict
	model.InheritedPageAttrs
}

// tree walks the page tree as pdfium does, for which every node without /Kids is
// a page. pdfcpu numbers pages by their /Type and by /Count: where a file is at
// odds with itself, the two would take different pages for the same number.
type tree struct {
	ctx    *model.Context
	leaves []leaf
	nodes  map[int]bool // object numbers of the pages, and of what holds them
}

func pageTree(ctx *model.Context) (*tree, error) {
	t := &tree{ctx: ctx, nodes: map[int]bool{}}
	root, err := ctx.Pages()
	if err != nil || root == nil {
		return nil, fmt.Errorf("%w: it has no page tree: %v", ErrUnreadable, err)
	}
	return t, t.walk(*root, model.InheritedPageAttrs{}, 0, 0)
}

// walk takes a node and all below it; parent is the number of the node above, 0
// for the root.
func (t *tree) walk(o types.Object, attrs model.InheritedPageAttrs, parent, depth int) error {
	d, err := t.ctx.DereferenceDict(o)
	if err != nil || d == nil {
		return fmt.Errorf("%w: its page tree holds what is no page: %v", ErrUnreadable, err)
	}
	if depth > deepest {
		return fmt.Errorf("%w: its page tree is over %d deep", ErrLimit, deepest)
	}
	if parent > 0 && !t.below(d, attrs, parent) {
		return fmt.Errorf("%w: a page names another parent than the one that holds it", ErrUnreadable)
	}
	attrs = t.inherit(d, attrs)
	number := numberOf(o)
	if d["Kids"] == nil {
		t.nodes[number] = true
		t.leaves = append(t.leaves, leaf{d, attrs})
		return nil
	}
	kids, err := t.ctx.DereferenceArray(d["Kids"])
	if err != nil || number == 0 || t.nodes[number] {
		return fmt.Errorf("%w: its page tree is broken or runs in a circle", ErrUnreadable)
	}
	t.nodes[number] = true
	for _, kid := range kids {
		if err := t.walk(kid, attrs, number, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// below tells whether a node's way up is the way that led down to it: pdfium
// inherits along /Parent. Without one nothing may come from above.
func (t *tree) below(d types.Dict, above model.InheritedPageAttrs, parent int) bool {
	if d["Parent"] == nil {
		return above.Resources == nil && above.MediaBox == nil && above.CropBox == nil && above.Rotate == 0
	}
	return numberOf(d["Parent"]) == parent
}

func (t *tree) inherit(d types.Dict, a model.InheritedPageAttrs) model.InheritedPageAttrs {
	if o := d["MediaBox"]; o != nil {
		a.MediaBox = t.box(o)
	}
	if o := d["CropBox"]; o != nil {
		a.CropBox = t.box(o)
	}
	if o := d["Rotate"]; o != nil {
		turn, _ := t.ctx.DereferenceNumber(o) // what is no number turns nothing
		a.Rotate = int(math.Round(turn))
	}
	if o := d["Resources"]; o != nil {
		a.Resources, _ = t.ctx.DereferenceDict(o) // what is no dictionary names nothing
	}
	return a
}

// box gives a rectangle; nil = it is none.
func (t *tree) box(o types.Object) *types.Rectangle {
	a, err := t.ctx.DereferenceArray(o)
	if err != nil || len(a) != 4 {
		return nil
	}
	var v [4]float64
	for i := range v {
		if v[i], err = t.ctx.DereferenceNumber(a[i]); err != nil {
			return nil
		}
	}
	return types.NewRectangle(min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]), max(v[1], v[3]))
}

// numberOf gives a reference's object number; 0 = it is no reference.
func numberOf(o types.Object) int {
	switch o := o.(type) {
	case types.IndirectRef:
		return o.ObjectNumber.Value()
	case *types.IndirectRef:
		return o.ObjectNumber.Value()
	}
	return 0
}
