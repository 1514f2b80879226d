package web

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline"
)

// partsKey is the session's list of letters that were made of one here: they come next, before
// what waits longest, until each is decided, laid aside or skipped.
const partsKey = "parts"

// mostParts bounds the list: as many names as a session keeps in one place.
const mostParts = 12

// lookPatience is how long a letter that was just made is waited for while the machine looks at it.
const lookPatience = 3 * time.Second

// made keeps which letters come next, and gives the first of them that waits and that nobody
// else has, which is the visitor's from now on; "" = there is none. The machine may look at
// some of them a second time before it holds them.
func (d *desk) made(v *visit, ids []string) (first string, err error) {
	all := append(slices.Clone(ids), slices.DeleteFunc(d.parts(v), func(id string) bool { return slices.Contains(ids, id) })...)
	if err := d.keepParts(v, all[:min(len(all), mostParts)]); err != nil {
		return "", err
	}
	patient, stop := context.WithTimeout(v.Context(), lookPatience)
	defer stop()
	for deciding := true; deciding && patient.Err() == nil; {
		changed := d.Mailroom.Changed()
		deciding = false
		for _, id := range ids {
			h, err := d.Mailroom.Holding(v.Context(), id)
			if err != nil {
				return "", err
			}
			deciding = deciding || h.State == mail.Deciding
		}
		if deciding {
			select {
			case <-changed:
			case <-patient.Done():
			}
		}
	}
	line, err := d.nextPart(v)
	if errors.Is(err, pipeline.ErrNoSuch) {
		return "", nil
	}
	return line.Document, err
}

func (d *desk) parts(v *visit) []string {
	return strings.Fields(d.Sessions.Get(v.Context(), partsKey))
}

func (d *desk) keepParts(v *visit, ids []string) error {
	return d.Sessions.Put(v.Context(), partsKey, strings.Join(ids, " "))
}

// skipPart forgets a letter that was made here. early tells that it came before its turn: the
// person's place in the queue stays, when something waits longer that comes behind it.
func (d *desk) skipPart(v *visit, line pipeline.DocumentLine) (early bool, err error) {
	ctx, document, all := v.Context(), line.Document, d.parts(v)
	if !slices.Contains(all, document) {
		return false, nil
	}
	if err := d.keepParts(v, slices.DeleteFunc(all, func(id string) bool { return id == document })); err != nil {
		return false, err
	}
	counts, err := d.Mailroom.CountWaits(ctx)
	if err != nil {
		return false, err
	}
	taken := func(id string) bool { return id == document || d.leases.holder(id, v.user.ID) != "" }
	next, _, err := d.Mailroom.Next(ctx, pipeline.Cursor(d.Sessions.Get(ctx, skippedKey)), taken, d.queue(v, counts))
	if errors.Is(err, pipeline.ErrNoSuch) {
		return false, nil
	}
	return err == nil && next.Place() < line.Place(), err
}

// nextPart gives the first letter that was made here, that waits among the open ones and that is
// in the visitor's hand now; ErrNoSuch: there is none.
func (d *desk) nextPart(v *visit) (pipeline.DocumentLine, error) {
	for _, id := range d.parts(v) {
		h, err := d.Mailroom.Holding(v.Context(), id)
		if errors.Is(err, pipeline.ErrNoSuch) || err == nil && h.State != mail.Held {
			continue
		}
		if err != nil {
			return pipeline.DocumentLine{}, err
		}
		line, err := d.Mailroom.Document(v.Context(), id)
		if err != nil {
			return line, err
		}
		if line.Lane != pipeline.LaneOpen || line.Keyed != nil && line.Keyed.Is(v.user.Actor(), v.user.ID) {
			continue
		}
		if _, mine := d.hand(v, line); mine {
			return line, nil
		}
	}
	return pipeline.DocumentLine{}, pipeline.ErrNoSuch
}
