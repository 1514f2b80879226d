package router

import (
	"strings"
	"testing"
)

// TestAnotherCaseBrokenAtALinesEnd: with other signs or none, over two lines or
// three, behind a label or not.
func TestAnotherCaseBrokenAtALinesEnd(t *testing.T) {
	r, cases := registry(t, liveCases)
	for _, print := range strings.Split(`TX-2024-¶207485-78
TX 2024¶207485 78
TX 2024 207485¶78 fin
TX-2024-¶207485-¶78
tx-2024-¶207485-78
429/6297/¶06329
429/6297¶/06329
+++429 6297¶06329+++
+++429/¶6297/¶06329+++
PER/962309¶N
PER 962309¶N`, "\n") {
		for _, before := range []string{"", "zie ", "Notre référence : "} {
			if d := beside(r, cases, lines(2, before+print, 0.9)); !conflicts(d) {
				t.Errorf("%q: %+v %+v", before+print, d, d.Hold)
			}
		}
	}
	for _, other := range []string{"TX-2021-¶000001-33", "TX 2021¶000001 33", "geboren 12.03.2024¶207485 78", "tel. 010 4171¶234 06 12345678", "PER 962309¶en verder", "PER 962309¶No"} {
		if d := beside(r, cases, lines(2, "zie "+other, 0.9)); d.Hold != nil {
			t.Errorf("%q: %+v", other, d.Hold)
		}
	}
}
