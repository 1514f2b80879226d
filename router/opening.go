package router

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"postroom/mail"
)

// opening tells by what a page looks like a letter's first page; nil = it does
// not. An attached copy of a letter looks like one, too: that is for a person to
// tell apart.
func opening(page int, words []mail.Word) *mail.Saying {
	lines := linesOf(words)
	for i, line := range lines {
		if restarts(line) && numbersPage(line, i, len(lines)) {
			return mail.Say("begins-numbered", "page", page, "line", text(line))
		}
		if salutes(line) && !closes(lines, i) {
			return mail.Say("begins-salutation", "page", page, "line", text(line))
		}
	}
	if slices.ContainsFunc(lines, goesOn) {
		return nil
	}
	date, towns := false, 0
	for _, line := range lines[:min(len(lines), headLines)] {
		date = date || dated(line)
		if town(line) {
			towns++
		}
	}
	if date && towns >= 2 {
		return mail.Say("begins-addresses", "page", page)
	}
	return nil
}

// A letter's addresses and date stand in its first lines.
const headLines = 14

// linesOf divides words into lines.
func linesOf(words []mail.Word) (lines [][]mail.Word) {
	for from := 0; from < len(words); {
		to := from
		for to < len(words) && words[to].Line == words[from].Line {
			to++
		}
		lines = append(lines, words[from:to])
		from = to
	}
	return lines
}

func text(line []mail.Word) string {
	var parts []string
	for _, w := range line {
		parts = append(parts, w.Text)
	}
	return strings.Join(parts, " ")
}

// salutations are the beginnings of a letter's first line, in upper case without accents.
var salutations = []string{"DEAR", "TO WHOM", "MADAME", "MONSIEUR", "MESDAMES", "MESSIEURS", "CHER", "CHERE", "CHERS", "BONJOUR",
	"GEACHTE", "BESTE", "MIJNHEER", "MEVROUW", "SEHR GEEHRTE", "SEHR GEEHRTER", "LIEBE", "LIEBER", "GUTEN TAG", "HALLO", "HELLO"}

// titles are the other words of a salutation that names nobody.
var titles = strings.Fields("SIR SIRS OR MADAM MR MRS MS AND IT MAY CONCERN LE LA ET HEER HEREN DAMES EN DAMEN UND HERREN HERR FRAU " +
	"DIRECTEUR DIRECTRICE PRESIDENT MAIRE WHOM TO GEEHRTE GEEHRTER SEHR GUTEN TAG")

// farewells are words of a closing formula, which a line's break may make look
// like a salutation ("Madame, Monsieur, l'expression de ...").
var farewells = strings.Fields("EXPRESSION SALUTATIONS SENTIMENTS ASSURANCE CONSIDERATION AGREER DISTINGUEES DISTINGUES")

// A salutation has no more words than this.
const mostSalutation = 7

// salutes tells whether a line is a salutation: short, begun as one, and ended
// by a comma or the like, or made of titles alone.
func salutes(line []mail.Word) bool {
	if len(line) > mostSalutation || len(line) == 0 {
		return false
	}
	words := parts(text(line))
	rest, ok := saluting(words)
	if !ok || slices.ContainsFunc(words, func(w string) bool { return slices.Contains(farewells, w) }) {
		return false
	}
	if strings.ContainsRune(",:!", lastRune(line[len(line)-1].Text)) {
		return true
	}
	for _, w := range rest {
		if !slices.Contains(titles, w) && !slices.Contains(salutations, w) {
			return false
		}
	}
	return len(words) > 1 || len(words) == 1 && len(line) == 1 && len(words[0]) > 4
}

// saluting tells whether words begin as a salutation, a misread letter forgiven
// in a long word, and gives the words behind.
func saluting(words []string) (rest []string, ok bool) {
	for _, s := range salutations {
		parts := strings.Fields(s)
		if len(words) < len(parts) {
			continue
		}
		same := true
		for i, p := range parts {
			same = same && (words[i] == p || len(p) >= 6 && distance(words[i], p) <= 1)
		}
		if same {
			return words[len(parts):], true
		}
	}
	return nil, false
}

// closes tells whether the line before belongs to a closing formula.
func closes(lines [][]mail.Word, i int) bool {
	if i == 0 {
		return false
	}
	for _, w := range parts(text(lines[i-1])) {
		if slices.Contains(farewells, w) {
			return true
		}
	}
	return false
}

var (
	pageOne   = regexp.MustCompile(`^[-–( ]*(?:(?:PAGE|PAGINA|SEITE|BLATT|BLAD) ?(?:N[°O]? ?)?1(?: ?(?:/|OF|VAN|VON|SUR|DE) ?\d{1,3})?|1 ?(?:/|OF|VAN|VON|SUR) ?[2-9]\d?)[-–). ]*$`)
	pageLater = regexp.MustCompile(`(?:PAGE|PAGINA|SEITE|BLATT|BLAD) ?(?:N[°O]? ?)?(?:[2-9]|[1-9]\d)\b|^[-– ]*(?:[2-9]|[1-9]\d) ?[-–/] ?\d{0,2}[-– ]*$`)
	fullDate  = regexp.MustCompile(`\b(?:\d{1,2} ?[./-] ?\d{1,2} ?[./-] ?(?:\d{2}|\d{4})|\d{4}-\d\d-\d\d|\d{1,2}(?:ER|ST|ND|RD|TH)?\.? [A-Z]{3,9} \d{4}|[A-Z]{3,9} \d{1,2}, \d{4})\b`)
	postTown  = regexp.MustCompile(`^(?:[A-Z]{1,3} ?- ?)?\d{4,5} (?:[A-Z]{2} )?[A-Z][A-Z' -]{2,}[ ,.|]*$|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b[ ,.|]*$`)
)

// restarts tells whether a line numbers the page as a first one.
func restarts(line []mail.Word) bool { return len(line) <= 6 && pageOne.MatchString(plain(text(line))) }

// A page's number stands in so many of its first or last lines.
const edgeLines = 4

// numbersPage tells whether the line i of so many stands where a page's number
// does: at an edge of the page or, when it says that it is one, in the letter's head.
func numbersPage(line []mail.Word, i, lines int) bool {
	most := edgeLines
	if strings.ContainsFunc(text(line), unicode.IsLetter) {
		most = headLines
	}
	return i < most || lines-i <= edgeLines
}

// goesOn tells whether a line numbers the page as a later one.
func goesOn(line []mail.Word) bool {
	return len(line) <= 12 && pageLater.MatchString(plain(text(line)))
}

// dated tells whether a line is a date and hardly more, a town before it.
func dated(line []mail.Word) bool {
	return len(line) <= 6 && fullDate.MatchString(plain(text(line)))
}

// town tells whether a line is the last of an address.
func town(line []mail.Word) bool {
	return len(line) <= 6 && postTown.MatchString(plain(text(line)))
}

func lastRune(s string) (last rune) {
	for _, r := range s {
		last = r
	}
	return last
}

func apart(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
