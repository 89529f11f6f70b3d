// SPDX-License-Identifier: BSD-2-Clause
/*
 * Laps of batches (include/viztrace.h), copied as they are: when one is full, and what is left when a process's memory
 * is about to go. What is in them is not looked at here, but for what has no room: that is counted by kind.
 *
 * An object of its own, for it needs to know how this kernel's tasks look (BTF), and hooks that not every kernel has.
 * Nothing here sleeps: a lap that is full, or was begun, is in memory.
 */
#define VIZ_PROBE_DISABLE
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "viztrace.h"
#include "record.h"
#include "task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 cfg_rings = 1;
const volatile bool cfg_task_stack = true; /* see maps.h */

#define SMALL_LAP 1024

/* clang-format off */
struct seq_file;
struct bpf_iter_meta { struct seq_file *seq; } KERNEL;
struct bpf_iter__task { struct bpf_iter_meta *meta; struct task_struct *task; } KERNEL;
/* clang-format on */

/* One ring for all CPUs: the laps of a slot arrive in their order. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} laps SEC(".maps");

/* Those of viztrace.bpf.c, for what is not a lap. */
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

/* Processes with batches, by tgid. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BATCHED_MAX);
	__type(key, __u32);
	__type(value, struct rec_batched);
} batched SEC(".maps");

/* Nothing is copied any more. */
volatile bool stopped;

/* By the clock of the records: those before and after are nobody's. */
volatile __u64 from_ticks;
volatile __u64 until_ticks; /* 0: not yet */

/* Records in laps that had no room in the ring, by enum viz_record. */
volatile __u64 lost[8];
volatile __u64 unreadable; /* laps */
volatile __u64 unheard;    /* threads and lost laps that user space could not be told of */

#define add(what, n) __sync_fetch_and_add(&(what), n)

static __always_inline void fill_head(struct rec_head *head, __u64 id, __u16 kind, __u32 size)
{
	head->size = size;
	head->kind = kind;
	head->flags = 0;
	head->ts = bpf_ktime_get_ns();
	head->tgid = id >> 32;
	head->tid = (__u32)id;
}

static __always_inline void *own_ring(void)
{
	__u32 i = cfg_rings > 1 ? bpf_get_smp_processor_id() % cfg_rings : 0;

	return bpf_map_lookup_elem(&rings, &i);
}

/* From now on the thread pointer is that thread's. */
static __always_inline void tell_thread(__u64 id, __u64 thread, const char *comm)
{
	struct rec_thread *rec;
	void *ring = own_ring();

	rec = ring ? bpf_ringbuf_reserve(ring, sizeof(*rec), 0) : NULL;
	if (!rec) {
		add(unheard, 1);
		return;
	}
	fill_head(&rec->head, id, REC_THREAD, sizeof(*rec));
	__builtin_memcpy(rec->head.comm, comm, sizeof(rec->head.comm));
	rec->thread = thread;
	bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
}

/* Global and of plain numbers, as the others below: the verifier looks at its loop once. */
__noinline int lose(__u64 slot, __u64 data, __u64 head, __u64 id, __u32 generation)
{
	struct rec_lap *rec;
	void *ring = own_ring();
	__u32 at = 0;

	for (__u32 i = 0; i < VIZ_LAP_BYTES / 24 && at < (__u32)head; i++) {
		__u64 words[2] = {};
		__u32 size, kind;

		if (bpf_probe_read_user(words, sizeof(words), (void *)(data + at)))
			break;
		size = words[0] & 0xffff;
		kind = words[0] >> 16 & 7;
		if (size < 24)
			break;
		if (words[1] >= from_ticks && (!until_ticks || words[1] <= until_ticks))
			add(lost[kind], 1);
		at += size;
	}
	rec = ring ? bpf_ringbuf_reserve(ring, sizeof(*rec), 0) : NULL;
	if (!rec) {
		add(unheard, 1);
		return 0;
	}
	fill_head(&rec->head, id, REC_LAP_LOST, sizeof(*rec));
	rec->slot = slot;
	rec->head_word = head;
	rec->owner = 0;
	rec->generation = generation;
	rec->flags = 0;
	bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
	return 0;
}

static __always_inline bool copy(const struct viz_slot *s, __u64 slot, __u64 data, __u64 id, __u64 why,
				 const __u32 room)
{
	struct rec_lap *rec = bpf_ringbuf_reserve(&laps, sizeof(*rec) + room, 0);
	__u64 size = (__u32)s->head;

	if (!rec)
		return false;
	barrier_var(size);
	if (size > room)
		size = room;
	if (bpf_probe_read_user(rec->data, size, (void *)data)) {
		bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
		return false;
	}
	fill_head(&rec->head, id, REC_LAP, sizeof(*rec) + size);
	bpf_get_current_comm(rec->head.comm, sizeof(rec->head.comm));
	rec->slot = slot;
	rec->owner = s->owner;
	rec->head_word = s->head;
	rec->generation = why;
	rec->flags = why >> 32;
	bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
	return true;
}

/* What is in the slot's lap. `owner`: only if it is this thread's, or 0. `why`: flags << 32 | generation. */
__noinline int take(__u64 slot, __u64 data, __u64 owner, __u64 id, __u64 why)
{
	struct viz_slot s;
	bool taken;

	if (bpf_probe_read_user(&s, sizeof(s), (void *)slot)) {
		add(unreadable, 1);
		return 0;
	}
	if (!(__u32)s.head || (owner && s.owner != owner))
		return 0;
	if ((__u32)s.head <= SMALL_LAP)
		taken = copy(&s, slot, data, id, why, SMALL_LAP);
	else
		taken = copy(&s, slot, data, id, why, VIZ_LAP_BYTES);
	if (!taken)
		lose(slot, data, s.head, id, why);
	return 0;
}

