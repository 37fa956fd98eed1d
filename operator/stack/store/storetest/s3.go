package storetest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	gcaws "gocloud.dev/aws"
)

// versity is the S3 server; it is built once and kept in the user's cache.
const versity = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"

// S3 starts a server with an empty bucket.
func S3(t *testing.T) Place {
	t.Helper()
	const access, secret = "operator", "secret-of-the-tests"
	program, dir, port := gateway(t), t.TempDir(), freePort(t)
	cmd := exec.Command(program, "--quiet", "--port", "127.0.0.1:"+port, "posix", dir)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+access, "ROOT_SECRET_ACCESS_KEY="+secret)
	log, ended := start(t, cmd, os.Interrupt)
	t.Setenv("AWS_ACCESS_KEY_ID", access)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	// create makes a bucket and returns its address.
	create := func(t *testing.T, bucket string) string {
		t.Helper()
		query := url.Values{"endpoint": {"http://127.0.0.1:" + port}, "region": {"us-east-1"}}
		await(t, "the S3 server", log, ended, func() error { return makeBucket(t.Context(), query, bucket) })
		query.Set("s3ForcePathStyle", "true")
		return "s3://" + bucket + "/state?" + query.Encode()
	}
	return Place{Name: "s3", Address: create(t, "counties"), Folder: dir, another: func(t *testing.T) string {
		return create(t, fmt.Sprintf("counties%d", made.Add(1)))
	}}
}

func makeBucket(ctx context.Context, query url.Values, name string) error {
	config, err := gcaws.V2ConfigFromURLParams(ctx, query)
	if err != nil {
		return err
	}
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name}); err == nil {
		return nil
	}
	_, err = client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name})
	return err
}

// gateway is the server's program.
func gateway(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "kreisraum-tests", filepath.Base(versity))
	program := filepath.Join(dir, "versitygw")
	if _, err := os.Stat(program); err == nil {
		return program
	}
	fresh := t.TempDir()
	build := exec.Command("go", "install", versity)
	build.Dir = fresh // not in our module
	build.Env = append(os.Environ(), "GOBIN="+fresh, "GOFLAGS=-mod=mod", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the S3 server: %v\n%s", err, out)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	// Another test may be faster; both have built the same.
	data, err := os.ReadFile(filepath.Join(fresh, "versitygw"))
	if err != nil {
		t.Fatal(err)
	}
	part := program + "." + filepath.Base(fresh)
	if err := os.WriteFile(part, data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(part, program); err != nil {
		t.Fatal(err)
	}
	return program
}
