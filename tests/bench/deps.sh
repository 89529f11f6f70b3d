#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Install what `make bench` measures against, where it is missing: Debian's packages. Needs root.
set -eu

need=""
# package: how to tell that it is there
wish() {
	package=$1
	shift
	"$@" >/dev/null 2>&1 || need="$need $package"
}
program() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1"; }
header() { echo "#include <$1>" | ${CC:-cc} -E -x c - ; }

wish python3 program python3
wish bpftrace program bpftrace
wish linux-perf program perf
wish systemtap-sdt-dev header sys/sdt.h
wish lttng-tools program lttng-sessiond
wish liblttng-ust-dev header lttng/tracepoint.h
[ -n "$need" ] || exit 0

if ! program apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
	echo "not installed, and so not measured:$need"
	exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
echo "installing:$need"
for package in $need; do
	apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
		echo "could not install $package: it will not be measured"
done
