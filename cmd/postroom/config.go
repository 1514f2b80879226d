package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/pipeline/intake"
	"postroom/router"
	"postroom/router/reference"
)

// Config is postroom.yaml (docs/contract.md); every path in it is absolute.
type Config struct {
	Data       string
	Intake     []Intake
	Languages  []string
	Separation Separation
	Blanks     string // flag, drop-from-rendition
	Routing    Routing
	References []reference.Config
	DoubleKey  []string `json:",omitempty"` // schemes; an older configuration keeps its digest
	Register   Register
	Stores     []StoreFolder
	Web        Web
	Sandbox    string // best-effort, require
	Limits     Limits

	schemes []*reference.Scheme
}

// Intake is a watched folder.
type Intake struct {
	Folder, Name          string
	Quiet, Rescan, MaxAge time.Duration
	Duplex                bool
	Done                  string // "delete", or a folder
}

func (i Intake) watched() intake.Folder {
	f := intake.Folder{Path: i.Folder, Name: i.Name, Quiet: i.Quiet, Rescan: i.Rescan, MaxAge: i.MaxAge, Duplex: i.Duplex}
	if i.Done != "delete" {
		f.Done = i.Done
	}
	return f
}

// Separation says what ends a document.
type Separation struct {
	Separators  []Separator
	OnReference bool
	MaxPages    int
}

// Separator is a control code: a patch code or a symbol's exact text.
type Separator struct {
	Patch mail.Symbology
	Text  string
	Keep  bool
}

// Routing says when a document is filed.
type Routing struct{ Confirm string } // before, after

// Register is the case register.
type Register struct{ CSV string }

// StoreFolder is a case store that is a folder.
type StoreFolder struct{ Name, Folder string }

// Limits bounds what one file may take.
type Limits struct {
	File     int64 // bytes
	Pages    int
	Pixels   int64 // of a page
	PageCPU  time.Duration
	PageWall time.Duration
	Reserve  int64 // bytes that taking a file leaves free on the data disk
}

// withDefaults gives the defaults of docs/contract.md.
func (c Config) withDefaults() Config {
	c.Languages = []string{"eng"}
	c.Separation.OnReference = true
	c.Separation.MaxPages = 50
	c.Blanks, c.Routing.Confirm, c.Sandbox = "flag", "before", "best-effort"
	c.Web = Web{Listen: "127.0.0.1:8080"}
	c.Limits = Limits{File: 500e6, Pages: 10000, Pixels: 60e6, PageCPU: 20 * time.Second, PageWall: 60 * time.Second, Reserve: pipeline.DefaultReserve}
	return c
}

func (i Intake) withDefaults() Intake {
	i.Quiet, i.Rescan, i.MaxAge, i.Done = 2*time.Second, 5*time.Second, 10*time.Minute, "delete"
	return i
}

// Digest identifies the settings, whatever their spelling and comments. It is
// kept with every decision.
func (c Config) Digest() string {
	sum := sha256.Sum256(c.settings())
	return hex.EncodeToString(sum[:])
}

// settings writes the configuration so that equal ones are equal.
func (c Config) settings() json.RawMessage {
	text, err := json.Marshal(c)
	if err != nil {
		panic(fmt.Sprintf("bug: a configuration can't be written: %v", err))
	}
	return text
}

// Schemes gives the reference schemes.
func (c Config) Schemes() []*reference.Scheme { return c.schemes }

// Rules gives the router's settings.
func (c Config) Rules() router.Config {
	r := router.Config{OnReference: c.Separation.OnReference, MaxPages: c.Separation.MaxPages, Schemes: c.schemes}
	for _, s := range c.Separation.Separators {
		r.Separators = append(r.Separators, router.Control{Patch: s.Patch, Text: s.Text, Keep: s.Keep})
	}
	return r
}

// ControlTexts lists the texts of configured control codes.
func (c Config) ControlTexts() (texts []string) {
	for _, s := range c.Separation.Separators {
		if s.Text != "" {
			texts = append(texts, s.Text)
		}
	}
	return texts
}

// configError is a configuration that can't be used: a line for each problem.
type configError struct{ problems []string }

func (e configError) Error() string { return strings.Join(e.problems, "\npostroom: ") }
