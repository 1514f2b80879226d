package samples

import (
	"fmt"
	"image"
	"iter"
	"math/rand/v2"
	"strings"

	"postroom/mail"
)

// CodePage is a scanned page with text and one code, to compare readers by.
type CodePage struct {
	Symbology mail.Symbology
	Text      string
	Mil       int // module width, tenths of a thousandth of an inch
	DPI       int
	Level     string // office, fair
	Bitonal   bool
	Turn      int // how the page lies turned, degrees clockwise
	Picture   *image.Gray
}

// The symbologies, module widths (thousandths of an inch), resolutions and
// conditions of scanning that code pages are made of, each with each.
var (
	benchSymbologies = []mail.Symbology{mail.Code128, mail.Code39, mail.ITF, mail.Codabar, mail.EAN13, mail.QR, mail.DataMatrix, mail.Aztec, mail.PDF417}
	benchMils        = []float64{7.5, 10, 13, 20}
	benchDPIs        = []int{200, 300}
	benchConditions  = []struct {
		level   string
		bitonal bool
	}{{"office", false}, {"office", false}, {"fair", false}, {"office", true}, {"fair", true}}
)

// CodePages makes 360 A4 pages, each at any right angle. The same seed gives the
// same pages. They are worn so that a known good reader, zxing-cpp 3.1.1, reads
// about three quarters of them: 4 in 10 of the smallest modules, all of the largest.
func CodePages(seed uint64) iter.Seq[CodePage] {
	return func(yield func(CodePage) bool) {
		n := uint64(0)
		for _, sym := range benchSymbologies {
			for _, mil := range benchMils {
				for _, dpi := range benchDPIs {
					for _, c := range benchConditions {
						n++
						rng := rand.New(rand.NewPCG(seed, n))
						p := CodePage{Symbology: sym, Text: benchText(rng, sym), Mil: int(mil * 10), DPI: dpi, Level: c.level, Bitonal: c.bitonal, Turn: 90 * rng.IntN(4)}
						p.Picture = p.scan(rng, mil)
						if !yield(p) {
							return
						}
					}
				}
			}
		}
	}
}

// benchText gives what the symbology carries in the mail.
func benchText(rng *rand.Rand, sym mail.Symbology) string {
	switch sym {
	case mail.ITF:
		return withCheckDigit(fmt.Sprintf("%013d", rng.Int64N(1e13)))
	case mail.EAN13:
		return withCheckDigit(fmt.Sprintf("54%010d", rng.Int64N(1e10)))
	case mail.Codabar:
		return fmt.Sprintf("A%010dB", rng.Int64N(1e10))
	case mail.PDF417:
		return fmt.Sprintf("%s %s %s", newCase(rng).reference, pick(rng, people), pick(rng, streets))
	}
	return newCase(rng).reference
}

// scan prints the code below some text and scans the page.
func (p CodePage) scan(rng *rand.Rand, mil float64) *image.Gray {
	s := newSheet(p.DPI)
	body, y := s.pen("regular", 10.5), 30.0
	all := pick(rng, languages)
	for range 3 {
		order := rng.Perm(len(all.sentences))
		text := []string{all.sentences[order[0]], all.sentences[order[1]], all.sentences[order[2]]}
		y = s.paragraph(body, 22, y, 165, strings.Join(text, " ")) + 4
	}
	code := newPrinted(rng, symbologyOf(p.Symbology), p.Text, 1, p.DPI)
	code.mil = mil
	s.code(code, 15+(180-code.wide())*rng.Float64(), 165+(100-code.high())*rng.Float64())
	w := wornAt(rng, p.Level)
	g := w.worn(rng, s)
	if p.Bitonal {
		g = w.bitonal(g)
	}
	return lying(g, p.Turn)
}

// PatchPage is a scanned sheet with one patch code and perhaps a line of print or a
// code, or a letter without any.
type PatchPage struct {
	Patch   mail.Symbology // 0 = none
	DPI     int
	Level   string // office, fair, poor
	Bitonal bool
	Turn    int     // degrees clockwise
	Skew    float64 // degrees clockwise
	Copied  bool    // its bars have grown by a fifth
	Streaks int
	Picture *image.Gray
}

