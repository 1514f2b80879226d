package faults

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socket is the descriptor that Run gives to the process.
const socket = 3

// Join puts this process, all its threads, under Run's eyes for good. It must
// come before there is work that could be missed.
func Join() error {
	listener, err := listen()
	text, rights := []byte("joined"), []byte(nil)
	if err != nil {
		text = []byte(err.Error())
	} else {
		rights = unix.UnixRights(listener)
	}
	if sent := unix.Sendmsg(socket, text, rights, nil, 0); sent != nil {
		return errors.Join(err, fmt.Errorf("reach whoever started this process: %w", sent))
	}
	if err == nil {
		unix.Close(listener)
	}
	unix.Close(socket)
	return err
}

// listen installs the filter. With TSYNC it counts for every thread, and needs no
// second start; with WAIT_KILLABLE_RECV none of Go's own signals interrupts a call
// that is being judged, which would be asked about twice.
func listen() (listener int, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return -1, fmt.Errorf("no_new_privs: %w", err)
	}
	code := filter(calls())
	program := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER|unix.SECCOMP_FILTER_FLAG_TSYNC|unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH|unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return -1, fmt.Errorf("seccomp listener (Linux 5.19 or newer): %w", errno)
	}
	return int(fd), nil
}

// Offsets in struct seccomp_data.
const (
	atNumber = 0
	atArch   = 4
	atArgs   = 16
)

// filter asks about the calls, and lets all others through.
func filter(all map[int32]call) []unix.SockFilter {
	load := func(k uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: k}
	}
	jump := func(test uint16, k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, Jt: yes, Jf: no, K: k}
	}
	ret := func(k uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k} }
	ask, allow := ret(unix.SECCOMP_RET_USER_NOTIF), ret(unix.SECCOMP_RET_ALLOW)

	code := []unix.SockFilter{load(atArch), jump(unix.BPF_JEQ, arch, 1, 0), allow, load(atNumber)}
	var numbers []int32
	for nr := range all {
		numbers = append(numbers, nr)
	}
	slices.Sort(numbers)
	for _, nr := range numbers {
		if flags := all[nr].flags; flags >= 0 {
			code = append(code, jump(unix.BPF_JEQ, uint32(nr), 0, 4),
				load(uint32(atArgs+8*flags)), jump(unix.BPF_JSET, opening, 0, 1), ask, allow)
			continue
		}
		code = append(code, jump(unix.BPF_JEQ, uint32(nr), 0, 1), ask)
	}
	return append(code, allow)
}
