# Installation and packages; the Makefile includes this.
#
#   make install [DESTDIR=] [PREFIX=/usr/local] [INIT="systemd sysv"] [NODE=/usr/bin/node]
#   make uninstall      with the same variables
#   make deb            build/portsentry_VERSION_ARCH.deb, which carries its own Node
#   make deb NODE=system    the small one, which depends on nodejs
#   make tarball        build/portsentry-VERSION-linux-ARCH.tar.gz, for any Linux with glibc
#   make node-update [NODE_VERSION=24.22.0]     the Node that both carry
#   make ebuild         build/gentoo: an overlay with the ebuild, and the archive that it needs
#
# NO_BUILD=1 uses build/bundle and node_modules as they are.

PREFIX ?= /usr/local
NODE ?= $(shell command -v node)
# The init systems to install for; the default is that of this host.
INIT ?=

# Not exported, because npm reads PREFIX too.
INSTALL := DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' INIT='$(strip $(INIT))' NODE='$(NODE)' packaging/install

PACKAGE_PACKAGES := dpkg-dev
# libpcap is built from source.
TARBALL_PACKAGES := dpkg-dev flex bison

.PHONY: install uninstall deb tarball node-update ebuild packages-package packages-tarball

install: $(if $(NO_BUILD),,bundle)
	$(INSTALL)

uninstall:
	$(INSTALL) --remove

deb: $(if $(NO_BUILD),,bundle) packages-package
	packaging/deb/build $(filter system,$(NODE))

tarball: $(if $(NO_BUILD),,bundle) packages-tarball
	packaging/tarball/build

# Images of Node have a NODE_VERSION in their environment, which says nothing about packages.
node-update:
	packaging/runtime/update $(if $(findstring command,$(origin NODE_VERSION)),$(NODE_VERSION))

ebuild: $(if $(NO_BUILD),,bundle)
	packaging/gentoo/build

packages-package:
	@native-notes/need $(PACKAGE_PACKAGES)

packages-tarball:
	@native-notes/need $(TARBALL_PACKAGES)
