package sheet_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"postroom/mail"
	"postroom/sheet"
)

// TestWhatCannotBePrinted: an order that can't be printed writes nothing and says what would do.
func TestWhatCannotBePrinted(t *testing.T) {
	patch := []sheet.Separator{{Patch: mail.PatchT}}
	for says, o := range map[string]sheet.Order{
		"choose one of separator, patch":        {Kind: "poster"},
		"choose one of de, en, fr, nl":          {Kind: sheet.SeparatorSheet, Separators: patch, Language: "tlh"},
		"order 1 or more":                       {Kind: sheet.SeparatorSheet, Separators: patch, Copies: -1},
		"at most 500 sheets":                    {Kind: sheet.SeparatorSheet, Separators: patch, Copies: 501},
		"or 2400 labels":                        {Kind: sheet.LabelSheet, References: refs(t, caseA, caseB), Copies: 1201},
		"order fewer":                           {Kind: sheet.PatchSheet, Separators: patch, Copies: 1 << 62},
		"whose sheet is dropped: add":           {Kind: sheet.SeparatorSheet, Separators: []sheet.Separator{{Patch: mail.Patch2, Keep: true}}},
		"no patch code is configured: add":      {Kind: sheet.PatchSheet, Separators: []sheet.Separator{{Text: "X"}}},
		"as many tickets as there are batches":  {Kind: sheet.TicketSheet, Tickets: make([]sheet.Ticket, 1), Copies: 2},
		"A ticket counts":                       {Kind: sheet.TicketSheet},
		"no reference to print a label for":     {Kind: sheet.LabelSheet},
		"is empty, or longer":                   {Kind: sheet.LabelSheet, References: make([]mail.Reference, 1)},
		"longer than the 60 characters":         {Kind: sheet.LabelSheet, References: []mail.Reference{refs(t, caseA)[0].As(strings.Repeat("9", 61))}},
		"longer than the 250 bytes":             {Kind: sheet.SeparatorSheet, Separators: []sheet.Separator{{Text: strings.Repeat("x", 251)}}},
		"'封', which can't be printed":           {Kind: sheet.SeparatorSheet, Separators: []sheet.Separator{{Text: "封"}}},
		"'\\U0001f4ec', which can't be printed": {Kind: sheet.TicketSheet, Tickets: []sheet.Ticket{{Name: "post 📬"}}},
	} {
		var out bytes.Buffer
		err := sheet.Print(&out, o)
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(says)) && !strings.Contains(err.Error(), "📬") || out.Len() > 0 {
			t.Errorf("%q: %v, %d bytes", says, err, out.Len())
		}
	}
}

func TestLongestTextsArePrinted(t *testing.T) {
	for _, o := range []sheet.Order{
		{Kind: sheet.SeparatorSheet, Separators: []sheet.Separator{{Text: strings.Repeat("é", 125)}}},
		{Kind: sheet.SeparatorSheet, Separators: []sheet.Separator{{Text: strings.Repeat("x", 250)}}},
		{Kind: sheet.LabelSheet, References: []mail.Reference{refs(t, caseA)[0].As(strings.Repeat("é", 30))}},
	} {
		var out bytes.Buffer
		if err := sheet.Print(&out, o); err != nil || !bytes.HasPrefix(out.Bytes(), []byte("%PDF-")) {
			t.Errorf("%v, %d bytes", err, out.Len())
		}
	}
}

// TestCodesAreNoPictures: a printer's own resolution draws them.
func TestCodesAreNoPictures(t *testing.T) {
	var out bytes.Buffer
	if err := sheet.Print(&out, sheet.Order{Kind: sheet.LabelSheet, References: refs(t, caseA)}); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out.Bytes(), []byte("/Subtype /Image")) || bytes.Contains(out.Bytes(), []byte("/Subtype/Image")) {
		t.Error("there is a picture in it")
	}
	if !bytes.Contains(out.Bytes(), []byte("/MediaBox [0 0 595.28 841.89]")) {
		t.Error("it is not A4")
	}
}

type full struct{}

var errFull = errors.New("the disk is full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWritersErrorIsTold(t *testing.T) {
	if err := sheet.Print(full{}, sheet.Order{Kind: sheet.PatchSheet, Separators: []sheet.Separator{{Patch: mail.PatchT}}}); !errors.Is(err, errFull) {
		t.Errorf("%v", err)
	}
}

// TestEveryLanguageSaysAll: no text is missing in any.
func TestEveryLanguageSaysAll(t *testing.T) {
	if got := sheet.Languages(); !reflect.DeepEqual(got, []string{"de", "en", "fr", "nl"}) {
		t.Errorf("languages %v", got)
	}
	sheet.EachText(func(language, field, text string) {
		if text == "" {
			t.Errorf("%s: %s is not said", language, field)
		}
	})
}

func BenchmarkPrint(b *testing.B) {
	want := mail.Ticket{ID: "ABCDEFGHIJKLMNOP", Counts: mail.Counts{Documents: 10, Pages: 250}}
	for name, o := range map[string]sheet.Order{
		"separator":      {Kind: sheet.SeparatorSheet, Separators: []sheet.Separator{{Patch: mail.PatchT}, {Text: "PATCHT"}}},
		"500 separators": {Kind: sheet.SeparatorSheet, Separators: []sheet.Separator{{Patch: mail.PatchT}, {Text: "PATCHT"}}, Copies: 500},
		"ticket":         {Kind: sheet.TicketSheet, Tickets: []sheet.Ticket{{Ticket: want, Code: want.Text(key), Name: "Monday"}}},
		"24 labels":      {Kind: sheet.LabelSheet, References: refs(b, caseA), Copies: 24},
		"2400 labels":    {Kind: sheet.LabelSheet, References: refs(b, caseA), Copies: 2400},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := sheet.Print(io.Discard, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
