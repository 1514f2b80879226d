package scan

import (
	"bytes"
	"strconv"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// matrix is a PDF transformation [a b c d e f].
type matrix [6]float64

func (m matrix) mul(n matrix) matrix { // m, then n
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// state is what q saves and Q brings back, as far as it matters here.
type state struct {
	ctm       matrix
	invisible bool // text in rendering mode 3
}

// A page's content stream is walked no further than this.
const mostOperators = 20000

// onlyImage tells whether a content stream paints one picture and nothing else
// that can be seen, and where. Text in rendering mode 3 is invisible: a reading
// of the same picture by another program.
func onlyImage(content []byte) (name string, at matrix, ok bool) {
	now, stack := state{ctm: matrix{1, 0, 0, 1, 0, 0}}, []state(nil)
	var operands [][]byte
	for s, count := (scanner{b: content}), 0; ; {
		token := s.next()
		if token == nil {
			return name, at, name != ""
		}
		if c := token[0]; c == '/' || c == '(' || c == '<' || c == '[' || c == ']' || c == '>' || c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' {
			operands = append(operands, token)
			continue
		}
		if count++; count > mostOperators {
			return "", at, false
		}
		switch string(token) {
		case "q":
			stack = append(stack, now)
		case "Q":
			if len(stack) == 0 {
				return "", at, false
			}
			now, stack = stack[len(stack)-1], stack[:len(stack)-1]
		case "cm":
			m, ok := numbers6(operands)
			if !ok {
				return "", at, false
			}
			now.ctm = m.mul(now.ctm)
		case "Do":
			if name != "" || len(operands) != 1 || operands[0][0] != '/' {
				return "", at, false
			}
			name, at = nameOf(operands[0]), now.ctm
		case "Tr":
			now.invisible = len(operands) == 1 && string(operands[0]) == "3"
		case "Tj", "TJ", "'", "\"":
			if !now.invisible {
				return "", at, false
			}
		case "BT", "ET", "Tf", "Tm", "Td", "TD", "T*", "Tc", "Tw", "Tz", "TL", "Ts",
			"w", "J", "j", "M", "d", "ri", "i", "n", "re", "BDC", "BMC", "EMC", "MP", "DP", "g", "G", "rg", "RG", "k", "K", "cs", "CS", "sc", "SC", "scn", "SCN":
			// State, and paths that are not painted.
		default: // painting, clipping, graphics states with transparency, inline images, what we don't know
			return "", at, false
		}
		operands = operands[:0]
	}
}

func numbers6(operands [][]byte) (m matrix, ok bool) {
	if len(operands) != 6 {
		return m, false
	}
	for i, o := range operands {
		v, err := strconv.ParseFloat(string(o), 64)
		if err != nil {
			return m, false
		}
		m[i] = v
	}
	return m, true
}

// scanner divides a content stream into tokens (PDF 32000-1, 7.2).
type scanner struct {
	b []byte
	i int
}

func space(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func delimiter(c byte) bool { return bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0 }

// next gives the next token; nil at the end. A string or dictionary is one token.
func (s *scanner) next() []byte {
	for s.i < len(s.b) && (space(s.b[s.i]) || s.b[s.i] == '%') {
		if s.b[s.i] == '%' {
			for s.i < len(s.b) && s.b[s.i] != '\n' && s.b[s.i] != '\r' {
				s.i++
			}
			continue
		}
		s.i++
	}
	if s.i >= len(s.b) {
		return nil
	}
	from := s.i
	switch c := s.b[s.i]; {
	case c == '(':
		s.literal()
	case c == '<' && s.i+1 < len(s.b) && s.b[s.i+1] == '<':
		s.dictionary()
	case c == '<':
		for s.i < len(s.b) && s.b[s.i] != '>' {
			s.i++
		}
		s.i++
	case delimiter(c) && c != '/':
		s.i++
	default:
		s.i++
		for s.i < len(s.b) && !space(s.b[s.i]) && !delimiter(s.b[s.i]) {
			s.i++
		}
	}
	s.i = min(s.i, len(s.b))
	return s.b[from:s.i]
}

func (s *scanner) literal() {
	depth := 0
	for ; s.i < len(s.b); s.i++ {
		switch s.b[s.i] {
		case '\\':
			s.i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				s.i++
				return
			}
		}
	}
}

func (s *scanner) dictionary() {
	depth := 0
	for s.i < len(s.b) {
		switch {
		case s.b[s.i] == '(':
			s.literal()
			continue
		case bytes.HasPrefix(s.b[s.i:], []byte("<<")):
			depth++
			s.i++
		case bytes.HasPrefix(s.b[s.i:], []byte(">>")):
			s.i++
			if depth--; depth == 0 {
				s.i++
				return
			}
		case s.b[s.i] == '<': // a string, whose end may stand right before the dictionary's
			for s.i < len(s.b) && s.b[s.i] != '>' {
				s.i++
			}
		}
		s.i++
	}
}

// inline skips the data of an inline picture, up to its EI: that ends a line or a
// word, and text follows, not data.
func (s *scanner) inline() {
	for i := s.i; ; {
		at := bytes.Index(s.b[i:], []byte("EI"))
		if at < 0 {
			s.i = len(s.b)
			return
		}
		i += at + 2
		after := s.b[i:min(i+16, len(s.b))]
		if space(s.b[i-3]) && (len(after) == 0 || space(after[0])) && bytes.IndexFunc(after, unprintable) < 0 {
			s.i = i
			return
		}
	}
}

func unprintable(r rune) bool { return r > '~' || r < ' ' && !space(byte(r)) }

// nameOf gives a name without its slash, its #xx undone (PDF 32000-1, 7.3.5).
func nameOf(token []byte) string {
	name := string(token[1:])
	if decoded, err := types.DecodeName(name); err == nil {
		return decoded
	}
	return name
}

// named lists the resources that a content stream names: every name operand.
func named(content []byte) map[string]bool {
	all := map[string]bool{}
	for s := (scanner{b: content}); ; {
		token := s.next()
		switch {
		case token == nil:
			return all
		case token[0] == '/':
			all[nameOf(token)] = true
		case string(token) == "ID":
			s.inline()
		}
	}
}
