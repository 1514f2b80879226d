package access

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"postroom/mail"
)

// The lengths of a password, in characters.
const (
	ShortestPassword = 12
	LongestPassword  = 128
)

// cost is OWASP's first choice for argon2id where memory is dear: 19 MiB, two passes, one
// thread. 64 MiB (the library's own) would have two sign-ins at once push the pages of the
// helpers that read mail out of the caches of a machine with two cores.
func cost() *argon2id.Params {
	return &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// nobodys is a hash that no password has, of the same cost: what is compared where there is none.
func nobodys() string {
	p := cost()
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", p.Memory, p.Iterations, p.Parallelism, strings.Repeat("A", 22), strings.Repeat("A", 43))
}

// hashing makes and compares hashes, two at a time; so many more may wait.
type hashing struct {
	slots   chan struct{}
	waiting atomic.Int32
}

const mostWaiting = 100

func newHashing() *hashing { return &hashing{slots: make(chan struct{}, 2)} }

// run does the work when its turn comes: *Throttled when too many wait.
func (h *hashing) run(ctx context.Context, work func() error) error {
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > mostWaiting {
		return &Throttled{2 * time.Second}
	}
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-h.slots }()
	return work()
}

// newHash hashes a password that the user may have: *Refused.
func (d *Directory) newHash(ctx context.Context, u User, password string) (hash string, err error) {
	if err := acceptable(u, password); err != nil {
		return "", err
	}
	err = d.hashing.run(ctx, func() (err error) { hash, err = argon2id.CreateHash(password, cost()); return err })
	return hash, err
}

// matches compares; the hash "" is nobody's, and takes as long.
func (d *Directory) matches(ctx context.Context, password, hash string) (is, dated bool, err error) {
	known := hash != ""
	if !known {
		hash = nobodys()
	}
	err = d.hashing.run(ctx, func() error {
		same, p, err := argon2id.CheckHash(password, hash)
		if err == nil {
			is, dated = same && known, *p != *cost()
		}
		return err
	})
	return is, dated, err
}

// acceptable refuses passwords that are guessed first. There are no rules of what signs
// one must have: they make passwords worse.
func acceptable(u User, password string) error {
	n := utf8.RuneCountInString(password)
	low := strings.ToLower(password)
	switch {
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return refuse(refusedControls)
	case n < ShortestPassword || n > LongestPassword:
		return refuse(refusedLength, "least", ShortestPassword, "most", LongestPassword, "characters", n)
	case common(low):
		return refuse(refusedCommon)
	}
	for _, part := range telling(u) {
		if strings.Contains(low, part) {
			return refuse(refusedTelling)
		}
	}
	return nil
}

// telling lists what a stranger would try for this user: his login, and the longer parts of
// it and of his name.
func telling(u User) (parts []string) {
	if len(u.Login) >= 3 {
		parts = append(parts, u.Login)
	}
	for _, p := range strings.FieldsFunc(strings.ToLower(u.Login+" "+u.Name), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if utf8.RuneCountInString(p) >= 4 {
			parts = append(parts, p)
		}
	}
	return parts
}

// common tells a password that is in the list, but for what is put behind and between, and
// one that is made of less than five different characters or of a row of the keyboard.
func common(low string) bool {
	if repeated(low) {
		return true
	}
	for _, row := range []string{"abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm", "azertyuiopqsdfghjklmwxcvbn", "qwertzuiopasdfghjklyxcvbnm"} {
		if strings.Contains(row+row, low) || strings.Contains(reversed(row+row), low) {
			return true
		}
	}
	bare := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, low)
	for _, word := range strings.Fields(commonest) {
		if low == word || strings.Trim(low, "0123456789!?.,-_@#$*") == word || bare == word {
			return true
		}
	}
	return false
}

// repeated tells a text of few characters, or of the same few over and over.
func repeated(low string) bool {
	different := map[rune]bool{}
	for _, r := range low {
		different[r] = true
	}
	if len(different) < 5 {
		return true
	}
	for n := 1; n <= len(low)/2; n++ {
		if strings.HasPrefix(strings.Repeat(low[:n], len(low)/n+1), low) {
			return true
		}
	}
	return false
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// legibleLogin is what the log shows of a login that somebody tried; it may be anything, a password typed
// into the wrong field among it, so that only what could be a login is shown.
func legibleLogin(login string) string {
	if f, err := folded(login); err == nil && mail.Legible(f) {
		return f
	}
	return "(no login)"
}

// commonest are the words and rows that long passwords of many lists begin with, small letters.
const commonest = `
password passwort wachtwoord motdepasse password1234 passwordpassword passw0rd p@ssw0rd p@ssword pa55word
welcome willkommen welkom bienvenue welcome1234 letmein letmeinplease changeme changeit changemenow iloveyou iloveyouforever
administrator admin adminadmin root rootroot superuser supervisor operator caseworker auditor secret geheim secretsecret
qwertyuiop qwertyuiop12 azertyuiop qwertzuiop asdfghjkl qwerty azerty qwertz qwertyqwerty 1q2w3e4r5t6y 1qaz2wsx3edc qazwsxedcrfv
q1w2e3r4t5y6 zaq12wsxcde3 abcdefgh abcdabcd abcdefghijkl test testtest testing default standard guest trustno mailroom postroom
sunshine princess football baseball liverpool manchester mercedes superman batman spiderman starwars pokemon dragon monkey
master michael jennifer charlie jordan computer internet samsung google facebook whatever freedom hello hallo bonjour
summer winter spring autumn sommer fruehling herbst zomer lente herfst hiver printemps automne januari january monday
maandag montag lundi correcthorsebatterystaple thequickbrownfox nopassword mypassword ihaveapassword thisismypassword
newpassword oldpassword temppassword temporary initial company office government gemeente commune stadtverwaltung
`
