package pages

import "regexp"

// symbols are line drawings for those who cannot read well yet, 24 by 24; in a text they stand as :name:. They never carry meaning alone.
var symbols = map[string]string{
	"link":    "M10 14a4.5 4.5 0 0 0 6.4.3l3-3a4.5 4.5 0 0 0-6.4-6.4l-1.5 1.5M14 10a4.5 4.5 0 0 0-6.4-.3l-3 3a4.5 4.5 0 0 0 6.4 6.4l1.5-1.5",
	"pencil":  "M4 20l1-4.5L16.500 4a2 2 0 0 1 2.800 0l.700.700a2 2 0 0 1 0 2.800L8.500 19 4 20Zm11-14.500 3.500 3.500",
	"key":     "M4 5h4v4H4ZM10 5h4v4h-4ZM16 5h4v4h-4ZM4 11h4v4H4ZM10 11h4v4h-4ZM16 11h4v4h-4ZM10 17h4v4h-4Z",
	"clock":   "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5l3.500 2",
	"mic":     "M12 15a3.5 3.5 0 0 0 3.5-3.5v-5a3.5 3.5 0 0 0-7 0v5A3.5 3.5 0 0 0 12 15Zm6.5-3.5a6.5 6.5 0 0 1-13 0M12 18v3.5m-3.5 0h7",
	"camera":  "M4.5 6.5h9a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2Zm11 4 6-3.5v10l-6-3.5",
	"hand":    "M8 11V5.5a1.5 1.5 0 0 1 3 0V10m0-5.5v-1a1.5 1.5 0 0 1 3 0V10m0-4.5a1.5 1.5 0 0 1 3 0V13c0 4.5-2.5 7.5-6.300 7.500-3 0-4.600-1.400-6-4.200L3.300 13a1.500 1.500 0 0 1 2.500-1.600L8 14",
	"chat":    "M4.5 4.5h15a2 2 0 0 1 2 2v8.5a2 2 0 0 1-2 2H11l-5 4v-4H4.5a2 2 0 0 1-2-2V6.5a2 2 0 0 1 2-2ZM7.5 9h9m-9 3.500h6",
	"sound":   "M4 9.5v5h3.500L12 18.500v-13L7.500 9.500H4Zm11.500-1a5 5 0 0 1 0 7m2.500-9.500a8.500 8.500 0 0 1 0 12",
	"warning": "M12 4 2.800 20h18.400L12 4Zm0 6v4.500m0 2.800v.2",
	"line":    "M4 19.500v-2.500m5.300 2.500v-6m5.400 6V9.500M20 19.500v-14",
}

var symbolName = regexp.MustCompile(`:([a-z]+):`)

// withSymbols draws the symbols in a text; what is no symbol's name stays as it is.
func withSymbols(html string) string {
	return symbolName.ReplaceAllStringFunc(html, func(name string) string {
		path, known := symbols[name[1:len(name)-1]]
		if !known {
			return name
		}
		return `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="` + path + `"/></svg>`
	})
}
