package portal

import (
	"net/http"
	"strings"
)

// contentSecurityPolicy lets a page ask this host and no other, run no script but its files, and be framed by nobody (CSP Level 3). Streams
// (srcObject) are no fetch and need no rule. Safari before 15.4 does not count wss: as 'self', hence the name. With Trusted Types no text becomes
// script, in browsers that know them: the page makes no policy for it.
func contentSecurityPolicy(host string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; font-src 'self'; manifest-src 'self'; " +
		"connect-src 'self' wss://" + host + "; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
		"require-trusted-types-for 'script'; trusted-types 'none'"
}

// What a lesson uses of a browser's abilities, for this page only, and everything else that browsers ask the Permissions Policy for
// (https://github.com/w3c/webappsec-permissions-policy/blob/main/features.md): nobody may.
var (
	usedFeatures = []string{
		"autoplay", "camera", "clipboard-write", "display-capture", "fullscreen", "microphone", "screen-wake-lock", "speaker-selection",
	}
	unusedFeatures = []string{
		"accelerometer", "browsing-topics", "clipboard-read", "compute-pressure", "encrypted-media",
		"gamepad", "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection", "keyboard-map", "local-fonts", "magnetometer",
		"midi", "otp-credentials", "payment", "picture-in-picture", "publickey-credentials-create", "publickey-credentials-get", "serial",
		"storage-access", "sync-xhr", "usb", "window-management", "xr-spatial-tracking",
	}
	permissionsPolicy = strings.Join(usedFeatures, "=(self), ") + "=(self), " + strings.Join(unusedFeatures, "=(), ") + "=()"
)

// securityHeaders are those of every answer, whatever is asked.
func securityHeaders(h http.Header, host string) {
	h.Set("Content-Security-Policy", contentSecurityPolicy(host))
	h.Set("Permissions-Policy", permissionsPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Strict-Transport-Security", "max-age=63072000") // two years, https://hstspreload.org
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}
