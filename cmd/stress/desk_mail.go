package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"postroom/durable"
	"postroom/samples"
)

// branch is a store with the cases that lead to it.
type branch struct {
	name, pattern, check string
	cases                *regexp.Regexp
}

// branches divide a made-up town's cases among eight stores.
func branches() (all []branch) {
	for _, b := range [][3]string{
		{"tax-old", `TX-20(?:18|19|20)-\d{6}-\d{2}`, "iso7064-mod97-10"},
		{"tax-middle", `TX-20(?:21|22|23)-\d{6}-\d{2}`, "iso7064-mod97-10"},
		{"tax-new", `TX-20(?:24|25|26)-\d{6}-\d{2}`, "iso7064-mod97-10"},
		{"social-north", `\+\+\+[0-4]\d{2}/\d{4}/\d{5}\+\+\+`, "be-ogm"},
		{"social-south", `\+\+\+[5-9]\d{2}/\d{4}/\d{5}\+\+\+`, "be-ogm"},
		{"permits-east", `PER/[0-3]\d{5}/[A-Z]`, "es-nif-letter"},
		{"permits-west", `PER/[4-6]\d{5}/[A-Z]`, "es-nif-letter"},
		{"permits-port", `PER/[7-9]\d{5}/[A-Z]`, "es-nif-letter"},
	} {
		all = append(all, branch{b[0], b[1], b[2], regexp.MustCompile("^" + b[1] + "$")})
	}
	return all
}

func branchOf(all []branch, reference string) string {
	i := slices.IndexFunc(all, func(b branch) bool { return b.cases.MatchString(reference) })
	if i < 0 {
		return ""
	}
	return all[i].name
}

// configuration is that of a mailroom with eight stores.
func configuration(listen string) string {
	text := "data: ./data\nweb: {listen: '" + listen + "'}\nintake: [{folder: ./inbox, name: scanner-1, quiet: 1s, rescan: 1s, max_age: 2m}]\n" +
		"languages: [fra, nld, deu, eng]\nseparation:\n  separators: [{patch: T}, {patch: \"2\", keep: true}, {text: PATCHT}]\n  on_reference: true\n" +
		"register: {csv: ./register.csv}\nreferences:\n"
	for _, b := range branches() {
		text += fmt.Sprintf("  - {scheme: %s, pattern: '%s', check: %s, store: %s}\n", b.name, b.pattern, b.check, b.name)
	}
	text += "stores:\n"
	for _, b := range branches() {
		text += fmt.Sprintf("  - {name: %s, folder: ./cases/%s}\n", b.name, b.name)
	}
	return text
}

// configuredAt writes the configuration with a port that is free now.
func configuredAt(binary, dir string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	l.Close()
	s := &server{binary: binary, dir: dir, config: filepath.Join(dir, "postroom.yaml"), listen: address}
	return s, durable.Overwrite(s.config, strings.NewReader(configuration(address)))
}

// moreCases is how many cases the register has beside the town's.
const moreCases = 20_000

// read makes the mail and has it read, filed and rendered as any other.
func (o *office) read(ctx context.Context) error {
	if err := o.fresh(); err != nil {
		return err
	}
	var files []string
	for name, kinds := range map[string]string{"proven": "bar", "mixed": "bar bar ocr both conflict unknown none"} { // files without anything that waits, and with
		dir := filepath.Join(o.dir, name)
		truths, err := samples.Write(dir, samples.Config{Seed: o.seed, Batches: max(1, o.files/2), Pages: max(1, o.pages/o.files), Levels: []string{"clean"}, Kinds: strings.Fields(kinds)})
		if err != nil {
			return err
		}
		for _, t := range truths {
			files = append(files, filepath.Join(dir, t.File))
		}
	}
	if err := o.register(); err != nil {
		return err
	}
	if err := durable.MkdirAll(filepath.Join(o.dir, "inbox"), 0o750); err != nil {
		return err
	}
	s, err := configuredAt(o.binary, o.dir)
	if err != nil {
		return err
	}
	_, err = s.command(ctx, append([]string{"process"}, files...)...)
	const somethingWaits = 4
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == somethingWaits {
		err = nil
	}
	return err
}

// register writes the town's cases and some thousand more, each with the store that its
// number leads to.
func (o *office) register() error {
	town, err := os.ReadFile(filepath.Join(o.dir, "mixed", "cases.csv"))
	if err != nil {
		return err
	}
	var out strings.Builder
	out.WriteString("reference,store,status,name,postcode\n")
	all, known := branches(), map[string]bool{}
	add := func(reference, status string) {
		if known[reference] {
			return
		}
		known[reference] = true
		fmt.Fprintf(&out, "%s,%s,%s,Person %d,%d\n", reference, branchOf(all, reference), status, len(known), 1000+len(known)%9000)
	}
	in := bufio.NewScanner(strings.NewReader(string(town)))
	for in.Scan() {
		if row := strings.Split(in.Text(), ","); len(row) == 3 && row[0] != "reference" {
			add(row[0], row[2])
		}
	}
	for _, r := range o.references() {
		add(r, "open")
	}
	return durable.Overwrite(filepath.Join(o.dir, "register.csv"), strings.NewReader(out.String()))
}

func (o *office) references() []string { return samples.References(o.seed, moreCases) }
