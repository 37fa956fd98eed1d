package hetzner

import (
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func TestNextStepForATypeThatDoesNotExist(t *testing.T) {
	for field, want := range map[string]bool{"server_type": true, "name": false} {
		err := hcloud.Error{Code: hcloud.ErrorCodeInvalidInput, Message: "invalid input", Details: hcloud.ErrorDetailsInvalidInput{
			Fields: []hcloud.ErrorDetailsInvalidInputField{{Name: field, Messages: []string{"not found"}}}}}
		if got := strings.Contains(next(Invalid, err), "server_types in the county's file"); got != want {
			t.Errorf("%s: named the county's file: %t, want %t", field, got, want)
		}
	}
}
