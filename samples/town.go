package samples

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// aCase is a row of the register.
type aCase struct {
	reference, store string
	closed           bool
}

// town is an authority with its cases.
type town struct {
	open, closed []aCase
	known        map[string]bool
}

const casesOfATown = 600

func newTown(rng *rand.Rand) *town {
	t := &town{known: map[string]bool{}}
	for len(t.open) < casesOfATown {
		c := newCase(rng)
		if t.known[c.reference] {
			continue
		}
		t.known[c.reference] = true
		if len(t.open)%20 == 19 && len(t.closed)*20 < len(t.open) {
			c.closed = true
			t.closed = append(t.closed, c)
			continue
		}
		t.open = append(t.open, c)
	}
	return t
}

// newCase gives a well-formed reference of one of three schemes.
func newCase(rng *rand.Rand) aCase {
	switch rng.IntN(3) {
	case 0:
		n := fmt.Sprintf("%04d%06d", 2018+rng.IntN(9), rng.IntN(1000000))
		return aCase{reference: fmt.Sprintf("TX-%s-%s-%02d", n[:4], n[4:], 98-modulo(n+"00", 97)), store: "tax"}
	case 1:
		n := fmt.Sprintf("%010d", rng.Int64N(1e10))
		c := modulo(n, 97)
		if c == 0 {
			c = 97
		}
		n += fmt.Sprintf("%02d", c)
		return aCase{reference: "+++" + n[:3] + "/" + n[3:7] + "/" + n[7:] + "+++", store: "social"}
	}
	n := rng.IntN(1000000)
	return aCase{reference: fmt.Sprintf("PER/%06d/%c", n, "TRWAGMYFPDXBNJZSQVHLCKE"[n%23]), store: "permits"}
}

// References gives the references of n more cases, for a register of another size. They
// may be the town's own.
func References(seed uint64, n int) (all []string) {
	rng, known := rand.New(rand.NewPCG(seed, 1<<32)), map[string]bool{}
	for len(all) < n {
		if c := newCase(rng); !known[c.reference] {
			known[c.reference] = true
			all = append(all, c.reference)
		}
	}
	return all
}

func modulo(digits string, m int) int {
	n := 0
	for _, d := range digits {
		n = (n*10 + int(d-'0')) % m
	}
	return n
}

func (t *town) live(rng *rand.Rand) aCase { return t.open[rng.IntN(len(t.open))] }

// other gives another live case.
func (t *town) other(rng *rand.Rand, than aCase) aCase {
	for {
		if c := t.live(rng); c.reference != than.reference {
			return c
		}
	}
}

// stranger gives a well-formed reference that the register does not have.
func (t *town) stranger(rng *rand.Rand) aCase {
	for {
		if c := newCase(rng); !t.known[c.reference] {
			return c
		}
	}
}

// spoilt gives a reference with one digit changed: its check digits fail.
func spoilt(rng *rand.Rand, c aCase) aCase {
	var places []int
	for i, r := range c.reference {
		if r >= '0' && r <= '9' {
			places = append(places, i)
		}
	}
	at := places[rng.IntN(len(places))]
	b := []byte(c.reference)
	b[at] = '0' + (b[at]-'0'+1+byte(rng.IntN(8)))%10
	c.reference = string(b)
	return c
}

// clipped gives a printed reference that lost a character: a misprint, near a case.
func clipped(rng *rand.Rand, c aCase) aCase {
	at := 3 + rng.IntN(len(c.reference)-4)
	c.reference = c.reference[:at] + c.reference[at+1:]
	return c
}

func (t *town) csv() string {
	var b strings.Builder
	b.WriteString("reference,store,status\n")
	for _, c := range t.open {
		fmt.Fprintf(&b, "%s,%s,open\n", c.reference, c.store)
	}
	for _, c := range t.closed {
		fmt.Fprintf(&b, "%s,%s,closed\n", c.reference, c.store)
	}
	return b.String()
}
