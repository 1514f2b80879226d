package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"postroom/durable"
	"postroom/ocr"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
	"postroom/pipeline/journal/bolt"
	"postroom/router/casestore/folder"
	"postroom/router/register"
)

func doctorCommand() *cobra.Command {
	var config string
	c := &cobra.Command{
		Use:   "doctor [--config FILE]",
		Short: "Say what is missing, and the command that mends it",
		Long: `doctor looks at the language data, the helper processes, and, with --config, at
the folders, the stores, the case register and the journal. It changes nothing.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d := &doctor{out: c.OutOrStdout()}
			cfg, err := inspectConfig("")
			d.check("language data", languages(cfg), "apt-get install tesseract-ocr-eng tesseract-ocr-fra tesseract-ocr-nld tesseract-ocr-deu")
			if config != "" {
				if cfg, err = readConfig(config, haveLanguages); err != nil {
					d.check("configuration", err, "edit "+config)
					return d.verdict(exitConfig)
				}
				d.check("configuration", nil, "")
			}
			d.helpers(c.Context(), cfg)
			if config != "" {
				d.places(c.Context(), cfg)
			}
			return d.verdict(exitFailure)
		},
	}
	c.Flags().StringVar(&config, "config", "", "the configuration, postroom.yaml")
	return c
}

// doctor prints findings and counts the bad ones.
type doctor struct {
	out io.Writer
	bad int
}

// check prints one finding. remedy is a command that mends it.
func (d *doctor) check(what string, err error, remedy string) {
	if err == nil {
		fmt.Fprintf(d.out, "ok       %s\n", what)
		return
	}
	d.bad++
	fmt.Fprintf(d.out, "MISSING  %s: %v\n", what, err)
	if remedy != "" {
		fmt.Fprintf(d.out, "         mend it with: %s\n", remedy)
	}
}

// warn prints what is possible, and probably not meant.
func (d *doctor) warn(what, why string) {
	fmt.Fprintf(d.out, "warning  %s: %s\n", what, why)
}

func (d *doctor) verdict(code int) error {
	if d.bad == 0 {
		return nil
	}
	return exit{code, fmt.Errorf("%d of what postroom needs is missing", d.bad)}
}

func languages(cfg Config) error {
	if _, err := ocr.Locate(); err != nil {
		return err
	}
	if len(cfg.Languages) == 0 {
		return errors.New("none is installed")
	}
	return nil
}

func (d *doctor) helpers(ctx context.Context, cfg Config) {
	p := newHelpers(cfg)
	defer p.Close()
	level, err := p.Level(ctx)
	remedy := "postroom version # is this binary complete?"
	if cfg.Sandbox == "require" {
		remedy = "uname -r   # landlock needs Linux 5.13 and must be among the kernel's lsm=; else sandbox: best-effort"
	}
	d.check(fmt.Sprintf("helper processes (%d at once; %s)", runtime.NumCPU(), level), err, remedy)
}

func (d *doctor) places(ctx context.Context, cfg Config) {
	for _, f := range cfg.Intake {
		d.check("intake folder "+f.Folder, writable(f.Folder), fmt.Sprintf("mkdir -p '%s' && chown %s '%s'", f.Folder, owner(), f.Folder))
		if f.Done != "" && f.Done != "delete" {
			d.check("folder for what is done "+f.Done, writable(f.Done), fmt.Sprintf("mkdir -p '%s' && chown %s '%s'", f.Done, owner(), f.Done))
		}
	}
	if s := cfg.Separation; len(s.Separators) == 0 && s.OnReference {
		d.warn("separation", "no separator is configured: only another reference in a barcode ends a letter")
	} else if len(s.Separators) == 0 {
		d.warn("separation", "nothing ends a letter (no separators, on_reference: false): each file is one")
	}
	cases, err := readRegister(cfg)
	d.check("case register "+cfg.Register.CSV, err, "edit "+cfg.Register.CSV)
	if err == nil && cases == 0 {
		d.warn("case register "+cfg.Register.CSV, "it has a header and no case: nothing can be filed")
	}
	for _, s := range cfg.Stores {
		d.store(cfg, s)
	}
	d.journal(ctx, cfg)
	d.data(cfg)
}

// data tells whether the data folder is its owner's alone, has its keys, and room.
func (d *doctor) data(cfg Config) {
	if begun, err := started(cfg); err != nil || !begun {
		return // which is told already
	}
	key := auditKey(cfg)
	_, err := audit.OpenKey(key)
	d.check("audit key "+key+".key", err, "put it back from the backup; when it is lost for good: postroom audit new-key")
	for path, most := range map[string]fs.FileMode{cfg.Data: 0o700, key + ".key": 0o600} {
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&^most != 0 {
			d.check("permissions of "+path, fmt.Errorf("others than its owner may use it (%v)", info.Mode().Perm()), fmt.Sprintf("chmod %o '%s'", most, path))
		}
	}
	if left, err := durable.Disk(cfg.Data).Space(); err == nil && left.Bytes < cfg.Limits.Reserve {
		d.check("room on the data folder's disk", fmt.Errorf("%d MB are left, and limits.reserve is %d MB: no file is taken", left.Bytes>>20, cfg.Limits.Reserve>>20), "df -h '"+cfg.Data+"'   # then make room")
	}
}

// store tells whether a store can be used. One that is used for the first time is
// made then; one that was used before and is not there must be mounted, not made.
func (d *doctor) store(cfg Config, s StoreFolder) {
	what := "store " + s.Name + " " + s.Folder
	_, err := os.Stat(s.Folder)
	if _, unknown := os.Stat(knownStore(cfg, s)); unknown == nil {
		d.check(what, errors.Join(folder.New(s.Folder, s.Name).Probe(), err),
			fmt.Sprintf("mount '%s'   # the share that holds it; if it was moved for good: mv its contents, %s too", s.Folder, folder.Marker))
		return
	}
	if err := unused(cfg, s); err != nil {
		d.check(what, err, "mount '"+cfg.Data+"'   # if it is the data folder that is missing")
		return
	}
	if errors.Is(err, os.ErrNotExist) {
		d.check(what+" (made at the first start)", nil, "")
		return
	}
	d.check(what, writable(s.Folder), fmt.Sprintf("chown %s '%s'", owner(), s.Folder))
}

func owner() string { return fmt.Sprint(os.Getuid()) }

// writable tells whether files can be made in the folder, and anybody's removed from it.
func writable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return errors.New("it is not a folder")
	}
	if err := unix.Access(path, unix.R_OK|unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("files can't be made and removed in it by user %d: %w", os.Getuid(), err)
	}
	if is, ok := info.Sys().(*syscall.Stat_t); ok && info.Mode()&os.ModeSticky != 0 && os.Getuid() != 0 && os.Getuid() != int(is.Uid) {
		return fmt.Errorf("others' files can't be removed from it by user %d: it has the sticky bit", os.Getuid())
	}
	return nil
}

// readRegister counts the register's cases.
func readRegister(cfg Config) (cases int, err error) {
	r, err := parseRegister(cfg)
	if err != nil {
		return 0, err
	}
	return r.Len(), nil
}

func parseRegister(cfg Config) (*register.Register, error) {
	f, err := os.Open(cfg.Register.CSV)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return register.Parse(f, cfg.Schemes())
}

// journal tells whether the journal can be read, or who holds it.
func (d *doctor) journal(ctx context.Context, cfg Config) {
	path := journalOf(cfg)
	begun, err := started(cfg)
	switch {
	case err != nil:
		d.check("journal "+path, err, "ls -ld '"+cfg.Data+"'   # then docs/operating.md, Back up")
		return
	case !begun:
		d.check("journal (made at the first start)", nil, "")
		return
	}
	store, err := bolt.Open(path, bolt.Config{})
	if errors.Is(err, journal.ErrHeld) {
		conn, err := dial(cfg.Data)
		if err == nil {
			conn.Close()
			d.check("journal (a running postroom holds it, and answers)", nil, "")
			return
		}
		d.check("journal", errors.New("a process holds it and does not answer"), "fuser -v '"+path+"'")
		return
	}
	remedy := "ls -l '" + path + "'   # user " + owner() + " must be able to read and write it"
	if err == nil {
		err = errors.Join(store.Check(ctx), store.Close())
	}
	if errors.Is(err, journal.ErrDamaged) {
		remedy = fmt.Sprintf("mv '%s' '%s.damaged'   # then put back the last backup of it (docs/operating.md)", cfg.Data, cfg.Data)
	}
	d.check("journal "+path, err, remedy)
}
