// SPDX-License-Identifier: BSD-2-Clause
/*
 * Remembers which processes a signal has ended: who is not their parent could read that for a moment only, until the
 * parent has. Of all of this machine, as a child that dies at once is known to nobody yet; the next one of the same
 * number that ends makes it forgotten, or a thousand others.
 *
 * An object of its own, for it needs to know how this kernel's tasks look (BTF).
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "record.h"
#include "task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define SIGNAL_GROUP_EXIT 4 /* of signal_struct.flags: the code of all of its threads */
#define SIGNAL 0x7f         /* of an exit code; above it is whether there is a core */

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32); /* tgid */
	__type(value, struct rec_death);
} deaths SEC(".maps");

SEC("raw_tp/sched_process_exit")
int BPF_PROG(on_end, struct task_struct *task)
{
	__u32 tgid = process_number(task);
	struct rec_death death = { .ts = bpf_ktime_get_ns() };

	/* Another thread of it is there. */
	if (!tgid || BPF_CORE_READ(task, signal, live.counter))
		return 0;
	death.signal = SIGNAL & (BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT ?
					 BPF_CORE_READ(task, signal, group_exit_code) :
					 BPF_CORE_READ(task, exit_code));
	if (death.signal)
		bpf_map_update_elem(&deaths, &tgid, &death, BPF_ANY);
	else
		bpf_map_delete_elem(&deaths, &tgid);
	return 0;
}
