package router

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"postroom/mail"
	"postroom/router/reference"
	"postroom/router/register"
)

// The misread simulator: consecutive cases, each letter's reference spoilt as a bad
// print or a recognizer spoils it, its sender's name and address well read.

// errors in a reference, one character each.
var spoilers = []func(rnd *rand.Rand, s []byte) []byte{
	func(rnd *rand.Rand, s []byte) []byte { // flipped: another digit
		i := digitIn(rnd, s)
		s[i] = '0' + (s[i]-'0'+byte(1+rnd.IntN(9)))%10
		return s
	},
	func(rnd *rand.Rand, s []byte) []byte { // dropped
		i := rnd.IntN(len(s))
		return append(s[:i], s[i+1:]...)
	},
	func(rnd *rand.Rand, s []byte) []byte { // doubled
		i := rnd.IntN(len(s))
		return append(s[:i+1], s[i:]...)
	},
	func(rnd *rand.Rand, s []byte) []byte { // swapped with the next one
		for range 20 {
			i := rnd.IntN(len(s) - 1)
			if s[i] != s[i+1] {
				s[i], s[i+1] = s[i+1], s[i]
				break
			}
		}
		return s
	},
	func(rnd *rand.Rand, s []byte) []byte { // confused: a letter for a digit
		i := digitIn(rnd, s)
		s[i] = "OIZEASGTBg"[s[i]-'0']
		return s
	},
}

func digitIn(rnd *rand.Rand, s []byte) int {
	for {
		if i := rnd.IntN(len(s)); s[i] >= '0' && s[i] <= '9' {
			return i
		}
	}
}

// street is a register of consecutive cases and their people: many have the same
// name or town, and a few have twenty cases one after the other.
type street struct {
	rules  *Rules
	cases  *register.Register
	refs   []string
	people []string // name, then address, "¶" where a line ends
}

func newStreet(t testing.TB, rnd *rand.Rand, c reference.Config, n int, ref func(i int) string) street {
	t.Helper()
	s, err := reference.New(c)
	if err != nil {
		t.Fatal(err)
	}
	first := strings.Fields("Anna Jan Marie Luc Sofie Peter Karin Omar Elif Tom Nina Hugo Lena Paul Eva Max Rosa Ivo Mia Karl")
	var csv strings.Builder
	csv.WriteString("reference,store,status,name,postcode\n")
	var out street
	person, row, more := "", "", 0
	for i := range n {
		if more--; more < 0 {
			if rnd.IntN(100) == 0 {
				more = 20
			}
			name := first[rnd.IntN(len(first))] + " " + strings.ToUpper(string(rune('a'+rnd.IntN(26)))) + "e" + string(rune('a'+rnd.IntN(26))) + "n" + string(rune('a'+rnd.IntN(26)))
			code := 1000 + 10*rnd.IntN(40)
			person, row = fmt.Sprintf("%s¶Kerkstraat %d¶%d Brussel", name, 1+rnd.IntN(99), code), fmt.Sprintf("%s,%d", name, code)
		}
		out.refs, out.people = append(out.refs, ref(i)), append(out.people, person)
		fmt.Fprintf(&csv, "%s,%s,,%s\n", ref(i), s.Store(), row)
	}
	out.cases, err = register.Parse(strings.NewReader(csv.String()), []*reference.Scheme{s})
	if err != nil {
		t.Fatal(err)
	}
	out.rules = New(Config{Schemes: []*reference.Scheme{s}})
	return out
}

// outcome counts trials by what became of them.
type outcome struct{ right, wrong, held atomic.Int64 }

