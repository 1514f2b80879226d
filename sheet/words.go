package sheet

import (
	"maps"
	"slices"
)

// said is what people read on the sheets, in one language. The titles are among those
// that the router takes for a sheet's own, and what stands below them is short: a page
// with many words would pass for a letter.
type said struct {
	separator, separates string
	kept                 string
	ticket, top          string
	documents, pages     string // the number follows
}

// words gives the texts by language, as ISO 639-1 names it.
func words() map[string]said {
	return map[string]said{
		"en": {"SEPARATOR SHEET", "A new letter begins behind this sheet.", "This sheet stays with its letter.",
			"BATCH TICKET", "This batch ticket lies on top of its batch.", "Letters:", "Pages:"},
		"fr": {"FEUILLE DE SÉPARATION", "Une nouvelle lettre commence derrière cette feuille.", "Cette feuille reste avec sa lettre.",
			"BORDEREAU DE LOT", "Ce bordereau de lot se pose sur son lot.", "Lettres :", "Pages :"},
		"nl": {"SCHEIDINGSBLAD", "Achter dit blad begint een nieuwe brief.", "Dit blad blijft bij zijn brief.",
			"BATCHBON", "Deze batchbon ligt boven op zijn stapel.", "Brieven:", "Pagina’s:"},
		"de": {"TRENNBLATT", "Hinter diesem Blatt beginnt ein neuer Brief.", "Dieses Blatt bleibt bei seinem Brief.",
			"STAPELZETTEL", "Dieser Stapelzettel liegt oben auf seinem Stapel.", "Briefe:", "Seiten:"},
	}
}

// Languages lists the languages that there are sheets in.
func Languages() []string { return slices.Sorted(maps.Keys(words())) }
