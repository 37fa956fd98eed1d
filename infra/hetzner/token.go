package hetzner

import (
	"context"
	"net/http"
	"strings"
)

// CheckToken asks whether the API can be reached and the token may write, and changes nothing: it sends the creation of an
// SSH key without name and key, which a token that may write gets back as invalid.
func (c *Client) CheckToken(ctx context.Context) error {
	const what = "check the Hetzner token"
	err := c.Do(ctx, what, func(ctx context.Context) error {
		req, err := c.cloud.NewRequest(ctx, http.MethodPost, "/ssh_keys", strings.NewReader(`{"name":"","public_key":""}`))
		if err != nil {
			return &Error{What: what, Class: Auth, Cause: "the token contains characters that no token has",
				Next: "copy it once more, without quotes and line breaks, and set it as HCLOUD_TOKEN"}
		}
		_, err = c.cloud.Do(req, nil)
		return err
	})
	switch Classify(err) {
	case Invalid, Conflict:
		return nil
	}
	return err
}
