package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// browser is one person's: it keeps cookies, follows redirects, gets a page's pictures as
// far as they are seen, and keeps what it may.
type browser struct {
	client *http.Client
	base   string
	record *record

	mu    sync.Mutex
	tags  map[string]string // picture -> its ETag; "" = kept for ever
	lines chan struct{}     // connections at once
}

// connections is how many a browser opens to a server.
const connections = 6

func newBrowser(base string, r *record) *browser {
	jar, _ := cookiejar.New(nil)                                                                         // without options it never fails
	transport := &http.Transport{MaxConnsPerHost: connections + 1, MaxIdleConnsPerHost: connections + 1} // one for what is live
	return &browser{client: &http.Client{Jar: jar, Transport: transport}, base: base, record: r, tags: map[string]string{}, lines: make(chan struct{}, connections)}
}

// page is what came.
type page struct {
	path, text string
	status     int
	took       time.Duration
}

func (p page) find(pattern *regexp.Regexp) (all []string) {
	for _, m := range pattern.FindAllStringSubmatch(p.text, -1) {
		all = append(all, m[1])
	}
	return all
}

// get opens a page; kind is what it is counted as.
func (b *browser) get(ctx context.Context, kind, path string) page {
	return b.ask(ctx, kind, http.MethodGet, path, nil, nil)
}

// post sends a form, and follows where it leads.
func (b *browser) post(ctx context.Context, kind, path string, form url.Values) page {
	return b.ask(ctx, kind, http.MethodPost, path, form, nil)
}

// poll is what a live page asks by itself.
func (b *browser) poll(ctx context.Context, path string) {
	b.ask(ctx, "live page, by itself", http.MethodGet, path, nil, map[string]string{"HX-Request": "true", "Postroom-Poll": "1"})
}

func (b *browser) ask(ctx context.Context, kind, method, path string, form url.Values, head map[string]string) (p page) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, b.base+path, body)
	if err != nil {
		b.record.failed(kind, err.Error())
		return p
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range head {
		r.Header.Set(k, v)
	}
	begun := time.Now()
	answer, err := b.client.Do(r)
	if err != nil {
		if ctx.Err() == nil {
			b.record.failed(kind, err.Error())
		}
		return p
	}
	text, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if p = (page{answer.Request.URL.Path, string(text), answer.StatusCode, time.Since(begun)}); ctx.Err() != nil {
		return p
	}
	if p.status == http.StatusUnprocessableEntity { // the form again, with what is wrong
		kind += ", refused"
	} else if err != nil || p.status >= 400 {
		b.record.failed(kind, fmt.Sprint(p.status, " ", err))
		return p
	}
	b.record.took(kind, p.took)
	return p
}

var sources = regexp.MustCompile(`(?:src|href)="(/(?:static|station|batches|letters|story)/[^"]*)"`)

// look gets what a page shows besides its text: style, script and the first pictures. It
// tells when the page's large picture was there, from when the page was asked for.
func (b *browser) look(ctx context.Context, p page) time.Duration {
	const thumbs = 12 // of a strip that are on the screen
	var all sync.WaitGroup
	var mu sync.Mutex
	shown, small, begun := p.took, 0, time.Now()
	for _, path := range p.find(sources) {
		large := strings.HasSuffix(path, "/screen")
		switch {
		case strings.HasPrefix(path, "/static/"), strings.Contains(path, "/fact/"), large:
		case strings.HasSuffix(path, "/thumb"):
			if small++; small > thumbs {
				continue
			}
		default:
			continue
		}
		all.Go(func() {
			b.lines <- struct{}{}
			b.picture(ctx, path)
			<-b.lines
			if large {
				mu.Lock()
				shown = p.took + time.Since(begun)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return shown
}

func (b *browser) picture(ctx context.Context, path string) {
	b.mu.Lock()
	tag, known := b.tags[path]
	b.mu.Unlock()
	if known && tag == "" {
		return
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+path, nil)
	if err != nil {
		return
	}
	if known {
		r.Header.Set("If-None-Match", tag)
	}
	kind := b.record.pictureKind(path, known)
	begun := time.Now()
	answer, err := b.client.Do(r)
	if err != nil {
		if ctx.Err() == nil {
			b.record.failed(kind, err.Error())
		}
		return
	}
	_, err = io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	switch {
	case ctx.Err() != nil:
	case err != nil || answer.StatusCode >= 400:
		b.record.failed(kind, fmt.Sprint(answer.StatusCode, " ", err))
	default:
		b.record.took(kind, time.Since(begun))
		b.mu.Lock()
		if tag := answer.Header.Get("ETag"); tag != "" || strings.Contains(answer.Header.Get("Cache-Control"), "immutable") {
			b.tags[path] = tag
		}
		b.mu.Unlock()
	}
}

// stay keeps a page open for a while; one that is live asks for itself when it is told to.
func (b *browser) stay(ctx context.Context, p page, path string, pause time.Duration) {
	ctx, stop := context.WithTimeout(ctx, pause)
	defer stop()
	parts := strings.Count(p.text, `hx-trigger="live"`)
	if parts == 0 {
		<-ctx.Done()
		return
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+"/live", nil)
	if err != nil {
		return
	}
	r.Header.Set("Accept", "text/event-stream")
	answer, err := b.client.Do(r)
	if err != nil {
		<-ctx.Done()
		return
	}
	defer answer.Body.Close()
	for in := bufio.NewScanner(answer.Body); in.Scan(); {
		if in.Text() == "event: changed" {
			for range parts {
				b.poll(ctx, path)
			}
		}
	}
	<-ctx.Done()
}
