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
#include "batch_maps.h"
#include "record.h"
#include "task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define SMALL_LAP 1024

_Static_assert(POOL_SLOTS == VIZ_SLOTS, "slots");

/* clang-format off */
struct seq_file;
struct bpf_iter_meta { struct seq_file *seq; } KERNEL;
struct bpf_iter__task { struct bpf_iter_meta *meta; struct task_struct *task; } KERNEL;
/* clang-format on */

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

/* For what is not a lap. */
static __always_inline void *own_ring(void)
{
	__u32 i = own_ring_index();

	return bpf_map_lookup_elem(&rings, &i);
}

/* From now on the thread pointer is that thread's. */
static __always_inline void tell_thread(__u64 id, __u64 thread, const char *comm)
{
	struct rec_thread rec = { .thread = thread };
	void *ring = own_ring();

	fill_head(&rec.head, id, REC_THREAD, sizeof(rec));
	__builtin_memcpy(rec.head.comm, comm, sizeof(rec.head.comm));
	if (ring && !bpf_ringbuf_output(ring, &rec, sizeof(rec), BPF_RB_NO_WAKEUP))
		return;
	if (bpf_map_update_elem(&untold, &id, &rec, BPF_ANY))
		add(unheard, 1);
	else
		add(n_untold, 1);
}

/* A slot that is to be copied, for functions that take few arguments. */
struct taking {
	__u64 slot, data; /* addresses */
	__u64 pool;
	__u64 owner; /* only if it is this thread's, or 0 */
	__u64 id;
	__u64 head; /* that had been copied before; and what it is now */
	__u32 generation, flags;
	__u32 file, life;
	__u32 from; /* what was in the lap before that, in bytes, has been copied or counted */
};

static __always_inline void fill_lap(struct rec_lap *rec, const struct taking *t)
{
	rec->slot = t->slot;
	rec->pool = t->pool;
	rec->owner = 0;
	rec->head_word = t->head;
	rec->generation = t->generation;
	rec->flags = t->flags;
	rec->file = t->file;
	rec->life = t->life;
}

#define COUNT_BITS 9 /* a lap has no more records than that */
_Static_assert(VIZ_LAP_BYTES / 24 < 1 << COUNT_BITS && (LAP_KINDS - 1) * COUNT_BITS < 64, "counts");
#define COUNT_OF(counts, kind) ((counts) >> ((kind)-1) * COUNT_BITS & ((1 << COUNT_BITS) - 1))

/*
 * How many records of each kind but 0 there are in the lap from there on, all in one number. Global, as the others
 * below: the verifier looks at its loop once, and without an array to mind it sees that one turn is like the other.
 */
__noinline __u64 count_records(const struct taking *t)
{
	__u64 counts = 0;
	__u32 at;

	if (!t)
		return 0;
	at = t->from;
	for (__u32 i = 0; i < VIZ_LAP_BYTES / 24 && at < (__u32)t->head; i++) {
		__u64 words[2] = {};
		__u32 size, kind;

		if (bpf_probe_read_user(words, sizeof(words), (void *)(t->data + at)))
			break;
		size = words[0] & 0xffff;
		kind = words[0] >> 16 & (LAP_KINDS - 1);
		if (size < 24)
			break;
		if (kind && words[1] >= from_ticks && (!until_ticks || words[1] <= until_ticks))
			counts += 1ull << (kind - 1) * COUNT_BITS;
		at += size;
	}
	return counts;
}

/* NULL: there is no room for that either, which is counted. */
static __always_inline struct rec_loss *loss_of(const struct taking *t)
{
	const struct rec_loss none = {};
	struct rec_loss_key key = {};
	struct rec_loss *loss;

	key.slot = t->slot;
	key.tgid = t->id >> 32;
	key.generation = t->generation;
	key.life = t->life;
	loss = bpf_map_lookup_elem(&losses, &key);
	if (!loss) {
		bpf_map_update_elem(&losses, &key, &none, BPF_NOEXIST);
		loss = bpf_map_lookup_elem(&losses, &key);
	}
	if (!loss)
		add(unheard, 1);
	return loss;
}

