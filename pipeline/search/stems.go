package search

import (
	"strings"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/lang/de"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/analysis/lang/fr"
	"github.com/blevesearch/bleve/v2/analysis/lang/nl"
)

// languages that words are stemmed in, BCP 47.
var languages = []string{"de", "en", "fr", "nl"}

// stemmers by language. They see folded words, so that a letter whose accents were not
// read is found as the same letter with them.
var stemmers = map[string]func(string) string{
	"de": stemmer(de.NewGermanNormalizeFilter(), de.NewGermanLightStemmerFilter()),
	"en": stemmer(en.NewEnglishStemmerFilter()),
	"fr": stemmer(fr.NewFrenchLightStemmerFilter()),
	"nl": dutch(stemmer(nl.NewDutchStemmerFilter())),
}

// dutch ends what the Dutch stemmer leaves as it is written before an ending: huiz(en) is
// huis, briev(en) brief, vennootschapp(en) vennootschap.
func dutch(stem func(string) string) func(string) string {
	return func(word string) string {
		s := stem(word)
		n := len(s) - 1
		switch {
		case n < 2:
		case s[n] == 'v':
			return s[:n] + "f"
		case s[n] == 'z':
			return s[:n] + "s"
		case s[n] == s[n-1] && strings.IndexByte("bdfgklmnprst", s[n]) >= 0:
			return s[:n]
		}
		return s
	}
}

func stemmer(filters ...analysis.TokenFilter) func(string) string {
	return func(word string) string {
		one := analysis.TokenStream{&analysis.Token{Term: []byte(word), Type: analysis.AlphaNumeric}}
		for _, f := range filters {
			one = f.Filter(one)
		}
		return string(one[0].Term)
	}
}

// stemTerm keeps stems apart from words, and those of one language from another's: no
// word has the mark.
func stemTerm(language, stem string) string { return language + "_" + stem }
