package journal

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBlobs(t *testing.T) {
	root := filepath.Join(t.TempDir(), "blobs")
	d, err := OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	ref, err := d.Put(ctx, strings.NewReader("letter"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.Put(ctx, strings.NewReader("letter"))
	if err != nil || again != ref || ref.Size != 6 {
		t.Errorf("%v, %v, %v", ref, again, err)
	}
	f, err := d.Open(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || string(b) != "letter" {
		t.Errorf("%q, %v", b, err)
	}
	for _, bad := range []Ref{{}, {SHA256: "../../etc/passwd"}, {SHA256: strings.Repeat("0", 64)}} {
		if _, err := d.Open(ctx, bad); err == nil {
			t.Errorf("%v was opened", bad)
		}
	}
	if err := d.Verify(ctx, ref); err != nil {
		t.Error(err)
	}
	var listed []string
	if err := d.List(ctx, func(sum string) error { listed = append(listed, sum); return nil }); err != nil || len(listed) != 1 || listed[0] != ref.SHA256 {
		t.Errorf("listed %q, %v", listed, err)
	}
	path := d.path(ref.SHA256)
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("forged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Verify(ctx, ref); err == nil {
		t.Error("other bytes pass for the blob")
	}
	if _, err := d.Put(ctx, strings.NewReader("letter")); err != nil {
		t.Fatal(err)
	}
	if err := d.Verify(ctx, ref); err != nil {
		t.Errorf("the bytes came again and do not stand in the place of the forged ones: %v", err)
	}
	ended, end := context.WithCancel(ctx)
	end()
	if _, err := d.Put(ended, bytes.NewReader(make([]byte, 1<<20))); err == nil {
		t.Error("a copy whose context has ended went on")
	}
	scratch, err := d.Scratch()
	if err != nil {
		t.Fatal(err)
	}
	scratch.Close()
	if left, _ := filepath.Glob(filepath.Join(root, ".*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func BenchmarkPut(b *testing.B) {
	d, err := OpenDir(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	page := make([]byte, 100<<10)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		page[0], page[1], page[2] = byte(i), byte(i>>8), byte(i>>16)
		if _, err := d.Put(context.Background(), bytes.NewReader(page)); err != nil {
			b.Fatal(err)
		}
	}
}
