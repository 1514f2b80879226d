package barcode

import (
	"testing"

	"postroom/mail"
	"postroom/samples/symbol"
)

// Large symbols are divided into regions with rims of their own.
func TestKnownModulesOfDataMatrixAreThoseDrawn(t *testing.T) {
	for _, text := range []string{"12", "PER/855841/B PER/855841/B", "PER/855841/B Anna Maes, Kerkstraat 12, 9000 Gent"} {
		m, err := symbol.Draw(mail.DataMatrix, text)
		if err != nil {
			t.Fatal(err)
		}
		n := len(m)
		rims := 0
		for _, k := range knownDataMatrix(n, n) {
			if k.i < 0 || k.j < 0 || k.i >= n || k.j >= n {
				continue
			}
			rims++
			if m[k.j][k.i] != k.dark {
				t.Errorf("%d modules: (%d, %d) is drawn %v", n, k.i, k.j, m[k.j][k.i])
			}
		}
		regions := regionsDataMatrix(n)
		if within := n - 2*regions; rims < n*n-within*within {
			t.Errorf("%d modules: %d are known, not all %d outside the regions", n, rims, n*n-within*within)
		}
	}
}
