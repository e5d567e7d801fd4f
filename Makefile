# Everything a contributor can do. `make` alone lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
ENV := source tools/env.sh
.DEFAULT_GOAL := help

.PHONY: help
help: ## List what can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: demo
demo: ## A real Kubernetes, Sentinel on it, and one action from filed to done (YES=1: no questions; CLUSTER=kind|current: yours)
	@$(ENV); CLUSTER=$(or $(CLUSTER),embedded) node test/demo/demo.ts $(if $(YES),--yes)

.PHONY: picture
picture: ## Record the demo as the picture of the README: docs/images/demo.svg
	@$(ENV); node tools/picture/record.ts

.PHONY: demo-down
demo-down: ## Remove every trace of the demo
	@$(ENV); node cluster/src/main.ts down

.PHONY: test
test: ## Prove a clone: checks, the story, attacks and ten cases of each suite, on the embedded cluster (SUITE=name: a suite whole; TEST=file: one file)
	@$(ENV); node tools/test.ts $(if $(TEST),--file=$(TEST),$(if $(SUITE),--suite=$(SUITE)))

.PHONY: ci
ci: ## What CI runs: `make test`, and whole the suites whose folders changed since the last landed commit
	@$(ENV); node tools/test.ts --ci

.PHONY: check
check: ## Lint, types, generated files and unit tests (seconds, no cluster)
	@$(ENV); node tools/test.ts --fast

.PHONY: generate
generate: ## Write CRDs, API docs and chart files from the kinds
	@$(ENV); node tools/generate.ts

.PHONY: format
format: ## Format and fix what lint can fix
	@$(ENV); node_modules/.bin/biome check --write .

.PHONY: hooks
hooks: ## Check each commit of this clone: format, lint, generated files, the form of its subject
	@git config core.hooksPath .githooks; echo "commits of this clone are checked by .githooks"

.PHONY: setup
setup: ## Install what building needs, and nothing else: Node and npm packages, Debian packages, Go
	@$(ENV); node cluster/src/main.ts setup

.PHONY: cluster-up
cluster-up: ## Start the embedded Kubernetes alone
	@$(ENV); node cluster/src/main.ts up

.PHONY: install
install: ## Build the images and install Sentinel into the running embedded cluster
	@$(ENV); node tools/install-dev.ts

.PHONY: plugin
plugin: ## Make `kubectl sentinel`, one file that needs Node 24: dist/kubectl-sentinel, for a folder of your PATH
	@$(ENV); node tools/plugin.ts

.PHONY: bench
bench: ## Measure: verdicts, the worst inputs and the start of the plugin; then, where `make install` was, creates beside ValidatingAdmissionPolicy and Kyverno (builds Kyverno once), and an action beside a hostile tenant
	@$(ENV); node --expose-gc bench/verdict.ts; node bench/worst-inputs.ts; node bench/plugin-start.ts; if node cluster/src/main.ts status >/dev/null; then node bench/create.ts; node bench/hostile-tenant.ts; else echo 'No cluster is up: `make cluster-up install` first, to measure these as well.'; fi

.PHONY: mutants
mutants: ## Change the code that decides, one small thing at a time, and see whether a test fails (ROOM=folder or file: only that; many minutes)
	@$(ENV); [ tools/mutants/node_modules/.package-lock.json -nt tools/mutants/package-lock.json ] || npm ci --prefix tools/mutants --ignore-scripts --no-audit --no-fund --loglevel=error; \
	ROOM='$(ROOM)' NODE_COMPILE_CACHE=$$PWD/dist/mutants/cache tools/mutants/node_modules/.bin/stryker run tools/mutants/stryker.config.ts

.PHONY: netpol
netpol: ## Kubernetes' own NetworkPolicy tests against the running embedded cluster; writes docs/development/network-policies.md (builds them once; about half an hour)
	@$(ENV); node tools/netpol/main.ts

.PHONY: cluster-down
cluster-down: ## Stop the embedded Kubernetes and remove its traces
	@$(ENV); node cluster/src/main.ts down
