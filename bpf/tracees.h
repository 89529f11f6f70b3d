/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes that are traced, by tgid, where probes can fire for others too. One map, that the objects of both
 * eBPF files use: the loader makes it one.
 */
#ifndef VIZTRACE_TRACEES_H
#define VIZTRACE_TRACEES_H

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TRACEES_MAX);
	__type(key, __u32);
	__type(value, struct rec_tracee);
} tracees SEC(".maps");

#endif
