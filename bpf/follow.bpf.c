// SPDX-License-Identifier: BSD-2-Clause
/*
 * Keeps the set of traced processes as they fork and exec, at the very moment: a child's first event counts.
 *
 * An object of its own, for it needs to know how this kernel's tasks look (BTF), which nothing else here does.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "record.h"
#include "tracees.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The PID namespace of the keys of `tracees`; 0: the initial one. */
const volatile __u32 cfg_pidns_ino;

#define LEVELS_MAX 32 /* of PID namespaces, as in the kernel */

/* Processes that were forked when `tracees` was full. */
volatile __u64 untraced;

/* What is needed of the kernel's structures; where it is the loader finds out. */
#define KERNEL __attribute__((preserve_access_index))
/* clang-format off */
struct ns_common { unsigned int inum; } KERNEL;
struct pid_namespace { struct ns_common ns; } KERNEL;
struct upid { int nr; struct pid_namespace *ns; } KERNEL;
struct pid { unsigned int level; struct upid numbers[1]; } KERNEL;
/* clang-format on */
struct task_struct {
	int pid, tgid;
	struct task_struct *group_leader;
	struct pid *thread_pid;
} KERNEL;

/* The process's number in the namespace of the keys; 0: it has none there. */
static __always_inline __u32 process_of(struct task_struct *task)
{
	struct pid *pid;
	void *upid;
	__u32 level;

	if (!cfg_pidns_ino)
		return BPF_CORE_READ(task, tgid);
	pid = BPF_CORE_READ(task, group_leader, thread_pid);
	level = BPF_CORE_READ(pid, level);
	upid = (void *)pid + bpf_core_field_offset(pid->numbers);
	for (__u32 i = 0; i < LEVELS_MAX && i <= level; i++) {
		struct upid *u = upid + i * bpf_core_type_size(struct upid);

		if (BPF_CORE_READ(u, ns, ns.inum) == cfg_pidns_ino)
			return BPF_CORE_READ(u, nr);
	}
	return 0;
}

SEC("raw_tp/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 from = process_of(parent), to = process_of(child);
	struct rec_tracee fresh = {};

	/* A thread of it. */
	if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid))
		return 0;
	if (from && to && bpf_map_lookup_elem(&tracees, &from) && bpf_map_update_elem(&tracees, &to, &fresh, BPF_ANY))
		__sync_fetch_and_add(&untraced, 1);
	return 0;
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	__u32 tgid = process_of(task);
	struct rec_tracee *tracee = bpf_map_lookup_elem(&tracees, &tgid);

	if (tracee)
		__sync_fetch_and_add(&tracee->generation, 1);
	return 0;
}
