# Installation and packages; the Makefile includes this.
#
#   make install [DESTDIR=] [PREFIX=/usr/local] [INIT="systemd sysv"] [NODE=/usr/bin/node]
#   make uninstall      with the same variables
#   make deb            build/portsentry_VERSION_ARCH.deb
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

.PHONY: install uninstall deb ebuild packages-package

install: $(if $(NO_BUILD),,bundle)
	$(INSTALL)

uninstall:
	$(INSTALL) --remove

deb: $(if $(NO_BUILD),,bundle) packages-package
	packaging/deb/build

ebuild: $(if $(NO_BUILD),,bundle)
	packaging/gentoo/build

packages-package:
	@native-notes/need $(PACKAGE_PACKAGES)
