#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The first process of the guest (guest.py): traces programs, and hands /out to the host over the serial port $result.
# For each trace NAME: NAME.json, NAME.tool (what the tool said), NAME.said (what the program said), NAME.code (the exit
# codes of tool and program). The console tells how far it is.
export PATH=/bin:/app
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tracefs tracefs /sys/kernel/tracing
cd /out || exit 1
options=""

# A program that waits for the tool by itself. If it is over before the tool has attached to all of its probes, that is
# no trace, but no failure either.
trace() {
	name=$1
	shift
	echo "$name"
	for _ in 1 2 3 4 5; do
		"$@" >"$name.said" 2>&1 &
		target=$!
		# shellcheck disable=SC2086 # a list of words
		viztrace-bpf -v -p "$target" -o "$name.json" $options >"$name.tool" 2>&1
		tool=$?
		[ "$tool" = 4 ] || break
		wait "$target"
	done
	# It would wait for a tool that has failed for 30 s.
	[ "$tool" = 0 ] || kill "$target"
	wait "$target"
	echo "$tool $?" >"$name.code"
}

# Until the tool has attached, or has said why it cannot.
attached() {
	for _ in $(seq 600); do
		! grep -q -e 'tracing process' -e '^viztrace-bpf: ' "$1" || return 0
		sleep 0.1
	done
}

# A program that begins when it is told to.
trace_told() {
	name=$1
	shift
	echo "$name"
	rm -f /tmp/tell
	mkfifo /tmp/tell
	"$@" </tmp/tell >"$name.said" 2>&1 &
	target=$!
	exec 9>/tmp/tell
	# shellcheck disable=SC2086 # a list of words
	viztrace-bpf -v -p "$target" -o "$name.json" $options >"$name.tool" 2>&1 &
	tool=$!
	attached "$name.tool"
	echo >&9
	exec 9>&-
	wait "$target"
	target=$?
	wait "$tool"
	echo "$? $target" >"$name.code"
	echo | "$@" >"$name.untraced" 2>&1
}

# The tool with these capabilities and no other, beside a target that has all. Before BPF maps had an account of their own
# (5.11) they were locked memory. busybox has a setpriv that cannot do this.
rights() {
	# shellcheck disable=SC3045 # busybox has it
	ulimit -l "$3"
	echo "$target" >"$1.said"
	/app/setpriv --inh-caps=-all --bounding-set="-all,+$2" /app/viztrace-bpf -p "$target" -d 1 -o "$1.json" \
		>"$1.tool" 2>&1
	echo "$? 0" >"$1.code"
}

uname -r >release
cat /sys/kernel/debug/sched/preempt >preempt 2>/dev/null
trace early scenarios all --wait
trace late scenarios all --late
trace threads hammer 4 2000 --wait
for site in nop1 nop5 nop10; do
	options="--probe-site $site"
	trace "$site-threads" hammer 3 500 --wait
	trace_told "$site-registers" signals regs 200
	trace_told "$site-redzone" signals redzone 500
done
options=""
trace_told strings garbage strings
trace_told long garbage long
options="--include load?1"
trace filter hammer 3 500 --wait
options="--ring-size 64k"
trace small hammer 2 10000 --wait
options=""

echo demo
jobserver >demo.said 2>&1 &
target=$!
sleep 1
viztrace-bpf -v -p "$target" -d 1 -o demo.json >demo.tool 2>&1
echo "$? 0" >demo.code
echo rights
for caps in sys_admin,+sys_ptrace cap_39,+cap_38,+sys_ptrace cap_38,+sys_ptrace cap_39,+sys_ptrace sys_admin; do
	(rights "rights-$caps" "$caps" unlimited)
done
(rights rights-locked sys_admin,+sys_ptrace 64)
viztrace-bpf -v -p "$target" -o killed.json >killed.tool 2>&1 &
tool=$!
attached killed.tool
sleep 1
kill -9 "$target"
wait "$tool"
echo "$? 0" >killed.code

# Started by the tool, and what it starts: two loads at a time.
echo launched
viztrace-bpf -v -f -o launched.json -- sh -c 'hammer 2 500 & hammer 2 500; wait' >launched.tool 2>&1
echo "$? 0" >launched.code

dmesg >kernel.log
tar cz . | base64 >"/dev/${result:?}"
poweroff -f
