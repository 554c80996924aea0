# egress-probe. `make help` lists what there is.

LAB := cargo run --quiet --package egress-lab --
AGENT := target/release/egress-probe
BENCH := target/release/egress-bench

# Where `make image` puts its name; your registry before it: make image IMAGE=registry.example.com/egress-probe:0.1.0
IMAGE ?= egress-probe:$(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)

.PHONY: help run test fuzz lint doc rules dashboards screenshots man audit advisories sbom reproducible image packages \
	bench bench-change soak suffixes lab lab-status lab-fault lab-block lab-heal lab-exec lab-faults lab-down bench-build

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## the agent, with the embedded catalogue and no configuration: curl localhost:9100/status
	cargo run --release

test: packages ## every test, as root: they run in a network of their own, from which no packet gets out
	cargo test --workspace --no-run
	unshare --net sh -c 'ip link set lo up && exec cargo test --workspace --offline'

fuzz: ## the fuzzer on the parsers of outside bytes, one after the other [TARGET=dns_reply] [TIME=600], seconds each
	for target in $(or $(TARGET),$(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))); do \
		fuzz/run $$target $(or $(TIME),600) || exit 1; done

lint: ## format and lints, every warning an error
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

doc: ## the crate's documentation, every warning an error
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --workspace --document-private-items

rules: ## the shipped forms of alerts and recording rules, from manifests/rules
	UPDATE_RULES=1 cargo test --quiet --test alerts shipped

dashboards: ## the dashboards, from tests/dashboards
	UPDATE_DASHBOARDS=1 cargo test --quiet --test dashboards shipped

screenshots: packages ## the pictures of the page in docs/images, as root; needs Debian's pngquant
	@command -v pngquant >/dev/null || { echo "pngquant is missing: apt-get install pngquant"; exit 1; }
	cargo test --test page --no-run
	unshare --net sh -c 'ip link set lo up && WRITE_SCREENSHOTS=1 cargo test --quiet --offline --test page pictures'
	pngquant --force --ext .png --speed 1 --nofs 128 docs/images/*.png

man: ## manual pages of every command, in target/man
	cargo run --quiet -- man --into target/man

audit: ## licences, bans and sources of dependencies
	@tests/cargo-tools.sh
	cargo fetch --quiet --locked
	target/cargo-tools/bin/cargo-deny --offline check licenses bans sources

advisories: ## known vulnerabilities of dependencies; fetches RustSec's database
	@tests/cargo-tools.sh
	target/cargo-tools/bin/cargo-deny check advisories

sbom: ## the image's bill of materials (CycloneDX), in target/egress-probe.cdx.json
	@tests/cargo-tools.sh
	tests/sbom.sh target/egress-probe.cdx.json

reproducible: ## two builds of the present commit, in two folders, must give the same program
	tests/reproducible.sh

image: ## the container image, with docker, podman or buildah [IMAGE=registry.example.com/egress-probe:0.1.0]
	for builder in docker podman buildah; do $$builder info >/dev/null 2>&1 && break; done; \
	$$builder build --tag $(IMAGE) --build-arg EGRESS_PROBE_REVISION=$$(git rev-parse HEAD) \
		--build-arg SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) .

packages: ## what the tests need from Debian and PyPI, when it is missing and may be installed
	@tests/packages.sh
	@tests/tools.sh
	@tests/cargo-tools.sh

bench-build:
	cargo build --release
	cargo build --release --package egress-bench

bench: packages bench-build ## what the agent costs, beside blackbox_exporter, into benches/RESULTS.md, as root, 9 min [QUICK=1: 1 min, only shown]
	unshare --net --mount $(BENCH) compare --agent $(AGENT) $(if $(QUICK),--quick,--into benches/RESULTS.md)

bench-change: packages bench-build ## seconds from a change of the firewall to /metrics, into benches/CHANGES.md, as root, 3 min [QUICK=1]
	$(BENCH) change --agent $(AGENT) $(if $(QUICK),--quick,--into benches/CHANGES.md)

soak: packages bench-build ## the agent at 50 times its pace under faults that come and go; fails if it grows, as root [TIME=600] [SEED=7]
	$(BENCH) soak --agent $(AGENT) $(if $(TIME),--time $(TIME)) $(if $(SEED),--seed $(SEED))

suffixes: ## the list of public suffixes, after an update of the crate psl
	python3 tests/suffixes.py

lab: ## a node, a firewall and an internet with real servers; the agent runs in it until Ctrl-C (as root) [PROXY=1]
	cargo build --release
	$(LAB) up --agent $(AGENT) --cloud $(or $(CLOUD),public) --edition $(or $(EDITION),latest) $(if $(PROXY),--proxy)

lab-status: ## what runs in the lab, and which faults stand
	$(LAB) status

lab-fault: ## a fault by its name: make lab-fault NAME=sni-reset [HOST=mcr.microsoft.com]
	$(LAB) fault $(NAME) $(if $(HOST),--host '$(HOST)')

lab-block: ## any fault on any host: make lab-block HOST=mcr.microsoft.com [FAULT=tls-reset] [PORT=443]
	$(LAB) block --host '$(HOST)' --fault $(or $(FAULT),tls-reset) $(if $(PORT),--port $(PORT))

lab-heal: ## the way back: make lab-heal [HOST=mcr.microsoft.com]
	$(LAB) heal $(if $(HOST),--host '$(HOST)')

lab-exec: ## a command on the lab's node: make lab-exec CMD='curl -s localhost:9100/status'
	$(LAB) exec -- $(CMD)

lab-faults: ## the faults there are, by name
	$(LAB) faults

lab-down: ## removes what a crash left
	$(LAB) down
