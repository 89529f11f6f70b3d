/* SPDX-License-Identifier: BSD-2-Clause */
/* What each object has with programs for uprobes: the stack that they run on, and the ring buffers that they fill. */
#ifndef VIZTRACE_UPROBE_H
#define VIZTRACE_UPROBE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "record.h"

const volatile __u32 cfg_rings = 1;

/*
 * Since 6.13 the JIT gives such programs a stack of their own, one for each program and CPU. Nothing keeps an
 * interrupted run of a uprobe program and the next one on that CPU from sharing it, and then the first one goes
 * on with the registers that the other one spilled: records are never completed, counts go wrong. Programs with a
 * tail call stay on the task's stack; this one is never taken, which the verifier knows by the frozen constant.
 */
const volatile bool cfg_task_stack = true;
#define STAY_ON_TASK_STACK(ctx) \
	do { \
		if (!cfg_task_stack) \
			bpf_tail_call(ctx, NULL, 0); \
	} while (0)

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RINGS_MAX);
	__type(key, __u32);
	__array(values, struct ring);
} rings SEC(".maps");

static __always_inline __u32 own_ring_index(void)
{
	return cfg_rings > 1 ? bpf_get_smp_processor_id() % cfg_rings : 0;
}

#endif
