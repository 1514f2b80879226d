package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"postroom/mail"
)

// Refusal is why something that a person asked for can't be carried out, told so that a
// program can tell it from the others and say it in another language.
type Refusal string

// The refusals; refusals has their sentences, and what each is told with.
const (
	refusedOneOf      Refusal = "one-of"
	refusedPage       Refusal = "page-from-one"
	refusedReason     Refusal = "reason-needed"
	refusedWhy        Refusal = "why-needed"
	refusedName       Refusal = "name-needed"
	refusedMachine    Refusal = "name-of-machine"
	refusedNotHeld    Refusal = "not-held"
	refusedChanged    Refusal = "changed-meanwhile"
	refusedReference  Refusal = "reference-refused"
	refusedNoPages    Refusal = "no-pages"
	refusedWhole      Refusal = "not-divisible"
	refusedSplit      Refusal = "split-outside"
	refusedOutside    Refusal = "page-outside"
	refusedNone       Refusal = "no-documents"
	refusedTwice      Refusal = "named-twice"
	refusedBatches    Refusal = "other-batch"
	refusedApart      Refusal = "not-adjacent"
	refusedTaken      Refusal = "page-in-document"
	refusedBetween    Refusal = "separator-between"
	refusedPages      Refusal = "pages-differ"
	refusedBlank      Refusal = "blank-outside"
	refusedSame       Refusal = "nothing-changes"
	refusedEdge       Refusal = "no-neighbour"
	refusedDirection  Refusal = "direction-unknown"
	refusedNeighbour  Refusal = "neighbour-not-held"
	refusedNotFiled   Refusal = "not-filed"
	refusedOnItsWay   Refusal = "on-its-way"
	refusedLane       Refusal = "lane-unknown"
	refusedParked     Refusal = "already-there"
	refusedNothing    Refusal = "nothing-to-undo"
	refusedNotYours   Refusal = "not-yours"
	refusedAfter      Refusal = "something-came-after"
	refusedPart       Refusal = "part-decided"
	refusedPartFiled  Refusal = "part-filed"
	refusedDegrees    Refusal = "degrees-unknown"
	refusedNoPage     Refusal = "no-such-page"
	refusedSecond     Refusal = "second-person-needed"
	refusedSupervisor Refusal = "supervisor-needed"
	refusedHandedUp   Refusal = "handed-up"
	refusedDifference Refusal = "difference-needs-reason"
	refusedClosed     Refusal = "closed-already"
	refusedUndecided  Refusal = "batch-undecided"
	refusedCounted    Refusal = "counted-otherwise"
	refusedCounting   Refusal = "counting-anew"
	refusedNoneFiled  Refusal = "none-filed"
	refusedFilter     Refusal = "filter-illegible"
	refusedShareCount Refusal = "share-or-count"
	refusedSize       Refusal = "sample-size"
	refusedShare      Refusal = "share-range"
	refusedPeriod     Refusal = "period-backwards"
	refusedTooMany    Refusal = "sample-too-large"
	refusedWrongWhy   Refusal = "wrong-needs-reason"
	refusedJudged     Refusal = "judged-before"
	refusedExpected   Refusal = "nothing-expected"
	refusedBatchName  Refusal = "batch-name"
	refusedNameRead   Refusal = "name-is-reference"
	refusedNote       Refusal = "note"
	refusedNotes      Refusal = "too-many-notes"
	refusedViewName   Refusal = "view-name"
	refusedViews      Refusal = "too-many-views"
	refusedVerifying  Refusal = "verifying"
)

