// Package pages holds the words of the site's fixed pages: help, data protection, terms of use, imprint, accessibility, contact. Each is a
// Go template that yields Markdown, in German (.de.md) and English (.en.md); package conference/pages fills in the county.
package pages

import "embed"

// Files are the texts, the frame around them (frame.html) and their style (pages.css).
//
//go:embed *.md frame.html pages.css
var Files embed.FS