// simulate routes letters of all cases in turn, with so many errors in the reference of each.
func (s street) simulate(t *testing.T, seed uint64, trials, errors int) *outcome {
	var o outcome
	var all sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(w)))
			for k := w; k < trials; k += workers {
				i := k % len(s.refs)
				bad := []byte(s.refs[i])
				for e := range errors {
					spoil := spoilers[rnd.IntN(len(spoilers))]
					if e == 0 {
						spoil = spoilers[(k/len(s.refs)+k)%len(spoilers)]
					}
					bad = spoil(rnd, bad)
				}
				page := lines(1, s.people[i]+"¶Notre référence : "+string(bad)+"¶Je vous prie de bien vouloir examiner ma demande", 0.9)
				switch d := s.rules.Route(Span{From: 1, To: 1}, []mail.Reading{page}, s.cases, true); {
				case d.Hold != nil:
					o.held.Add(1)
				case d.Reference.String() == s.refs[i]:
					o.right.Add(1)
				default:
					if o.wrong.Add(1) <= 5 {
						t.Logf("seed %d: %s, read %s, is filed in %s by %s", seed, s.refs[i], bad, d.Reference, d.Rule)
					}
				}
			}
		})
	}
	all.Wait()
	t.Logf("seed %d, %d cases, %d letters, %d errors each: %d filed in their own case, %d in another's, %d held",
		seed, len(s.refs), trials, errors, o.right.Load(), o.wrong.Load(), o.held.Load())
	return &o
}

// trials is how many letters a simulation takes: few in every run of the tests, as
// many as POSTROOM_TRIALS says in a sweep.
func trials(t *testing.T, usual int) int {
	if n := os.Getenv("POSTROOM_TRIALS"); n != "" {
		v, err := strconv.Atoi(n)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	return usual
}

// TestMisreadWithoutCheck: where every number is a case, a misread one is somebody's,
// and only the person's name keeps the letter out.
func TestMisreadWithoutCheck(t *testing.T) {
	const seed, cases = 31, 100_000
	s := newStreet(t, rand.New(rand.NewPCG(seed, 0)), reference.Config{Name: "file", Pattern: `AZ-\d{4}-\d{5}`, Check: "none", Store: "file"},
		cases, func(i int) string { return fmt.Sprintf("AZ-2026-%05d", i) })
	if o := s.simulate(t, seed, trials(t, 2000), 1); o.wrong.Load() > 0 {
		t.Errorf("seed %d: %d letters are filed in another's case", seed, o.wrong.Load())
	}
	if o := s.simulate(t, seed, 1000, 0); o.right.Load() < 700 {
		t.Errorf("seed %d: of letters read right only %d of 1000 are filed", seed, o.right.Load())
	}
}

// TestMisreadWithCheck: mod 97 sees every single error; of two errors in one
// reference it lets some through, and a case must then happen to have that number.
func TestMisreadWithCheck(t *testing.T) {
	const seed, cases = 32, 100_000
	s := newStreet(t, rand.New(rand.NewPCG(seed, 0)), reference.Config{Name: "tax", Pattern: `TX-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: "tax"},
		cases, func(i int) string { return checked97(2026, i) })
	n := trials(t, 2000)
	if o := s.simulate(t, seed, n, 1); o.wrong.Load() > 0 {
		t.Errorf("seed %d: %d letters are filed in another's case", seed, o.wrong.Load())
	}
	if o := s.simulate(t, seed, 1000, 0); o.right.Load() != 1000 {
		t.Errorf("seed %d: of letters read right only %d of 1000 are filed", seed, o.right.Load())
	}
	o := s.simulate(t, seed, n, 2)
	t.Logf("two errors: %.4f %% are filed in another's case", 100*float64(o.wrong.Load())/float64(n))
	if o.wrong.Load()*500 > int64(n)+500 {
		t.Errorf("seed %d: %d of %d letters with two errors are filed in another's case", seed, o.wrong.Load(), n)
	}
}

// checked97 is a reference with its ISO 7064 mod 97-10 check digits.
func checked97(year, number int) string {
	n := year*1_000_000 + number
	return fmt.Sprintf("TX-%04d-%06d-%02d", year, number, 98-n*100%97)
}
