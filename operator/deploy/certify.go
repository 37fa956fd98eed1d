package deploy

import (
	"context"
	"errors"
)

// certify signs the server's request for its machine's certificate, unless it has a good one for its present key. The
// server notices the certificate by itself.
func (d *deployment) certify(ctx context.Context) error {
	d.Progress("signing the server's certificate")
	csr, err := d.awaitRequest(ctx)
	if err != nil {
		return d.failed(err)
	}
	have, err := d.remote.read(OpsCertFile)
	if err != nil && !isMissing(err) {
		return err
	}
	if err == nil && d.Authority.Good(have, csr, d.Machine) {
		return nil
	}
	signed, err := d.Authority.SignMachine(csr, d.Machine)
	if err != nil {
		return err
	}
	d.changed("certificate")
	return d.remote.write(file{path: OpsCertFile, content: signed})
}

// awaitRequest waits for the file that the server writes at its first start.
func (d *deployment) awaitRequest(ctx context.Context) (csr []byte, err error) {
	err = poll(ctx, d.Health, func() (err error) {
		csr, err = d.remote.read(OpsCSRFile)
		if err != nil && !isMissing(err) {
			return permanent{err}
		}
		if err != nil {
			return errors.New("it has not asked for its certificate")
		}
		return nil
	})
	return csr, err
}
