package mail

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Saying is a sentence of the machine, told so that a program can say it in another
// language: which one of the closed list it is, and what stands in it.
type Saying struct {
	Code string            `json:"code"`           // one of Sayings: stable, kebab-case
	Args map[string]string `json:"args,omitempty"` // may hold personal data
	Of   []Saying          `json:"of,omitempty"`   // sayings that stand in the sentence, where it has {of}
}

// Sayings lists the codes with their English sentences: {name} stands for an argument,
// {"name"} for one in quotes, {of} for the sayings in it. One that begins with a small
// letter is a part of another.
func Sayings() map[string]string { return maps.Clone(sentences) }

// Say makes a saying; args are the names and values of the sentence's arguments, in turn,
// and last the sayings that stand in it. Another code, or other arguments than the
// sentence has, are a bug and panic.
func Say(code string, args ...any) *Saying {
	s := &Saying{Code: code}
	for len(args) > 0 {
		if of, ok := args[0].(*Saying); ok {
			s.Of, args = append(s.Of, *of), args[1:]
			continue
		}
		if s.Args == nil {
			s.Args = map[string]string{}
		}
		s.Args[args[0].(string)], args = fmt.Sprint(args[1]), args[2:]
	}
	if err := s.Check(); err != nil {
		panic("bug: " + err.Error())
	}
	return s
}

// deepest is how many sayings stand within each other.
const deepest = 4

// Check tells what is wrong with a saying that came from elsewhere.
func (s Saying) Check() error { return s.check(deepest) }

func (s Saying) check(deep int) error {
	sentence, ok := sentences[s.Code]
	if !ok || deep == 0 {
		return fmt.Errorf("there is no saying %.40q, or it is in too many others", s.Code)
	}
	want, of := arguments(sentence)
	if has := slices.Sorted(maps.Keys(s.Args)); !slices.Equal(has, want) || of != (len(s.Of) > 0) {
		return fmt.Errorf("saying %s has the arguments %.200q and %d others in it", s.Code, has, len(s.Of))
	}
	for _, o := range s.Of {
		if err := o.check(deep - 1); err != nil {
			return err
		}
	}
	return nil
}

// arguments lists the names of a sentence's arguments, and whether others stand in it.
func arguments(sentence string) (names []string, of bool) {
	for _, part := range strings.Split(sentence, "{")[1:] {
		name, _, _ := strings.Cut(part, "}")
		if name = strings.Trim(name, `"`); name == "of" {
			of = true
		} else if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, of
}

// English gives the sentence. In quotes stands what was read as Go writes it, so that
// nothing in it passes for the sentence.
func (s Saying) English() string {
	var pairs []string
	for name, value := range s.Args {
		pairs = append(pairs, "{"+name+"}", value, `{"`+name+`"}`, strconv.Quote(value))
	}
	var of []string
	for _, o := range s.Of {
		of = append(of, o.English())
	}
	return strings.NewReplacer(append(pairs, "{of}", strings.Join(of, ", "))...).Replace(sentences[s.Code])
}