// PatchPages makes sheets of all six patch codes, askew by up to 5 degrees, and for
// each two of them a letter. The same seed gives the same pages.
func PatchPages(seed uint64, pages int) iter.Seq[PatchPage] {
	return func(yield func(PatchPage) bool) {
		town := newTown(rand.New(rand.NewPCG(seed, 0)))
		codes := []mail.Symbology{mail.Patch1, mail.Patch2, mail.Patch3, mail.Patch4, mail.Patch6, mail.PatchT}
		levels := []string{"office", "fair", "poor"}
		for i := range pages {
			rng := rand.New(rand.NewPCG(seed, uint64(i)+1))
			p := PatchPage{DPI: []int{200, 300}[i%2], Level: levels[rng.IntN(3)], Bitonal: rng.IntN(2) == 0, Turn: 90 * rng.IntN(4), Skew: spread(rng, 5)}
			s := newSheet(p.DPI)
			if i%3 == 2 {
				plan := newPlan(rng, town, "patcht", nil)
				plan.pages, plan.codePage, plan.printPage = 1, 0, 0
				sheets, _ := plan.write(rng, p.DPI)
				s = sheets[0]
			} else {
				p.Patch, p.Copied = codes[i/3%6], rng.IntN(2) == 0
				grown := 0.0
				if p.Copied {
					grown = 0.2
				}
				s.patchGrown(rng, p.Patch, grown)
				if rng.IntN(2) == 0 {
					s.text(s.pen("bold", 24), 60, 120, pick(rng, pick(rng, languages).captions))
				}
				if rng.IntN(3) == 0 {
					s.code(newPrinted(rng, symbologyOf(mail.QR), "PATCHT", 25, p.DPI), 60+40*rng.Float64(), 60+40*rng.Float64())
				}
			}
			w := wornAt(rng, p.Level)
			w.skew, w.streaks = p.Skew, rng.IntN(3)
			p.Streaks, p.Picture = w.streaks, w.worn(rng, s)
			if p.Bitonal {
				p.Picture = w.bitonal(p.Picture)
			}
			p.Picture = lying(p.Picture, p.Turn)
			if !yield(p) {
				return
			}
		}
	}
}

// TextPage is a scanned page of a letter, to measure the reading of text by.
type TextPage struct {
	Language string
	Level    string // clean, office, poor
	DPI      int
	Bitonal  bool
	Turn     int // how the page lies turned, degrees clockwise
	Quality  int // of JPEG
	Picture  *image.Gray
	Words    []string // as they were printed
	// Reference is the case's that the letter names in print.
	Reference string
}

// TextPages makes first pages of letters in all languages, levels and encodings;
// each eighth lies turned. The same seed gives the same pages.
func TextPages(seed uint64, pages int) iter.Seq[TextPage] {
	return func(yield func(TextPage) bool) {
		town := newTown(rand.New(rand.NewPCG(seed, 0)))
		levels := []string{"clean", "office", "poor"}
		for i := range pages {
			rng := rand.New(rand.NewPCG(seed, uint64(i)+1))
			plan := newPlan(rng, town, "patcht", []string{"ocr"})
			plan.lang, plan.pages, plan.printPage = languages[i%len(languages)], 1, 0
			p := TextPage{Language: plan.lang.code, Level: levels[i/len(languages)%len(levels)], DPI: 300, Bitonal: i%3 == 1}
			if i%5 == 4 {
				p.DPI = 200
			}
			if i%8 == 7 {
				p.Turn = pick(rng, []int{90, 180, 270})
			}
			sheets, _ := plan.write(rng, p.DPI)
			w := wornAt(rng, p.Level)
			p.Words, p.Quality, p.Reference = sheets[0].words, w.quality, plan.print.reference
			p.Picture = w.worn(rng, sheets[0])
			if p.Bitonal {
				p.Picture = w.bitonal(p.Picture)
			}
			p.Picture = lying(p.Picture, p.Turn)
			if !yield(p) {
				return
			}
		}
	}
}

// TextFile writes pages as a PDF: bitonal ones as Group 4, the others as JPEG.
func TextFile(pages []TextPage) ([]byte, error) {
	var all []picture
	for _, p := range pages {
		coding := "jpeg"
		if p.Bitonal {
			coding = "g4"
		}
		drawn, err := pictureOf(coding, side{p.Picture, p.Quality}, p.DPI)
		if err != nil {
			return nil, err
		}
		all = append(all, drawn)
	}
	return pdfOf(all, false), nil
}
