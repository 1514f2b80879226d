package samples

// language is what letters of one language are made of.
type language struct {
	code        string
	salutations []string
	sentences   []string
	closings    []string
	labels      []string
	offices     []string
	date        string // layout of package time
	caption     string // of a separator sheet
}

var languages = []language{
	{
		code:        "fr",
		salutations: []string{"Madame, Monsieur,", "Monsieur le Directeur,", "Madame,"},
		sentences: []string{
			"Je me permets de revenir vers vous au sujet de ma demande du mois dernier, restée sans réponse à ce jour.",
			"Vous trouverez ci-joint les pièces justificatives que vous avez demandées dans votre courrier.",
			"Je conteste le montant retenu et vous prie de bien vouloir revoir le calcul de la taxe.",
			"Malgré plusieurs appels téléphoniques, je n'ai reçu aucune information sur l'état de mon dossier.",
			"Ma situation familiale a changé depuis l'été et mes revenus ont fortement diminué.",
			"Je vous saurais gré de m'indiquer le nom de la personne chargée de cette affaire.",
			"Conformément au règlement, je sollicite un délai supplémentaire pour le paiement.",
		},
		closings: []string{"Je vous prie d'agréer mes salutations distinguées.", "Cordialement,"},
		labels:   []string{"Notre référence", "Votre réf.", "N/Réf", "Référence", "Dossier"},
		offices:  []string{"Service des impôts", "Centre d'action sociale", "Bureau des permis"},
		date:     "02/01/2006", caption: "FEUILLE INTERCALAIRE",
	},
	{
		code:        "nl",
		salutations: []string{"Geachte heer, mevrouw,", "Geachte mevrouw,", "Beste medewerker,"},
		sentences: []string{
			"Hierbij stuur ik u de gevraagde stukken die betrekking hebben op mijn aanvraag van vorige maand.",
			"Ik ben het niet eens met het gevorderde bedrag en verzoek u de berekening opnieuw te maken.",
			"Ondanks herhaalde telefonische verzoeken heb ik tot op heden geen antwoord ontvangen.",
			"Mijn gezinssituatie is sinds de zomer gewijzigd en mijn inkomen is sterk gedaald.",
			"Graag ontvang ik een schriftelijke bevestiging en de naam van de behandelend ambtenaar.",
			"Ik verzoek u vriendelijk om uitstel van betaling tot het einde van het kwartaal.",
		},
		closings: []string{"Hoogachtend,", "Met vriendelijke groet,"},
		labels:   []string{"Ons kenmerk", "Uw kenmerk", "Kenmerk", "Dossiernummer"},
		offices:  []string{"Gemeentelijke belastingen", "Sociale Dienst", "Afdeling Vergunningen"},
		date:     "02-01-2006", caption: "SCHEIDINGSBLAD",
	},
	{
		code:        "de",
		salutations: []string{"Sehr geehrte Damen und Herren,", "Sehr geehrter Herr Amtsleiter,"},
		sentences: []string{
			"Gegen den Bescheid vom vergangenen Monat lege ich hiermit fristgerecht Widerspruch ein.",
			"Anbei erhalten Sie die angeforderten Unterlagen zu meinem Antrag mit der Bitte um zügige Bearbeitung.",
			"Die Höhe der festgesetzten Beiträge entspricht nicht den tatsächlichen Einkünften des Jahres.",
			"Trotz mehrerer Anrufe habe ich bisher keine Auskunft über den Stand des Verfahrens erhalten.",
			"Ich bitte um eine schriftliche Bestätigung des Eingangs sowie um Mitteilung des Sachbearbeiters.",
			"Wegen meiner Erkrankung bitte ich um eine Verlängerung der Frist bis zum Ende des Quartals.",
		},
		closings: []string{"Mit freundlichen Grüßen", "Hochachtungsvoll"},
		labels:   []string{"Aktenzeichen", "Unser Zeichen", "Ihr Zeichen", "Geschäftszeichen"},
		offices:  []string{"Finanzamt Mitte", "Sozialamt", "Bauordnungsamt"},
		date:     "02.01.2006", caption: "TRENNBLATT",
	},
	{
		code:        "en",
		salutations: []string{"Dear Sir or Madam,", "Dear Ms Walker,", "To whom it may concern,"},
		sentences: []string{
			"I have called your office several times without success and the statutory period will end shortly.",
			"Please find enclosed the documents that you requested in your letter of last month.",
			"I disagree with the amount and ask you to look at the calculation again in the light of the evidence.",
			"Would you kindly confirm receipt of this letter and tell me which caseworker is handling the matter.",
			"My circumstances have changed since the summer and my income has fallen considerably.",
			"I should be grateful for an extension of the deadline until the end of the quarter.",
		},
		closings: []string{"Yours faithfully", "Kind regards"},
		labels:   []string{"Our ref", "Your reference", "Case number", "Reference"},
		offices:  []string{"Department for Work", "Council Tax Office", "Planning Department"},
		date:     "2 January 2006", caption: "SEPARATOR SHEET",
	},
}

var (
	people  = []string{"C. de Vries", "A. Dubois", "J. Kowalski", "L. Weiß", "S. Ngo", "E. O'Connor", "M. García", "F. Yıldız", "T. Janssens", "K. Müller"}
	streets = []string{"Kerkstraat 34", "avenue Louise 157", "Marktplatz 51", "Station Road 45", "rue de la Poste 98", "Lindenallee 7", "Dorpsweg 12"}
	places  = []string{"1000 Bruxelles", "10115 Berlin", "3011 Rotterdam", "75012 Paris", "Leeds LS1 4AP", "9000 Gent", "50667 Köln"}
)
