package folder

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"postroom/durable"
	"postroom/router/casestore"
)

// files are what a document is made of.
var files = map[string]bool{"original.pdf": true, "document.json": true, "searchable.pdf": true, "searchable.json": true, withdrawn: true}

const withdrawn = "withdrawn.json"

// List visits what stands in the store; see casestore.Store.
func (s *Store) List(ctx context.Context, document func(casestore.Standing) error, stray func(path, why string)) error {
	if err := s.Probe(); err != nil {
		return err
	}
	references, err := os.ReadDir(s.root)
	if err != nil {
		return err
	}
	for _, reference := range references {
		switch {
		case reference.Name() == Marker || durable.Unfinished(reference.Name()):
			continue
		case !reference.IsDir():
			stray(filepath.Join(s.root, reference.Name()), "it is no folder of a case")
			continue
		}
		documents, err := os.ReadDir(s.Where(reference.Name()))
		if err != nil {
			return err
		}
		for _, d := range documents {
			at := casestore.Standing{Locator: filepath.Join(reference.Name(), d.Name())}
			var err1, err2 error
			at.Reference, err1 = url.PathUnescape(reference.Name())
			at.Document, err2 = url.PathUnescape(d.Name())
			if !d.IsDir() || err1 != nil || err2 != nil {
				stray(s.Where(at.Locator), "it is no folder of a document")
				continue
			}
			if err := s.look(ctx, at, document, stray); err != nil {
				return err
			}
		}
	}
	return nil
}

// look looks through a document's folder.
func (s *Store) look(ctx context.Context, at casestore.Standing, document func(casestore.Standing) error, stray func(path, why string)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, err := os.ReadDir(s.Where(at.Locator))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, e := range entries {
		switch path := filepath.Join(s.Where(at.Locator), e.Name()); {
		case durable.Unfinished(e.Name()):
		case !files[e.Name()]:
			stray(path, "no document has such a file")
		case !e.Type().IsRegular():
			stray(path, "it is no regular file, and may show something else at any time")
		default:
			has[e.Name()] = true
		}
	}
	if !has["document.json"] && !has[withdrawn] {
		return nil // its delivery was begun, and may be repeated
	}
	at.Withdrawn = has[withdrawn]
	return document(at)
}
