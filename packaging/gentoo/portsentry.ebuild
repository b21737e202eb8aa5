# Copyright 2026 The PortSentry developers
# Distributed under the terms of the MIT License

EAPI=8

inherit systemd tmpfiles

DESCRIPTION="Sees port scans and shuts the scanner out"
HOMEPAGE="https://portsentry.invalid/"
# `make ebuild` makes it: the compiled program, and the sources of its native module.
SRC_URI="${P}.tar.xz"

LICENSE="MIT ISC"
SLOT="0"
KEYWORDS="~amd64 ~arm64"
IUSE="+nftables"
RESTRICT="fetch"

# The native module loads in one major version of Node.
DEPEND="
	>=net-libs/nodejs-20.19:=
	net-libs/libpcap
"
RDEPEND="
	${DEPEND}
	acct-user/_portsentry
	sys-apps/util-linux
	nftables? ( net-firewall/nftables )
"
BDEPEND="
	>=net-libs/nodejs-20.19[npm]
	dev-lang/python
"

QA_PRESTRIPPED="usr/lib/portsentry/node_modules/cap/build/Release/cap.node"

pkg_nofetch() {
	einfo "Run make ebuild in the source of portsentry: it makes ${P}.tar.xz and an overlay with this ebuild."
	einfo "Put the archive into your DISTDIR."
}

src_compile() {
	# Uses the headers of the installed Node, so nothing is fetched.
	npm_config_nodedir="${EPREFIX}/usr" npm run build:cap || die
}

src_install() {
	emake NO_BUILD=1 DESTDIR="${D}" PREFIX="${EPREFIX}/usr" NODE="${EPREFIX}/usr/bin/node" \
		INIT="openrc systemd" install
	rm "${ED}"/usr/share/doc/portsentry/LICENSE || die
	mv "${ED}"/usr/share/doc/{portsentry,"${PF}"} || die
	keepdir /var/lib/portsentry
}

pkg_postinst() {
	tmpfiles_process portsentry.conf
	elog "One process serves all modes of PORTSENTRY_MODES in /etc/conf.d/portsentry."
	elog "As installed it only logs. To see what a configuration of 1.x means, run: portsentry check"
}
