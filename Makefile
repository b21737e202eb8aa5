# portsentry: `sudo make run` runs the live detector, `make test` passes the tests.
# Both set up what they need. As root with apt they install the missing system packages, otherwise they name them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build

BUILD_PACKAGES := libpcap-dev g++ make python3
RUN_PACKAGES := iptables nftables
UNIT_PACKAGES := tcpdump tshark wireshark-common fail2ban logwatch logrotate zsh fish jq curl openssl git shellcheck man-db \
	systemd procps
TEST_PACKAGES = $(UNIT_PACKAGES) nmap hping3 masscan tmux zmap tcpreplay redis-tools iperf3 netcat-openbsd dnsutils \
	libfaketime rsyslog iproute2 ethtool iptables nftables ipset util-linux openssh-server openssh-client passwd \
	$(PACKAGE_PACKAGES)
FIELD_PACKAGES := lintian mmdebstrap

# Only to make captures again.
FIXTURE_PACKAGES := traceroute
PICTURE_PACKAGES := chromium
VM_PACKAGES = qemu-system-x86 e2fsprogs mmdebstrap $(PACKAGE_PACKAGES)

# More arguments for the tests, such as VITEST_ARGS=test/decode.
VITEST := node_modules/.bin/vitest run $(VITEST_ARGS)
# The tests that depend most on Node: files, sockets, processes, streams, the native module; and a live scan.
NODE_TESTS := $(addprefix test/,capture commands control daemon listen sensor service watch replay/replay.test.ts \
	record/syslog.test.ts e2e/user-config.test.ts)
SOURCES := $(shell find src -name '*.ts')
BUNDLE := build/bundle/main.js

.PHONY: run test unit e2e on-this-node test-vm test-field build bundle lint bench fuzz fixtures pictures coverage clean
.PHONY: packages-build packages-run packages-unit packages-test packages-field packages-vm packages-picture

run: packages-run build
	node dist/main.js $(ARGS)

test: packages-test build bundle
	$(VITEST)
	$(MAKE) --no-print-directory lint

unit: packages-unit build bundle
	$(VITEST) --project unit

e2e: packages-test build bundle
	$(VITEST) --project 'e2e*'

# make test-node-22: all tests on another Node, in a copy whose native module is built for it.
test-node-%: packages-test
	test/support/with-node $* $(MAKE) --no-print-directory test

# make node-22: only NODE_TESTS, in a minute or two.
node-%: packages-test
	test/support/with-node $* $(MAKE) --no-print-directory on-this-node

on-this-node: packages-test build bundle
	$(VITEST) $(NODE_TESTS)

# The package in a virtual machine with systemd. Not a part of `make test`, because it takes minutes without KVM.
test-vm: packages-vm build bundle
	node_modules/.bin/vitest run --config vitest.vm.config.ts $(VITEST_ARGS)

# Beside ufw, firewalld, docker and other releases' nft, from Debian's packages, and for ten minutes of real time. Writes
# test/field/results/DATE.txt. Not a part of `make test`.
test-field: packages-test packages-field packages-tarball packages-picture build bundle
	test/field/run $(VITEST_ARGS)

build: dist/main.js

# The program of packages and installations.
bundle: $(BUNDLE)

lint: node_modules/.built
	node_modules/.bin/biome check --error-on-warnings .
	node_modules/.bin/tsc --noEmit

coverage: packages-test build bundle
	$(VITEST) --coverage

bench: packages-test build
	bench/run

# make fuzz SECONDS=600: each target for this time; inputs that reach new code join fixtures/corpus.
fuzz: build
	node_modules/.bin/tsc -p tsconfig.tools.json
	node build/test/fuzz/main.js $(SECONDS)

# Makes all captures again, then their golden replays.
fixtures: packages-test build
	@native-notes/need $(FIXTURE_PACKAGES)
	fixtures/make/run
	fixtures/make/golden

# Makes the pictures of README anew.
pictures: packages-picture build
	node_modules/.bin/tsc -p tsconfig.tools.json
	node build/fixtures/make/report-picture.js

clean:
	rm -rf dist build node_modules coverage

dist/main.js: node_modules/.built tsconfig.json tsconfig.build.json $(SOURCES)
	rm -rf dist
	npm run --silent build

$(BUNDLE): node_modules/.built packaging/bundle.mjs packaging/modules.cjs $(wildcard packaging/bundled/*) $(SOURCES)
	node packaging/bundle.mjs

# `npm ci` compiles cap against libpcap.
node_modules/.built: package.json package-lock.json | packages-build
	@native-notes/node
	headers=$$(node native-notes/prerequisites.cjs --headers); \
	  $${headers:+env npm_config_nodedir="$$headers"} npm ci --no-audit --no-fund
	touch $@

packages-build:
	@native-notes/node
	@native-notes/need $(BUILD_PACKAGES)

packages-run: packages-build
	@native-notes/need $(RUN_PACKAGES)

packages-unit: packages-build
	@native-notes/need $(UNIT_PACKAGES)

packages-test: packages-run
	@native-notes/need $(TEST_PACKAGES)
	@test/support/need-crowdsec

packages-field:
	@native-notes/need $(FIELD_PACKAGES)

packages-picture:
	@native-notes/need $(PICTURE_PACKAGES)

packages-vm: packages-build
	@native-notes/need $(VM_PACKAGES)

include packaging/install.mk
