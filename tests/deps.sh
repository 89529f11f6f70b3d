#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Install what is missing: tests/deps.sh build|test ...
# Debian and its relatives only; elsewhere it names what it looked for. VIZTRACE_WISHES names those of the packages
# that some tests can do without which are to be installed; default: all of them.
set -eu

need=""
want="" # tests that use these say "skipped" without them

# package: how to tell that it is there
check() {
	package=$1
	shift
	"$@" >/dev/null 2>&1 || need="$need $package"
}
wish() {
	package=$1
	shift
	case " ${VIZTRACE_WISHES-$package} " in
	*" $package "*) "$@" >/dev/null 2>&1 || want="$want $package" ;;
	esac
}
program() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1"; }
header() { echo "#include <$1>" | ${CC:-cc} -E -x c - ; }
library() { pkg-config --exists "$1"; }
viewer_page() { find /usr/share -path '*/go-1.*' -name trace_viewer_full.html | grep -q .; }

for set in "$@"; do
	case $set in
	build)
		check gcc program "${CC:-cc}"
		check make program make
		check libc6-dev header stdio.h
		check pkg-config program pkg-config
		check clang program "${CLANG:-clang}"
		check bpftool program bpftool
		check libbpf-dev library libbpf
		check libelf-dev library libelf
		check zlib1g-dev library zlib
		check libjansson-dev library jansson
		;;
	test)
		check python3 program python3
		check libcriterion-dev header criterion/criterion.h
		check g++ program g++
		check binutils program readelf
		check git program git
		wish shellcheck program shellcheck
		wish clang-format program clang-format
		wish lld program ld.lld
		wish musl-tools program musl-gcc
		wish gcc-aarch64-linux-gnu program aarch64-linux-gnu-gcc
		wish g++-aarch64-linux-gnu program aarch64-linux-gnu-g++
		wish libc6-dev-arm64-cross test -e /usr/aarch64-linux-gnu/include/stdio.h
		wish qemu-user program qemu-aarch64
		wish bpftrace program bpftrace
		wish chromium program chromium
		wish golang-src viewer_page
		;;
	*)
		echo "usage: tests/deps.sh build|test ..." >&2
		exit 2
		;;
	esac
done

[ -n "$need$want" ] || exit 0
if ! program apt-get >/dev/null; then
	[ -z "$need" ] || { echo "please install (Debian's names):$need" >&2; exit 1; }
	exit 0
fi
if [ "$(id -u)" != 0 ]; then
	[ -z "$need" ] || { echo "missing:$need; run this with sudo, or apt-get install them" >&2; exit 1; }
	exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
echo "installing:$need$want"
# shellcheck disable=SC2086 # lists of words
[ -z "$need" ] || apt-get install -y -qq --no-install-recommends $need >/dev/null
for package in $want; do
	case $package in
	golang-src) # the one that has the viewer page: its number depends on the release
		package=$(apt-cache pkgnames golang-1. | grep -E '^golang-1\.[0-9]+-src$' | sort -V | head -n 1) ;;
	esac
	[ -z "$package" ] || apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
		echo "could not install $package: tests that use it will be skipped"
done
