package access

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Refusal is why a change can't be made, told so that a program can tell it from the others
// and say it in another language.
type Refusal string

// The refusals; refusals has their sentences, and what each is told with.
const (
	refusedLogin     Refusal = "login-form"
	refusedTaken     Refusal = "login-taken"
	refusedName      Refusal = "name-needed"
	refusedGroupName Refusal = "group-name-needed"
	refusedDoer      Refusal = "doer-needed"
	refusedRole      Refusal = "role-unknown"
	refusedLanguage  Refusal = "language-unknown"
	refusedIdentity  Refusal = "identity-form"
	refusedSubject   Refusal = "identity-taken"
	refusedGroup     Refusal = "group-gone"
	refusedSame      Refusal = "password-same"
	refusedControls  Refusal = "password-controls"
	refusedLength    Refusal = "password-length"
	refusedCommon    Refusal = "password-common"
	refusedTelling   Refusal = "password-telling"
	refusedMost      Refusal = "group-too-large"
	refusedStores    Refusal = "stores-needed"
	refusedDouble    Refusal = "group-taken"
	refusedPattern   Refusal = "pattern-form"
	refusedLong      Refusal = "pattern-length"
)

// refusals are the sentences, in English; {name} stands for an argument, {"name"} for one in quotes.
var refusals = map[Refusal]string{ // never written to
	refusedLogin:     "a login is 1 to {most} of the letters a-z, digits and . _ - @ +",
	refusedTaken:     `the login {"login"} is taken`,
	refusedName:      "a name is needed that can be read: one line of text, at most {most} characters",
	refusedGroupName: "a group's name is needed that can be read: one line of text, at most {most} characters",
	refusedDoer:      "the name of who does it is needed that can be read: one line of text, at most {most} characters",
	refusedRole:      `{"role"} is no role; allowed: {allowed}`,
	refusedLanguage:  `{"language"} is no language; allowed: {allowed}`,
	refusedIdentity:  "an identity is an issuer and a subject, of at most {most} bytes",
	refusedSubject:   "another user has that identity already",
	refusedGroup:     `there is no group {"group"} (any more)`,
	refusedSame:      "this is the password that is in force: take another",
	refusedControls:  "a password is text, without control characters",
	refusedLength:    "a password has from {least} to {most} characters; this one has {characters}",
	refusedCommon:    "this password is one of those that are tried first; take several words that have nothing to do with each other",
	refusedTelling:   "the password holds the login, or a part of the name",
	refusedMost:      "a group has at most {stores} stores and {patterns} patterns",
	refusedStores:    "cases are seen in stores: name the group's stores, too",
	refusedDouble:    `there is a group {"group"} already`,
	refusedPattern:   `{"pattern"} is no pattern (RE2): {fault}`,
	refusedLong:      `a pattern has 1 to {most} bytes: {"pattern"} has {bytes}`,
}

// Refusals lists the codes of all refusals, with their English sentences.
func Refusals() map[Refusal]string { return maps.Clone(refusals) }

// Refused is a change that can't be made, and changed nothing; its text says why and what would do.
type Refused struct {
	Code Refusal           // stable, kebab-case; one of Refusals
	Args map[string]string // what the sentence is told with; may hold personal data
	Why  string            // the sentence, in English
}

func (r *Refused) Error() string { return r.Why }

// refuse makes a *Refused error; args are the names and values of the sentence's
// arguments, in turn.
func refuse(code Refusal, args ...any) error {
	r := &Refused{Code: code, Args: map[string]string{}}
	var pairs []string
	for pair := range slices.Chunk(args, 2) {
		name, value := pair[0].(string), fmt.Sprint(pair[1])
		r.Args[name] = value
		pairs = append(pairs, "{"+name+"}", value, `{"`+name+`"}`, strconv.Quote(value))
	}
	r.Why = strings.NewReplacer(pairs...).Replace(refusals[code])
	return r
}