// refusals are the sentences, in English; {name} stands for an argument.
var refusals = map[Refusal]string{
	refusedOneOf:      "a decision is exactly one of --reference, --discard, --split-before, --separator and --merge",
	refusedPage:       "pages are counted from 1",
	refusedReason:     "what is discarded needs a reason that can be read later, one line of text: decide --discard WHY, or regroup --discard PAGES --why WHY",
	refusedWhy:        "this needs a reason that can be read later: --why WHY, one line of text",
	refusedName:       "a decision needs a name that can be read later: --by NAME, one line of text",
	refusedMachine:    "{name} is not the name of a person",
	refusedNotHeld:    "document {document} is not an exception (any more): it is {state}",
	refusedChanged:    "document {document} was decided meanwhile and waits again, for another reason perhaps: look at it anew",
	refusedReference:  "{reason}: {why}",
	refusedNoPages:    "its file can't be read, so there is no page to file: scan the letter again, then --discard this one",
	refusedWhole:      "its pages were not told apart ({reason}), so it can't be divided: file all of it or discard it",
	refusedSplit:      "page {page} is not after the first page of document {document}, which has pages {from}-{to}",
	refusedOutside:    "page {page} is not in document {document}, which has pages {from}-{to}",
	refusedNone:       "no document is named",
	refusedTwice:      "document {document} is named twice",
	refusedBatches:    "document {document} is of another batch than the first one: pages stay in the file that they came in",
	refusedApart:      "page {page}, which lies between, is in document {document}: name that too",
	refusedTaken:      "page {page} can't be taken in: it is in document {document}",
	refusedBetween:    "page {page} lies between and is in no document: say that it is to be taken in, or leave it between two documents",
	refusedPages:      "page {page} must have exactly one place, and has {places}",
	refusedBlank:      "page {page} is said to be blank and is not in the pages {from}-{to}",
	refusedSame:       "that changes nothing",
	refusedEdge:       "document {document} has no neighbour there: the batch ends",
	refusedDirection:  "{direction} is no neighbour: next or previous",
	refusedNeighbour:  "the neighbour, document {document}, is {state}, not an exception: send it back first (postroom exceptions return, or undo), then merge",
	refusedNotFiled:   "document {document} is not filed, so it can't be sent back: it is {state}",
	refusedOnItsWay:   "document {document} is on its way to its case: it can be sent back when it is filed",
	refusedLane:       "{lane} is no lane: supervisor, rescan or later",
	refusedParked:     "document {document} is in that lane already",
	refusedNothing:    "there is no decision on document {document} that could be taken back",
	refusedNotYours:   "the last decision on document {document} is another person's, who alone can take it back",
	refusedAfter:      "something came after the decision on document {document}, which is {state} now: it can't be taken back any more",
	refusedPart:       "document {document}, which came of it, does not wait undecided any more: it is {state}",
	refusedPartFiled:  "document {document}, which came of it, was filed by the machine meanwhile: take that back instead (postroom exceptions return)",
	refusedDegrees:    "a page is turned by 0, 90, 180 or 270 degrees, not {degrees}",
	refusedNoPage:     "the batch has no page {page}: it has {pages}",
	refusedSecond:     "you have keyed the reference of document {document}: another person must key it, too, without seeing yours",
	refusedSupervisor: "two persons have keyed different references for document {document}: a supervisor decides",
	refusedHandedUp:   "document {document} was handed to a supervisor: a supervisor decides, or whoever handed it up",
	refusedDifference: "a difference needs a reason that can be read later, one line of text: --because WHY",
	refusedClosed:     "batch {batch} is closed already",
	refusedUndecided:  "documents of batch {batch} wait or are worked on: decide those first, it then closes by itself or says how it differs from its ticket",
	refusedCounted:    "batch {batch} has {documents} documents and {pages} pages by now, which is another difference: look at it anew",
	refusedCounting:   "the figures are being counted anew just now: try again in a minute",
	refusedNoneFiled:  "the machine filed no such document in that time",
	refusedFilter:     "the name of a store, scheme or rule is one line of text",
	refusedShareCount: "a sample is either a share of the documents or a number of them",
	refusedSize:       "a sample has 1 to {most} documents",
	refusedShare:      "a share is more than 0 and at most 1",
	refusedPeriod:     "the last day is before the first",
	refusedTooMany:    "that are {drawn} documents, and a sample has at most {most}",
	refusedWrongWhy:   "what is wrong needs a reason that can be read later, one line of text",
	refusedJudged:     "it was judged before, by {by}: another verdict needs a reason",
	refusedExpected:   "a ticket says how many documents or pages are expected: --documents N or --pages N, from 1 to {most}",
	refusedBatchName:  "a batch's name is one line of at most {characters} characters and {words} words",
	refusedNameRead:   "the name {name} may be read as the reference {reference}, and the ticket would be held as a letter: choose another",
	refusedNote:       "a note is one line of text that can be read later, of at most {most} characters",
	refusedNotes:      "a letter has at most {most} notes",
	refusedViewName:   "a view needs a name, one line of at most {most} characters",
	refusedViews:      "a person keeps at most {most} views: remove one first",
	refusedVerifying:  "a verification is under way: wait for its end",
}

// Refusals lists the codes of all refusals, with their English sentences.
func Refusals() map[Refusal]string { return maps.Clone(refusals) }

// Refused is something that a person asked for and that can't be carried out; nothing
// was changed. Its text says why and what would do.
type Refused struct {
	Code Refusal           // stable, kebab-case; one of Refusals
	Args map[string]string // what the sentence is told with; may hold personal data
	Why  string            // the sentence, in English
	Says *mail.Saying      // of a refused reference: why, for other languages
}

func (r *Refused) Error() string { return r.Why }

// refuse makes a *Refused error; args are the names and values of the sentence's
// arguments, in turn.
func refuse(code Refusal, args ...any) *Refused {
	r := &Refused{Code: code, Args: map[string]string{}, Why: refusals[code]}
	for pair := range slices.Chunk(args, 2) {
		name, value := pair[0].(string), fmt.Sprint(pair[1])
		r.Args[name] = value
		r.Why = strings.ReplaceAll(r.Why, "{"+name+"}", value)
	}
	return r
}