__noinline int take_pool(__u64 pool, __u64 owner, __u64 id, __u64 why)
{
	__u64 data = pool + VIZ_SLOTS * sizeof(struct viz_slot);

	for (__u64 i = 0; i < VIZ_SLOTS; i++)
		take(pool + i * sizeof(struct viz_slot), data + i * VIZ_LAP_BYTES, owner, id, why);
	return 0;
}

static __always_inline void take_all(const struct rec_batched *b, __u64 owner, __u64 id, __u64 flags)
{
	for (__u32 i = 0; i < POOLS_MAX && i < b->n_pools; i++)
		take_pool(b->pools[i], owner, id, flags << 32 | b->generation);
}

static __always_inline struct rec_batched *find(__u64 id)
{
	__u32 tgid = id >> 32;

	return stopped ? NULL : bpf_map_lookup_elem(&batched, &tgid);
}

/* Where a slot and its lap are says where the pool is. */
static __always_inline void learn_pool(struct rec_batched *b, __u64 slot, __u64 data)
{
	const __u64 step = VIZ_LAP_BYTES - sizeof(struct viz_slot);
	__u64 at = (data - slot - VIZ_SLOTS * sizeof(struct viz_slot)) / step, pool;
	__u32 n = b->n_pools;

	if (at >= VIZ_SLOTS)
		return;
	pool = slot - at * sizeof(struct viz_slot);
	for (__u32 i = 0; i < POOLS_MAX; i++)
		if (i < n && b->pools[i] == pool)
			return;
	if (n >= POOLS_MAX) {
		add(unheard, 1);
		return;
	}
	b->pools[n] = pool;
	b->n_pools = n + 1;
}

SEC("uprobe")
int on_batch(struct pt_regs *ctx)
{
	__u64 id = current_id(), slot = PT_REGS_PARM1(ctx), data = PT_REGS_PARM2(ctx), head = 0;
	struct rec_batched *b;
	char comm[16];

	if (!cfg_task_stack)
		bpf_tail_call(ctx, NULL, 0);
	b = find(id);
	if (!b)
		return 0;
	if (bpf_probe_read_user(&head, sizeof(head), (void *)(slot + __builtin_offsetof(struct viz_slot, head)))) {
		add(unreadable, 1);
		return 0;
	}
	if ((__u32)head) {
		take(slot, data, 0, id, (__u64)REC_LAP_FULL << 32 | b->generation);
		return 0;
	}
	learn_pool(b, slot, data);
	bpf_get_current_comm(comm, sizeof(comm));
	tell_thread(id, PT_REGS_PARM3(ctx), comm);
	return 0;
}

/* The memory is still there (Linux 6.16). A thread's own end leaves it to the others. */
SEC("raw_tp/sched_process_exit")
int BPF_PROG(on_task_exit, struct task_struct *task, bool group_dead)
{
	__u64 id = current_id();
	struct rec_batched *b = find(id);

	if (!b)
		return 0;
	if (group_dead) {
		__u32 tgid = id >> 32;

		take_all(b, 0, id, REC_LAP_DEAD);
		bpf_map_delete_elem(&batched, &tgid);
	} else if (BPF_CORE_READ(task, signal, group_exec_task)) {
		/* Another one is about to replace the memory, and waits for us. */
		take_all(b, BPF_CORE_READ(task, thread.fsbase), id, REC_LAP_DEAD);
	}
	return 0;
}

SEC("raw_tp/sched_prepare_exec")
int BPF_PROG(on_prepare_exec, struct task_struct *task)
{
	__u64 id = current_id();
	struct rec_batched *b = find(id);

	if (b)
		take_all(b, 0, id, 0);
	return 0;
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(on_new_memory, struct task_struct *task)
{
	struct rec_batched *b = find(current_id());

	if (b) {
		b->n_pools = 0;
		__sync_fetch_and_add(&b->generation, 1);
	}
	return 0;
}

SEC("raw_tp/sched_process_fork")
int BPF_PROG(on_thread, struct task_struct *parent, struct task_struct *child)
{
	__u64 id = current_id();
	char comm[16];

	if (!is_thread(child) || !find(id))
		return 0;
	id = id >> 32 << 32 | thread_number(child);
	bpf_get_current_comm(comm, sizeof(comm));
	tell_thread(id, BPF_CORE_READ(child, thread.fsbase), comm);
	return 0;
}

/* Those that were there before. */
SEC("iter/task")
int on_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct rec_thread rec = {};
	__u32 tgid;

	if (!task)
		return 0;
	tgid = process_number(task);
	if (!bpf_map_lookup_elem(&batched, &tgid))
		return 0;
	rec.head.size = sizeof(rec);
	rec.head.kind = REC_THREAD;
	rec.head.tgid = tgid;
	rec.head.tid = thread_number(task);
	BPF_CORE_READ_INTO(&rec.head.comm, task, comm);
	rec.thread = BPF_CORE_READ(task, thread.fsbase);
	bpf_seq_write(ctx->meta->seq, &rec, sizeof(rec));
	return 0;
}
