# What is done with this project, from building to installing. `make help` lists it.

PREFIX ?= /usr/local
PYTHON ?= python3
# How often `make crash-test` kills the program.
ROUNDS ?= 200
# How often `make replica-test` makes something fail.
REPLICA_ROUNDS ?= 200
# How long `make siege` and `make soak` go on.
SECONDS ?= 300
SOAK_SECONDS ?= 600
# How long `make fuzz` goes on, with all targets together or with FUZZ_TARGET alone.
FUZZ_SECONDS ?= 700
FUZZ_TARGET ?=
# How many nodes `make bench` loads.
BENCH_NODES ?= 250000
# Data of real clusters; tests that use it are skipped where it is missing, and fail there under CI=true.
export TEST_DATA ?= $(abspath ../shared/data)

venv_python := .venv/bin/python
program := .build/release/node-orchestrator
release_build := swift build --configuration release --static-swift-stdlib --product
# With all tests at once each would take as long as all together, and go beyond its time limit.
swift_test := swift test --skip-build --disable-xctest --experimental-maximum-parallelization-width 6
swift_sources := $(wildcard Package.swift Sources Tests Benchmarks)
shell_scripts = $(shell grep --directories=skip --files-with-matches '^\#!.*bash' scripts/* .ci/run)
python_scripts = $(shell grep --directories=skip --files-with-matches '^\#!.*python' scripts/*)

.PHONY: help
help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Gets and builds whatever is missing and starts the server on 127.0.0.1:8080 with ./data
	@$(program) schemas --dir schemas
	@echo "==> starting the server; Ctrl-C stops it"
	@exec $(program) serve --listen 127.0.0.1:8080 --data-dir ./data

.PHONY: dev
dev: libduckdb ## Builds in debug, which takes seconds after a change, and starts the server on 127.0.0.1:8080 with ./data
	@swift build --product node-orchestrator
	@exec .build/debug/node-orchestrator serve --listen 127.0.0.1:8080 --data-dir ./data --log-level debug

.PHONY: build
build: libduckdb ## Builds the program in release
	@echo "==> building the program in release; the first time this takes minutes"
	@$(release_build) node-orchestrator

.PHONY: test
test: lint extensions .venv/requirements-test.stamp ## Checks everything: lint, unit and end-to-end tests, the Python client
	@echo "==> building the tests"
	@swift build --build-tests
	@echo "==> unit and end-to-end tests"
	@$(swift_test)
	@echo "==> tests of the Python client"
	@$(venv_python) -m pytest --quiet clients/tests
	@echo "==> a short siege"
	@scripts/siege --program .build/debug/node-orchestrator --seconds 60 --unmeasured

.PHONY: crash-test
crash-test: libduckdb ## Kills the program ROUNDS=200 times while it is written to, and checks that nothing is lost
	@echo "==> building the tests"
	@swift build --build-tests
	@echo "==> killing the program $(ROUNDS) times"
	@CRASH_ROUNDS=$(ROUNDS) $(swift_test) --filter '^EndToEndTests\.CrashTests/'

.PHONY: replica-test
replica-test: build .venv/requirements-test.stamp ## Makes servers that share a log fail REPLICA_ROUNDS=200 times, and checks that nothing is lost
	@NODE_ORCHESTRATOR=$(program) REPLICA_ROUNDS=$(REPLICA_ROUNDS) REPLICA_NODES=250000 \
		$(venv_python) -m pytest --quiet -s clients/tests/test_replica_chaos.py clients/tests/test_standby.py \
		clients/tests/test_replicas.py clients/tests/test_passing.py

.PHONY: siege
siege: build ## Has bad clients besiege the server for SECONDS=300, and checks that others are served and nothing is lost
	@scripts/siege --program $(program) --seconds $(SECONDS)

.PHONY: soak
soak: build ## The same at full load, with keys that change, for SOAK_SECONDS=600; memory must not grow
	@scripts/siege --soak --program $(program) --seconds $(SOAK_SECONDS)

.PHONY: fuzz
fuzz: libduckdb ## Has libFuzzer look for bytes that parsers cannot take for FUZZ_SECONDS=700; FUZZ_TARGET=json for one of them
	@scripts/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGET)

.PHONY: fuzz-corpus
fuzz-corpus: libduckdb ## Keeps of what fuzzing has found the files that cover most, for the tests
	@scripts/fuzz keep $(FUZZ_TARGET)

.PHONY: lint
lint: tools ## Checks the style of Swift and the syntax of scripts
	@echo "==> lint"
	@swift format lint --strict --parallel --recursive $(swift_sources)
	@for script in $(shell_scripts); do bash -n "$$script" || exit; done
	@if command -v shellcheck >/dev/null; then shellcheck $(shell_scripts); fi
	@$(PYTHON) -m compileall -q clients
	@$(PYTHON) -m py_compile $(python_scripts)
	@scripts/check-walls

.PHONY: format
format: tools ## Formats the Swift sources in place
	@swift format --in-place --parallel --recursive $(swift_sources)

.PHONY: docs
docs: libduckdb ## Writes docs/kinds.md from the definitions of the kinds
	@echo "==> building the tests"
	@swift build --build-tests
	@WRITE_DOCS=1 $(swift_test) --filter '^InventoryTests\.KindsDocumentTests/'

.PHONY: bench
bench: build ## Measures speed against limits taken in the same run: BENCH_NODES=250000; wants wrk
	@command -v wrk >/dev/null || { echo "missing: wrk; on Debian 'apt-get install wrk'" >&2; exit 1; }
	@$(release_build) Benchmarks
	@.build/release/Benchmarks $(BENCH_NODES)

.PHONY: bench-replicas
bench-replicas: build ## The part of it that is about servers which share a log; wants PostgreSQL
	@$(release_build) Benchmarks
	@.build/release/Benchmarks replicas

.PHONY: bench-micro
bench-micro: libduckdb ## Counts the instructions of what is done most often; wants valgrind
	@command -v valgrind >/dev/null || { echo "missing: valgrind; on Debian 'apt-get install valgrind'" >&2; exit 1; }
	@$(release_build) Benchmarks
	@# valgrind cannot read the debugging symbols of Swift.
	@strip --strip-debug -o .build/release/Benchmarks-micro .build/release/Benchmarks
	@.build/release/Benchmarks-micro micro

.PHONY: install
install: libduckdb ## Installs a relocatable tree below PREFIX=/usr/local
	@echo "==> building the program to find libduckdb beside itself"
	@NODE_ORCHESTRATOR_RELOCATABLE=1 $(release_build) node-orchestrator
	@scripts/install $(program) "$(DESTDIR)$(PREFIX)"

.PHONY: clean
clean: ## Removes what was built, but neither libduckdb nor data
	@rm -rf .build .venv .pytest_cache schemas
	@find clients scripts -name __pycache__ -prune -exec rm -rf {} +

# Says what is missing on this machine, and how to get it.
.PHONY: tools
tools:
	@PYTHON="$(PYTHON)" scripts/check-tools

# Finds or makes libduckdb.
.PHONY: libduckdb
libduckdb: tools .venv/requirements.stamp
	@PYTHON=$(venv_python) scripts/libduckdb >/dev/null

.PHONY: extensions
extensions: libduckdb ## Gets DuckDB's extensions, by which queries read other databases and S3
	@PYTHON=$(venv_python) scripts/extensions

# The virtual environment of the Python client, remade when its requirements change.
.venv/%.stamp: clients/%.txt | tools
	@echo "==> installing $< into .venv"
	@test -x $(venv_python) || "$(PYTHON)" -m venv .venv
	@$(venv_python) -m pip --quiet --disable-pip-version-check install --requirement $< || \
		{ echo "cannot install $<; is there a network?" >&2; exit 1; }
	@touch $@
