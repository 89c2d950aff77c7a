# Every command a person needs. `make run` and `make test` install nothing behind your back: they say what is missing, or
# install Debian's packages when they may (as root, or with SUDO=sudo).

CARGO ?= cargo
SUDO ?=
# Tests at once: most of them wait (.config/nextest.toml).
THREADS ?= $(shell echo $$(( 2 * $$(nproc) )))

.PHONY: run cluster test check fmt bench fuzz prompts setup setup-test

## run: build and start a demonstration: embedded store, sample dishes and members, calls from this network
run: setup
	$(CARGO) build --release
	./target/release/dinetone serve --demo

## cluster: the demonstration on two nodes with PostgreSQL, NATS and Kamailio in front, all on this machine (docs/cluster.md)
cluster: setup
	@tools/setup cluster
	$(CARGO) build --release
	@tools/cluster

## test: everything: unit, scenario, store on SQLite and PostgreSQL, wire tests with SIPp and baresip, pages in Chromium
test: setup setup-test
	$(CARGO) nextest run --no-fail-fast --test-threads $(THREADS)

# Examples are documented, too, because features are then those of the tests: every crate is compiled once, not twice.
## check: what CI runs besides the tests: formatting, lints as errors, documentation
check: setup
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --lib --bins --examples --quiet

fmt:
	$(CARGO) fmt

## bench: the numbers of docs/benchmarks.md, measured here
bench: setup
	$(CARGO) build --release
	tools/bench/run

## fuzz: two minutes for each target (SIP, SDP, RTP, menus.toml); needs a nightly toolchain and cargo-fuzz
fuzz:
	tools/fuzz

## prompts: render the shipped prompts again (see tools/prompts/README.md)
prompts:
	cd tools/prompts && .venv/bin/python generate.py render && .venv/bin/python generate.py check

setup:
	@tools/setup cargo

setup-test: setup
	@tools/setup test
