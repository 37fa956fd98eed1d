package store

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// FolderAddress is the address of a folder. The engine would write a second file beside each one, for nothing but a content type, and not
// atomically: a kill at the wrong moment leaves an empty one, and with it a state that cannot be read any more.
func FolderAddress(dir string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(dir), RawQuery: "metadata=skip"}).String()
}

// Normal brings an address into the one form that the engine and we understand alike. An endpoint without a scheme is reached over TLS.
func Normal(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("the address of the state: %w", err)
	}
	if u.Scheme != "s3" {
		return address, nil
	}
	query := u.Query()
	if endpoint := query.Get("endpoint"); endpoint != "" && !strings.Contains(endpoint, "://") {
		query.Set("endpoint", "https://"+endpoint)
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// prefix is what the engine puts before each key of a bucket or table: the address's path (pulumi/pkg/backend/diy, newDIYBackend). Of a
// table that is the database's name.
func prefix(u *url.URL) string {
	path := strings.Trim(u.Path, "/")
	if path == "" {
		return ""
	}
	return path + "/"
}

// Environment are the variables that an engine needs to open a store that is not a folder: credentials, and how to get there.
func Environment(address string) []string {
	names := []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"}
	switch {
	case strings.HasPrefix(address, "s3:"):
		return append(names, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE",
			"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE", "AWS_EC2_METADATA_DISABLED", "AWS_REQUEST_CHECKSUM_CALCULATION",
			"AWS_RESPONSE_CHECKSUM_VALIDATION")
	case strings.HasPrefix(address, "postgres:"):
		return append(names, "PGUSER", "PGPASSWORD", "PGPASSFILE", "PGSSLMODE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGCONNECT_TIMEOUT")
	}
	return nil
}
