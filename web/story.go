package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/web/access"
)

// storyPage is a document's whole story.
type storyPage struct {
	Story   pipeline.Story
	Whole   bool // its pages and words may be seen
	Returns []returned
	Replay  *replayView // what today's rules would do; nil = not asked
	Problem string
}

// returned is a time that the document was sent back, with who had seen it in that case.
type returned struct {
	At   time.Time
	By   string
	Why  string
	Seen []pipeline.StoryTouch
}

// replayView is what the rules of now say beside what was decided.
type replayView struct {
	pipeline.Replayed
	Same bool
}

// lookActions are the entries that tell that somebody saw what a letter says.
func lookActions() []string {
	return []string{"document viewed", "document found", "document downloaded", "document opened for an audit"}
}

// returnsOf finds when a document was sent back, and who had seen it before: since it came
// into the case, which the return before ended.
func returnsOf(touches []pipeline.StoryTouch, document string) (all []returned) {
	var seen []pipeline.StoryTouch
	for _, t := range touches {
		if t.About != document {
			continue
		}
		if slices.Contains(lookActions(), t.Action) {
			seen = append(seen, t)
		}
		var said pipeline.Decision
		if t.Action != "person decided" || json.Unmarshal(t.Detail, &said) != nil || said.Return == "" {
			continue
		}
		all, seen = append(all, returned{t.Time, t.Actor, said.Return, seen}), nil
	}
	return all
}

func (d *desk) story(v *visit) error { return d.showStory(v, http.StatusOK, "") }

func (d *desk) showStory(v *visit, status int, problem string) error {
	h, s, err := d.reach(v, access.Auditor)
	if err != nil {
		return err
	}
	ctx := v.Context()
	if err := d.Mailroom.LogView(ctx, v.user.Actor(), "story told", h.Document); err != nil {
		return err
	}
	story, err := d.Mailroom.Story(ctx, h.Document, pipeline.Told)
	if err != nil {
		return err
	}
	p := storyPage{Story: story, Whole: s == whole, Returns: returnsOf(story.Touches, h.Document), Problem: problem}
	if v.FormValue("replay") != "" {
		if p.Replay, err = d.replay(v, story); err != nil {
			return err
		}
	}
	return v.show(status, "story", p)
}

func (d *desk) replay(v *visit, s pipeline.Story) (*replayView, error) {
	now, err := d.Mailroom.Replay(v.Context(), s.Document)
	if errors.Is(err, pipeline.ErrNoSuch) {
		return nil, nil
	}
	return &replayView{now, now.Scheme == s.Scheme && now.Reference == s.Reference && now.Reason == s.Reason}, err
}

// lookBehind opens a letter for an auditor who says why. The reason is an entry of the
// log before anything is seen.
func (d *desk) lookBehind(v *visit) error {
	h, _, err := d.reach(v, access.Auditor)
	if err != nil {
		return err
	}
	why := v.field("why")
	if !mail.Legible(why) || len(why) > 300 {
		return d.showStory(v, http.StatusUnprocessableEntity, v.t("story.why_needed"))
	}
	if err := d.openBehind(v, h.Document, why); err != nil {
		return err
	}
	v.redirect("/story/" + h.Document)
	return nil
}

// openBehind logs the reason and opens the letter, unless it is open.
func (d *desk) openBehind(v *visit, document, why string) error {
	if d.Sessions.Get(v.Context(), brokenGlass) == document {
		return nil
	}
	if err := d.Mailroom.LogReason(v.Context(), v.user.Actor(), "document opened for an audit", document, why); err != nil {
		return err
	}
	return d.Sessions.Put(v.Context(), brokenGlass, document)
}

// findStory goes to the story of the document whose id, or the beginning of it, was typed.
func (d *desk) findStory(v *visit) error {
	id, err := d.Mailroom.FindDocument(v.Context(), v.field("document"))
	var several *pipeline.Several
	if errors.As(err, &several) || errors.Is(err, pipeline.ErrNoSuch) {
		return d.showLog(v, v.logFilter(), v.t("log.no_such"), "document")
	}
	if err != nil {
		return err
	}
	v.redirect("/story/" + id)
	return nil
}
