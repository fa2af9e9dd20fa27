# Trireme: `make help` lists what there is. V=1 shows whole commands.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
Q := $(if $(V),,@)
TRIREME := bin/trireme

HOST ?=
LB ?= 127.0.0.1:13337
JOBS ?= 1,2,1
PCAP ?=
IFACE ?=
ARGS ?=
RUNS ?= 100000
SEED ?=
SECONDS ?= 600
CLIENTS ?= 100
WORKERS ?= 6
ANALYSES ?= 20
BYTES ?= 200M
NODES ?=
OLD ?=

##@ First
.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-zA-Z_-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## install, build, and run the main job end to end on this machine
	$(Q)$(TRIREME) demo $(PCAP)

.PHONY: test
test: build bpf-if-possible ## install, build, and run every test
	$(Q)npx --no-install jest $(ARGS)

.PHONY: test-nodes
test-nodes: build bpf-if-possible ## every test on Node 22, 24 and 26, fetched from npm (NODES="22 24"; ARGS=--few for an excerpt)
	$(Q)scripts/test-nodes.sh $(ARGS) $(NODES)

##@ Break it
.PHONY: fuzz
fuzz: build ## RUNS=100000 random and mutated inputs for each parser (ARGS="--target NAME --seed N")
	$(Q)node --enable-source-maps dist/test/fuzz/run.js --runs $(RUNS) $(ARGS)

.PHONY: chaos
chaos: build ## faults by a seeded script for SECONDS=600 under CLIENTS=100 and WORKERS=6 (SEED=N repeats one)
	$(Q)node --enable-source-maps dist/test/chaos/run.js $(if $(SEED),--seed $(SEED)) --seconds $(SECONDS) --clients $(CLIENTS) --workers $(WORKERS) $(ARGS)

.PHONY: chaos-masters
chaos-masters: build ## masters that share NATS under ANALYSES=20 of BYTES=200M: any process is killed or cut off (SEED=N; ARGS=--stores: NATS loses writes)
	$(Q)node --enable-source-maps dist/test/chaos/masters/run.js $(if $(SEED),--seed $(SEED)) $(if $(filter-out file,$(origin SECONDS)),--seconds $(SECONDS)) --analyses $(ANALYSES) --bytes $(BYTES) $(ARGS)

.PHONY: damage
damage: build ## RUNS=1000 random damages of a master's state folder: none may lose anything without a word (SEED=N repeats)
	$(Q)node --enable-source-maps dist/test/damage/run.js $(if $(filter-out file,$(origin RUNS)),--runs $(RUNS)) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: simulate
simulate: build ## the hub with workers that misbehave, in simulated time: RUNS=100 seeds of 100,000 jobs from SEED=1 (ARGS="--jobs N")
	$(Q)node --enable-source-maps dist/test/simulation/run.js $(if $(filter-out file,$(origin RUNS)),--runs $(RUNS)) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: mutate
mutate: build ## change the pure modules one place at a time and list what no unit test notices (ARGS=framing: one area; scripts/mutate.sh)
	$(Q)scripts/mutate.sh $(ARGS)

.PHONY: mutate-bounds
mutate-bounds: build ## take each named bound out of the pure modules and list those that no unit test notices (ARGS=hedges: one area)
	$(Q)node scripts/mutate-bounds.mjs $(ARGS)

.PHONY: audit
audit: build ## ask the registry for known weaknesses of the production packages
	$(Q)npm audit --omit=dev

##@ Build
.PHONY: deps
deps: ## install the Debian packages that are missing (names them first; needs root)
	$(Q)scripts/deps.sh

node_modules/.installed: package.json package-lock.json
	$(Q)npm ci --no-audit --no-fund
	$(Q)touch $@

.PHONY: build
build: node_modules/.installed ## install npm packages and compile everything but the XDP programs
	$(Q)npm run --silent build
	$(Q)touch dist/.built

# Roles start at once where nothing has changed since the last build, and those that are started together build once.
.PHONY: built
built:
	$(Q)flock package.json $(MAKE) --no-print-directory built-now

