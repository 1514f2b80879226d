package audit

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// checkpointText is a checkpoint before it is signed (C2SP tlog-checkpoint): the log's
// name, its number of entries, its root.
func checkpointText(origin string, n int64, root tlog.Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, n, base64.StdEncoding.EncodeToString(root[:]))
}

// tree is what a checkpoint says.
type tree struct {
	origin string
	size   int64
	root   tlog.Hash
}

// openCheckpoint reads a signed checkpoint; the error says what is wrong with it, a
// signature by none of the keys too.
func openCheckpoint(signed string, keys Keys) (t tree, err error) {
	n, err := note.Open([]byte(signed), keys.verifiers)
	var unknown *note.UnverifiedNoteError
	if errors.As(err, &unknown) {
		return t, errors.New("it is signed by none of the given keys")
	}
	if err != nil {
		return t, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 {
		return t, errors.New("it is no checkpoint: it needs a name, a number and a root")
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return t, errors.New("its root is none")
	}
	t.origin = lines[0]
	copy(t.root[:], root)
	t.size, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || t.size < 1 || strconv.FormatInt(t.size, 10) != lines[1] {
		return t, errors.New("its number of entries is none")
	}
	if n.Sigs[0].Name != t.origin {
		return t, fmt.Errorf("it speaks for %q and is signed by %q", t.origin, n.Sigs[0].Name)
	}
	if most, former := keys.upTo[n.Sigs[0].Hash]; former && t.size > most {
		return t, fmt.Errorf("it is of %d entries and signed by a former key, which was replaced when there were %d", t.size, most)
	}
	return t, nil
}

// ParseCheckpoints parts a text into the signed checkpoints that stand in it, one after
// the other: each ends with its lines of signatures. What is left behind the last is
// given as one more, that will not open; of a text without any there is none. Log lines
// that carry one as note="..." are read, too.
func ParseCheckpoints(text string) (notes []string) {
	var one strings.Builder
	signed := false
	for l := range strings.Lines(text) {
		if _, quoted, logged := strings.Cut(l, " note=\""); logged {
			if prefix, err := strconv.QuotedPrefix("\"" + quoted); err == nil {
				carried, _ := strconv.Unquote(prefix) // it is quoted
				notes = append(notes, carried)
				continue
			}
		}
		isSignature := strings.HasPrefix(l, "— ")
		if signed && !isSignature {
			notes, signed = append(notes, one.String()), false
			one.Reset()
		}
		if one.Len() == 0 && strings.TrimSpace(l) == "" {
			continue
		}
		signed = signed || isSignature
		one.WriteString(strings.TrimRight(l, "\r\n") + "\n")
	}
	if one.Len() > 0 && (signed || len(notes) > 0) {
		notes = append(notes, one.String())
	}
	return notes
}

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("bug: %T can't be written as JSON: %v", v, err))
	}
	return b
}
