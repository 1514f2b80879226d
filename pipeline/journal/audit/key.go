package audit

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"postroom/durable"
	"postroom/pipeline/journal"
)

// ErrNoKey is a log whose signing key is not there.
var ErrNoKey = errors.New("the audit log's signing key is gone")

// Log seals events with a key.
type Log struct {
	signer    note.Signer
	verifiers note.Verifiers
	public    []string // verifier keys, the newest first
}

// A log's key is two files: PATH.key, which signs and is nobody else's business, and
// PATH.pub, which verifies: a key a line, the newest first, so that checkpoints of
// former keys can be told from forged ones.

// Open gives the log of a journal. Its key is made when nothing was signed yet; one that
// is gone later is ErrNoKey, and not quietly made anew: its checkpoints would pass for a
// stranger's. Events that versions without a log have left are sealed.
func Open(ctx context.Context, path string, j journal.Store) (*Log, error) {
	var signed string
	if err := j.View(ctx, func(r journal.Reader) (err error) {
		signed, _, err = Checkpoint(r)
		return err
	}); err != nil {
		return nil, err
	}
	log, err := OpenKey(path)
	if errors.Is(err, ErrNoKey) && signed == "" {
		log, err = MakeKey(path)
	}
	if err != nil || signed != "" {
		return log, err
	}
	return log, j.Tx(ctx, log.Seal)
}

// OpenKey reads the key; ErrNoKey.
func OpenKey(path string) (*Log, error) {
	secret, err := os.ReadFile(path + ".key")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s.key", ErrNoKey, path)
	}
	if err != nil {
		return nil, fmt.Errorf("audit key: %w", err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(secret)))
	if err != nil {
		return nil, fmt.Errorf("audit key %s.key: %w", path, err)
	}
	text, err := os.ReadFile(path + ".pub")
	if err != nil {
		return nil, fmt.Errorf("audit key: %w", err)
	}
	public, verifiers, err := ParseKeys(string(text))
	if err != nil {
		return nil, fmt.Errorf("audit key %s.pub: %w", path, err)
	}
	if v, err := note.NewVerifier(public[0]); err != nil || v.Name() != signer.Name() || v.KeyHash() != signer.KeyHash() {
		return nil, fmt.Errorf("audit key: the first line of %s.pub does not belong to %s.key", path, path)
	}
	return &Log{signer, verifiers, public}, nil
}

// MakeKey makes a new key, and keeps what verifies the former ones.
func MakeKey(path string) (*Log, error) {
	name := make([]byte, 4)
	_, _ = rand.Read(name) // it never fails
	secret, public, err := note.GenerateKey(rand.Reader, "postroom-"+hex.EncodeToString(name))
	if err != nil {
		return nil, fmt.Errorf("make an audit key: %w", err)
	}
	former, err := os.ReadFile(path + ".pub")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("audit key: %w", err)
	}
	// The public half comes first: a signature that nobody can check is worth nothing.
	if err := durable.Overwrite(path+".pub", strings.NewReader(public+"\n"+string(former))); err != nil {
		return nil, fmt.Errorf("audit key: %w", err)
	}
	if err := durable.Secret(path+".key", strings.NewReader(secret+"\n")); err != nil {
		return nil, fmt.Errorf("audit key: %w", err)
	}
	return OpenKey(path)
}

// ParseKeys reads verifier keys, one a line.
func ParseKeys(text string) (keys []string, verifiers note.Verifiers, err error) {
	var list []note.Verifier
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l == "" {
			continue
		}
		v, err := note.NewVerifier(l)
		if err != nil {
			return nil, nil, fmt.Errorf("%.60q is no verifier key: %w", l, err)
		}
		keys, list = append(keys, l), append(list, v)
	}
	if len(keys) == 0 {
		return nil, nil, errors.New("there is no verifier key in it")
	}
	return keys, note.VerifierList(list...), nil
}

// Public gives the verifier key in force.
func (l *Log) Public() string { return l.public[0] }