.PHONY: built-now
built-now: node_modules/.installed
	$(Q)if [ ! -e dist/.built ] || [ -n "$$(find src proto scripts package.json tsconfig.json -newer dist/.built -print -quit)" ]; then \
		npm run --silent build && touch dist/.built; fi

.PHONY: package
package: build bpf ## build/trireme-VERSION.tgz, what npm install takes (needs clang, for the XDP programs)
	$(Q)mkdir -p build && npm pack --silent --ignore-scripts --pack-destination build

.PHONY: image-check
image-check: ## build the image with buildah on a base of debootstrap, and run what is in it (needs root; some minutes)
	$(Q)scripts/image.sh

.PHONY: sbom
sbom: node_modules/.installed ## build/trireme.cdx.json: the production packages with versions, licenses and digests (CycloneDX)
	$(Q)mkdir -p build && npm sbom --omit=dev --sbom-format=cyclonedx --package-lock-only > build/trireme.cdx.json

.PHONY: check
check: build ## lint and formatting
	$(Q)npm run --silent lint

.PHONY: clean
clean: ## detach XDP programs that this project attached, and remove what was built
	$(Q)if [ -x $(TRIREME) ] && [ -d dist ] && [ -d /run/trireme/xdp ]; then $(TRIREME) xdp detach --all; fi
	$(Q)rm -rf dist src/gen build

##@ Roles
.PHONY: run-lb
run-lb: built ## load balancer: TCP jobs on :13337, gRPC on :50051 (ARGS=... for more options)
	$(Q)exec $(TRIREME) lb $(ARGS)

.PHONY: run-master
run-master: built ## capture master: gRPC on :50052
	$(Q)exec $(TRIREME) master $(ARGS)

.PHONY: run-worker
run-worker: built ## worker for HOST=H[:P][,H:P...]
	$(Q)test -n "$(HOST)" || { echo "run-worker: say where the hubs are: make run-worker HOST=192.0.2.1[,192.0.2.2:50052]" >&2; exit 2; }
	$(Q)exec $(TRIREME) worker --host $(HOST) $(ARGS)

.PHONY: run-client
run-client: built ## send JOBS=1,2,1 to LB=H:P
	$(Q)exec $(TRIREME) client --lb $(LB) --jobs $(JOBS) $(ARGS)

.PHONY: analyze
analyze: built ## analyse PCAP=FILE (ARGS=--multi for all cores)
	$(Q)test -n "$(PCAP)" || { echo "analyze: name a capture: make analyze PCAP=FILE" >&2; exit 2; }
	$(Q)exec $(TRIREME) analyze $(PCAP) $(ARGS)

##@ Captures
.PHONY: fetch-captures
fetch-captures: ## download the two public captures of the exercise into captures/fetched
	$(Q)scripts/fetch-captures.sh

##@ Documents
.PHONY: docs-api
docs-api: build ## write docs/API.md anew
	$(Q)node scripts/api-doc.mjs

.PHONY: docs-metrics
docs-metrics: build ## write docs/METRICS.md anew
	$(Q)node scripts/metrics-doc.mjs

.PHONY: pictures
pictures: build ## take the pictures of the README from the running program (needs chromium)
	$(Q)TRIREME_PICTURES=1 npx --no-install jest dist/test/story/live-page

##@ Measure
.PHONY: bench
bench: build ## side-by-side benchmarks (ARGS=callers|cancels|captures|exports|fairness|filter|jobs|packed|page|plan|policy|quotas|scale|strangers|xdp for one)
	$(Q)scripts/bench.sh $(ARGS)

.PHONY: bench-compare
bench-compare: build ## build revision OLD=rev too, run both in turns and print ratios (ARGS="--rows captures packed exports jobs")
	$(Q)test -n "$(OLD)" || { echo "bench-compare: name a revision: make bench-compare OLD=HEAD~1" >&2; exit 2; }
	$(Q)node dist/bench/compare/compare.js --old $(OLD) $(ARGS)

.PHONY: perf
perf: build ## profile an analysis of PCAP=FILE with perf and write a flame graph
	$(Q)scripts/perf.sh $(PCAP)

include bpf/bpf.mk
