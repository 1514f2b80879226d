package web

import (
	"fmt"
	"math"

	"golang.org/x/text/number"

	"postroom/pipeline"
)

// scannerView is how a source scanned in the last weeks.
type scannerView struct {
	Name     string
	Warnings []string
	Weeks    []pipeline.Week
}

func (v *visit) scanners(all []pipeline.Scanner) (views []scannerView) {
	for _, s := range all {
		if s.Name == byCommand {
			continue // whatever scanned those
		}
		views = append(views, scannerView{s.Name, v.warnings(s), s.Weeks})
	}
	return views
}

// warnings says what is wrong with a scanner.
func (v *visit) warnings(s pipeline.Scanner) (all []string) {
	p := v.desk.words.in(v.lang)
	for _, w := range s.Warnings {
		switch w.Code {
		case pipeline.WarnStreak:
			text := v.t("scanner.streak", "Place", p.number(math.Round(w.Place)), "Seen", p.number(w.Seen), "Of", p.number(w.Of))
			if w.Seen == w.Of {
				text = v.t("scanner.streak_all", "Place", p.number(math.Round(w.Place)), "Seen", p.number(w.Seen))
			}
			switch w.Side {
			case "front":
				text += " " + v.t("scanner.front")
			case "back":
				text += " " + v.t("scanner.back")
			}
			all = append(all, text)
		case pipeline.WarnDoubts:
			all = append(all, v.t("scanner.doubts", "Now", p.percent(w.Now), "Before", p.percent(w.Before)))
		case pipeline.WarnConfidence:
			all = append(all, v.t("scanner.confidence", "Now", p.percent(w.Now), "Before", p.percent(w.Before)))
		case pipeline.WarnSkew:
			all = append(all, v.t("scanner.skew", "Now", p.tenths(w.Now), "Before", p.tenths(w.Before)))
		}
	}
	return all
}

// tenths writes a number with one place.
func (s speech) tenths(n float64) string {
	return s.printer.Sprint(number.Decimal(n, number.MinFractionDigits(1), number.MaxFractionDigits(1)))
}

// shareOf and meanOf write what a week's ratios are; there may be none.
func (s speech) shareOf(what string, w pipeline.Week) (string, error) {
	switch what {
	case "confidence":
		if mean, ok := w.Sure(); ok {
			return s.percent(mean), nil
		}
	case "doubts":
		if share, ok := w.Doubted(); ok {
			return s.percent(share), nil
		}
	default:
		return "", fmt.Errorf("bug: a week has no %s", what)
	}
	return "–", nil
}

func (s speech) meanOf(w pipeline.Week) string {
	if mean, ok := w.Askew(); ok {
		return s.tenths(mean) + "°"
	}
	return "–"
}
