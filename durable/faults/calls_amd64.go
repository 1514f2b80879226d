package faults

import "golang.org/x/sys/unix"

const arch = unix.AUDIT_ARCH_X86_64

func older() map[int32]call {
	path, two := []place{{-1, 0}}, []place{{-1, 0}, {-1, 1}}
	return map[int32]call{
		unix.SYS_OPEN:    {"open", path, 1},
		unix.SYS_CREAT:   {"creat", path, noFlags},
		unix.SYS_UNLINK:  {"unlink", path, noFlags},
		unix.SYS_MKDIR:   {"mkdir", path, noFlags},
		unix.SYS_RMDIR:   {"rmdir", path, noFlags},
		unix.SYS_CHMOD:   {"chmod", path, noFlags},
		unix.SYS_LINK:    {"link", two, noFlags},
		unix.SYS_RENAME:  {"rename", two, noFlags},
		unix.SYS_SYMLINK: {"symlink", []place{{-1, 1}}, noFlags},
	}
}
