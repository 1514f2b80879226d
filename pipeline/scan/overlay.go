package scan

import (
	"fmt"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// overlay is what a rendition does to a page that it copies.
type overlay struct {
	turn int // degrees, clockwise, on top of the page's own /Rotate
	text int // object number of a content stream that comes before the page's own; 0 = none
	font int // object number of the font that it uses, under the name layerFont
}

// layerFont is the resource name of a text layer's font.
const layerFont = "PostroomText"

// contentsAfter lists a page's content streams behind another one: what its own leave
// in the graphics state can't reach that.
func (c *copier) contentsAfter(first int, o types.Object) (string, error) {
	list := fmt.Sprintf("[%d 0 R", first)
	target, err := c.file.ctx.Dereference(o)
	if err != nil {
		return "", fmt.Errorf("%w: content: %v", ErrUnreadable, err)
	}
	parts, ok := target.(types.Array)
	if !ok && target != nil {
		parts = types.Array{o}
	}
	for _, part := range parts {
		text, err := c.object(part)
		if err != nil {
			return "", err
		}
		list += " " + text
	}
	return list + "]", nil
}
