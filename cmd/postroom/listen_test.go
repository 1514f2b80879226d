package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"postroom/pipeline/journal"
	"postroom/pipeline/journal/bolt"
	"postroom/web/access"
)

// Who must not be reached without TLS is not: the table of web.listen.
func TestExposed(t *testing.T) {
	pair := &WebTLS{"cert.pem", "key.pem"}
	for _, c := range []struct {
		web     Web
		refused bool
	}{
		{Web{Listen: "127.0.0.1:8080"}, false},
		{Web{Listen: "127.8.9.1:8080"}, false},
		{Web{Listen: "[::1]:8080"}, false},
		{Web{Listen: "localhost:8080"}, false},
		{Web{Listen: "0.0.0.0:8080"}, true},
		{Web{Listen: "[::]:8080"}, true},
		{Web{Listen: "10.0.0.1:8080"}, true},
		{Web{Listen: "desk.town.example:8080"}, true},
		{Web{Listen: "localhost.town.example:8080"}, true},
		{Web{Listen: "127.0.0.1.town.example:8080"}, true},
		{Web{Listen: "10.0.0.1:8080", PublicURL: "https://desk.town.example"}, true},
		{Web{Listen: "10.0.0.1:8443", TLS: pair}, false},
		{Web{Listen: "10.0.0.1:8080", BehindProxy: true}, false},
	} {
		why := c.web.exposed()
		if (why != "") != c.refused {
			t.Errorf("%+v: %q", c.web, why)
		}
		if c.refused {
			_, err := listenWeb(t.Context(), c.web, slog.New(slog.DiscardHandler))
			if codeOf(err) != exitConfig || !strings.Contains(err.Error(), "web.tls") {
				t.Errorf("%+v: %v", c.web, err)
			}
		}
	}
	for _, c := range []struct {
		web    Web
		secure bool
	}{{Web{}, false}, {Web{TLS: pair}, true}, {Web{BehindProxy: true}, true}, {Web{PublicURL: "https://x"}, true}, {Web{PublicURL: "http://127.0.0.1"}, false}} {
		if c.web.Secure() != c.secure {
			t.Errorf("%+v: secure is %v", c.web, !c.secure)
		}
	}
}

// writePair writes a certificate of that name, and its key.
func writePair(t *testing.T, files WebTLS, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{files.Certificate: {Type: "CERTIFICATE", Bytes: cert}, files.Key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// pipes is a listener without a network, so that time can be a test's own.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.closed) }); return nil }

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// TestAnswerWaitsForItsHandlers: the journal is closed when answer comes back, so that no
// decision may be in hand then, whether it ends by itself or has to be told.
func TestAnswerWaitsForItsHandlers(t *testing.T) {
	for _, told := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
			ctx, stop := context.WithCancel(t.Context())
			let, done, back := make(chan struct{}), false, false
			handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-let:
				case <-r.Context().Done():
				}
				done = true
			})
			ended := make(chan error, 1)
			go func() {
				err := answer(ctx, l, handler, slog.New(slog.DiscardHandler))
				back = true
				ended <- err
			}()
			browser, server := net.Pipe()
			l.conns <- server
			if _, err := browser.Write([]byte("GET / HTTP/1.1\r\nHost: desk\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = io.Copy(io.Discard, browser) }() // until it is hung up on
			synctest.Wait()
			stop()
			if synctest.Wait(); back {
				t.Error("it came back with a request in hand")
			}
			if !told {
				close(let)
			}
			if err := <-ended; err != nil || !done {
				t.Errorf("told %t: %v; the request has ended: %t", told, err, done)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	web := Web{Listen: "127.0.0.1:0", TLS: &WebTLS{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}}
	log := slog.New(slog.DiscardHandler)
	if _, err := listenWeb(t.Context(), web, log); codeOf(err) != exitConfig {
		t.Fatalf("without the files: %v", err)
	}
	writePair(t, *web.TLS, "first")
	l, err := listenWeb(t.Context(), web, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- answer(ctx, l, http.NotFoundHandler(), log) }()
	ask := func(most uint16) (name string, major int, err error) {
		c := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: most}}}
		defer c.CloseIdleConnections()
		res, err := c.Get("https://" + l.Addr().String() + "/nothing")
		if err != nil {
			return "", 0, err
		}
		defer res.Body.Close()
		return res.TLS.PeerCertificates[0].Subject.CommonName, res.ProtoMajor, nil
	}
	if name, major, err := ask(tls.VersionTLS12); name != "first" || major != 2 || err != nil {
		t.Errorf("%q, HTTP %d, %v", name, major, err)
	}
	if _, _, err := ask(tls.VersionTLS11); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.1: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// New files are used without a restart; while they can't be, the former ones are.
