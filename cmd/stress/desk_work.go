package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"postroom/web/access"
)

// person is one who works at the desk, as habit has it.
type person struct {
	*browser
	office *office
	role   access.Role
	login  string
	rng    *rand.Rand
	found  map[string]time.Time // what is done now and then -> when it was done last
}

// pause gives a time to think, half to one and a half of the usual.
func (p *person) pause(usual time.Duration) time.Duration {
	return time.Duration(float64(usual) * (0.5 + p.rng.Float64()) / p.office.hurry)
}

// due tells whether it is time again for what is done each so often.
func (p *person) due(what string, each time.Duration) bool {
	now := time.Now()
	last, known := p.found[what]
	if !known { // not all at once
		last = now.Add(-time.Duration(p.rng.Float64() * float64(each)))
		p.found[what] = last
	}
	if now.Sub(last) < time.Duration(float64(each)/p.office.hurry) {
		return false
	}
	p.found[what] = now
	return true
}

// show opens a page with what stands on it, and stays there.
func (p *person) show(ctx context.Context, kind, path string, usual time.Duration) page {
	is := p.get(ctx, kind, path)
	p.look(ctx, is)
	p.stay(ctx, is, path, p.pause(usual))
	return is
}

// work has all of them work, each at an own pace.
func (o *office) work(ctx context.Context) error {
	o.record = newRecord()
	before, load := o.measured(), loadOf()
	ctx, stop := context.WithTimeout(ctx, o.duration)
	defer stop()
	var all sync.WaitGroup
	number := uint64(100)
	for _, s := range staff {
		for n := range s.n {
			number++
			p := &person{browser: newBrowser("http://"+o.server.listen, o.record), office: o, role: s.role, login: loginOf(s.role, n),
				rng: rand.New(rand.NewPCG(o.seed, number)), found: map[string]time.Time{}}
			all.Go(func() { p.day(ctx) })
		}
	}
	var failed error
	if o.mail {
		all.Go(func() { failed = o.deliver(ctx) })
	}
	all.Wait()
	if err := errors.Join(failed, o.server.alive()); err != nil {
		return err
	}
	o.report(before, load)
	return nil
}

// arrival is how long it takes until all have come.
const arrival = 20 * time.Second

func (p *person) day(ctx context.Context) {
	select {
	case <-time.After(time.Duration(p.rng.Float64() * float64(arrival))):
	case <-ctx.Done():
		return
	}
	p.look(ctx, p.get(ctx, "sign-in page", "/signin"))
	if in := p.post(ctx, "sign-in", "/signin", url.Values{"login": {p.login}, "password": {password}}); in.status != 200 || in.path == "/signin" {
		p.record.failed("sign-in", p.login+" did not get in")
		return
	}
	habit := map[access.Role]func(context.Context){access.Operator: p.operate, access.Caseworker: p.readLetters, access.Auditor: p.audit, access.Administrator: p.administer}[p.role]
	for ctx.Err() == nil {
		habit(ctx)
	}
}

var (
	fileForm   = regexp.MustCompile(`action="(/station/[0-9a-f]+)/skip"`)
	version    = regexp.MustCompile(`name="version" value="(\d+)"`)
	candidates = regexp.MustCompile(`<button name="reference" value="([^"]+)"`)
	otherPages = regexp.MustCompile(`<a href="(\?page=\d+)#sheet" >`)
	letters    = regexp.MustCompile(`<a href="(/letters/[0-9a-f]+)(?:\?[^"]*)?">`)
	cases      = regexp.MustCompile(`<a href="(/letters/[0-9a-f]+/case)"`)
	turns      = regexp.MustCompile(`<a href="(\?page=\d+)" >`)
	more       = regexp.MustCompile(`<a href="([^"]+)" rel="next"`)
	waits      = regexp.MustCompile(`href="(/station/[0-9a-f]+)"`)
	batchPages = regexp.MustCompile(`href="(/batches/[0-9a-f-]+)"`)
)

// operate decides on what waits, one each ten seconds, and looks now and then at the
// lists, at the intake, and at a batch.
func (p *person) operate(ctx context.Context) {
	is := p.get(ctx, "station, first page", "/station")
	p.look(ctx, is)
	for ctx.Err() == nil {
		switch {
		case p.due("intake", time.Minute):
			in := p.show(ctx, "list: intake", "/intake", 5*time.Second)
			if all := in.find(batchPages); len(all) > 0 {
				p.show(ctx, "batch with its strip", all[p.rng.IntN(len(all))], 5*time.Second)
			}
			return
		case p.due("list", time.Minute):
			in := p.show(ctx, "list: what waits", "/station/list", 5*time.Second)
			p.follow(ctx, in, "list: what waits, further on")
			return
		}
		forms := is.find(fileForm)
		if is.status != 200 || len(forms) == 0 {
			p.stay(ctx, page{}, "", p.pause(5*time.Second))
			return
		}
		is = p.decide(ctx, is, forms[0])
	}
}

