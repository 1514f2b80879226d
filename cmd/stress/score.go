package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"postroom/pipeline"
	"postroom/samples"
)

// score counts letters by what became of them.
type score struct {
	letters, right, held, mustHold, wrong int
	early                                 int // filed by a barcode that their text, which is not read yet, contradicts
}

func (s score) String() string {
	text := fmt.Sprintf("%d letters: %d filed right, %d held that must be, %d held that could have been filed, %d in a stranger's case",
		s.letters, s.right, s.mustHold, s.held, s.wrong)
	if s.early > 0 {
		text += fmt.Sprintf(", %d filed by a barcode that their text contradicts, which is not read yet", s.early)
	}
	return text
}

// add compares what became of a file with the truth; unread tells that the text of what
// a barcode has filed is still to be read, which recalls it where it contradicts.
func (s *score) add(docs []pipeline.DocumentLine, truth samples.Truth, unread bool) {
	for _, letter := range truth.Documents {
		s.letters++
		filed, wrong := 0, false
		for _, d := range docs {
			if d.Status != "filed" || !slices.ContainsFunc(d.Pages, func(n int) bool { return slices.Contains(letter.Pages, n) }) {
				continue
			}
			filed++
			wrong = wrong || letter.Exception != "" || d.Reference != letter.Case
		}
		switch {
		case wrong && unread && letter.Type == "conflict":
			s.early++
		case wrong:
			s.wrong++
		case filed > 0:
			s.right++
		case letter.Exception != "":
			s.mustHold++
		default:
			s.held++
		}
	}
}

// misplaced lists the pages of a batch that have no place, or more than one.
func misplaced(o outcome) (faults []string) {
	places := map[int]int{}
	for _, d := range o.docs {
		for _, p := range d.Pages {
			places[p]++
		}
	}
	for _, s := range o.SeparatorPages {
		places[s.Page]++
	}
	for p := 1; p <= o.Pages; p++ {
		if places[p] != 1 {
			faults = append(faults, fmt.Sprintf("%s: page %d has %d places", filepath.Base(o.File), p, places[p]))
		}
		delete(places, p)
	}
	for p := range places {
		faults = append(faults, fmt.Sprintf("%s: page %d is placed and is not there", filepath.Base(o.File), p))
	}
	return faults
}

// stored reads the stores: each filed document stands there once, and nothing else.
func stored(dir string, all map[string][]outcome) (documents int, faults []string, err error) {
	filed := map[string]string{} // path of the document's folder -> document
	for _, some := range all {
		for _, o := range some {
			for _, d := range o.docs {
				if d.Path == "" {
					continue
				}
				if other := filed[d.Path]; other != "" {
					faults = append(faults, fmt.Sprintf("documents %s and %s both stand in %s", other, d.Document, d.Path))
				}
				filed[d.Path] = d.Document
			}
		}
	}
	seen := map[string]string{}
	err = filepath.WalkDir(filepath.Join(dir, "cases"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.Name() != "document.json" {
			if err == nil && strings.HasPrefix(e.Name(), ".postroom-tmp-") {
				faults = append(faults, path+" was left behind")
			}
			return err
		}
		documents++
		var sheet pipeline.Sheet
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &sheet)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		folder := filepath.Dir(path)
		if filed[folder] != sheet.Document {
			faults = append(faults, fmt.Sprintf("%s holds document %s, and the ledger has %q there", folder, sheet.Document, filed[folder]))
		}
		delete(filed, folder)
		span := fmt.Sprint(sheet.Batch, sheet.Pages)
		if other := seen[span]; other != "" {
			faults = append(faults, fmt.Sprintf("the same pages stand in %s and %s", other, folder))
		}
		seen[span] = folder
		return nil
	})
	for folder, document := range filed {
		faults = append(faults, fmt.Sprintf("document %s is not in %s", document, folder))
	}
	slices.Sort(faults)
	return documents, faults, err
}

// left lists what still lies in a folder.
func left(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// some shows the first of many.
func some(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d: %s", len(all), strings.Join(all[:min(len(all), 5)], "; "))
}
