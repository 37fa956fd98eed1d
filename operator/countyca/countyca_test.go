package countyca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

const machineID = "bridge-3"

func open(t *testing.T, dir string, at time.Time) *CA {
	t.Helper()
	ca, err := Open(dir, "musterkreis", func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// request makes a machine's key and a certificate request that asks for more than it may have.
func request(t *testing.T, curve elliptic.Curve) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "root"}, DNSNames: []string{"bank.example"},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	return encode("CERTIFICATE REQUEST", der), key
}

func TestCAIsMadeOnceAndPrivate(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, time.Now())
	second := open(t, dir, time.Now())
	if string(first.CertificatePEM()) != string(second.CertificatePEM()) {
		t.Error("opened again, the CA is another one")
	}
	if !second.Client().Leaf.Equal(first.Client().Leaf) {
		t.Error("opened again, the operator's certificate is another one")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 4 {
		t.Fatalf("%d files (%v), want 4", len(entries), err)
	}
	for _, e := range entries {
		if info, _ := e.Info(); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", e.Name(), info.Mode().Perm())
		}
	}
}

func TestMachineGetsNothingButItsKeySigned(t *testing.T) {
	ca := open(t, t.TempDir(), time.Now())
	csr, key := request(t, elliptic.P256())
	signed, err := ca.SignMachine(csr, machineID)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := parseCertificate(signed)
	if err != nil {
		t.Fatal(err)
	}
	if id, err := identity.MachineOf(cert); err != nil || id != machineID || len(cert.DNSNames) != 2 || cert.IsCA {
		t.Errorf("subject %s, names %v, CA %t: taken over from the request", cert.Subject, cert.DNSNames, cert.IsCA)
	}
	if !key.PublicKey.Equal(cert.PublicKey) || !ca.Good(signed, csr, machineID) {
		t.Error("the certificate is not good for the machine's key")
	}
}

// Both sides of the ops API accept each other, and nobody else.
func TestOperatorAndMachineMeet(t *testing.T) {
	ours, others := open(t, t.TempDir(), time.Now()), open(t, t.TempDir(), time.Now())
	csr, key := request(t, elliptic.P256())
	signed, err := ours.SignMachine(csr, machineID)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := parseCertificate(signed)
	machine := tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
	for _, tt := range []struct {
		name   string
		client *CA
		ok     bool
	}{{"our operator", ours, true}, {"another county's operator", others, false}} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := net.Pipe()
			defer a.Close()
			defer b.Close()
			server := tls.Server(a, &tls.Config{Certificates: []tls.Certificate{machine}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ours.Pool()})
			client := tls.Client(b, &tls.Config{Certificates: []tls.Certificate{tt.client.Client()}, RootCAs: ours.Pool(), ServerName: opsapi.ServerName})
			result := make(chan error, 1)
			go func() { result <- server.Handshake() }()
			go func() { _ = client.Handshake(); _, _ = client.Read(make([]byte, 1)) }()
			if err := <-result; (err == nil) != tt.ok {
				t.Errorf("handshake: %v, want success %t", err, tt.ok)
			}
		})
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	ca := open(t, t.TempDir(), time.Now())
	p384, _ := request(t, elliptic.P384())
	good, _ := request(t, elliptic.P256())
	forged := append([]byte(nil), good...)
	forged[len(forged)/2] ^= 1
	for what, csr := range map[string][]byte{"nothing": nil, "no PEM": []byte("x"), "other curve": p384, "damaged": forged,
		"a certificate": ca.CertificatePEM()} {
		if _, err := ca.SignMachine(csr, machineID); err == nil {
			t.Errorf("%s was signed", what)
		}
	}
}

func TestCertificateIsRenewedInTime(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	csr, _ := request(t, elliptic.P256())
	signed, err := open(t, dir, now).SignMachine(csr, machineID)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := request(t, elliptic.P256())
	late := now.Add(machineLifetime - RenewBefore + time.Hour)
	for _, tt := range []struct {
		what string
		at   time.Time
		csr  []byte
		name string
		want bool
	}{
		{"fresh", now, csr, machineID, true},
		{"about to end", late, csr, machineID, false},
		{"machine has another key", now, other, machineID, false},
		{"another machine", now, csr, "bridge-4", false},
		{"no machine", now, csr, "other.example", false},
	} {
		if got := open(t, dir, tt.at).Good(signed, tt.csr, tt.name); got != tt.want {
			t.Errorf("%s: good %t, want %t", tt.what, got, tt.want)
		}
	}
	before, after := open(t, t.TempDir(), now).Client().Leaf, open(t, dir, late).Client().Leaf
	if !after.NotAfter.After(before.NotAfter) {
		t.Error("the operator's certificate was not renewed")
	}
}

func TestLostKeyIsAnErrorAndNotANewCA(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, time.Now())
	if err := os.Remove(filepath.Join(dir, "ca.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, "musterkreis", time.Now); err == nil {
		t.Error("a new CA was made although machines trust the old one")
	}
}

func TestNamesSayWhoIsWho(t *testing.T) {
	ca := open(t, t.TempDir(), time.Now())
	if !identity.IsOperator(ca.Client().Leaf) {
		t.Errorf("the operator's certificate names %v", ca.Client().Leaf.DNSNames)
	}
	csr, _ := request(t, elliptic.P256())
	for _, id := range []string{"", "operator", "bridge-0", "bridge-100", "portal.kreisraum.internal"} {
		if _, err := ca.SignMachine(csr, id); err == nil {
			t.Errorf("a machine got the name %q", id)
		}
	}
}

// A certificate of before the names is not the operator's for any server of today.
func TestOperatorsCertificateWithoutANameIsMadeAnew(t *testing.T) {
	dir := t.TempDir()
	ca := open(t, dir, time.Now())
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	nameless := ca.leaf("operator", clientLifetime, x509.ExtKeyUsageClientAuth)
	der, err := x509.CreateCertificate(rand.Reader, nameless, ca.certificate, key.Public(), ca.key)
	if err != nil {
		t.Fatal(err)
	}
	if err := savePair(dir, "operator", der, key); err != nil {
		t.Fatal(err)
	}
	if again := open(t, dir, time.Now()).Client().Leaf; !identity.IsOperator(again) {
		t.Errorf("the operator's certificate names %v", again.DNSNames)
	}
}
