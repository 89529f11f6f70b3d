#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Run the unit and end-to-end tests with a tool that counts, say what they have run of user/: coverage.sh BUILD [UNIT...]
# BUILD: `make coverage` made it. With names of unit tests only these, and no end-to-end tests.
set -eu
build=$1
shift
failed=0

whole=
if [ $# = 0 ]; then
	whole=yes
	# shellcheck disable=SC2046 # names without spaces
	set -- $(cd "$build/unit" && find . -type f -perm -100)
fi
for test; do
	"$build/unit/$test" >"$build/test.log" 2>&1 || { failed=1 && cat "$build/test.log"; }
done
if [ "$whole" ]; then
	VIZTRACE=$(realpath "$build/viztrace-bpf") python3 tests/e2e/run.py || failed=1
fi
gcovr --root . --object-directory "$build" "$build" --filter user/ --exclude-unreachable-branches --sort-percentage --branches \
	>"$build/branches.txt"
gcovr --root . --object-directory "$build" "$build" --filter user/ --sort-percentage
tail -n 3 "$build/branches.txt" | sed 's/^TOTAL/branches/'
[ $failed = 0 ] || echo "some tests failed; what they would have run is missing" >&2
exit $failed
