# Debian packages: headers to build with, OpenBLAS behind the BLAS interface, and the tools of the demo.
PACKAGES = libblas-dev liblapacke-dev libopenblas0-pthread libsqlite3-dev libarchive-dev libcurl4-openssl-dev libssl-dev libspng-dev libturbojpeg0-dev libwebp-dev pkg-config curl jq

.PHONY: help deps build demo docs test published soak fuzz tsan bench interop folders conformance browser extending lint

help: ## what there is to make
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

deps: ## install the Debian packages that are missing
	@missing=; for package in $(PACKAGES); do \
	  dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  sudo=; if [ "$$(id -u)" != 0 ]; then sudo=sudo; fi; \
	  echo "installing$$missing"; \
	  $$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing; \
	fi

build: deps ## the release binary, .build/release/pruner
	swift build -c release --product pruner

demo: build ## prune the example model through the API, by curl; results in demo-output/
	Examples/demo.sh

docs: build ## docs/api.md, from what the server says of itself
	python3 docs/make_api.py .build/release/pruner >docs/api.md.new && mv docs/api.md.new docs/api.md || { rm -f docs/api.md.new; exit 1; }

# Tests of servers that are killed keep every core busy for a minute: they come after those that watch the clock.
CRASH = CrashTests|PowerCutTests|ResumedJobTests|ResumedEncodingTests|FaultTests|InterruptedPruneTests

# Tests reach what they need by package access, and so share the objects of `make build`.
test: deps ## every test
	swift test -c release --disable-testable-imports --skip '$(CRASH)'
	swift test -c release --disable-testable-imports --filter '$(CRASH)'

published: deps ## the networks that people have published, whole, against diffusers' outputs (minutes, 4 GB)
	PRUNER_PUBLISHED=1 swift test -c release --disable-testable-imports --filter PublishedConfigurationTests

soak: deps ## 200 kills, power cuts and harmed stores of a server while it is used, and disks that are full or broken (needs strace, cc)
	PRUNER_CRASH_ROUNDS=200 swift test -c release --disable-testable-imports --filter 'CrashTests|PowerCutTests|FaultTests'

fuzz: deps ## every reader of strangers' bytes by libFuzzer, SECONDS_EACH=60 (needs python3); TARGETS="archive json" picks some
	Tests/Fuzz/fuzz.sh $(TARGETS)

tsan: deps ## the server's tests under ThreadSanitizer
	Tests/tsan.sh

bench: build ## speed and memory against PyTorch (needs python3-venv and downloads PyTorch)
	Benchmarks/bench.sh

interop: build ## a running server against PyTorch, diffusers and torch-pruning (needs python3-venv and downloads them)
	Tests/Interop/run.sh

folders: build ## 2000 checkpoint folders at random, taken as what they are or refused; PRUNER_FOLDERS=N, PRUNER_FOLDERS_FROM=SEED (as interop)
	PRUNER_FOLDERS=$${PRUNER_FOLDERS:-2000} Tests/Interop/run.sh "folders at random"

conformance: build ## tuspy and schemathesis against a running server (needs python3-venv and downloads them)
	Tests/Conformance/run.sh

browser: build ## the dashboard in headless Chromium, through the whole main job (needs python3-venv, and installs Chromium)
	Tests/Browser/run.sh

extending: deps ## docs/extending.md followed word for word in a copy of the tree (builds it and its tests)
	python3 Tests/Extending/follow.py

lint: deps ## layout and style, no circle among folders, that every target names what it imports, and AVX-512 only where it is asked for
	swift format lint --strict -r Sources Tests Package.swift
	python3 Tests/Folders/check.py
	swift build -c release --explicit-target-dependency-import-check error
	@if [ "$$(uname -m)" = x86_64 ]; then \
	  objdump -d --no-show-raw-insn .build/release/pruner | awk '/^[0-9a-f]+ </ {name = $$2} \
	    /%zmm|%[xy]mm(1[6-9]|2[0-9]|3[01])|%k[0-7]/ && name ~ /^<[$$]s/ && name !~ /WideKernels/ {print "AVX-512 in " name; bad = 1} END {exit bad}'; fi
