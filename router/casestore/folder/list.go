package folder

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

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
		if foreign(reference) {
			continue
		}
		documents, err := os.ReadDir(s.Where(reference.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil { // what lies in others is to be seen all the same
			stray(s.Where(reference.Name()), "it can't be looked into: "+err.Error())
			continue
		}
		for _, d := range documents {
			at := casestore.Standing{Locator: filepath.Join(reference.Name(), d.Name())}
			var err1, err2 error
			at.Reference, err1 = url.PathUnescape(reference.Name())
			at.Document, err2 = url.PathUnescape(d.Name())
			canonical := casestore.Escape(at.Reference) == reference.Name() && casestore.Escape(at.Document) == d.Name()
			if !d.IsDir() || err1 != nil || err2 != nil || !canonical {
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

// foreign tells the folder that a file system of its own keeps for its repairs.
func foreign(e fs.DirEntry) bool {
	info, err := e.Info()
	if err != nil || e.Name() != "lost+found" {
		return false
	}
	is, ok := info.Sys().(*syscall.Stat_t)
	return ok && is.Uid == 0 && info.Mode().Perm() == 0o700
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
	if len(has) == 0 {
		return nil
	}
	at.Complete, at.Withdrawn, at.Enriched = has["document.json"], has[withdrawn], has["searchable.pdf"] || has["searchable.json"]
	return document(at)
}
