#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Install what is missing: tests/deps.sh build|test|bench|fuzz|coverage|kernels|kernels-arm64|packages|containers ...
# Debian and its relatives only; elsewhere it names what it looked for. VIZTRACE_WISHES names those of the packages
# that one can do without which are to be installed; default: all of them.
set -eu

need=""
rely="" # what uses these is skipped without them, and says so; where they can be installed they have to be
want="" # what uses these is skipped without them, and says so

# package: how to tell that it is there
check() {
	package=$1
	shift
	"$@" >/dev/null 2>&1 || need="$need $package"
}
rely() {
	package=$1
	shift
	"$@" >/dev/null 2>&1 || rely="$rely $package"
}
wish() {
	package=$1
	shift
	case "$need$rely$want " in *" $package "*) return ;; esac # another set has it
	case " ${VIZTRACE_WISHES-$package} " in
	*" $package "*) "$@" >/dev/null 2>&1 || want="$want $package" ;;
	esac
}
program() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1"; }
header() { echo "#include <$1>" | ${CC:-cc} -E -x c - ; }
library() { pkg-config --exists "$1"; }
libcxx() { echo 'int main() {}' | "${CLANG:-clang}" -stdlib=libc++ -x c++ - -lc++ -lc++abi -o /dev/null; }
fuzzer() { echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | "${CLANG:-clang}" -fsanitize=fuzzer -x c - -o /dev/null; }
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
		check libncurses-dev library ncursesw
		;;
	test)
		check python3 program python3
		check libcriterion-dev header criterion/criterion.h
		check g++ program g++
		check binutils program readelf
		check git program git
		wish shellcheck program shellcheck
		wish reuse program reuse
		wish man-db program man
		wish zsh program zsh
		wish fish program fish
		wish rpm program rpmbuild
		wish clang-format program clang-format
		wish libc++-dev libcxx
		wish libc++abi-dev libcxx
		wish lld program ld.lld
		wish mold program mold
		wish llvm program llvm-strip
		wish valgrind program valgrind
		wish protobuf-compiler program protoc
		wish gdb program gdb
		wish tmux program tmux
		wish libdw-dev library libdw
		wish python3-dev test -e /usr/bin/python3-config
		wish musl-tools program musl-gcc
		wish gcc-aarch64-linux-gnu program aarch64-linux-gnu-gcc
		wish g++-aarch64-linux-gnu program aarch64-linux-gnu-g++
		wish libc6-dev-arm64-cross test -e /usr/aarch64-linux-gnu/include/stdio.h
		wish qemu-user program qemu-aarch64
		wish bpftrace program bpftrace
		wish chromium program chromium
		wish golang-src viewer_page
		;;
	bench)
		wish python3 program python3
		wish bpftrace program bpftrace
		wish linux-perf program perf
		wish systemtap-sdt-dev header sys/sdt.h
		wish lttng-tools program lttng-sessiond
		wish liblttng-ust-dev header lttng/tracepoint.h
		;;
	fuzz)
		check libclang-rt-dev fuzzer
		;;
	coverage)
		rely gcovr program gcovr
		;;
	kernels)
		rely python3 program python3
		rely qemu-system-x86 program qemu-system-x86_64
		rely busybox-static program busybox
		;;
	kernels-arm64)
		rely qemu-system-arm program qemu-system-aarch64
		rely gcc-aarch64-linux-gnu program aarch64-linux-gnu-gcc
		rely libc6-dev-arm64-cross test -e /usr/aarch64-linux-gnu/include/stdio.h
		;;
	packages)
		rely python3 program python3
		rely debootstrap program debootstrap
		wish lintian program lintian
		;;
	containers)
		rely python3 program python3
		rely git program git
		program podman >/dev/null || docker info >/dev/null 2>&1 || rely="$rely podman crun"
		rely debootstrap program debootstrap
		;;
	*)
		echo "usage: tests/deps.sh build|test|bench|fuzz|coverage|kernels|kernels-arm64|packages|containers ..." >&2
		exit 2
		;;
	esac
done

[ -n "$need$rely$want" ] || exit 0
if ! program apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
	[ -z "$rely$want" ] || echo "not installed, what uses it is skipped (Debian's names):$rely$want"
	[ -z "$need" ] || { echo "missing (Debian's names):$need; install them, on Debian: run this with sudo" >&2; exit 1; }
	exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
echo "installing:$need$rely$want"
# shellcheck disable=SC2086 # lists of words
[ -z "$need$rely" ] || apt-get install -y -qq --no-install-recommends $need $rely >/dev/null
for package in $want; do
	case $package in
	golang-src) # the one that has the viewer page: its number depends on the release
		package=$(apt-cache pkgnames golang-1. | grep -E '^golang-1\.[0-9]+-src$' | sort -V | head -n 1) ;;
	esac
	[ -z "$package" ] || apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
		echo "could not install $package: what uses it is skipped"
done
