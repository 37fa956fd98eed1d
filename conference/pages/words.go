package pages

// footer are the pages that every page links to; the site's own page has the same list.
var footer = []string{"/hilfe", "/netztest", "/kontakt", "/datenschutz", "/nutzung", "/barrierefreiheit", "/impressum"}

// words are those of the frame.
type words struct {
	Skip, Home, Subtitle, Other, OtherLang, Up, FooterLabel, Print string
	Footer                                                         []string
}

var wordsIn = map[string]words{
	german: {
		Skip: "Zum Inhalt springen", Home: "Zur Startseite", Subtitle: "Das Videoklassenzimmer Ihres Medienzentrums",
		Other: "English", OtherLang: english, Up: "Zur Hilfe", FooterLabel: "Über diese Seite",
		Footer: []string{"Hilfe", "Netztest", "Kontakt", "Datenschutz", "Nutzungsbedingungen", "Barrierefreiheit", "Impressum"},
	},
	english: {
		Skip: "Skip to content", Home: "To the start page", Subtitle: "Your media centre's video classroom",
		Other: "Deutsch", OtherLang: german, Up: "To help", FooterLabel: "About this site",
		Footer: []string{"Help", "Network test", "Contact", "Data protection", "Terms of use", "Accessibility", "Imprint"},
	},
}
