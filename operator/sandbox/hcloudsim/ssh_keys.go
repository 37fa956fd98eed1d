package hcloudsim

import (
	"net/http"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
	"golang.org/x/crypto/ssh"
)

func sshKeyRoutes(t *table) {
	t.get("/ssh_keys", listSSHKeys)
	t.post("/ssh_keys", createSSHKey)
	t.get("/ssh_keys/{id}", getSSHKey)
	t.put("/ssh_keys/{id}", updateSSHKey)
	t.delete("/ssh_keys/{id}", deleteSSHKey)
}

func (k *sshKey) render() schema.SSHKey {
	return schema.SSHKey{
		ID: k.ID, Name: k.Name, Fingerprint: k.Fingerprint, PublicKey: k.PublicKey, Labels: k.Labels, Created: k.Created,
	}
}

func listSSHKeys(r *request) (reply, error) {
	return listResources(r, r.SSHKeys, "ssh_keys", func(k *sshKey) any { return k.render() },
		keep(r, "fingerprint", func(k *sshKey) string { return k.Fingerprint }))
}

// createSSHKey is POST /ssh_keys. A key is known by its fingerprint: the MD5 of RFC 4716 §4.
func createSSHKey(r *request) (reply, error) {
	body, err := decode[schema.SSHKeyCreateRequest](r)
	if err != nil {
		return reply{}, err
	}
	var v invalidInput
	key, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(body.PublicKey))
	if err != nil || len(rest) > 0 {
		v.add("public_key", "must be one OpenSSH public key")
		v.checkName(body.Name)
		return reply{}, v.err()
	}
	fingerprint := ssh.FingerprintLegacyMD5(key)
	for _, other := range r.SSHKeys {
		if other.Fingerprint == fingerprint {
			return reply{}, errUnique("SSH key with the same fingerprint already exists", "public_key")
		}
	}
	m, err := newMeta(r, "SSH key", r.SSHKeys, body.Name, body.Labels, &v)
	if err != nil {
		return reply{}, err
	}
	k := &sshKey{meta: m, PublicKey: body.PublicKey, Fingerprint: fingerprint}
	r.SSHKeys[k.ID] = k
	return reply{status: http.StatusCreated, body: schema.SSHKeyCreateResponse{SSHKey: k.render()}}, nil
}

func getSSHKey(r *request) (reply, error) {
	k, err := find(r.SSHKeys, "SSH key", r.id)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: schema.SSHKeyGetResponse{SSHKey: k.render()}}, nil
}

func updateSSHKey(r *request) (reply, error) {
	body, err := decode[metaUpdate](r)
	if err != nil {
		return reply{}, err
	}
	k, err := find(r.SSHKeys, "SSH key", r.id)
	if err != nil {
		return reply{}, err
	}
	if err := updateMeta(r, "SSH key", r.SSHKeys, k, body); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: schema.SSHKeyUpdateResponse{SSHKey: k.render()}}, nil
}

func deleteSSHKey(r *request) (reply, error) {
	if _, err := find(r.SSHKeys, "SSH key", r.id); err != nil {
		return reply{}, err
	}
	delete(r.SSHKeys, r.id)
	return reply{status: http.StatusNoContent}, nil
}
