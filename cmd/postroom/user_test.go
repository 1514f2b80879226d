package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// Users are changed beside a running server, which says who asked by what the kernel says.
func TestUsersBesideServer(t *testing.T) {
	s, _ := newServer(t, 11, 1, 1)
	s.start()
	run := func(stdin string, args ...string) string {
		t.Helper()
		c := s.command(append(args, "--config", s.config)...)
		c.Stdin = strings.NewReader(stdin)
		var out, messages bytes.Buffer
		c.Stdout, c.Stderr = &out, &messages
		if err := c.Run(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, messages.String())
		}
		return out.String()
	}
	run("seven green boats at dawn\n", "user", "add", "ann", "--name", "Ann Bee", "--role", "administrator")
	run("", "user", "disable", "ann")
	var u userLine
	if text := run("", "user", "list", "--json"); json.Unmarshal([]byte(text), &u) != nil || u.Login != "ann" || !u.Disabled || !u.MustChange {
		t.Errorf("%s", text)
	}
	log := run("", "audit", "export", "--details")
	for _, want := range []string{"user added", "user changed", fmt.Sprintf(`\"actor\":\"user %d\"`, os.Getuid())} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s", want)
		}
	}
	if strings.Contains(log+s.stderr.String(), "boats") {
		t.Error("the password stands in a log")
	}
	if code := s.end(syscall.SIGTERM); code != exitDone {
		t.Errorf("exit %d\n%s", code, s.stderr)
	}
}
