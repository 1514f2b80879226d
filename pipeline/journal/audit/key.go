package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"postroom/durable"
	"postroom/pipeline/journal"
)

// ErrNoKey is a log whose signing key is not there.
var ErrNoKey = errors.New("the audit log's signing key is gone")

// Log seals events with a key.
type Log struct {
	signer note.Signer
	keys   Keys
}

// Keys are what verifies a log: the key in force, and former ones, each for as many
// entries as the log had when it was replaced. What they sign beyond is a thief's.
type Keys struct {
	Public    string // the key in force
	verifiers note.Verifiers
	upTo      map[uint32]int64 // of former keys, by their hash
}

// A log's key is two files: PATH.key, which signs and is nobody else's business, and
// PATH.pub, which verifies: a key a line, the newest first, each former one followed by
// the number of entries that it may vouch for.

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
		log, err = MakeKey(path, 0)
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
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w, or what verifies it: %s.pub", ErrNoKey, path)
	}
	if err != nil {
		return nil, fmt.Errorf("audit key: %w", err)
	}
	keys, err := ParseKeys(string(text))
	if err != nil {
		return nil, fmt.Errorf("audit key %s.pub: %w", path, err)
	}
	if v, err := note.NewVerifier(keys.Public); err != nil || v.Name() != signer.Name() || v.KeyHash() != signer.KeyHash() {
		return nil, fmt.Errorf("%w: %s.key is not that of the first line of %s.pub", ErrNoKey, path, path) // as after a crash between both
	}
	return &Log{signer, keys}, nil
}

// MakeKey makes a new key, and keeps what verifies the former ones up to the log's
// present number of entries.
func MakeKey(path string, entries int64) (*Log, error) {
	name := make([]byte, 4)
	_, _ = rand.Read(name) // it never fails
	secret, public, err := note.GenerateKey(rand.Reader, "postroom-"+hex.EncodeToString(name))
	if err != nil {
		return nil, fmt.Errorf("make an audit key: %w", err)
	}
	former, err := os.ReadFile(path + ".pub")
	if errors.Is(err, fs.ErrNotExist) {
		former, err = verifying(path + ".key")
	}
	if err != nil {
		return nil, fmt.Errorf("audit key: %w", err)
	}
	text := public + "\n"
	for l := range strings.Lines(string(former)) {
		fields := strings.Fields(l)
		if len(fields) == 0 {
			continue
		}
		if _, err := note.NewVerifier(fields[0]); err != nil {
			continue // it verifies nothing, and would keep all others from being read
		}
		if len(fields) == 1 {
			fields = append(fields, strconv.FormatInt(entries, 10))
		}
		text += strings.Join(fields[:2], " ") + "\n"
	}
	if _, err := ParseKeys(text); err != nil {
		return nil, fmt.Errorf("audit key %s.pub: %w", path, err)
	}
	// The public half comes first: a signature that nobody can check is worth nothing.
	if err := durable.Overwrite(path+".pub", strings.NewReader(text)); err != nil {
		return nil, fmt.Errorf("audit key: %w", err)
	}
	if err := durable.Secret(path+".key", strings.NewReader(secret+"\n")); err != nil {
		if len(former) > 0 { // the former key goes on
			err = errors.Join(err, durable.Overwrite(path+".pub", bytes.NewReader(former)))
		}
		return nil, fmt.Errorf("audit key: %w", err)
	}
	return OpenKey(path)
}

// verifying gives the verifier key of a signing key's file; nothing when that is not there.
// The form is that of note.GenerateKey.
func verifying(file string) ([]byte, error) {
	secret, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	parts := strings.Split(strings.TrimSpace(string(secret)), "+")
	if err != nil || len(parts) < 5 {
		return nil, err
	}
	seed, err := base64.StdEncoding.DecodeString(strings.Join(parts[4:], "+"))
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return nil, err
	}
	public, err := note.NewEd25519VerifierKey(parts[2], ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey))
	return []byte(public + "\n"), err
}

// ParseKeys reads verifier keys, one a line, as PATH.pub has them.
func ParseKeys(text string) (Keys, error) {
	k := Keys{upTo: map[uint32]int64{}}
	var list []note.Verifier
	for l := range strings.Lines(text) {
		fields := strings.Fields(l)
		if len(fields) == 0 {
			continue
		}
		v, err := note.NewVerifier(fields[0])
		if err != nil {
			return k, errors.New("it has a line that is no verifier key") // which may be a secret one
		}
		switch {
		case len(list) == 0 && len(fields) == 1:
			k.Public = fields[0]
		case len(list) > 0 && len(fields) == 1:
			// Nobody has said how far it goes.
		case len(list) > 0 && len(fields) == 2:
			n, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil || n < 0 {
				return k, fmt.Errorf("%q is no number of entries", fields[1])
			}
			k.upTo[v.KeyHash()] = n
		default:
			return k, errors.New("the first line is a key, and each other one a former key with the number of entries that it vouches for")
		}
		list = append(list, v)
	}
	if len(list) == 0 {
		return k, errors.New("there is no verifier key in it")
	}
	k.verifiers = note.VerifierList(list...)
	return k, nil
}

// Public gives the verifier key in force.
func (l *Log) Public() string { return l.keys.Public }
