package stack

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// shareSalt gives this computer's stack configuration the salt with which the state's secrets are encrypted. The engine would draw another
// one on each computer, and encrypt everything anew whenever it is another computer's turn.
func (s *Stack) shareSalt(ctx context.Context, state checkpoint) error {
	if !s.Shared() || state.secrets == nil || state.secrets.Type != "passphrase" {
		return nil
	}
	var passphrase struct {
		Salt string `json:"salt"`
	}
	if err := json.Unmarshal(state.secrets.State, &passphrase); err != nil || passphrase.Salt == "" {
		return s.broken(fmt.Errorf("its secrets have no salt: %w", err))
	}
	settings, err := s.ws.StackSettings(ctx, s.cfg.County)
	if err != nil {
		settings = &workspace.ProjectStack{} // there is none yet
	}
	if settings.EncryptionSalt == passphrase.Salt {
		return nil
	}
	settings.EncryptionSalt = passphrase.Salt
	if err := s.ws.SaveStackSettings(ctx, s.cfg.County, settings); err != nil {
		return fmt.Errorf("take over the state's salt: %w", err)
	}
	return nil
}