// decide thinks about a document, and decides. What comes next is given.
func (p *person) decide(ctx context.Context, is page, path string) page {
	p.stay(ctx, is, path, p.pause(8*time.Second))
	if all := is.find(otherPages); len(all) > 0 && p.rng.IntN(3) == 0 {
		p.look(ctx, p.get(ctx, "station, another page", path+all[p.rng.IntN(len(all))]))
		p.stay(ctx, page{}, "", p.pause(2*time.Second))
	}
	versions := is.find(version)
	if len(versions) == 0 { // somebody else has it
		return p.get(ctx, "station, skipped", "/station")
	}
	form := url.Values{"version": versions[:1]}
	offered := slices.Compact(slices.Sorted(slices.Values(is.find(candidates))))
	next := page{}
	switch n := p.rng.IntN(20); {
	case n == 0:
		form.Set("why", "an advertisement")
		next = p.post(ctx, "station, discard to next", path+"/discard", form)
	case n == 1:
		form.Set("why", "the file is out")
		next = p.post(ctx, "station, later to next", path+"/later", form)
	case n == 2:
		next = p.post(ctx, "station, skip to next", path+"/skip", url.Values{})
	default:
		reference := p.office.any(p.rng)
		if len(offered) > 0 && p.rng.IntN(2) == 0 {
			reference = offered[0]
		}
		for at := 4; at < len(reference)+4; at += 4 { // as fast as one types
			p.post(ctx, "station, lookup while typing", path+"/lookup", url.Values{"reference": {reference[:min(at, len(reference))]}})
			p.stay(ctx, page{}, "", 400*time.Millisecond)
		}
		form.Set("reference", reference)
		next = p.post(ctx, "station, Enter to next", path+"/file", form)
		if shown := p.look(ctx, next); next.status == 200 && ctx.Err() == nil {
			p.record.took("station, Enter to next with its picture", shown)
		}
		if next.status == http.StatusUnprocessableEntity { // what was offered is no case that is open
			form.Set("reference", p.office.any(p.rng))
			next = p.post(ctx, "station, Enter to next", path+"/file", form)
		}
		if next.status != 200 && ctx.Err() == nil { // somebody else was first
			next = p.get(ctx, "station, first page", "/station")
		}
		return next
	}
	p.look(ctx, next)
	return next
}

// any gives an open case.
func (o *office) any(rng *rand.Rand) string { return o.cases[rng.IntN(len(o.cases))] }

// follow goes on in a list, mostly not far.
func (p *person) follow(ctx context.Context, is page, kind string) page {
	for range p.rng.IntN(4) {
		next := is.find(more)
		if len(next) == 0 {
			break
		}
		is = p.show(ctx, kind, strings.ReplaceAll(next[len(next)-1], "&amp;", "&"), 2*time.Second)
	}
	return is
}

// readLetters reads: a letter each twenty seconds with two of its pages, lists between, a
// search each minute.
func (p *person) readLetters(ctx context.Context) {
	is := page{}
	if p.due("search", time.Minute) {
		is = p.post(ctx, "search", "/search", url.Values{"q": {p.words()}})
		p.stay(ctx, is, "/search", p.pause(4*time.Second))
	} else {
		is = p.follow(ctx, p.show(ctx, "list: letters", "/letters", 4*time.Second), "list: letters, further on")
	}
	all := slices.Compact(slices.Sorted(slices.Values(is.find(letters))))
	if len(all) == 0 {
		p.stay(ctx, page{}, "", p.pause(5*time.Second))
		return
	}
	path := all[p.rng.IntN(len(all))]
	letter := p.get(ctx, "letter opened", path)
	if shown := p.look(ctx, letter); letter.status == 200 && ctx.Err() == nil {
		p.record.took("letter opened, with its picture", shown)
	}
	p.stay(ctx, letter, path, p.pause(7*time.Second))
	if others := letter.find(turns); len(others) > 0 {
		p.look(ctx, p.get(ctx, "letter, page turned", path+others[0]))
		p.stay(ctx, letter, path, p.pause(6*time.Second))
	}
	if p.rng.IntN(4) == 0 {
		if of := letter.find(cases); len(of) > 0 {
			p.show(ctx, "list: letters of a case", of[0], 3*time.Second)
		}
	}
}

// words gives something to search for, as letters have it.
func (p *person) words() string {
	words := strings.Fields("demande dossier betaling aanvraag Antrag Bescheid invoice payment letter adresse attestation formulier Rechnung")
	first := words[p.rng.IntN(len(words))]
	switch p.rng.IntN(3) {
	case 0:
		return first + " " + words[p.rng.IntN(len(words))]
	case 1:
		return p.office.any(p.rng)
	}
	return first
}

func (p *person) audit(ctx context.Context) {
	log := p.show(ctx, "log", "/log", 8*time.Second)
	if m := more.FindStringSubmatch(log.text); m != nil && p.rng.IntN(2) == 0 {
		p.show(ctx, "log, further on", strings.ReplaceAll(m[1], "&amp;", "&"), 4*time.Second)
	}
	if all := log.find(regexp.MustCompile(`href="(/story/[0-9a-f]+)"`)); len(all) > 0 {
		p.show(ctx, "story", all[p.rng.IntN(len(all))], 10*time.Second)
	}
	if p.due("figures", time.Minute) {
		p.show(ctx, "figures", "/figures?days="+[]string{"7", "30", "90"}[p.rng.IntN(3)], 5*time.Second)
	}
	if p.due("samples", time.Minute) {
		p.show(ctx, "samples", "/samples", 3*time.Second)
	}
}

func (p *person) administer(ctx context.Context) {
	p.show(ctx, "users", "/users", 10*time.Second)
	p.show(ctx, "figures", "/figures", 10*time.Second)
}

// deliver has a batch of 25 pages come in each minute, through the watched folder.
func (o *office) deliver(ctx context.Context) error {
	err := every(ctx, time.Minute, func() (bool, error) {
		o.delivered++
		return false, o.drop(fmt.Sprintf("mail-%03d", o.delivered))
	})
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	return err
}
