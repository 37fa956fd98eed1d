package hcloudsim

import (
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"golang.org/x/crypto/ssh"
)

func TestSSHKeys(t *testing.T) {
	c := newCloud(t)
	text := publicKey(t)
	key := must[*hcloud.SSHKey](t)(c.client.SSHKey.Create(c.ctx, hcloud.SSHKeyCreateOpts{
		Name: "operator", PublicKey: text, Labels: map[string]string{"a": "1"},
	}))
	parsed, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if want := ssh.FingerprintLegacyMD5(parsed); key.Fingerprint != want || len(want) != 47 {
		t.Errorf("fingerprint: got %s, want %s", key.Fingerprint, want)
	}
	if found := must[*hcloud.SSHKey](t)(c.client.SSHKey.GetByFingerprint(c.ctx, key.Fingerprint)); found == nil || found.ID != key.ID {
		t.Errorf("by fingerprint: got %v", found)
	}
	_, _, err = c.client.SSHKey.Create(c.ctx, hcloud.SSHKeyCreateOpts{Name: "same key", PublicKey: text})
	c.wantCode(err, hcloud.ErrorCodeUniquenessError)
	_, _, err = c.client.SSHKey.Create(c.ctx, hcloud.SSHKeyCreateOpts{Name: "operator", PublicKey: publicKey(t)})
	c.wantCode(err, hcloud.ErrorCodeUniquenessError)
	_, _, err = c.client.SSHKey.Create(c.ctx, hcloud.SSHKeyCreateOpts{Name: "two", PublicKey: text + "\n" + text})
	c.wantCode(err, hcloud.ErrorCodeInvalidInput)
	renamed := must[*hcloud.SSHKey](t)(c.client.SSHKey.Update(c.ctx, key, hcloud.SSHKeyUpdateOpts{Name: "op"}))
	if renamed.Name != "op" || renamed.Labels["a"] != "1" {
		t.Errorf("update: got %s %v", renamed.Name, renamed.Labels)
	}
	if _, err := c.client.SSHKey.Delete(c.ctx, key); err != nil {
		t.Fatal(err)
	}
	if gone := must[*hcloud.SSHKey](t)(c.client.SSHKey.GetByID(c.ctx, key.ID)); gone != nil {
		t.Error("key is still there")
	}
}