__noinline int lose(const struct taking *t)
{
	struct rec_loss *loss;
	__u64 counts = count_records(t);

	if (!t)
		return 0;
	for (__u32 kind = 1; kind < LAP_KINDS; kind++)
		add(lost[kind], COUNT_OF(counts, kind));
	loss = loss_of(t);
	if (loss) {
		loss->lost_lap = t->head >> 32;
		loss->lost_bytes = t->head;
	}
	return 0;
}

/* They are lost only if what follows in that lap is. */
__noinline int lose_part(const struct taking *t)
{
	struct rec_loss *loss;
	__u64 counts = count_records(t);

	if (!t)
		return 0;
	loss = loss_of(t);
	if (!loss)
		return 0;
	for (__u32 kind = 1; kind < LAP_KINDS; kind++)
		loss->records[kind] = COUNT_OF(counts, kind);
	loss->part_lap = t->head >> 32;
	loss->part_from = t->from;
	return 0;
}

static __always_inline bool copy(const struct viz_slot *s, const struct taking *t, const __u32 room)
{
	struct rec_lap *rec = bpf_ringbuf_reserve(&laps, sizeof(*rec) + room, 0);
	__u64 size = (__u32)s->head;

	if (!rec)
		return false;
	barrier_var(size);
	if (size > room)
		size = room;
	if (bpf_probe_read_user(rec->data, size, (void *)t->data)) {
		bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
		return false;
	}
	fill_head(&rec->head, t->id, REC_LAP, sizeof(*rec) + size);
	bpf_get_current_comm(rec->head.comm, sizeof(rec->head.comm));
	fill_lap(rec, t);
	rec->owner = s->owner;
	bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
	return true;
}

/* All that is in it. False: it has no room. A lap that had none has none later, or what was counted would come. */
static __always_inline bool take_whole(const struct viz_slot *s, const struct taking *t, bool was_lost)
{
	if (was_lost)
		return false;
	return (__u32)s->head <= SMALL_LAP ? copy(s, t, SMALL_LAP) : copy(s, t, VIZ_LAP_BYTES);
}

/*
 * What is in the slot's lap. It may have been taken already: a signal that comes at the end of that trap finds the lap
 * as full, and so does the end of a process.
 */
__noinline int take(struct taking *t)
{
	__u64 before;
	struct viz_slot s;
	bool same, was_lost;
	__u32 gap;

	if (!t)
		return 0;
	before = t->head;
	if (bpf_probe_read_user(&s, sizeof(s), (void *)t->slot)) {
		add(unreadable, 1);
		return 0;
	}
	if (!(__u32)s.head || (t->owner && s.owner != t->owner))
		return 0;
	if ((before & ~(__u64)REC_HEAD_FLAGS) == s.head && (t->flags & REC_LAP_PART || !(before & REC_HEAD_PART)))
		return 0;
	/* Each lap is fetched before the next one: who filled those in between was no process that we trace. */
	gap = (s.head >> 32) - (before >> 32);
	if (before && gap > 1)
		add(unreadable, gap - 1);
	t->head = s.head;
	same = before >> 32 == s.head >> 32;
	was_lost = same && before & REC_HEAD_LOST;
	t->from = same && !(before & REC_HEAD_PART) ? (__u32)before & ~REC_HEAD_FLAGS : 0;
	if (t->flags & REC_LAP_PART) {
		/* Somebody is in the midst of a record; most likely the library stays, and it will be copied later. */
		if ((__u32)s.done != (__u32)s.head || !take_whole(&s, t, was_lost)) {
			lose_part(t);
			t->head = before;
		} else {
			/* What follows counts from the last time that it was taken as a whole. */
			t->head = t->from ? before : t->head | REC_HEAD_PART;
		}
	} else if (!take_whole(&s, t, was_lost)) {
		lose(t);
		t->head |= REC_HEAD_LOST;
	} else if ((__u32)s.done != (__u32)s.head) {
		t->head = before; /* there is more to come of it, if it lives */
	}
	return 0;
}

