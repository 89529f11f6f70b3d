#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Install what `make test-kernels` boots kernels with, where it is missing: Debian's packages. Needs root.
# deps.sh [KERNELS]: those for aarch64 take more
set -eu

need=""
# package: how to tell that it is there
wish() {
	package=$1
	shift
	"$@" >/dev/null 2>&1 || need="$need $package"
}
program() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1"; }

wish python3 program python3
wish qemu-system-x86 program qemu-system-x86_64
wish busybox-static program busybox
case ${1-} in
*arm64*)
	wish qemu-system-arm program qemu-system-aarch64
	wish gcc-aarch64-linux-gnu program aarch64-linux-gnu-gcc
	wish libc6-dev-arm64-cross test -e /usr/aarch64-linux-gnu/include/stdio.h
	;;
esac
[ -n "$need" ] || exit 0

if ! program apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
	echo "not installed, without which no kernel is tested:$need"
	exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
echo "installing:$need"
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $need >/dev/null
