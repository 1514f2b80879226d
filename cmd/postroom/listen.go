package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"
)

// listenWeb listens where the desk is to be, with TLS when it has a certificate. What the
// configuration must not ask for, or can't have, is exit 3.
func listenWeb(ctx context.Context, w Web, log *slog.Logger) (net.Listener, error) {
	if why := w.exposed(); why != "" {
		return nil, exit{exitConfig, errors.New(why)}
	}
	var certificate *certificate
	if w.TLS != nil {
		var err error
		if certificate, err = openCertificate(*w.TLS, log); err != nil {
			return nil, exit{exitConfig, fmt.Errorf("web.tls: %w", err)}
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", w.Listen)
	if err != nil {
		return nil, exit{exitConfig, fmt.Errorf("web.listen: %w", err)}
	}
	if certificate == nil {
		return l, nil
	}
	return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: certificate.get}), nil
}

// certificate is a pair of files that may be renewed while they are used.
type certificate struct {
	files WebTLS
	log   *slog.Logger
	now   func() time.Time

	mu     sync.Mutex
	pair   *tls.Certificate
	stamp  string // of the files as they were read last, usable or not
	looked time.Time
}

// lookEvery is how often a connection's beginning looks at the files.
const lookEvery = time.Second

func openCertificate(files WebTLS, log *slog.Logger) (*certificate, error) {
	c := &certificate{files: files, log: log, now: time.Now}
	c.stamp = c.stamped()
	pair, err := tls.LoadX509KeyPair(files.Certificate, files.Key)
	c.pair = &pair
	return c, err
}

// stamped tells a file from another one of its name.
func (c *certificate) stamped() (stamp string) {
	for _, path := range []string{c.files.Certificate, c.files.Key} {
		if f, err := os.Stat(path); err == nil {
			stamp += fmt.Sprintf("%d %d ", f.ModTime().UnixNano(), f.Size())
		}
	}
	return stamp
}

// get gives the certificate of the files as they are now; while they are none, or the key
// is not the certificate's yet, the last good one.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if now.Sub(c.looked) < lookEvery {
		return c.pair, nil
	}
	c.looked = now
	stamp := c.stamped()
	if stamp == c.stamp {
		return c.pair, nil
	}
	pair, err := tls.LoadX509KeyPair(c.files.Certificate, c.files.Key)
	if c.stamp = stamp; err != nil {
		c.log.Error("the new certificate can't be used; the former one stays", "error", err)
		return c.pair, nil
	}
	c.pair = &pair
	c.log.Info("the certificate was renewed", "until", pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
	return c.pair, nil
}
