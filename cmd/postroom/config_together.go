package main

import (
	"fmt"
	"slices"
	"strings"
)

// together checks what only shows when all parts are known.
func (r *configReader) together(c Config) {
	places := map[string]string{c.Data: "data"}
	claim := func(s spot, path, what string) {
		for other, owner := range places {
			if path != "" && other != "" && (within(path, other) || within(other, path)) {
				r.bad(r.where[s], "%s %s overlaps with %s %s; each needs a folder of its own", what, path, owner, other)
			}
		}
		places[path] = what
	}
	unique := map[string]bool{}
	once := func(s spot, name, what string) {
		if key := s.list + " " + name; name != "" && unique[key] {
			r.bad(r.where[s], "%s %q stands twice", what, name)
		} else {
			unique[key] = true
		}
	}
	var stores []string
	for i, s := range c.Stores {
		if !slices.Contains(stores, s.Name) {
			stores = append(stores, s.Name)
		}
		once(spot{"stores", i, "name"}, s.Name, "the store")
		claim(spot{"stores", i, "folder"}, s.Folder, "store "+s.Name)
	}
	for i, f := range c.Intake {
		once(spot{"intake", i, "name"}, f.Name, "the intake name")
		claim(spot{"intake", i, "folder"}, f.Folder, "intake "+f.Name)
		r.quietInTime(i, f)
	}
	for i, f := range c.Intake {
		r.doneApart(spot{"intake", i, "done"}, f.Done, places)
	}
	for i, s := range c.References {
		once(spot{"references", i, "scheme"}, s.Name, "the scheme")
		if at := (spot{"references", i, "store"}); len(stores) > 0 && !slices.Contains(stores, s.Store) {
			r.bad(r.where[at], "the store %q is not defined; allowed: %s", s.Store, strings.Join(stores, ", "))
		}
	}
}

// quietInTime refuses a folder whose files are too old before they can be whole. The
// place is that of the time that is written, as the other is a default.
func (r *configReader) quietInTime(item int, f Intake) {
	if f.Quiet <= f.MaxAge {
		return
	}
	at := r.where[spot{"intake", item, "quiet"}]
	if at == nil {
		at = r.where[spot{"intake", item, "max_age"}]
	}
	r.bad(at, "quiet: %v is longer than max_age: %v; a file must be able to stay unchanged for quiet before it is given up", f.Quiet, f.MaxAge)
}

// doneApart refuses a folder for taken sources from which they would come in again,
// or where others' files are.
func (r *configReader) doneApart(s spot, done string, places map[string]string) {
	for path, owner := range places {
		if done != "delete" && done != "" && path != "" && within(done, path) {
			r.bad(r.where[s], "done: %s is inside %s; what is done needs a folder of its own", done, fmt.Sprintf("%s %s", owner, path))
		}
	}
}

// within tells whether path is the folder or lies in it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
}
