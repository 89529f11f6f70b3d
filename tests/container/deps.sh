#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Install what `make test-container` runs containers with, where it is missing: Debian's packages. Needs root.
set -eu

need=""
program() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null; }

program python3 || need="$need python3"
program git || need="$need git"
program podman || docker info >/dev/null 2>&1 || need="$need podman crun"
program debootstrap || need="$need debootstrap"
[ -n "$need" ] || exit 0

if ! program apt-get || [ "$(id -u)" != 0 ]; then
	echo "not installed, without which no container may run:$need"
	exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
echo "installing:$need"
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $need >/dev/null
