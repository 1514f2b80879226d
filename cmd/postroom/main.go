// Command postroom is the digital mailroom of a public administration.
//
// In come flags, a configuration file and signals; out go data on stdout,
// messages on stderr, and an exit code. One file per subcommand; what a command
// does to batches and documents is package pipeline's.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"postroom/pipeline/sandbox"
)

// version is set by the linker (see the Makefile).
var version = "unreleased"

// Exit codes, as docs/contract.md lists them; docs/exceptions.md tells the remedy of each.
const (
	exitDone         = 0
	exitFailure      = 1
	exitUsage        = 2
	exitConfig       = 3
	exitExceptions   = 4
	exitUnreadable   = 5
	exitStore        = 6
	exitVerification = 7
	exitHeld         = 8
)

// exit is an error that says the process's exit code. Its text may be empty:
// then all was said already.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

func usage(format string, args ...any) error { return exit{exitUsage, fmt.Errorf(format, args...)} }

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) == 1 && args[0] == helperCommand {
		return code(sandbox.Helper())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	root := rootCommand()
	root.SetArgs(args)
	if err := strayWord(root, args); err != nil {
		return code(err)
	}
	return code(root.ExecuteContext(ctx))
}

// code tells the error on stderr and gives the exit code that it stands for.
func code(err error) int {
	if err == nil {
		return exitDone
	}
	if err.Error() != "" {
		fmt.Fprintln(os.Stderr, told(err))
	}
	return codeOf(err)
}

// told writes an error for people. It may name what a stranger named, so that only the
// problems of a configuration are lines of their own.
func told(err error) string {
	problems := []string{strings.ReplaceAll(err.Error(), "\n", "; ")} // of errors that were joined
	var c configError
	if errors.As(err, &c) {
		problems = c.problems
	}
	var lines []string
	for _, p := range problems {
		lines = append(lines, "postroom: "+printable(p))
	}
	return strings.Join(lines, "\n")
}

func codeOf(err error) int {
	var e exit
	var c configError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &e):
		return e.code
	case errors.As(err, &c):
		return exitConfig
	}
	return exitFailure
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "postroom",
		Short: "File scanned mail in the right case, and hold what can't be proven",
		Long: `postroom watches the folders that scanners write to, reads barcodes, patch codes
and printed reference numbers, splits batches into letters, and files each
letter in the right case's store. What it can't prove waits for a person.

  postroom demo                                     see it work on made-up mail
  postroom process --config postroom.yaml FILE...   file what is in these scans
  postroom serve --config postroom.yaml             watch the folders
  postroom exceptions list --config postroom.yaml   what waits for a person`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
		Args:          cobra.ArbitraryArgs, // strayWord has looked at them
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w (see: %s --help)", err, c.CommandPath())
	})
	root.AddCommand(serveCommand(), processCommand(), inspectCommand(), exceptionsCommand(), batchesCommand(),
		indexCommand(), sheetsCommand(), verifyCommand(), auditCommand(), figuresCommand(), userCommand(), groupCommand(), doctorCommand(), demoCommand(), versionCommand())
	for _, c := range root.Commands() {
		refuseStrays(c)
	}
	return root
}

// strayWord refuses a word where a command is due that is none, and tells the
// nearest that is one. It comes first: cobra would complain about the flags behind it.
func strayWord(root *cobra.Command, args []string) error {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	if len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		return nil // a shell asks for completions: cobra makes this command when it runs
	}
	c, args, err := root.Find(args)
	if err == nil && c.Name() == "help" && c.Parent() == root {
		return strayWord(root, args) // help knows the same words
	}
	if err != nil || !c.HasSubCommands() || len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return nil
	}
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		return usage("unknown command %q: did you mean %s?", args[0], strings.Join(near, " or "))
	}
	return usage("unknown command %q (see: %s --help)", args[0], c.CommandPath())
}

// refuseStrays makes wrong arguments a usage error, with its exit code.
func refuseStrays(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usage("%w (see: %s --help)", err, c.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		refuseStrays(sub)
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(c.OutOrStdout(), "postroom", version)
			return err
		},
	}
}

// helperCommand starts a helper process; it is not for people.
const helperCommand = "sandbox-helper"
