# What a developer does with this project. `make` alone lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup build test faults format lint sanitize fuzz coverage docs bench load order package sbom deploy smoke run serve clean

SWIFT_FILES := $(wildcard Package.swift Sources Tests Benchmarks Examples Fuzzing)
PYTHON_FILES := dev Benchmarks deploy
PYTHON := .venv/bin/python
ARGS ?=

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: ## Debian packages, and the Python environment .venv
	@dev/setup.sh

build: setup ## the release build: bootstrap and comfy-lambda
	@swift build -c release

run: setup ## the main job once, from a recorded event to a picture (ARGS="--help")
	@swift build -c release --quiet && exec .build/release/comfy-lambda run $(ARGS)

serve: setup ## keep the local system up, its API on http://127.0.0.1:8000 (ARGS="--help")
	@swift build -c release --quiet && exec .build/release/comfy-lambda serve $(ARGS)

test: setup ## all tests; the last line counts them
	@dev/test.sh

faults: setup package ## kill the dispatcher at every call, all faults, 1,000 jobs; writes docs/reliability.md
	@swift build --build-tests --quiet && dev/faults.sh

lint: setup ## formatting and lint of Swift, shell, Python and container files
	@swift format lint --strict -r $(SWIFT_FILES)
	@! grep -rnE --include='*.swift' 'return \([^()]*,[^()]*\(?try\?? await' Sources || \
		{ echo "await before the tuple: docs/development.md, The compiler" >&2; exit 1; }
	@shellcheck dev/*.sh .ci/run Benchmarks/run.sh Benchmarks/*/*.sh
	@.venv/bin/hadolint Dockerfile deploy/worker/Dockerfile
	@.venv/bin/ruff check --quiet --config dev/ruff.toml $(PYTHON_FILES) && .venv/bin/ruff format --check --quiet --config dev/ruff.toml $(PYTHON_FILES)

format: setup ## format Swift and Python in place
	@swift format -i -r $(SWIFT_FILES)
	@.venv/bin/ruff check --fix --quiet --config dev/ruff.toml $(PYTHON_FILES); .venv/bin/ruff format --quiet --config dev/ruff.toml $(PYTHON_FILES)

sanitize: setup ## HTTP, JSON and Crypto tests under the thread and the address sanitizer
	@dev/sanitize.sh

fuzz: setup ## libFuzzer on what reads foreign bytes, ten minutes each (ARGS="SECONDS [TARGET...]")
	@dev/fuzz.sh $(or $(ARGS),600)

coverage: build package ## line coverage of Sources; fails under 80%
	@mkdir -p .build; swift test --enable-code-coverage --disable-xctest --experimental-maximum-parallelization-width 6 --quiet --scratch-path .build/coverage >.build/coverage.log 2>&1 || \
		echo "some tests fail: see .build/coverage.log" >&2
	@$(PYTHON) dev/coverage.py "$$(swift test --scratch-path .build/coverage --show-codecov-path)"

docs: setup ## the libraries' reference pages, in .build/docs
	@dev/docs.sh

bench: setup ## the measurements described in Benchmarks/README.md
	@if [ -x Benchmarks/run.sh ]; then exec Benchmarks/run.sh $(ARGS); else echo "There are no benchmarks yet." >&2; exit 1; fi

load: build package ## the API under wrk, beside a route that answers a constant (ARGS="--seconds 10")
	@$(PYTHON) Benchmarks/load/load.py $(ARGS)

package: setup ## .build/lambda/function.zip: the static bootstrap for Lambda
	@dev/package.sh

order: package ## dev/bootstrap.order: what a start and a first submit run, for the linker
	@Benchmarks/runtime/build.sh && $(PYTHON) Benchmarks/runtime/order.py

sbom: package ## .build/lambda/sbom.cdx.json: what is linked, as CycloneDX
	@$(PYTHON) dev/sbom.py .build/lambda/bootstrap >.build/lambda/sbom.cdx.json && echo "sbom: .build/lambda/sbom.cdx.json"

deploy: setup ## deploy to AWS: make deploy ENV=dev (PARAMETERS="ComfyUIURLs=http://…", YES=1 asks nothing)
	@ENV="$(ENV)" PARAMETERS="$(PARAMETERS)" YES="$(YES)" dev/sam.sh python dev/deploy.py

smoke: setup ## one job against a deployed API, signed when it wants that: make smoke URL=https://… (ARGS="--help")
	@swift build -c release --quiet --product comfy-lambda && \
		exec .build/release/comfy-lambda smoke $(if $(URL),--url "$(URL)") $(ARGS)

# What `sam build` calls once for each function: one artifact, _HANDLER says which function it is.
build-%Function: .build/lambda/function.zip
	@cp .build/lambda/bootstrap "$(ARTIFACTS_DIR)/"

.build/lambda/function.zip: Package.swift dev/package.sh dev/static-curl.sh $(shell find Sources -type f)
	@dev/package.sh

clean: ## remove what was built, and .venv
	@rm -rf .build .venv .local .aws-sam
