package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// readPassword reads a password: the first line of the file, or of stdin; a person types
// it twice, unseen. It never stands among the arguments, where everybody can read it.
func readPassword(ctx context.Context, file string) (string, error) {
	switch {
	case file != "" && file != "-":
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("password: %w", err)
		}
		defer f.Close()
		return firstLine(f)
	case file == "-" || !term.IsTerminal(int(os.Stdin.Fd())):
		return firstLine(os.Stdin)
	}
	first, err := typed(ctx, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := typed(ctx, "Again: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return first, nil
}

// firstLine reads what stands before the end of the first line.
func firstLine(r io.Reader) (string, error) {
	text, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("password: %w", err)
	}
	if text = strings.TrimRight(text, "\r\n"); text == "" {
		return "", usage("a password is needed: on the terminal, from --password-file FILE, or as the first line of stdin")
	}
	return text, nil
}

// typed asks at the terminal. An interrupt gives the terminal back its echo.
func typed(ctx context.Context, prompt string) (string, error) {
	fd := int(os.Stdin.Fd())
	was, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	fmt.Fprint(os.Stderr, prompt)
	type answer struct {
		text []byte
		err  error
	}
	given := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		given <- answer{text, err}
	}()
	select {
	case a := <-given:
		fmt.Fprintln(os.Stderr)
		if a.err != nil {
			return "", fmt.Errorf("password: %w", a.err)
		}
		return string(a.text), nil
	case <-ctx.Done(): // the reader ends with the process
		fmt.Fprintln(os.Stderr)
		return "", errors.Join(errors.New("interrupted; nothing was changed"), term.Restore(fd, was))
	}
}
