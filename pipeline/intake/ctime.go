package intake

import (
	"io/fs"
	"syscall"
	"time"
)

// changeTime is when a file's name or contents last changed (stat(2), st_ctim).
func changeTime(info fs.FileInfo) time.Time {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return info.ModTime()
	}
	return time.Unix(st.Ctim.Unix())
}
