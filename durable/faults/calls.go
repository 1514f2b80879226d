package faults

import "golang.org/x/sys/unix"

// call is a call that changes files: what its arguments name, and where one that
// opens has its flags.
type call struct {
	name   string
	places []place
	flags  int
}

// place is where in a call's arguments a file is named: by a descriptor, by a
// path, or by a path from a folder's descriptor on. -1 = not.
type place struct{ fd, path int }

const (
	noFlags  = -1
	inStruct = -2 // behind a pointer, where a filter can't look
)

// opening are the flags with which an open changes something: O_CREAT, O_TRUNC,
// and of O_TMPFILE the bit that is its own.
const opening = unix.O_CREAT | unix.O_TRUNC | unix.O_TMPFILE&^unix.O_DIRECTORY

// calls is the table of the calls, by number: those that each machine has, and
// the older ones of this one.
func calls() map[int32]call {
	all := older()
	byFd := func(name string, nr int32) { all[nr] = call{name, []place{{0, -1}}, noFlags} }
	for name, nr := range map[string]int32{
		"write": unix.SYS_WRITE, "pwrite64": unix.SYS_PWRITE64, "writev": unix.SYS_WRITEV, "pwritev": unix.SYS_PWRITEV, "pwritev2": unix.SYS_PWRITEV2,
		"sendfile": unix.SYS_SENDFILE, "fsync": unix.SYS_FSYNC, "fdatasync": unix.SYS_FDATASYNC, "sync_file_range": unix.SYS_SYNC_FILE_RANGE,
		"ftruncate": unix.SYS_FTRUNCATE, "fallocate": unix.SYS_FALLOCATE, "fchmod": unix.SYS_FCHMOD, "fchown": unix.SYS_FCHOWN,
	} {
		byFd(name, nr)
	}
	at := func(name string, nr int32, places ...place) { all[nr] = call{name, places, noFlags} }
	at("copy_file_range", unix.SYS_COPY_FILE_RANGE, place{2, -1})
	at("splice", unix.SYS_SPLICE, place{2, -1})
	at("linkat", unix.SYS_LINKAT, place{0, 1}, place{2, 3})
	at("renameat2", unix.SYS_RENAMEAT2, place{0, 1}, place{2, 3})
	at("renameat", unix.SYS_RENAMEAT, place{0, 1}, place{2, 3})
	at("symlinkat", unix.SYS_SYMLINKAT, place{1, 2})
	at("unlinkat", unix.SYS_UNLINKAT, place{0, 1})
	at("mkdirat", unix.SYS_MKDIRAT, place{0, 1})
	at("mknodat", unix.SYS_MKNODAT, place{0, 1})
	at("fchmodat", unix.SYS_FCHMODAT, place{0, 1})
	at("fchmodat2", unix.SYS_FCHMODAT2, place{0, 1})
	at("fchownat", unix.SYS_FCHOWNAT, place{0, 1})
	at("utimensat", unix.SYS_UTIMENSAT, place{0, 1})
	at("truncate", unix.SYS_TRUNCATE, place{-1, 0})
	all[unix.SYS_OPENAT] = call{"openat", []place{{0, 1}}, 2}
	all[unix.SYS_OPENAT2] = call{"openat2", []place{{0, 1}}, inStruct}
	return all
}
