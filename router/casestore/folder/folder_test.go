package folder

import (
	"errors"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"postroom/durable"
	"postroom/mail"
	"postroom/router/casestore"
	"postroom/router/casestore/storetest"
)

func fresh(t *testing.T) *Store {
	t.Helper()
	s := New(filepath.Join(t.TempDir(), "cases"), "tax")
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) casestore.Store { return fresh(t) })
}

func TestLayout(t *testing.T) {
	s := fresh(t)
	r, err := s.Deliver(t.Context(), storetest.Filing("PER/000123/X", "d1", "letter"))
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join("PER%2F000123%2FX", "d1"); r.Locator != want || r.Store != "tax" {
		t.Errorf("%+v, want %s", r, want)
	}
	var names []string
	entries, err := os.ReadDir(s.Where(r.Locator))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if err != nil || len(names) != 2 || names[0] != "document.json" || names[1] != "original.pdf" {
		t.Errorf("%v, %v", names, err)
	}
}

// TestRepeatSweeps: whatever repeats what a crash interrupted leaves none of its beginnings.
func TestRepeatSweeps(t *testing.T) {
	s := fresh(t)
	r, err := s.Deliver(t.Context(), storetest.Filing("R", "d1", "letter"))
	if err != nil {
		t.Fatal(err)
	}
	for name, again := range map[string]func() error{
		"deliver":  func() error { _, err := s.Deliver(t.Context(), storetest.Filing("R", "d1", "letter")); return err },
		"enrich":   func() error { _, err := s.Enrich(t.Context(), r, storetest.Rendition("searchable")); return err },
		"withdraw": func() error { return s.Withdraw(t.Context(), r.Locator, []byte("{}")) },
	} {
		temp, err := durable.NewTemp(s.Where(r.Locator))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(temp.Close(), again()); err != nil {
			t.Fatal(err)
		}
		if left, _ := filepath.Glob(filepath.Join(s.Where(r.Locator), ".*")); len(left) > 0 {
			t.Errorf("%s leaves %v", name, left)
		}
	}
}

// TestVerifySees: all files of a document are compared with its receipt, and a
// store that is mounted elsewhere is still the store.
func TestVerifySees(t *testing.T) {
	for _, name := range []string{"original.pdf", "document.json", "searchable.pdf", "searchable.json"} {
		s := fresh(t)
		r, err := s.Deliver(t.Context(), storetest.Filing("R", "d1", "letter"))
		if err != nil {
			t.Fatal(err)
		}
		if r, err = s.Enrich(t.Context(), r, storetest.Rendition("searchable")); err != nil {
			t.Fatal(err)
		}
		elsewhere := s.root + "-moved"
		if err := os.Rename(s.root, elsewhere); err != nil {
			t.Fatal(err)
		}
		s = New(elsewhere, "tax")
		if err := s.Verify(t.Context(), r); err != nil {
			t.Error(err)
		}
		path := filepath.Join(s.Where(r.Locator), name)
		if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("forged"), 0o600)); err != nil {
			t.Fatal(err)
		}
		if s.Verify(t.Context(), r) == nil {
			t.Errorf("a forged %s is not seen", name)
		}
	}
}

func TestUnmountedShareIsNotTheStore(t *testing.T) {
	s := New(t.TempDir(), "tax") // an empty mount point
	_, err := s.Deliver(t.Context(), storetest.Filing("R", "d1", "letter"))
	if err == nil || errors.Is(err, casestore.ErrRefused) {
		t.Errorf("%v; want an error that lets it be tried again", err)
	}
	if entries, _ := os.ReadDir(s.root); len(entries) > 0 {
		t.Errorf("something was written to it: %v", entries)
	}
	if err := s.Verify(t.Context(), mail.Receipt{Locator: filepath.Join("a", "b")}); err == nil {
		t.Error("it verifies")
	}
}

func TestLocatorsOfOthersAreRefused(t *testing.T) {
	s := fresh(t)
	for _, l := range []string{"/etc", "/etc/x", s.root, "..", "../x", "a/../../x", "a/b/../c", "a", "a/b/c", ""} {
		if err := s.Withdraw(t.Context(), l, []byte("{}")); !errors.Is(err, casestore.ErrRefused) {
			t.Errorf("%s: %v", l, err)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"PER/000123/X", "..", ".", "\x00", "a b", "%", "ü", "-rf"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := casestore.Escape(s)
		back, err := url.PathUnescape(e)
		if err != nil || back != s {
			t.Errorf("%q gives %q, which gives %q, %v", s, e, back, err)
		}
		if e == "." || e == ".." || s != "" && filepath.Base(e) != e {
			t.Errorf("%q gives %q, which is no safe path element", s, e)
		}
	})
}

func BenchmarkDeliver(b *testing.B) {
	s := New(filepath.Join(b.TempDir(), "cases"), "tax")
	if err := s.Init(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := s.Deliver(b.Context(), storetest.Filing("R", string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676%26)), "letter")); err != nil {
			b.Fatal(err)
		}
	}
}

// TestMarkerIsNoCase: a case of that name would never be reached, and never refused.
func TestMarkerIsNoCase(t *testing.T) {
	if _, err := fresh(t).Deliver(t.Context(), storetest.Filing(Marker, "d1", "letter")); !errors.Is(err, casestore.ErrRefused) {
		t.Errorf("%v", err)
	}
}

// TestListTellsWhatIsStrange: what someone put among the documents, or in their place.
func TestListTellsWhatIsStrange(t *testing.T) {
	s := fresh(t)
	r, err := s.Deliver(t.Context(), storetest.Filing("R", "d1", "letter"))
	if err != nil {
		t.Fatal(err)
	}
	root := s.Where(".")
	dir := s.Where(r.Locator)
	for _, err := range []error{
		os.WriteFile(filepath.Join(root, "note.txt"), nil, 0o600),
		os.WriteFile(filepath.Join(root, "R", "note.txt"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, "page 7.pdf"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, ".postroom-tmp-1"), nil, 0o600),
		os.Symlink("original.pdf", filepath.Join(dir, "searchable.pdf")),
		os.Symlink(dir, filepath.Join(root, "R", "d2")),
		os.MkdirAll(filepath.Join(root, "R", "begun"), 0o700),
		os.CopyFS(filepath.Join(root, "%52", "d1"), os.DirFS(filepath.Join(root, "R", "d1"))), // another spelling of R
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	documents, strays := 0, map[string]bool{}
	if err := s.List(t.Context(), func(casestore.Standing) error { documents++; return nil }, func(path, _ string) {
		name, err := filepath.Rel(root, path)
		if strays[name] = true; err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"note.txt": true, "R/note.txt": true, "R/d1/page 7.pdf": true, "R/d1/searchable.pdf": true, "R/d2": true, "%52/d1": true}
	if documents != 1 || !maps.Equal(strays, want) {
		t.Errorf("%d documents, strays %v", documents, strays)
	}
}
