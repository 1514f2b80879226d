package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// beat is how often a live page is told at most that something changed, and silence
// is how long it hears nothing at most, so that proxies keep the line open.
const (
	beat    = time.Second
	silence = 20 * time.Second
)

// live tells a page that the journal changed, as server-sent events. What changed is
// not told: the page asks for itself again, with the person's rights of that moment.
func (d *desk) live(v *visit) error {
	line := http.NewResponseController(v.w)
	v.w.Header().Set("Content-Type", "text/event-stream")
	v.w.Header().Set("X-Accel-Buffering", "no")
	if d.Sessions.Ending(v.Context()) {
		v.w.Header().Set("Postroom-Ending", "1")
	}
	v.w.WriteHeader(http.StatusOK)
	if v.Method == http.MethodHead { // it has no body that could end; a page asks whether its session has
		return nil
	}
	say := func(text string) error {
		if err := line.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
		if _, err := fmt.Fprint(v.w, text); err != nil {
			return err
		}
		return line.Flush()
	}
	if say("retry: 3000\n\n") != nil {
		return nil
	}
	changed := d.Mailroom.Changed()
	if say("event: changed\ndata: \n\n") != nil { // since the page was made, or the line was broken
		return nil
	}
	for n := 1; ; n++ {
		text := fmt.Sprintf("id: %d\nevent: changed\ndata: \n\n", n)
		select {
		case <-changed:
			changed = d.Mailroom.Changed() // before it is told: what changes meanwhile is told next
		case <-time.After(silence):
			text = ": still here\n\n"
		case <-v.Context().Done():
			return nil
		case <-d.Stopping.Done():
			return nil
		}
		// Whose session has ended meanwhile is a stranger: his browser asks again, and is told so.
		if alive, err := d.Sessions.Alive(v.Context()); err != nil || !alive || say(text) != nil {
			return nil // too late for another answer
		}
		select { // a busy mailroom commits many times a second
		case <-time.After(beat):
		case <-v.Context().Done():
			return nil
		case <-d.Stopping.Done():
			return nil
		}
	}
}
