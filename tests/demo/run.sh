#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Start the demo app, attach to it while it runs, leave BUILD/demo.json: run.sh BUILD
set -eu
build=$1
"$build/jobserver" >/dev/null &
app=$!
trap 'kill $app 2>/dev/null || :' EXIT
sleep 1
echo "\$ viztrace-bpf -p $app -d 3 -o $build/demo.json"
"$build/viztrace-bpf" -p "$app" -d 3 -o "$build/demo.json"
