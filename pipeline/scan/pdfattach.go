package scan

import (
	"fmt"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// attached tells whether files are attached to the document as a whole: listed by
// name, or associated with it. They belong to no page, so that nobody can say which
// of the letters they came with. What is attached to a page goes where the page goes.
func (f *pdfFile) attached(root types.Dict) (bool, error) {
	names, err := f.ctx.DereferenceDict(root["Names"])
	if err != nil {
		return false, fmt.Errorf("%w: names: %v", ErrUnreadable, err)
	}
	tree, err := f.ctx.DereferenceDict(names["EmbeddedFiles"])
	if err != nil {
		return false, fmt.Errorf("%w: attachments: %v", ErrUnreadable, err)
	}
	for _, o := range []types.Object{tree["Names"], tree["Kids"], root["AF"]} {
		all, err := f.ctx.DereferenceArray(o)
		if err != nil {
			return false, fmt.Errorf("%w: attachments: %v", ErrUnreadable, err)
		}
		if len(all) > 0 {
			return true, nil
		}
	}
	return false, nil
}