func TestCertificateIsRenewed(t *testing.T) {
	dir := t.TempDir()
	files := WebTLS{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	writePair(t, files, "first")
	var said bytes.Buffer
	c, err := openCertificate(files, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c.now = func() time.Time { return now }
	is := func(want string) {
		t.Helper()
		pair, err := c.get(nil)
		if err != nil || pair.Leaf.Subject.CommonName != want {
			t.Errorf("%v, %v, want %s", pair.Leaf.Subject, err, want)
		}
		now = now.Add(lookEvery)
	}
	touched := func(after time.Duration) { // whatever the file system's clock can tell apart
		if err := os.Chtimes(files.Certificate, now, now.Add(after)); err != nil {
			t.Fatal(err)
		}
	}
	is("first")
	if err := os.WriteFile(files.Certificate, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	touched(time.Hour)
	is("first")
	if strings.Count(said.String(), "can't be used") != 1 {
		t.Errorf("the log: %s", said.String())
	}
	is("first")
	writePair(t, files, "second")
	touched(2 * time.Hour)
	now = now.Add(-lookEvery / 2)
	is("first") // it was looked at a moment ago
	is("second")
	if strings.Count(said.String(), "can't be used") != 1 || strings.Count(said.String(), "renewed") != 1 {
		t.Errorf("the log: %s", said.String())
	}
}

// A configuration without what is new has the digest that it had.
func TestWebSettingsOfBefore(t *testing.T) {
	c := Config{}.withDefaults()
	if text := string(c.settings()); !strings.Contains(text, `"Web":{"Listen":"127.0.0.1:8080"},`) {
		t.Errorf("%s", text)
	}
}

// Sessions go by the configuration, and their entries of the log name who is signed in.
func TestSessionsOfConfiguration(t *testing.T) {
	j, err := bolt.Open(filepath.Join(t.TempDir(), "journal.db"), bolt.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	p := &premises{journal: j, people: access.Open(j, access.Config{}), log: slog.New(slog.DiscardHandler), cfg: Config{Web: Web{BehindProxy: true}}}
	ann, _, err := p.people.Add(t.Context(), "root", access.User{Login: "ann", Name: "Ann Bee"}, "")
	if err != nil {
		t.Fatal(err)
	}
	sessions, w := p.sessions(), httptest.NewRecorder()
	sessions.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := errors.Join(sessions.SignIn(r.Context(), ann.ID), sessions.EndAll(r.Context(), ann.ID)); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if c := w.Result().Cookies(); len(c) != 1 || c[0].Name != "__Host-postroom" {
		t.Errorf("%v", c)
	}
	if err := j.View(t.Context(), func(r journal.Reader) error {
		rows, err := r.Scan(journal.TableEvent, "", "", 9)
		if err == nil && (len(rows) != 2 || !strings.Contains(string(rows[1].Value), `"actor":"Ann Bee (ann)"`)) {
			t.Errorf("%s", rows)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

func TestProviderOfConfiguration(t *testing.T) {
	dir := t.TempDir()
	p := &premises{}
	if provider, err := p.provider(context.Background()); provider != nil || err != nil {
		t.Errorf("%v, %v", provider, err)
	}
	o := &WebOIDC{Issuer: "https://id.town.example", ClientID: "postroom", RedirectURL: "https://desk.town.example/back", ClientSecretFile: filepath.Join(dir, "secret")}
	p.cfg.Web.OIDC = o
	if _, err := p.provider(t.Context()); codeOf(err) != exitConfig {
		t.Errorf("no secret file: %v", err)
	}
	for text, want := range map[string]int{"\n": exitConfig, "s3cret\n": exitDone} {
		if err := os.WriteFile(o.ClientSecretFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := p.provider(t.Context()); codeOf(err) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}
