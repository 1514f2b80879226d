package sandbox

import (
	"bytes"
	"encoding/binary"
	"math"
	"runtime"
	"slices"
	"testing"

	"postroom/mail"
	"postroom/ocr"
	"postroom/pipeline/scan"
)

// frame puts a length before a body.
func frame(body string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// FuzzAnswers has a helper that was taken over say anything, frame after frame. What
// is believed can be, and takes no more memory than what was said allows.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		`{"reading":{"page":1,"width":100,"height":200,"dpi":200,"dpi_y":100,"rotation":90,"ink":0.1,"words":[{"t":"a","b":{"X0":0,"Y0":0,"X1":9,"Y1":9},"c":1,"l":0}]}}`,
		`{"reading":{"page":1,"failure":"why","symbols":[{"symbology":"qr","text":"../../x\u0000","polygon":[{"X":0,"Y":0},{"X":1,"Y":0},{"X":1,"Y":1},{"X":0,"Y":1}],"confidence":1}]}}`,
		`{"reading":{"page":1,"width":9223372036854775807,"height":2,"words":[{},{}],"doubts":[{"looks":"patch"}]}}`,
		`{"contents":{"kind":"pdf","pages":3},"done":true}`, `{"contents":{"kind":"pdf","pages":3,"refused":{"reason":"recall","detail":"x"}},"done":true}`,
		`{"cutting":{"recoded":["x"]},"done":true}`, `{"cutting":{"refused":{"reason":"encrypted","says":{"code":"fault-encrypted"}}},"done":true}`, `{"cutting":{"refused":{"reason":"encrypted","says":{"code":"case-closed","args":{"reference":"x"}}}},"done":true}`,
		`{"cutting":{"refused":{"reason":"duplicate"}},"done":true}`,
		`{"rendered":{"pages":[{"text":"layer","words":2,"rotation":90}],"pdfa":true},"done":true}`, `{"step":1}`, `{"wants":1}`, `{"done":true,"failure":"x"}`, `[0,0,0,0]`,
		`{"view":{"width":220,"height":440,"colours":3},"done":true}`, `{"view":{"width":-1,"height":1e9,"colours":255},"done":true}`,
	} {
		for op := range uint8(7) {
			f.Add(frame(body), op)
		}
	}
	cfg := Config{Pages: 9}.withDefaults()
	f.Fuzz(func(t *testing.T, frames []byte, op uint8) {
		q := []request{
			{Op: "open"}, {Op: "read", Pages: []int{1, 2}}, {Op: "cut", From: 2, To: 3}, {Op: "render", Order: &scan.Order{Pages: 2}},
			{Op: "read", Pages: []int{7}, Text: again, Place: &ocr.Place{}}, {Op: "whole"},
			{Op: "view", Pages: []int{1}, View: &scan.Viewing{Width: 220}},
		}[op%7]
		r := bytes.NewReader(frames)
		for so := (said{}); ; {
			var a answer
			before := allocated()
			err := receive(r, &a)
			if took := allocated() - before; took > uint64(maxFrame)+uint64(400*len(frames)+1<<20) {
				t.Errorf("%d bytes take %d of memory", len(frames), took)
			}
			if err != nil || a.check(q, so, cfg) != nil {
				return
			}
			believed(t, a, q, so)
			switch {
			case a.Reading != nil:
				so.readings++
			case a.Step > 0:
				so.steps++
			case a.Wants > 0:
				so.wants++
			}
			if a.Done || a.Failure != "" {
				return
			}
		}
	})
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// believed fails on an answer that no honest helper gives.
func believed(t *testing.T, a answer, q request, so said) {
	t.Helper()
	if r := a.Reading; r != nil {
		if q.Op != "read" || so.readings >= len(q.Pages) || r.Page != q.Pages[so.readings] {
			t.Errorf("page %d is believed after %d of %+v", r.Page, so.readings, q)
		}
		if int64(r.Width)*int64(r.Height) > 60e6 || r.Width < 0 || r.Height < 0 {
			t.Errorf("a page of %d by %d is believed", r.Width, r.Height)
		}
		for _, w := range r.Words {
			if w.Box.X0 < 0 || w.Box.Y1 > r.Height || w.Box.X1 > r.Width || math.IsNaN(w.Confidence) {
				t.Errorf("%+v is believed", w)
			}
		}
		if r.Failure != "" && len(r.Words)+len(r.Symbols)+len(r.Doubts) > 0 {
			t.Errorf("a page that could not be read is believed to hold %+v", r)
		}
	}
	if v := a.View; v != nil && v.Refused == nil && (q.Op != "view" || v.Width < 1 || v.Height < 1 || v.Width > 220 || v.Height > 440 || v.Colours != 1 && v.Colours != 3) {
		t.Errorf("a view of %d by %d in %d colours is believed", v.Width, v.Height, v.Colours)
	}
	if so.steps > q.steps() || a.Step > q.steps() {
		t.Errorf("step %d of %d", a.Step, q.steps())
	}
	for _, refused := range a.refusals() {
		if refused != nil && !slices.Contains([]mail.Reason{mail.UnreadableFile, mail.UnreadablePage, mail.Encrypted, mail.SymbolCoding, mail.LimitExceeded}, refused.Reason) {
			t.Errorf("a helper decides that it is %v", refused.Reason)
		}
	}
	if c := a.Contents; c != nil && (c.Pages < 0 || c.Pages > 9 || c.Refused != nil && c.Pages > 0) {
		t.Errorf("%+v is believed", c)
	}
}
