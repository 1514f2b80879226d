package sandbox

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"postroom/pipeline/scan"
)

// TestCutOnAFullDisk: that the output has no room says nothing about the file.
func TestCutOnAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	h := &bench{engine: scan.New(scan.Config{}), step: func() {}}
	defer h.engine.Close()
	defer h.shut()
	for _, to := range []int{1, 2} {
		done, err := h.cut(request{Op: "cut", Key: "k", From: 1, To: to}, []*os.File{scanned(t, "batch-000.pdf"), full})
		if !errors.Is(err, scan.ErrOutput) || done != nil {
			t.Fatalf("%+v, %v", done, err)
		}
		text, err := json.Marshal(failed(err))
		var told answer
		if err := errors.Join(err, json.Unmarshal(text, &told)); err != nil {
			t.Fatal(err)
		}
		// A text, not the error itself: a helper that was taken over must not say for the machine that it is full.
		if err := told.failure(); errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("told of %v", err)
		}
	}
}

// TestWrittenIsOpenedAfresh: what a helper wrote is opened by none that has seen a file,
// and none that goes on with its own has to give way.
func TestWrittenIsOpenedAfresh(t *testing.T) {
	p := pool(t, "real", Config{Slots: 1})
	f := scanned(t, "batch-000.pdf")
	want, err := p.Open(t.Context(), f, "a")
	if err != nil || want.Pages == 0 {
		t.Fatalf("%+v, %v", want, err)
	}
	a := p.last(t)
	if again, err := p.Open(t.Context(), f, ""); err != nil || again != want {
		t.Errorf("%+v instead of %+v, %v", again, want, err)
	}
	if p.last(t) != a || len(p.idle) != 1 {
		t.Errorf("process %d gave way, %d are idle", a, len(p.idle))
	}
}
