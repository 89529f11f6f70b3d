// SPDX-License-Identifier: BSD-2-Clause
/*
 * Keeps the set of traced processes as they fork and exec, at the very moment: a child's first event counts.
 *
 * An object of its own, for it needs to know how this kernel's tasks look (BTF), which nothing else here does.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "record.h"
#include "task.h"
#include "tracees.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Processes that were forked when `tracees` was full. */
volatile __u64 untraced;

SEC("raw_tp/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 from = process_number(parent), to = process_number(child);
	struct rec_tracee fresh = {};

	/* A thread of it. */
	if (is_thread(child))
		return 0;
	if (from && to && bpf_map_lookup_elem(&tracees, &from) && bpf_map_update_elem(&tracees, &to, &fresh, BPF_ANY))
		__sync_fetch_and_add(&untraced, 1);
	return 0;
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	__u32 tgid = process_number(task);
	struct rec_tracee *tracee = bpf_map_lookup_elem(&tracees, &tgid);

	if (tracee)
		__sync_fetch_and_add(&tracee->generation, 1);
	return 0;
}
