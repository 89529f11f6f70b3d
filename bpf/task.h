/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is needed of the kernel's structures; where it is the loader finds out by BTF. For objects of their own, which
 * may fail to load where there is none.
 */
#ifndef VIZTRACE_TASK_H
#define VIZTRACE_TASK_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "pidns.h"

#define PIDNS_LEVELS_MAX 32 /* as in the kernel */

#define KERNEL __attribute__((preserve_access_index))
/* clang-format off */
struct ns_common { unsigned int inum; } KERNEL;
struct pid_namespace { struct ns_common ns; } KERNEL;
struct upid { int nr; struct pid_namespace *ns; } KERNEL;
struct pid { unsigned int level; struct upid numbers[1]; } KERNEL;
typedef struct { int counter; } atomic_t;
struct signal_struct { void *group_exec_task; atomic_t live; int group_exit_code; unsigned int flags; } KERNEL;
struct thread_struct { unsigned long fsbase; } KERNEL;
struct thread_info { unsigned long flags; } KERNEL;
/* clang-format on */
struct task_struct {
	struct thread_info thread_info;
	int pid, tgid, exit_code;
	char comm[16];
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct signal_struct *signal;
	struct thread_struct thread;
} KERNEL;

/* The thread's number in our namespace; 0: it has none there. */
static __always_inline __u32 thread_number(struct task_struct *task)
{
	struct pid *pid;
	void *upid;
	__u32 level;

	if (!cfg_pidns_ino)
		return BPF_CORE_READ(task, pid);
	pid = BPF_CORE_READ(task, thread_pid);
	level = BPF_CORE_READ(pid, level);
	upid = (void *)pid + bpf_core_field_offset(pid->numbers);
	for (__u32 i = 0; i < PIDNS_LEVELS_MAX && i <= level; i++) {
		struct upid *u = upid + i * bpf_core_type_size(struct upid);

		if (BPF_CORE_READ(u, ns, ns.inum) == (__u32)cfg_pidns_ino)
			return BPF_CORE_READ(u, nr);
	}
	return 0;
}

static __always_inline __u32 process_number(struct task_struct *task)
{
	return thread_number(BPF_CORE_READ(task, group_leader));
}

static __always_inline bool is_thread(struct task_struct *task)
{
	return BPF_CORE_READ(task, pid) != BPF_CORE_READ(task, tgid);
}

#endif