__noinline int take_pool(struct rec_pool *p, __u64 owner, __u64 id, __u64 why)
{
	struct taking t = {};

	if (!p)
		return 0;
	t.pool = p->address;
	t.owner = owner;
	t.id = id;
	t.generation = why;
	t.flags = why >> 32;
	t.file = REC_TENANT_FILE(p->tenant);
	t.life = REC_TENANT_LIFE(p->tenant);
	for (__u32 i = 0; i < POOL_SLOTS; i++) {
		__u64 before = p->told[i] == t.life ? p->heads[i] : 0;

		t.slot = t.pool + i * sizeof(struct viz_slot);
		t.data = t.pool + VIZ_SLOTS * sizeof(struct viz_slot) + (__u64)i * VIZ_LAP_BYTES;
		t.head = before;
		take(&t);
		if (t.head == before)
			continue;
		p->heads[i] = t.head;
		p->told[i] = t.life;
	}
	return 0;
}

static __always_inline void take_all(struct rec_batched *b, __u64 owner, __u64 id, __u64 flags)
{
	for (__u32 i = 0; i < POOLS_MAX; i++)
		if (b->pools[i].address && REC_TENANT_FILE(b->pools[i].tenant))
			take_pool(&b->pools[i], owner, id, flags << 32 | b->generation);
}

static __always_inline struct rec_batched *find(__u64 id)
{
	__u32 tgid = id >> 32;

	return stopped ? NULL : bpf_map_lookup_elem(&batched, &tgid);
}

static __always_inline __u32 new_life(void)
{
	return __sync_fetch_and_add(&last_life, 1) + 1;
}

/*
 * It is that file's from now on, and if it was not, all that is known of its slots is of others. Who is in it knows
 * that; who has looked at the process from outside may be late, and takes no place that is another one's.
 */
static __always_inline void settle(struct rec_pool *p, __u32 file, __u32 flags, bool is_in_it)
{
	__u64 before = p->tenant;

	if (REC_TENANT_FILE(before) != file && (is_in_it || !REC_TENANT_FILE(before)))
		__sync_val_compare_and_swap(&p->tenant, before, REC_TENANT(file, new_life()));
	p->flags = flags;
}

/* The process's pool at that address, which may be new. */
__noinline int find_pool(struct rec_batched *b, __u64 address, __u32 file, __u32 flags, bool is_in_it)
{
	if (!b)
		return POOLS_MAX;
	for (__u32 i = 0; i < POOLS_MAX; i++)
		if (b->pools[i].address == address) {
			settle(&b->pools[i], file, flags, is_in_it);
			return i;
		}
	/* In what was unmapped only if there is nowhere else. Several threads may be here with the same one. */
	for (__u32 i = 0; i < 2 * POOLS_MAX; i++) {
		struct rec_pool *p = &b->pools[i % POOLS_MAX];
		__u64 old = p->address;

		if (old != address && (!old || (i >= POOLS_MAX && !REC_TENANT_FILE(p->tenant)))) {
			__u64 found = __sync_val_compare_and_swap(&p->address, old, address);

			old = found == old ? address : found;
		}
		if (old == address) {
			settle(p, file, flags, is_in_it);
			return i % POOLS_MAX;
		}
	}
	return POOLS_MAX;
}

/* For slots that were taken before our programs were there. */
SEC("syscall")
int add_pool(struct rec_new_pool *n)
{
	__u32 tgid = n->tgid;
	struct rec_batched *b = bpf_map_lookup_elem(&batched, &tgid);

	return b && b->generation == n->generation && b->unmaps == n->unmaps &&
	       find_pool(b, n->address, n->file, n->flags, false) < POOLS_MAX;
}

/* Its thread is in the slot. Should its laps begin anew, then the memory was replaced, and nobody has told us. */
static __always_inline void enter(struct rec_pool *p, __u32 slot, __u64 head, struct taking *t)
{
	__u64 tenant = p->tenant;

	if (p->told[slot] == REC_TENANT_LIFE(tenant) && head < (p->heads[slot] & ~(__u64)REC_HEAD_FLAGS))
		__sync_val_compare_and_swap(&p->tenant, tenant, REC_TENANT(REC_TENANT_FILE(tenant), new_life()));
	t->life = REC_TENANT_LIFE(p->tenant);
	if (p->told[slot] != t->life) {
		p->told[slot] = t->life;
		p->heads[slot] = 0;
	}
	t->head = p->heads[slot];
}

