package web

import (
	"postroom/pipeline"
	"postroom/web/access"
)

// right says who may use a route. Whether a person may see a certain letter is
// asked besides, in reach.go.
type right struct {
	public bool          // without signing in
	roles  []access.Role // any of these; none = everyone who signed in
	late   bool          // also for one who must set a new password first
}

var ( // never written to
	anyone      = right{public: true}
	signedIn    = right{}
	own         = right{late: true}
	operators   = right{roles: []access.Role{access.Operator, access.Supervisor}}
	supervisors = right{roles: []access.Role{access.Supervisor}}
	readers     = right{roles: []access.Role{access.Caseworker}}
	auditors    = right{roles: []access.Role{access.Auditor}}
	admins      = right{roles: []access.Role{access.Administrator}}
	recallers   = right{roles: []access.Role{access.Operator, access.Supervisor, access.Auditor}}
	watchers    = right{roles: []access.Role{access.Operator, access.Supervisor, access.Auditor, access.Administrator}}
)

// route is a page or an action. What is not in the table does not exist, and what
// has no right named is refused: the zero right lets in nobody who has not signed in.
type route struct {
	pattern string // of http.ServeMux
	right   right
	handle  func(*visit) error
}

// routes is the table of all that the desk answers.
func (d *desk) routes() []route {
	all := []route{
		{"GET /{$}", signedIn, d.home},
		{"GET /signin", anyone, d.signInPage},
		{"POST /signin", anyone, d.signIn},
		{"GET /signon", anyone, d.signOn},
		{"GET /signon/back", anyone, d.signedOn},
		{"POST /signout", own, d.signOut},
		{"POST /language", anyone, d.setLanguage},
		{"GET /account", own, d.account},
		{"POST /account/password", own, d.changePassword},
		{"POST /account/sessions/end", own, d.endSession},
		{"GET /live", own, d.live},

		{"GET /intake", operators, d.intake},
		{"GET /batches/{batch}", operators, d.batch},
		{"POST /intake", operators, d.chooseBatches},
		{"POST /batches/{batch}/close", operators, d.closeBatch},
		{"POST /batches/{batch}/retry", operators, d.retryBatch},
		{"POST /station/{document}/recall", supervisors, d.recallFiled},
		{"GET /differences", operators, d.differences},
		{"GET /batches/{batch}/picture/{page}/{size}", operators, d.batchPicture},
		{"GET /rescans", operators, d.rescans},

		{"GET /station", operators, d.station},
		{"GET /station/list", operators, d.stationList},
		{"POST /station/undo", operators, d.undo},
		{"POST /station/queue", operators, d.setQueue},
		{"GET /station/{document}", operators, d.stationDocument},
		{"GET /station/{document}/picture/{page}/{size}", operators, d.documentPicture(access.Operator)},
		{"GET /station/{document}/fact/{fact}", operators, d.documentFact(access.Operator)},
		{"POST /station/{document}/lookup", operators, d.lookUp},
		{"POST /station/{document}/file", operators, d.file},
		{"POST /station/{document}/discard", operators, d.discard},
		{"POST /station/{document}/page", operators, d.pageAct},
		{"POST /station/{document}/rescan", operators, d.park(pipeline.LaneRescan)},
		{"POST /station/{document}/supervisor", operators, d.park(pipeline.LaneSupervisor)},
		{"POST /station/{document}/later", operators, d.park(pipeline.LaneLater)},
		{"POST /station/{document}/open", operators, d.park(pipeline.LaneOpen)},
		{"POST /station/{document}/skip", operators, d.skip},
		{"POST /station/{document}/sides", operators, d.setSides},
		{"POST /station/{document}/take", operators, d.take},
		{"POST /station/{document}/hold", operators, d.hold},

		{"GET /letters", readers, d.letters},
		{"POST /letters", readers, d.chooseLetters},
		{"POST /letters/views", readers, d.saveView},
		{"POST /letters/views/open", readers, d.openView},
		{"GET /letters/{document}", readers, d.letter},
		{"POST /letters/{document}", readers, d.findInLetter},
		{"GET /letters/{document}/case", readers, d.caseLetters},
		{"GET /letters/{document}/picture/{page}/{size}", readers, d.documentPicture(access.Caseworker)},
		{"GET /letters/{document}/file/{kind}", readers, d.download},
		{"GET /letters/{document}/older", readers, d.besideLetter(false)},
		{"GET /letters/{document}/newer", readers, d.besideLetter(true)},
		{"POST /letters/{document}/notes", readers, d.noteLetter},
		{"POST /letters/{document}/notes/remove", readers, d.removeNote},
		{"POST /letters/{document}/unread", readers, d.markUnread},
		{"POST /letters/{document}/return", readers, d.returnLetter},
		{"POST /search", readers, d.search},
		{"GET /search", readers, d.found},

		{"GET /log", auditors, d.log},
		{"POST /log", auditors, d.chooseLog},
		{"GET /log/export", auditors, d.exportLog},
		{"GET /log/proofs", auditors, d.exportProofs},
		{"GET /log/entry/{entry}", auditors, d.logEntry},
		{"GET /log/verification", auditors, d.verification},
		{"POST /log/verification", auditors, d.verify},
		{"POST /log/story", auditors, d.findStory},
		{"GET /story/{document}", auditors, d.story},
		{"POST /story/{document}/open", auditors, d.lookBehind},
		{"GET /story/{document}/picture/{page}/{size}", auditors, d.documentPicture(access.Auditor)},
		{"GET /story/{document}/fact/{fact}", auditors, d.documentFact(access.Auditor)},

		{"GET /samples", auditors, d.samples},
		{"POST /samples", auditors, d.drawSample},
		{"GET /samples/{sample}", auditors, d.sample},
		{"GET /samples/{sample}/next", auditors, d.nextOfSample},
		{"GET /samples/{sample}/export", auditors, d.exportSample},
		{"GET /samples/{sample}/{document}", auditors, d.judgePage},
		{"POST /samples/{sample}/{document}", auditors, d.judge},
		{"GET /wrong", recallers, d.wrong},
		{"POST /wrong/{document}", operators, d.recallWrong},
		{"GET /figures", watchers, d.figures},
		{"GET /sheets", operators, d.sheets},
		{"POST /sheets", operators, d.printSheets},

		{"GET /users", admins, d.users},
		{"POST /users", admins, d.addUser},
		{"GET /users/{user}", admins, d.user},
		{"POST /users/{user}", admins, d.changeUser},
		{"POST /users/{user}/password", admins, d.setPassword},
		{"POST /users/{user}/end", admins, d.endSessions},
		{"GET /sessions", admins, d.allSessions},
		{"POST /sessions/end", admins, d.endOneSession},
		{"GET /reach", admins, d.whoSees},
		{"POST /reach", admins, d.askWhoSees},
		{"POST /groups", admins, d.saveGroup},
		{"POST /groups/delete", admins, d.deleteGroup},
	}
	return all
}
