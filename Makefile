# Kreisraum. `make` alone prints this help; `make demo` and `make test` are the two commands a newcomer needs.
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
ARCH     := $(shell go env GOARCH 2>/dev/null)
PULUMI   := v3.250.0
LDFLAGS  := -s -w -X main.version=$(VERSION)
APP      := conference/web/app
GO_SRC   := $(shell find operator conference infra templates configs -name '*.go' -not -path '*/node_modules/*' 2>/dev/null) go.mod go.sum
WEB_SRC  := $(shell find $(APP) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
# Files the Go packages embed beside their sources.
EMBEDDED := $(shell find templates configs operator/sandbox operator/register -type f -not -name '*.go' -not -path '*/testdata/*' 2>/dev/null)
OPERATOR := bin/kreisraum
SERVER   := bin/kreisraum-conference-linux-$(ARCH)

export CGO_ENABLED ?= 0
# Everywhere, not only in what is delivered: what is compiled for the programs serves vet, lint and the tests too.
export GOFLAGS := -trimpath $(GOFLAGS)

.PHONY: help
help: ## print this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- the demo ------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: need-root need-go need-node build bin/loadgen ## a county live on this machine: https://demo.localhost:8443
	$(OPERATOR) up demo --sandbox
	@printf '%s\n' '' 'Push load at it and watch bridges come and go:' \
		'  $(OPERATOR) serve demo --sandbox             the daemon, in a terminal of its own; it decides by load' \
		'  make demo-load                                 twelve synthetic lessons, in another one; Ctrl-C ends them' \
		'  $(OPERATOR) status demo --sandbox --watch    bridges, how busy they are, the last restart' \
		'  $(OPERATOR) explain demo --sandbox           what was decided, and why' \
		'  $(OPERATOR) restart demo --sandbox           tonight'"'"'s restart now, with its proof of what was forgotten'

# The account's password is in a file that only root can read, and gone with it.
.PHONY: demo-load
demo-load: need-root bin/loadgen ## synthetic lessons in the demo, until Ctrl-C
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; trap : INT; \
	$(OPERATOR) accounts create demo --sandbox --count 1 --out "$$folder/account.csv" >/dev/null; \
	account=$$(tail -n 1 "$$folder/account.csv" | cut -d ';' -f 1); tail -n 1 "$$folder/account.csv" | cut -d ';' -f 2 > "$$folder/password"; \
	roots=$$($(OPERATOR) sandbox status --json | grep -o '"roots":"[^"]*"' | cut -d '"' -f 4); \
	bin/loadgen drive -site https://demo.localhost:8443 -address 127.0.0.1:8443 -roots "$$roots" -account "$$account" -password-file "$$folder/password" \
		-rooms $(or $(ROOMS),12) -people $(or $(PEOPLE),5) -for $(or $(FOR),1h); status=$$?; \
	$(OPERATOR) accounts disable demo "$$account" --sandbox >/dev/null; exit $$status

.PHONY: demo-down
demo-down: $(OPERATOR) ## end the demo and leave nothing behind
	@if [ "$$($(OPERATOR) sandbox status --json | cut -c -15)" = '{"running":true' ]; then set -x; $(OPERATOR) down demo --sandbox --yes; fi
	$(OPERATOR) sandbox remove

# --- building ------------------------------------------------------------------------------------------------------

.PHONY: build
build: $(OPERATOR) $(SERVER) bin/pulumi ## both programs, the web client and the Pulumi CLI, into bin/

bin/loadgen: $(GO_SRC) $(EMBEDDED)
	go build -o $@ ./conference/cmd/loadgen

.PHONY: web
web: $(APP)/dist/index.html ## the web client

.PHONY: pulumi
pulumi: bin/pulumi ## the Pulumi CLI from the pinned module (about two minutes, once)

$(OPERATOR): $(GO_SRC) $(EMBEDDED)
	go build -ldflags "$(LDFLAGS)" -o $@ ./operator/cmd/kreisraum

bin/kreisraum-conference-linux-%: $(GO_SRC) $(EMBEDDED) $(APP)/dist/index.html
	GOOS=linux GOARCH=$* go build -ldflags "$(LDFLAGS)" -o $@ ./conference/cmd/kreisraum-conference

# The Automation API refuses a CLI without a version.
bin/pulumi: go.mod
	go build -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$(PULUMI) -X github.com/pulumi/pulumi/pkg/v3/version.Version=$(PULUMI)" \
		-o $@ github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
	@touch $@

$(APP)/node_modules/.package-lock.json: $(APP)/package.json $(APP)/package-lock.json
	cd $(APP) && npm ci --no-audit --no-fund
	@touch $@

$(APP)/dist/index.html: $(APP)/node_modules/.package-lock.json $(WEB_SRC)
	cd $(APP) && npm run --silent build
	@touch $(APP)/dist/.gitkeep $@

.PHONY: release
release: need-go need-node web bin/kreisraum-conference-linux-amd64 bin/kreisraum-conference-linux-arm64 $(OPERATOR) bin/pulumi ## what a county needs, for amd64 and arm64 machines
	@$(SERVER) version | grep -q 'web client: embedded' || { echo "release: the server was built without the web client; run make web"; exit 1; }

.PHONY: clean
clean: ## remove what was built
	rm -rf bin $(APP)/node_modules
	find $(APP)/dist -mindepth 1 -not -name .gitkeep -delete

# --- testing -------------------------------------------------------------------------------------------------------

.PHONY: test
test: need-root need-go need-node need-test-packages build vet lint race web-test e2e ## everything: vet, lint, race, web client, browser and end-to-end tests

.PHONY: vet
vet: ## go vet and gofmt
	@unformatted=$$(gofmt -l operator conference infra templates configs); [ -z "$$unformatted" ] || { echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; }
	go vet ./...

.PHONY: lint
lint: ## staticcheck, with the choice of checks in staticcheck.conf
	go tool staticcheck ./...

# Most tests wait for machines, leases and elections more than they compute: more of them at once than there are cores, the longest first.
.PHONY: race
race: bin/pulumi need-test-packages ## all Go tests with the race detector
	CGO_ENABLED=1 go test -race -timeout 20m -p 4 -parallel 6 ./operator/stack ./conference/server ./...

.PHONY: web-test
web-test: need-node need-test-packages web ## type check, lint, unit and page tests of the web client
	@$(MAKE) --no-print-directory --output-sync -j2 web-lint web-check web-unit
	cd $(APP) && npm run --silent pages

# One process each, so that two of them fit two cores; the longest comes first.
.PHONY: web-lint web-check web-unit
web-lint:
	cd $(APP) && npm run --silent lint
web-check:
	cd $(APP) && npm run --silent check
web-unit:
	cd $(APP) && npm test --silent

.PHONY: e2e
e2e: need-root need-node need-test-packages build ## a whole county through the sandbox, with lessons in real browsers
	go test -tags e2e -count=1 -timeout 25m ./operator/e2e

.PHONY: chaos
chaos: bin/pulumi ## hundreds of ups, changes and downs with random faults and kills; RUNS=300 SEED=1
	KREISRAUM_CHAOS_RUNS=$(or $(RUNS),300) KREISRAUM_CHAOS_SEED=$(or $(SEED),1) go test -run '^TestChaos$$' -v -timeout 2h ./operator/stack

.PHONY: fuzz
fuzz: ## every fuzz test for 20 seconds
	@for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do echo "$$pkg $$target"; go test -run '^$$' -fuzz "^$$target\$$" -fuzztime 20s $$pkg; done; done

.PHONY: bench
bench: ## load benchmarks; writes docs/performance.md
	go run ./conference/cmd/loadgen run -doc docs/performance.md

# --- what the machine needs ----------------------------------------------------------------------------------------

.PHONY: need-root
need-root:
	@[ "$$(id -u)" = 0 ] || { echo "The sandbox binds ports 22 and 443 of its machines' own loopback addresses: run as root."; exit 1; }

# Go 1.21 and newer fetch the version that go.mod names by themselves; older ones fail with a message about go.mod.
.PHONY: need-go
need-go:
	@go list -m >/dev/null 2>&1 || { \
		echo "Go 1.26 builds the programs, this machine has $$(go version 2>/dev/null || echo none) (Debian's own is too old):"; \
		echo "install it from https://go.dev/dl/, put its bin folder into PATH, then run make again."; exit 1; }

# What "engines" of the web client's package.json says.
NODE_FITS := const [a, b] = process.versions.node.split(".").map(Number); process.exit(a >= 24 || (a === 22 && b >= 13) || (a === 20 && b >= 19) ? 0 : 1)

.PHONY: need-node
need-node:
	@command -v npm >/dev/null && node -e '$(NODE_FITS)' 2>/dev/null || { \
		echo "Node.js 20 (from 20.19), 22 (from 22.13) or 24 and newer builds the web client, with npm; this machine has $$(node --version 2>/dev/null || echo none)"; \
		echo "(Debian 12's own is too old). Install it from https://nodejs.org/en/download, then run make again."; exit 1; }

# Chromium and Firefox play the browsers, the latter before a screen of Xvfb, gcc serves the race detector; debootstrap, systemd-container and
# nftables make real Debian machines, ip and nsenter look at their networks, ssh logs in; hcloud is a client to hold the simulated cloud
# against, PostgreSQL a place for a team's state. Debian packages, installed only when missing.
.PHONY: need-test-packages
need-test-packages:
	@missing=""; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	command -v firefox-esr >/dev/null || missing="$$missing firefox-esr"; \
	command -v Xvfb >/dev/null || missing="$$missing xvfb"; \
	command -v gcc >/dev/null || missing="$$missing gcc libc6-dev"; \
	command -v systemd-nspawn >/dev/null || missing="$$missing systemd-container"; \
	command -v debootstrap >/dev/null || missing="$$missing debootstrap"; \
	command -v nft >/dev/null || missing="$$missing nftables"; \
	command -v ip >/dev/null || missing="$$missing iproute2"; \
	command -v nsenter >/dev/null || missing="$$missing util-linux"; \
	command -v ssh >/dev/null || missing="$$missing openssh-client"; \
	command -v hcloud >/dev/null || missing="$$missing hcloud-cli"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	[ -z "$$missing" ] || { echo "installing Debian packages:$$missing"; apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; }
