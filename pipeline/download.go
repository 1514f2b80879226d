package pipeline

import (
	"context"
	"fmt"
	"os"

	"postroom/pipeline/journal"
)

// Download opens a filed document's original.pdf, or its searchable.pdf, as the store was
// given it: ErrNoSuch while there is none. The caller closes it.
func (m *Mailroom) Download(ctx context.Context, id string, searchable bool) (*os.File, error) {
	d, _, err := m.doc(ctx, id)
	if err != nil {
		return nil, err
	}
	ref := d.Original
	if searchable {
		ref = d.Rendition
	}
	if ref == (journal.Ref{}) {
		return nil, fmt.Errorf("document %s has no such file yet: %w", id, ErrNoSuch)
	}
	return m.blob(ctx, ref)
}