SEC("uprobe")
int on_batch(struct pt_regs *ctx)
{
	const __u64 step = VIZ_LAP_BYTES - sizeof(struct viz_slot);
	struct taking t = { .id = current_id(), .flags = REC_LAP_FULL };
	struct rec_batched *b;
	struct rec_pool *p = NULL;
	__u64 head = 0, at, cookie = bpf_get_attach_cookie(ctx);
	char comm[16];
	__u32 i;

	STAY_ON_TASK_STACK(ctx);
	b = find(t.id);
	if (!b)
		return 0;
	t.slot = PT_REGS_PARM1(ctx);
	t.data = PT_REGS_PARM2(ctx);
	t.file = cookie;
	t.generation = b->generation;
	at = (t.data - t.slot - VIZ_SLOTS * sizeof(struct viz_slot)) / step;
	if (at >= POOL_SLOTS)
		return 0;
	t.pool = t.slot - at * sizeof(struct viz_slot);
	if (bpf_probe_read_user(&head, sizeof(head), (void *)(t.slot + __builtin_offsetof(struct viz_slot, head)))) {
		add(unreadable, 1);
		return 0;
	}
	i = find_pool(b, t.pool, t.file, cookie >> 32, true);
	if (i < POOLS_MAX) {
		/* For the verifier. */
		barrier_var(i);
		barrier_var(at);
		i &= POOLS_MAX - 1;
		at &= POOL_SLOTS - 1;
		p = &b->pools[i];
	} else {
		add(unheard, 1);
	}
	if (p)
		enter(p, at, head, &t);
	/* If it has just been taken there may be something in it of a signal handler that came before this was told. */
	if ((__u32)head) {
		take(&t);
		if (p)
			p->heads[at] = t.head;
		return 0;
	}
	bpf_get_current_comm(comm, sizeof(comm));
	tell_thread(t.id, PT_REGS_PARM3(ctx), comm);
	return 0;
}

static __always_inline bool is_mapped(__u64 pool)
{
	char byte;

	return !bpf_probe_read_user(&byte, 1, (void *)pool) ||
	       !bpf_probe_read_user(&byte, 1, (void *)(pool + VIZ_SLOTS * sizeof(struct viz_slot) - 1));
}

/* The dynamic loader is about to map or unmap libraries, or has done so. */
SEC("uprobe")
int on_unmap(struct pt_regs *ctx)
{
	__u64 id = current_id();
	struct rec_batched *b = find(id);

	if (!b)
		return 0;
	add(b->unmaps, 1);
	for (__u32 i = 0; i < POOLS_MAX; i++) {
		struct rec_pool *p = &b->pools[i];

		if (!p->address || p->flags || !REC_TENANT_FILE(p->tenant))
			continue;
		if (is_mapped(p->address))
			take_pool(p, 0, id, (__u64)REC_LAP_PART << 32 | b->generation);
		else
			p->tenant = REC_TENANT(0, REC_TENANT_LIFE(p->tenant));
	}
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

	if (!b)
		return 0;
	add(b->generation, 1);
	for (__u32 i = 0; i < POOLS_MAX; i++)
		b->pools[i].address = b->pools[i].tenant = 0;
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
	__u64 flags;
	__u32 tgid;

	if (!task)
		return 0;
	flags = BPF_CORE_READ(task, thread_info.flags);
	if (asked && thread_number(task) == asked)
		asked_flags = flags;
	tgid = process_number(task);
	if (!bpf_map_lookup_elem(&batched, &tgid))
		return 0;
	rec.head.size = sizeof(rec);
	rec.head.kind = REC_THREAD;
	rec.head.tgid = tgid;
	rec.head.tid = thread_number(task);
	rec.head.flags = flags & no_clock ? REC_NO_CLOCK : 0;
	BPF_CORE_READ_INTO(&rec.head.comm, task, comm);
	rec.thread = BPF_CORE_READ(task, thread.fsbase);
	bpf_seq_write(ctx->meta->seq, &rec, sizeof(rec));
	return 0;
}
