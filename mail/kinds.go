package mail

import "fmt"

// closed is a closed type's table: the names in the order of its values.
type closed []string

func (c closed) name(v uint8) string {
	if int(v) < len(c) {
		return c[v]
	}
	panic(fmt.Sprintf("bug: value %d of a closed type with %d names", v, len(c)))
}

func (c closed) parse(what string, text []byte) (uint8, error) {
	for i, n := range c {
		if n == string(text) {
			return uint8(i), nil
		}
	}
	return 0, fmt.Errorf("%s %q is not one of %q", what, text, []string(c))
}

// Kind is a scanner file's format, by content.
type Kind uint8

// The formats that are read.
const (
	KindUnknown Kind = iota
	PDF
	TIFF
	JPEG
	PNG
)

var kinds = closed{"", "pdf", "tiff", "jpeg", "png"}

func (k Kind) String() string               { return kinds.name(uint8(k)) }
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
func (k *Kind) UnmarshalText(b []byte) error {
	v, err := kinds.parse("kind", b)
	*k = Kind(v)
	return err
}

// Symbology is the kind of a barcode or patch code.
type Symbology uint8

// The symbologies, by their contract names.
const (
	NoSymbology Symbology = iota
	Code128
	Code39
	Code93
	ITF
	Codabar
	EAN13
	EAN8
	UPCA
	QR
	DataMatrix
	Aztec
	PDF417
	Patch1
	Patch2
	Patch3
	Patch4
	Patch6
	PatchT
)

var symbologies = closed{"", "code-128", "code-39", "code-93", "itf", "codabar", "ean-13", "ean-8", "upc-a",
	"qr", "data-matrix", "aztec", "pdf417", "patch-1", "patch-2", "patch-3", "patch-4", "patch-6", "patch-t"}

func (s Symbology) String() string               { return symbologies.name(uint8(s)) }
func (s Symbology) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
func (s *Symbology) UnmarshalText(b []byte) error {
	v, err := symbologies.parse("symbology", b)
	*s = Symbology(v)
	return err
}

// Patch tells whether the symbology is a patch code.
func (s Symbology) Patch() bool { return s >= Patch1 }

// Look says what an unread place looks like.
type Look uint8

// The looks of a doubt.
const (
	LooksLinear Look = iota // bars of a linear barcode
	LooksMatrix             // a QR, Data Matrix, Aztec or PDF417 code
	LooksPatch              // bars of a patch code, too damaged or contradicting its place on the page
)

var looks = closed{"linear", "matrix", "patch"}

func (l Look) String() string               { return looks.name(uint8(l)) }
func (l Look) MarshalText() ([]byte, error) { return []byte(l.String()), nil }
func (l *Look) UnmarshalText(b []byte) error {
	v, err := looks.parse("look", b)
	*l = Look(v)
	return err
}

// Source is what a fact was read from.
type Source uint8

// The sources of evidence.
const (
	FromBarcode Source = iota
	FromOCR
	FromRegister // a name or postcode of the case register that stands on the page
	FromPerson
)

var sources = closed{"barcode", "ocr", "register", "person"}

func (s Source) String() string               { return sources.name(uint8(s)) }
func (s Source) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
func (s *Source) UnmarshalText(b []byte) error {
	v, err := sources.parse("source", b)
	*s = Source(v)
	return err
}

// Place is where a page ends.
type Place uint8

// The places of a page.
const (
	PlaceDocument Place = iota
	PlaceSeparator
	PlaceDiscarded // by a person, with a reason
)

var places = closed{"document", "separator", "discarded"}

func (p Place) String() string               { return places.name(uint8(p)) }
func (p Place) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
func (p *Place) UnmarshalText(b []byte) error {
	v, err := places.parse("place", b)
	*p = Place(v)
	return err
}

// Reason is why a document waits for a person. The list is closed; each has a
// heading with its remedy in docs/exceptions.md.
type Reason uint8

// The reasons.
const (
	NoReference Reason = iota
	InvalidReference
	UnknownCase
	ClosedCase
	Conflict
	WeakEvidence
	DoubtfulSeparator
	TooManyPages
	UnreadablePage
	UnreadableFile
	Encrypted
	Incomplete
	Duplicate
	LimitExceeded
	SymbolCoding
	DeliveryRefused
	Recall
)

var reasons = closed{"no-reference", "invalid-reference", "unknown-case", "closed-case", "conflict", "weak-evidence",
	"doubtful-separator", "too-many-pages", "unreadable-page", "unreadable-file", "encrypted", "incomplete",
	"duplicate", "limit-exceeded", "symbol-coding", "delivery-refused", "recall"}

// Reasons lists the names of all reasons.
func Reasons() []string { return append([]string(nil), reasons...) }

func (r Reason) String() string               { return reasons.name(uint8(r)) }
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
func (r *Reason) UnmarshalText(b []byte) error {
	v, err := reasons.parse("reason", b)
	*r = Reason(v)
	return err
}
