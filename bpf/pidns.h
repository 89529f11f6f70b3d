/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PID namespace that maps and records speak. Each object has knobs of its own.
 */
#ifndef VIZTRACE_PIDNS_H
#define VIZTRACE_PIDNS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* 0: the initial one. */
const volatile __u64 cfg_pidns_dev;
const volatile __u64 cfg_pidns_ino;

/* tgid << 32 | tid there; 0: it has none, and its number elsewhere may be that of one of ours. */
static __always_inline __u64 current_id(void)
{
	struct bpf_pidns_info ns = {};

	if (!cfg_pidns_ino)
		return bpf_get_current_pid_tgid();
	if (bpf_get_ns_current_pid_tgid(cfg_pidns_dev, cfg_pidns_ino, &ns, sizeof(ns)))
		return 0;
	return (__u64)ns.tgid << 32 | ns.pid;
}

#endif
