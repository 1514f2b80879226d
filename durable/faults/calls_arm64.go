package faults

import "golang.org/x/sys/unix"

const arch = unix.AUDIT_ARCH_AARCH64

// older gives none: this machine's table began with the calls that take a folder.
func older() map[int32]call { return map[int32]call{} }
