package router

import (
	"strings"
	"testing"
)

// TestOtherSpellingsOfAnotherCase: people write a reference with other signs, in
// small letters, with spaces; a letter that does so for another case than its
// barcode's must not be filed.
func TestOtherSpellingsOfAnotherCase(t *testing.T) {
	r, cases := registry(t, liveCases)
	for _, print := range strings.Split(`TX/2024/207485/78
TX2024/207485/78
tx 2024 207485 78
tx.2024.207485.78
tx202420748578
tx/2024/207485/78
T.X.-2024-207485-78
TX=2024=207485=78
+++429-6297-06329+++
+++429.6297.06329+++
+++429629706329+++
PER-962309-N
PER.962309.N
per/962309/n
Per 962309 N
per 962309 n
per-962309-n
PER_962309_N
PER\962309\N`, "\n") {
		for _, before := range []string{"", "Notre référence : ", "zie "} {
			if d := beside(r, cases, lines(2, before+print, 0.9)); !conflicts(d) {
				t.Errorf("%q: %+v %+v", before+print, d, d.Hold)
			}
		}
	}
	for _, labelled := range []string{"429-6297-06329", "429.6297.06329", "429 6297 06329", "429629706329"} {
		if d := beside(r, cases, lines(2, "Notre référence : "+labelled, 0.9)); !conflicts(d) {
			t.Errorf("%q: %+v %+v", labelled, d, d.Hold)
		}
	}
	for _, same := range []string{"TX/2021/000001/33", "tx.2021.000001.33", "Tx 2021 000001 33", "tx202100000133"} {
		if d := beside(r, cases, lines(2, "ref "+same, 0.9)); d.Hold != nil {
			t.Errorf("%q: %+v", same, d.Hold)
		}
	}
}
