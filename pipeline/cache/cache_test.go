package cache

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// taken adds up what the cache's files take of the disk.
func taken(t rapid.TB, root string) (bytes int64, files []string) {
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			bytes += onDisk(info.Size())
			files = append(files, path)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return bytes, files
}

// TestBounded: whatever is put, asked for, damaged and removed, over restarts too, the
// folder takes no more than it may, and what comes out is what was put in last.
func TestBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root, err := os.MkdirTemp("", "cache")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(root)
		most := rapid.Int64Range(4096, 40_000).Draw(t, "most")
		d, put := New(root, most), map[string][]byte{}
		keys := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g"})
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				key := keys.Draw(t, "key")
				b := bytes.Repeat([]byte{byte(len(put)), key[0]}, rapid.IntRange(0, 8000).Draw(t, "half"))
				if err := d.Put(key, b); err != nil {
					t.Fatal(err)
				}
				if onDisk(int64(len(b))+32) <= most {
					put[key] = b
					if got, ok := d.Get(key); !ok || !bytes.Equal(got, b) {
						t.Fatalf("%s is not there right after it was put", key)
					}
				}
			},
			"get": func(t *rapid.T) {
				key := keys.Draw(t, "key")
				if got, ok := d.Get(key); ok && !bytes.Equal(got, put[key]) {
					t.Fatalf("%s: other bytes came out", key)
				}
			},
			"tear": func(t *rapid.T) {
				_, files := taken(t, root)
				if len(files) == 0 {
					t.Skip("nothing to tear")
				}
				path := rapid.SampledFrom(files).Draw(t, "file")
				info, err := os.Stat(path)
				if err != nil || info.Size() == 0 {
					t.Skip("nothing to tear")
				}
				if err := os.Truncate(path, rapid.Int64Range(0, info.Size()-1).Draw(t, "left")); err != nil {
					t.Fatal(err)
				}
			},
			"clear": func(t *rapid.T) {
				if err := os.RemoveAll(root); err != nil {
					t.Fatal(err)
				}
			},
			"restart": func(t *rapid.T) {
				most = rapid.Int64Range(4096, 40_000).Draw(t, "most")
				d = New(root, most)
				if err := d.load(); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				if got, _ := taken(t, root); got > most {
					t.Fatalf("%d bytes are kept, at most %d are allowed", got, most)
				}
			},
		})
	})
}

// TestDamagedIsAbsent: one bit, another key's file, and an end that is missing.
func TestDamagedIsAbsent(t *testing.T) {
	d := New(t.TempDir(), 1e6)
	whole := bytes.Repeat([]byte("picture"), 100)
	for name, damage := range map[string]func(path string, text []byte) error{
		"a bit":   func(path string, text []byte) error { text[50] ^= 1; return os.WriteFile(path, text, 0o600) },
		"torn":    func(path string, text []byte) error { return os.WriteFile(path, text[:600], 0o600) },
		"empty":   func(path string, _ []byte) error { return os.WriteFile(path, nil, 0o600) },
		"another": func(path string, _ []byte) error { return os.WriteFile(path, sealed("another", whole), 0o600) },
		"zeros":   func(path string, text []byte) error { return os.WriteFile(path, make([]byte, len(text)), 0o600) },
	} {
		if err := d.Put("key", whole); err != nil {
			t.Fatal(err)
		}
		path := d.path(nameOf("key"))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := d.Get("key"); !ok || !bytes.Equal(got, whole) {
			t.Fatalf("%s: what was put is not there", name)
		}
		if err := damage(path, text); err != nil {
			t.Fatal(err)
		}
		if _, ok := d.Get("key"); ok {
			t.Errorf("%s: damaged bytes came out", name)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s: it was left there", name)
		}
	}
}

// TestLeastUsedGoesFirst, after a restart too.
func TestLeastUsedGoesFirst(t *testing.T) {
	root := t.TempDir()
	clock := time.Now()
	open := func() *Dir {
		d := New(root, 3*4096)
		d.now = func() time.Time { clock = clock.Add(2 * time.Hour); return clock }
		return d
	}
	there := func(d *Dir) (s string) {
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			if _, err := os.Stat(d.path(nameOf(key))); err == nil {
				s += key
			}
		}
		return s
	}
	d := open()
	put := func(key string) {
		t.Helper()
		if err := d.Put(key, []byte(key)); err != nil {
			t.Fatal(err)
		}
	}
	put("a")
	put("b")
	put("c")
	if _, ok := d.Get("a"); !ok {
		t.Fatal("a is gone")
	}
	put("d")
	if got := there(d); got != "acd" {
		t.Errorf("%q are left", got)
	}
	for _, key := range []string{"d", "c", "a"} {
		if _, ok := d.Get(key); !ok {
			t.Fatalf("%s is gone", key)
		}
	}
	d = open()
	put("e")
	if got := there(d); got != "ace" {
		t.Errorf("after a restart %q are left", got)
	}
}

// TestManyAtOnce has many put and ask for the same few keys.
func TestManyAtOnce(t *testing.T) {
	root := t.TempDir()
	d := New(root, 20*4096)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 100 {
				key := fmt.Sprint("key ", (i*7+j)%30)
				if err := d.Put(key, bytes.Repeat([]byte(key), 1+(i+j)%900)); err != nil {
					t.Error(err)
				}
				if b, ok := d.Get(key); ok && (len(b)%len(key) != 0 || !bytes.HasPrefix(b, []byte(key))) {
					t.Errorf("%s: other bytes came out", key)
				}
			}
		})
	}
	all.Wait()
	got, files := taken(t, root)
	if got > 20*4096 || got != d.total || len(files) != len(d.files) || d.order.Len() != len(files) {
		t.Errorf("%d bytes in %d files; %d bytes in %d files are known of", got, len(files), d.total, len(d.files))
	}
}

func BenchmarkGet(b *testing.B) {
	d := New(b.TempDir(), 1e9)
	if err := d.Put("key", make([]byte, 200_000)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, ok := d.Get("key"); !ok {
			b.Fatal("it is gone")
		}
	}
}

// BenchmarkPut puts into a cache that is full of 30,000 files.
func BenchmarkPut(b *testing.B) {
	d := New(b.TempDir(), 30_000*4096)
	for i := range 30_000 {
		if err := d.Put(fmt.Sprint(i), []byte("small")); err != nil {
			b.Fatal(err)
		}
	}
	n := 0
	for b.Loop() {
		n++
		if err := d.Put(fmt.Sprint("new ", n), []byte("small")); err != nil {
			b.Fatal(err)
		}
	}
}
