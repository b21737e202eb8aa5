#!/bin/sh
# install.sh [--prefix PREFIX] [--init NAME] [--enable]
# install.sh [--prefix PREFIX] --uninstall [--purge]
#
# Installs this folder as PREFIX/lib/portsentry (PREFIX is /usr/local), the command PREFIX/sbin/portsentry, and what
# `portsentry setup` adds for the init system of this host; an older installation is replaced, and its daemon restarted.
# Configuration and state stay, also with --uninstall; --purge removes them. --enable starts the daemon now and at boot.
set -eu

folder=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
# The installed copy knows its own.
case $folder in
*/lib/portsentry) prefix=${folder%/lib/portsentry} ;;
*) prefix=/usr/local ;;
esac

fail() {
  echo "portsentry: $2" >&2
  exit "$1"
}

action=install init='' enable='' purge=''
while [ $# -gt 0 ]; do
  case $1 in
  --prefix)
    [ $# -ge 2 ] || fail 64 "--prefix: expected a path"
    prefix=${2%/}
    shift
    ;;
  --prefix=*) prefix=${1#*=} prefix=${prefix%/} ;;
  --init)
    [ $# -ge 2 ] || fail 64 "--init: expected systemd, openrc, sysv or none"
    init=$2
    shift
    ;;
  --init=*) init=${1#*=} ;;
  --enable) enable=--enable ;;
  --uninstall) action=uninstall ;;
  --purge) purge=--purge ;;
  -h | --help)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
  *) fail 64 "$1: unknown option; see $0 --help" ;;
  esac
  shift
done
case $prefix in
*[[:space:]]* | [!/]* | '') fail 64 "--prefix: expected a path from the root, without blanks, found \"$prefix\"" ;;
esac
[ -z "$purge" ] || [ "$action" = uninstall ] || fail 64 "--purge: only with --uninstall"
[ "$(id -u)" = 0 ] || fail 77 "installing needs root: use sudo"

library=$prefix/lib/portsentry

# Restarts a daemon that runs, because its files were replaced.
restart() {
  if [ -d /run/systemd/system ]; then
    systemctl try-restart portsentry.service
  elif [ -x /etc/init.d/portsentry ] && command -v rc-service >/dev/null; then
    rc-service --ifstarted portsentry restart
  elif [ -x /etc/init.d/portsentry ]; then
    /etc/init.d/portsentry try-restart
  fi
}

set_up() {
  # shellcheck disable=SC2086 # one word or none
  "$1/bin/node" "$1/main.js" setup --prefix "$prefix" --program "$library/main.js" ${init:+--init "$init"} $2 $3
}

install_all() {
  found=$("$folder/bin/node" --version 2>&1) ||
    fail 69 "its Node does not run here (it needs glibc 2.28 and libstdc++): $(echo "$found" | head -n 1)"
  [ "$folder" != "$library" ] || fail 64 "this is what is installed: run install.sh of a new archive"
  # It says what it refuses before anything is touched.
  set_up "$folder" --dry-run '' >/dev/null

  is_update=''
  [ ! -e "$library" ] || is_update=yes
  mkdir -p "$prefix/lib" "$prefix/sbin"
  new=$library.new.$$
  trap 'rm -rf "$new"' EXIT
  cp -R "$folder" "$new"
  sed -i "1s|.*|#!$library/bin/node|" "$new/main.js"
  chown -R 0:0 "$new"
  chmod -R u=rwX,go=rX "$new"
  rm -rf "$library"
  mv "$new" "$library"
  ln -sf ../lib/portsentry/main.js "$prefix/sbin/portsentry"
  set_up "$library" "$enable" ''
  if [ -n "$is_update" ]; then restart; fi
}

uninstall_all() {
  [ -e "$library/main.js" ] || fail 66 "$library: nothing is installed there"
  set_up "$library" --remove "$purge"
  rm -f "$prefix/sbin/portsentry"
  rm -rf "$library"
}

"${action}_all"
