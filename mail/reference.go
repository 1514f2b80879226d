package mail

import "encoding/json"

// Scheme is what can prove a reference: router/reference implements it.
type Scheme interface {
	Name() string
	// Parse cleans the text, matches the whole of it and proves its check digits.
	Parse(text string) (canonical string, err error)
}

// Reference is a case number. It exists only through a scheme's parser (or the
// journal, which holds what a parser gave), so whoever holds one holds a well-formed one.
type Reference struct{ scheme, text string }

// ParseReference asks the scheme to prove the text. The error is the scheme's.
func ParseReference(s Scheme, text string) (Reference, error) {
	canonical, err := s.Parse(text)
	if err != nil {
		return Reference{}, err
	}
	return Reference{s.Name(), canonical}, nil
}

// Scheme gives the name of the scheme that proved it.
func (r Reference) Scheme() string { return r.scheme }

// String gives the reference as the register spells it.
func (r Reference) String() string { return r.text }

// IsZero tells whether there is no reference.
func (r Reference) IsZero() bool { return r == Reference{} }

// As gives the same reference in the register's spelling.
func (r Reference) As(spelling string) Reference { return Reference{r.scheme, spelling} }

// MarshalJSON writes {"scheme","text"}.
func (r Reference) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"scheme": r.scheme, "text": r.text})
}

// UnmarshalJSON takes back what MarshalJSON wrote into the journal.
func (r *Reference) UnmarshalJSON(b []byte) error {
	var v struct{ Scheme, Text string }
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*r = Reference{v.Scheme, v.Text}
	return nil
}
