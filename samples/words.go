package samples

// language is what letters of one language are made of.
type language struct {
	code        string
	salutations []string
	sentences   []string
	within      []string // sentences that name the reference, at %s
	subjects    []string
	closings    []string
	labels      []string
	offices     []string
	fields      []string // captions of a form's boxes
	form        string   // a form's title
	received    string   // the mailroom's stamp
	decoys      []string // numbers that are no case's; # is a digit
	date        string   // layout of package time
	captions    []string // of separator sheets
}

var languages = []language{
	{
		code:        "fr",
		salutations: []string{"Madame, Monsieur,", "Monsieur le Directeur,", "Madame,", "Madame la Directrice,"},
		sentences: []string{
			"Je me permets de revenir vers vous au sujet de ma demande du mois dernier, restée sans réponse à ce jour.",
			"Vous trouverez ci-joint les pièces justificatives que vous avez demandées dans votre courrier.",
			"Je conteste le montant retenu et vous prie de bien vouloir revoir le calcul de la taxe.",
			"Malgré plusieurs appels téléphoniques, je n'ai reçu aucune information sur l'état de mon dossier.",
			"Ma situation familiale a changé depuis l'été et mes revenus ont fortement diminué.",
			"Je vous saurais gré de m'indiquer le nom de la personne chargée de cette affaire.",
			"Conformément au règlement, je sollicite un délai supplémentaire pour le paiement.",
			"Le bâtiment concerné se trouve à l'angle de la rue et n'a subi aucune transformation.",
			"L'attestation de mon employeur vous parviendra par courrier séparé dans les prochains jours.",
			"Votre décision ne tient pas compte des frais de garde de mes deux enfants.",
			"Je joins une copie de ma carte d'identité ainsi que le dernier avertissement reçu.",
		},
		within:   []string{"Je vous écris au sujet du dossier %s qui est en cours chez vous.", "Ma réclamation porte sur le dossier %s ouvert à mon nom."},
		subjects: []string{"Objet : réclamation", "Objet : demande de délai", "Concerne : pièces complémentaires"},
		closings: []string{"Je vous prie d'agréer mes salutations distinguées.", "Cordialement,", "Bien à vous,"},
		labels:   []string{"Notre référence", "Votre référence", "Votre réf.", "N/Réf", "Référence", "Dossier", "Numéro de dossier", "V/Réf."},
		offices:  []string{"Service des impôts", "Centre d'action sociale", "Bureau des permis", "Service central du courrier"},
		fields:   []string{"Nom et prénom", "Adresse", "Date", "Signature"}, form: "FORMULAIRE DE RÉPONSE", received: "REÇU LE",
		decoys: []string{"Tél. 0# ## ## ## ##", "IBAN FR## #### #### #### #### #### ###", "Facture F-20##-0####", "SIRET ### ### ### 000##", "N° client ######"},
		date:   "02/01/2006", captions: []string{"FEUILLE DE SEPARATION", "SEPARATEUR"},
	},
	{
		code:        "nl",
		salutations: []string{"Geachte heer, mevrouw,", "Geachte mevrouw,", "Beste medewerker,", "Geachte heer,"},
		sentences: []string{
			"Hierbij stuur ik u de gevraagde stukken die betrekking hebben op mijn aanvraag van vorige maand.",
			"Ik ben het niet eens met het gevorderde bedrag en verzoek u de berekening opnieuw te maken.",
			"Ondanks herhaalde telefonische verzoeken heb ik tot op heden geen antwoord ontvangen.",
			"Mijn gezinssituatie is sinds de zomer gewijzigd en mijn inkomen is sterk gedaald.",
			"Graag ontvang ik een schriftelijke bevestiging en de naam van de behandelend ambtenaar.",
			"Ik verzoek u vriendelijk om uitstel van betaling tot het einde van het kwartaal.",
			"De verbouwing van de garage is intussen voltooid en de plannen vindt u als bijlage.",
			"In uw brief staat een ander huisnummer dan in het bevolkingsregister is opgenomen.",
			"Het attest van mijn werkgever bezorg ik u zodra ik het heb gekregen.",
			"Wij hebben het bezwaar tijdig ingediend, zoals blijkt uit het bewijs van afgifte.",
		},
		within:   []string{"Ik schrijf u over het dossier %s dat bij uw dienst loopt.", "Mijn bezwaar betreft het dossier %s op mijn naam."},
		subjects: []string{"Betreft: bezwaarschrift", "Betreft: aanvullende stukken", "Onderwerp: verzoek om uitstel"},
		closings: []string{"Hoogachtend,", "Met vriendelijke groet,", "Met de meeste hoogachting,"},
		labels:   []string{"Ons kenmerk", "Uw kenmerk", "Kenmerk", "Dossiernummer", "Onze referentie", "Uw referentie"},
		offices:  []string{"Gemeentelijke belastingen", "Sociale Dienst", "Afdeling Vergunningen", "Postkamer Stadhuis"},
		fields:   []string{"Naam en voornaam", "Adres", "Datum", "Handtekening"}, form: "ANTWOORDFORMULIER", received: "ONTVANGEN",
		decoys: []string{"Tel. 0## ### ## ##", "IBAN NL## INGB 0### #### ##", "Factuur 20##-0####", "KvK ########", "Klantnummer ######"},
		date:   "02-01-2006", captions: []string{"SCHEIDINGSBLAD", "SCHEIDINGSVEL"},
	},
	{
		code:        "de",
		salutations: []string{"Sehr geehrte Damen und Herren,", "Sehr geehrter Herr Amtsleiter,", "Sehr geehrte Frau Schneider,"},
		sentences: []string{
			"Gegen den Bescheid vom vergangenen Monat lege ich hiermit fristgerecht Widerspruch ein.",
			"Anbei erhalten Sie die angeforderten Unterlagen zu meinem Antrag mit der Bitte um zügige Bearbeitung.",
			"Die Höhe der festgesetzten Beiträge entspricht nicht den tatsächlichen Einkünften des Jahres.",
			"Trotz mehrerer Anrufe habe ich bisher keine Auskunft über den Stand des Verfahrens erhalten.",
			"Ich bitte um eine schriftliche Bestätigung des Eingangs sowie um Mitteilung des Sachbearbeiters.",
			"Wegen meiner Erkrankung bitte ich um eine Verlängerung der Frist bis zum Ende des Quartals.",
			"Das Grundstück wurde im vergangenen Jahr geteilt, was in Ihrer Berechnung nicht berücksichtigt ist.",
			"Die Bescheinigung meines Arbeitgebers reiche ich unverzüglich nach.",
			"Meine Bankverbindung hat sich geändert, die neuen Angaben finden Sie unten auf der Seite.",
			"Über eine wohlwollende Prüfung meines Anliegens würde ich mich sehr freuen.",
		},
		within:   []string{"Ich beziehe mich auf das Verfahren %s in Ihrem Hause.", "Mein Schreiben betrifft den Vorgang %s auf meinen Namen."},
		subjects: []string{"Betreff: Widerspruch", "Betreff: Nachreichung von Unterlagen", "Antrag auf Fristverlängerung"},
		closings: []string{"Mit freundlichen Grüßen", "Hochachtungsvoll", "Freundliche Grüße"},
		labels:   []string{"Aktenzeichen", "Unser Zeichen", "Ihr Zeichen", "Geschäftszeichen", "Vorgangsnummer", "Az."},
		offices:  []string{"Finanzamt Mitte", "Sozialamt", "Bauordnungsamt", "Poststelle der Stadtverwaltung"},
		fields:   []string{"Name, Vorname", "Anschrift", "Datum", "Unterschrift"}, form: "ANTWORTBOGEN", received: "EINGEGANGEN",
		decoys: []string{"Telefon 0### ######", "IBAN DE## #### #### #### #### ##", "Rechnung RE-20##-####", "USt-IdNr. DE#########", "Kundennummer ######"},
		date:   "02.01.2006", captions: []string{"TRENNBLATT", "TRENNSEITE"},
	},
	{
		code:        "en",
		salutations: []string{"Dear Sir or Madam,", "Dear Ms Walker,", "To whom it may concern,", "Dear Mr Hughes,"},
		sentences: []string{
			"I have called your office several times without success and the statutory period will end shortly.",
			"Please find enclosed the documents that you requested in your letter of last month.",
			"I disagree with the amount and ask you to look at the calculation again in the light of the evidence.",
			"Would you kindly confirm receipt of this letter and tell me which caseworker is handling the matter.",
			"My circumstances have changed since the summer and my income has fallen considerably.",
			"I should be grateful for an extension of the deadline until the end of the quarter.",
			"The extension at the back of the house was finished in spring and the drawings are attached.",
			"Your decision does not take into account the childcare costs that I declared in my application.",
			"A certificate from my employer will follow under separate cover within the next few days.",
			"The meter was read by your own staff, so the figure on the bill cannot be correct.",
		},
		within:   []string{"I am writing about case %s which is being handled by your office.", "My appeal concerns case %s opened in my name."},
		subjects: []string{"Subject: appeal against your decision", "Re: request for more time", "Subject: further documents"},
		closings: []string{"Yours faithfully", "Kind regards", "Yours sincerely"},
		labels:   []string{"Our ref", "Our reference", "Your reference", "Your ref", "Case number", "Reference", "Ref."},
		offices:  []string{"Department for Work", "Council Tax Office", "Planning Department", "Central Mailroom"},
		fields:   []string{"Full name", "Address", "Date", "Signature"}, form: "REPLY FORM", received: "RECEIVED",
		decoys: []string{"Tel. 0### ### ####", "IBAN GB## NWBK #### #### #### ##", "Invoice INV-20##-####", "VAT GB #########", "Customer no. ######"},
		date:   "2 January 2006", captions: []string{"SEPARATOR", "SEPARATOR SHEET"},
	},
}

var (
	people = []string{"C. de Vries", "A. Dubois", "J. Kowalski", "L. Weiß", "S. Ngo", "E. O'Connor", "M. García", "F. Yıldız", "T. Janssens", "K. Müller",
		"R. Peeters", "B. Lefèvre", "H. Schäfer", "P. Novák", "D. Thompson", "N. El Amrani"}
	streets = []string{"Kerkstraat 34", "avenue Louise 157", "Marktplatz 51", "Station Road 45", "rue de la Poste 98", "Lindenallee 7", "Dorpsweg 12", "place du Marché 3", "Goethestraße 21"}
	places  = []string{"1000 Bruxelles", "10115 Berlin", "3011 Rotterdam", "75012 Paris", "Leeds LS1 4AP", "9000 Gent", "50667 Köln", "4000 Liège", "69003 Lyon"}
)
