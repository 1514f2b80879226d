package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
)

// lines of an export, to be forged.
type lines []map[string]any

func parsed(t *testing.T, export string) (all lines) {
	for l := range strings.Lines(export) {
		m := map[string]any{}
		if err := json.Unmarshal([]byte(l), &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

func (l lines) text() string {
	var b strings.Builder
	for _, m := range l {
		text, _ := json.Marshal(m)
		b.Write(append(text, '\n'))
	}
	return b.String()
}

// entry gives where the n-th entry is.
func (l lines) entry(n int) int {
	return slices.IndexFunc(l, func(m map[string]any) bool { return m["type"] == "entry" && m["entry"] == float64(n) })
}

// renumber makes the entries' numbers consecutive, as whoever hides a change would.
func (l lines) renumber() lines {
	n := 0
	for _, m := range l {
		if m["type"] == "entry" {
			m["entry"] = n
			n++
		}
	}
	return l
}

func TestTamperingIsFound(t *testing.T) {
	d := newDesk(t)
	d.happens(20)
	honest := d.export(audit.Selection{Details: true})
	for what, forge := range map[string]func(lines) lines{
		"an entry flipped": func(l lines) lines {
			m := l[l.entry(7)]
			m["leaf"] = strings.Replace(m["leaf"].(string), "decided", "decideD", 1)
			return l
		},
		"the last entry flipped": func(l lines) lines {
			m := l[l.entry(19)]
			m["leaf"] = strings.Replace(m["leaf"].(string), "decided", "decideD", 1)
			return l
		},
		"an entry dropped": func(l lines) lines { return slices.Delete(l, l.entry(7), l.entry(8)) },
		"an entry dropped and the rest renumbered": func(l lines) lines {
			return slices.Delete(l, l.entry(7), l.entry(8)).renumber()
		},
		"two entries swapped":                func(l lines) lines { i := l.entry(7); l[i], l[i+1] = l[i+1], l[i]; return l },
		"two entries swapped and renumbered": func(l lines) lines { i := l.entry(7); l[i], l[i+1] = l[i+1], l[i]; return l.renumber() },
		"an entry inserted": func(l lines) lines {
			return slices.Insert(l, l.entry(7), map[string]any{"type": "entry", "entry": 7, "leaf": l[l.entry(3)]["leaf"]}).renumber()
		},
		"the end cut off":               func(l lines) lines { return slices.Delete(l, l.entry(19), l.entry(19)+1) },
		"the newest checkpoint cut off": func(l lines) lines { return l[:len(l)-1] },
		"no checkpoint at all": func(l lines) lines {
			return slices.DeleteFunc(l, func(m map[string]any) bool { return m["type"] == "checkpoint" || m["type"] == "consistency" })
		},
		"details of another": func(l lines) lines {
			l[l.entry(7)]["opening"] = l[l.entry(9)]["opening"]
			return l
		},
		"a proof spoilt": func(l lines) lines {
			i := slices.IndexFunc(l, func(m map[string]any) bool { return m["type"] == "consistency" })
			l[i]["from"] = l[i]["from"].(float64) + 1
			return l
		},
	} {
		if faults := d.verify(forge(parsed(t, honest)).text()); len(faults) == 0 {
			t.Errorf("%s: not found", what)
		}
	}
	if faults := d.verify(parsed(t, honest).text()); len(faults) > 0 {
		t.Errorf("untouched: %q", faults)
	}
}

func TestTamperingWithAnExtractIsFound(t *testing.T) {
	d := newDesk(t)
	d.happens(20)
	honest := d.export(audit.Selection{Subjects: []string{"doc1"}})
	for what, forge := range map[string]func(lines) lines{
		"an entry flipped": func(l lines) lines {
			l[1]["leaf"] = strings.Replace(l[1]["leaf"].(string), "decided", "decideD", 1)
			return l
		},
		"an entry without proof": func(l lines) lines { return slices.Delete(l, 2, 3) },
		"an entry beside its own": func(l lines) lines {
			return slices.Insert(l, 1, map[string]any{"type": "entry", "entry": l[1]["entry"], "leaf": l[3]["leaf"]})
		},
		"another log's checkpoint": func(l lines) lines {
			other := newDesk(t)
			other.happens(20)
			l[len(l)-1]["note"] = other.checkpoint()
			return l
		},
	} {
		if faults := d.verify(forge(parsed(t, honest)).text()); len(faults) == 0 {
			t.Errorf("%s: not found", what)
		}
	}
}

// TestCutAndSignedAgain: whoever has the key can write another history. A checkpoint
// that was given away before tells.
func TestCutAndSignedAgain(t *testing.T) {
	d := newDesk(t)
	d.happens(10)
	given := d.checkpoint()
	d.j = d.open("another.db")
	d.hour = 0
	d.happens(5)
	for _, more := range []int{0, 5, 1} { // shorter, as long, longer than what was given away
		d.happens(more)
		export := d.export(audit.Selection{})
		if faults := d.verify(export); len(faults) > 0 {
			t.Errorf("the forger has the key, so alone it holds: %q", faults)
		}
		if faults := d.verify(export, given); len(faults) == 0 {
			t.Errorf("a log cut and signed again, %d entries more, is not found", more)
		}
	}
}

// TestParseCheckpoints: as many as stand in a file, with whatever stands between them.
func TestParseCheckpoints(t *testing.T) {
	d := newDesk(t)
	var given []string
	text := "\n"
	for range 3 {
		d.happens(2)
		given = append(given, d.checkpoint())
		text += d.checkpoint() + "\n\n"
	}
	if got := audit.ParseCheckpoints(text); !slices.Equal(got, given) {
		t.Errorf("%q, want %q", got, given)
	}
	if faults := d.verify(d.export(audit.Selection{}), audit.ParseCheckpoints(strings.ReplaceAll(text, "\n", "\r\n"))...); len(faults) > 0 {
		t.Errorf("with other ends of lines: %q", faults)
	}
	cut := text[:strings.LastIndex(text, "—")]
	if faults := d.verify(d.export(audit.Selection{}), audit.ParseCheckpoints(cut)...); len(faults) == 0 {
		t.Error("one without its signature is passed over")
	}
	if got := audit.ParseCheckpoints("no checkpoint\n"); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// TestCheckFindsWhatWasTouched changes each table of the log in the journal itself.
func TestCheckFindsWhatWasTouched(t *testing.T) {
	d := newDesk(t)
	d.happens(20)
	check := func() (faults []string) {
		t.Helper()
		if n, err := d.log.Check(d.view, func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }); err != nil || n != 20 {
			faults = append(faults, fmt.Sprint(n, err))
		}
		return faults
	}
	if faults := check(); len(faults) > 0 {
		t.Fatalf("untouched: %q", faults)
	}
	seed := rand.Uint64()
	t.Log("seed", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	errBack := errors.New("put back")
	for _, table := range []string{journal.TableEvent, "leaf", "hash", "checkpoint", "actor", "touch"} {
		for _, how := range []string{"changed", "dropped", "added"} {
			var faults []string
			var key string
			if err := d.j.Tx(t.Context(), func(tx journal.Tx) error {
				rows, err := tx.Scan(table, "", "", 1000)
				if err != nil || len(rows) == 0 {
					t.Fatal(table, len(rows), err)
				}
				r := rows[dice.IntN(len(rows))]
				key = r.Key
				switch how {
				case "dropped":
					err = tx.Delete(table, r.Key)
				case "added":
					err = tx.Put(table, r.Key+"x", r.Value)
				default:
					// Not a bit of white space, nor a name's case: another letter or digit.
					if len(r.Value) == 0 {
						r.Value = []byte{0}
					}
					i := bytes.IndexFunc(r.Value, func(c rune) bool { return c >= '1' && c <= '8' })
					if i < 0 {
						i = 0
					}
					r.Value[i]++
					err = tx.Put(table, r.Key, r.Value)
				}
				if err != nil {
					return err
				}
				if _, err := d.log.Check(func(read func(journal.Reader) error) error { return read(tx) }, func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }); err != nil {
					faults = append(faults, err.Error())
				}
				return errBack
			}); !errors.Is(err, errBack) {
				t.Fatal(err)
			}
			// A former checkpoint that is gone hides nothing: the later ones vouch for more.
			// A hash or name that nothing refers to says nothing.
			harmless := how == "dropped" && table == "checkpoint" || how == "added" && (table == "hash" || table == "actor" || table == "touch") || how == "changed" && table == "touch"
			if len(faults) == 0 && !harmless {
				t.Errorf("%s %s of table %s: not found", how, key, table)
			}
		}
	}
}
