// SPDX-License-Identifier: BSD-2-Clause
/*
 * The programs that run when a probe fires: one for each kind of probe.
 *
 * In: registers of the stub (include/viztrace.h has the arguments) and the target's memory.
 * Out: records (record.h) in the ring buffer of this CPU, and counts. Nothing of the target is trusted:
 * whatever is read is bounded and counted if it is unreadable or cut.
 *
 * A program may be preempted anywhere and run again for another thread on the same CPU, so nothing is kept
 * in per-CPU scratch memory: records are built in place, counts are added atomically. A record takes its
 * time after it has its place in the ring: whatever is reserved later has a later time, which is what the
 * collector's merge of several rings relies on.
 */
#define VIZ_PROBE_DISABLE
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "viztrace.h"
#include "record.h"
#include "tracees.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Sleepable programs (Linux 6.0) can fault in a page that nobody has touched yet. */
const volatile bool cfg_sleepable = true;
const volatile __u32 cfg_rings = 1;
/* The PID namespace that records speak; 0: the initial one. */
const volatile __u64 cfg_pidns_dev;
const volatile __u64 cfg_pidns_ino;
/* The probes fire for processes that nobody traces too: ask `tracees`. */
const volatile bool cfg_several;

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

#define DESCRIPTOR_MAX (sizeof(struct viz_class) + VIZ_ATTRS_MAX * sizeof(struct viz_attr))
#define PAGE 4096ULL
#define HASH_BASIS 0xcbf29ce484222325ULL
#define HASH_PRIME 0x100000001b3ULL

struct key {
	__u64 address;
	__u32 tgid;
	__u32 generation;
};

/* What an event needs to know of a class. */
struct plan {
	__s32 span_offset;
	__u32 span_size;
	__u32 n_texts;
	__u16 words[VIZ_STRINGS_MAX];
};

struct object {
	__u64 cls; /* 0: a new object that user space has not been told of */
	__s32 span_offset;
	__u32 span_size;
	__u32 n_texts;
	__u32 trigger; /* of the verdict, as are: */
	__u64 name_hash;
	__u64 allowed;
	__u32 epoch; /* 0: none was found yet */
	__u32 pad;
};

/* Least recently used entries make room: a forgotten object is introduced again when it next fires. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, OBJECTS_MAX);
	__type(key, struct key);
	__type(value, struct object);
} objects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CLASSES_MAX);
	__type(key, struct key);
	__type(value, struct plan);
} classes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, VERDICTS_MAX);
	__type(key, struct rec_verdict_key);
	__type(value, struct rec_verdict);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROBE_COUNT);
	__type(key, __u32);
	__type(value, struct rec_counts);
} counts SEC(".maps");

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

/* Set at the end of a trace, so that counts stand still while the probes are still there: detaching takes long. */
volatile bool stopped;

/* Of the filter's rules, counting up as they change; 0: no rules. */
volatile __u32 epoch;

/* Counts up as the one process that is traced replaces its memory by exec; of several: struct rec_tracee. */
volatile __u32 generation;

/* What the functions below pass to each other about the probe that fired. */
struct hit {
	struct rec_counts *counts;
	void *ring;
	__u64 id; /* tgid << 32 | tid */
	__u64 address;
	__u32 probe;
	__u32 index;
	__u32 ring_index;
	__u32 generation; /* of the process's memory: addresses of another one mean nothing */
	__u32 epoch;      /* of the rules that let this pass */
};

#define count(hit, what) __sync_fetch_and_add(&(hit)->counts->what, 1)

static __always_inline __u64 current_id(void)
{
	if (cfg_pidns_ino) {
		struct bpf_pidns_info ns = {};

		if (bpf_get_ns_current_pid_tgid(cfg_pidns_dev, cfg_pidns_ino, &ns, sizeof(ns)) == 0)
			return (__u64)ns.tgid << 32 | ns.pid;
		/* Its number elsewhere may be that of one of ours. */
		if (cfg_several)
			return 0;
	}
	return bpf_get_current_pid_tgid();
}

/* Whose probe is this? False: of a process that is not traced. */
static __always_inline bool is_traced(struct hit *hit, bool joins)
{
	struct rec_tracee *tracee, joining = {};
	__u32 tgid = hit->id >> 32;

	if (!cfg_several) {
		hit->generation = generation;
		return true;
	}
	tracee = bpf_map_lookup_elem(&tracees, &tgid);
	if (!tracee && joins && tgid) {
		bpf_map_update_elem(&tracees, &tgid, &joining, BPF_NOEXIST);
		tracee = bpf_map_lookup_elem(&tracees, &tgid);
	}
	if (!tracee)
		return false;
	hit->generation = tracee->generation;
	return true;
}

/* Where the records of this CPU go. */
static __always_inline bool find_ring(struct hit *hit)
{
	hit->ring_index = cfg_rings > 1 ? bpf_get_smp_processor_id() % cfg_rings : 0;
	hit->ring = bpf_map_lookup_elem(&rings, &hit->ring_index);
	return hit->ring != NULL;
}

static __always_inline bool begin(struct pt_regs *ctx, struct hit *hit, __u32 cookie, __u64 address)
{
	__u32 probe = cookie & COOKIE_PROBE;

	STAY_ON_TASK_STACK(ctx);
	if (stopped)
		return false;
	hit->id = current_id();
	if (!is_traced(hit, cookie & COOKIE_JOINS))
		return false;
	hit->counts = bpf_map_lookup_elem(&counts, &probe);
	if (!hit->counts)
		return false;
	count(hit, seen);
	hit->address = address;
	hit->probe = probe;
	hit->index = 0;
	hit->epoch = 0;
	return true;
}

static __always_inline void fill_head(struct rec_head *head, const struct hit *hit, __u16 kind, __u32 size)
{
	head->size = size;
	head->kind = kind;
	head->flags = 0;
	head->ts = bpf_ktime_get_ns();
	head->tgid = hit->id >> 32;
	head->tid = (__u32)hit->id;
	bpf_get_current_comm(head->comm, sizeof(head->comm));
}

/* The collector looks by itself every few milliseconds; waking it would cost the target. */
static __always_inline void submit(void *record)
{
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

static __always_inline void fault_in(__u64 from)
{
	char byte;

	if (cfg_sleepable)
		bpf_copy_from_user(&byte, 1, (void *)from);
}

/* 0 or a negative error; `size` must have an upper bound that the verifier sees. */
static __always_inline long read_memory(void *to, __u32 size, __u64 from)
{
	long err = bpf_probe_read_user(to, size, (void *)from);

	if (err && cfg_sleepable) {
		fault_in(from);
		fault_in(from + size - 1);
		err = bpf_probe_read_user(to, size, (void *)from);
	}
	return err;
}

/* Bytes with the NUL (`size` if it was cut), or a negative error. */
static __always_inline long read_string(void *to, __u32 size, __u64 from)
{
	long n = bpf_probe_read_user_str(to, size, (void *)from);

	if (n < 0 && cfg_sleepable) {
		fault_in(from);
		fault_in((from & ~(PAGE - 1)) + PAGE);
		n = bpf_probe_read_user_str(to, size, (void *)from);
	}
	if (n == 0) {
		/* Before 6.13 an empty string counts as 0 bytes. */
		*(char *)to = 0;
		n = 1;
	}
	return n;
}

/* First sight of a class: check what an event relies on, send the descriptor, keep the plan in the map.
 * A global function of plain numbers: the verifier looks at it once, and not for each way to get here. */
__noinline int learn_class(__u64 address, __u64 id, __u32 ring, __u32 generation)
{
	struct key key = { .address = address, .tgid = id >> 32, .generation = generation };
	struct hit hit = { .id = id };
	struct rec_class *rec;
	struct plan plan, *draft;
	volatile __u32 *n_texts;
	struct viz_class *cls;
	void *buffer;
	__u32 size;

	buffer = bpf_map_lookup_elem(&rings, &ring);
	if (!buffer)
		return -1;
	/* The plan is drafted behind the record's end: in memory that the verifier does not keep track of, or it would
	 * look at each of the 512 turns below once for every number of strings found so far. */
	rec = bpf_ringbuf_reserve(buffer, sizeof(*rec) + DESCRIPTOR_MAX + sizeof(plan), 0);
	if (!rec)
		return -1;
	cls = (void *)rec->bytes;
	draft = (void *)rec->bytes + DESCRIPTOR_MAX;
	if (read_memory(cls, sizeof(*cls), address))
		goto discard;
	size = cls->size;
	if (size > DESCRIPTOR_MAX)
		goto discard;
	barrier_var(size); /* or clang makes one comparison of two, in which the verifier sees no bound */
	if (cls->magic != VIZ_CLASS_MAGIC || cls->version != VIZ_ABI_VERSION || cls->n_attrs > VIZ_ATTRS_MAX ||
	    cls->kind == VIZ_KIND_DICT || size < sizeof(*cls) || cls->span_offset > 0 || cls->span_offset % 8 ||
	    cls->span_size > VIZ_SPAN_MAX || (__u32)-cls->span_offset + sizeof(struct viz_base) > cls->span_size)
		goto discard;
	if (read_memory(rec->bytes, size, address))
		goto discard;

	draft->span_offset = cls->span_offset;
	draft->span_size = cls->span_size;
	n_texts = &draft->n_texts;
	*n_texts = 0;
	for (__u32 i = 0; i < VIZ_SPAN_MAX / 8; i++) {
		__u32 n = *n_texts;

		if (!(cls->strings[i / 64] >> (i % 64) & 1))
			continue;
		if (n >= VIZ_STRINGS_MAX)
			break;
		draft->words[n] = i;
		*n_texts = n + 1;
	}
	plan = *draft;

	fill_head(&rec->head, &hit, REC_CLASS, sizeof(*rec) + size);
	rec->address = address;
	submit(rec);
	bpf_map_update_elem(&classes, &key, &plan, BPF_ANY);
	return 0;
discard:
	bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
	return -1;
}

/* Tell user space of an object: what its class is, and its name. */
static __always_inline bool send_object(struct hit *hit, __u64 cls, __u64 name, __u16 kind, __u16 flags,
					__u64 *ret_hash)
{
	__u64 hash = HASH_BASIS;
	struct rec_object *rec;
	long n = 0;

	rec = bpf_ringbuf_reserve(hit->ring, sizeof(*rec) + NAME_BYTES, 0);
	if (!rec)
		return false;
	fill_head(&rec->head, hit, kind, 0);
	rec->address = hit->address;
	rec->cls = cls;
	rec->generation = hit->generation;
	if (name) {
		n = read_string(rec->name, NAME_BYTES, name);
		if (n < 0) {
			flags |= REC_UNREADABLE;
			count(hit, unreadable);
			n = 0;
		} else if (n == NAME_BYTES) {
			flags |= REC_TRUNCATED;
			count(hit, truncated);
		}
	}
	for (__u32 i = 0; i + 1 < NAME_BYTES && i + 1 < n; i++)
		hash = (hash ^ (__u8)rec->name[i]) * HASH_PRIME;
	rec->name_size = n;
	rec->name_hash = hash;
	rec->head.flags = flags;
	rec->head.size = sizeof(*rec) + n;
	submit(rec);
	*ret_hash = hash;
	return true;
}

/* An object that is not in the map, or whose memory says something else than the map: read its base. */
static __always_inline struct plan *plan_of(struct hit *hit, __u64 cls)
{
	struct key key = { .address = cls, .tgid = hit->id >> 32, .generation = hit->generation };
	struct plan *plan = bpf_map_lookup_elem(&classes, &key);

	if (!plan && learn_class(cls, hit->id, hit->ring_index, hit->generation) == 0)
		plan = bpf_map_lookup_elem(&classes, &key);
	return plan;
}

static __always_inline void plan_object(struct object *object, __u64 cls, const struct plan *plan)
{
	object->cls = cls;
	object->span_offset = plan->span_offset;
	object->span_size = plan->span_size;
	object->n_texts = plan->n_texts;
}

/* An object that is not in the map, or whose memory says something else than the map: read its base. */
static __noinline int discover(struct hit *hit, struct object *object, int is_new)
{
	struct key key = { .address = hit->address, .tgid = hit->id >> 32, .generation = hit->generation };
	struct plan *plan;
	struct viz_base base;

	if (read_memory(&base, sizeof(base), hit->address))
		return -1;
	if (base.check != (VIZ_CHECK ^ hit->address ^ (__u64)base.cls))
		return -1;
	plan = plan_of(hit, (__u64)base.cls);
	if (!plan)
		return -1;
	if (!send_object(hit, (__u64)base.cls, (__u64)base.name, REC_OBJECT, is_new ? REC_NEW : 0, &object->name_hash))
		return -1;
	plan_object(object, (__u64)base.cls, plan);
	object->trigger = 0;
	object->allowed = 0;
	object->epoch = 0;
	object->pad = 0;
	bpf_map_update_elem(&objects, &key, object, BPF_ANY);
	return 0;
}

#include "snapshot.h"

/* What the rules say of this event: false if it is filtered. Without a verdict it passes, and user space decides. */
static __always_inline bool wanted(struct hit *hit, struct object *object, struct object *known)
{
	__u32 now = epoch;

	if (!now)
		return hit->probe != PROBE_QUIET;
	if (object->epoch != now) {
		struct rec_verdict_key key = {
			.cls = object->cls,
			.name_hash = object->name_hash,
			.tgid = hit->id >> 32,
			.generation = hit->generation,
		};
		struct rec_verdict *v = bpf_map_lookup_elem(&verdicts, &key);

		if (!v || v->epoch != now)
			return true;
		object->allowed = v->allowed;
		object->trigger = v->trigger;
		if (known) {
			/* The epoch last: it says that the rest is valid. */
			known->allowed = v->allowed;
			known->trigger = v->trigger;
			barrier();
			known->epoch = now;
		}
	}
	hit->epoch = now;
	switch (hit->probe) {
	case PROBE_SET: return object->trigger != REC_TRIGGER_OFF && (object->allowed >> (hit->index & 63) & 1);
	case PROBE_QUIET: return object->trigger == REC_TRIGGER_ON && (object->allowed >> (hit->index & 63) & 1);
	default: return object->allowed != 0;
	}
}

/*
 * One try to report an object; 1: its memory is not what the map says, so try again with `is_other`.
 * Global and of plain numbers as learn_class is: there are two calls of it, and it is most of what the verifier has to
 * do.
 */
__noinline int report_object(__u64 address, __u64 id, __u64 probe_and_index, __u32 generation, bool is_other)
{
	struct key key = { .address = address, .tgid = id >> 32, .generation = generation };
	struct object object, *known;
	struct hit hit = {
		.id = id,
		.address = address,
		.probe = probe_and_index >> 32,
		.index = (__u32)probe_and_index,
		.generation = generation,
	};
	int outcome = OTHER_OBJECT;

	hit.counts = bpf_map_lookup_elem(&counts, &hit.probe);
	if (!hit.counts || !find_ring(&hit))
		return 0;
	known = bpf_map_lookup_elem(&objects, &key);
	if (known && known->cls && !is_other) {
		object = *known;
	} else {
		if (discover(&hit, &object, known != NULL))
			goto lost;
		known = NULL;
	}
	if (!wanted(&hit, &object, known)) {
		count(&hit, filtered);
		return 0;
	}
	outcome = take_snapshot(&hit, &object);
	if (outcome == DONE)
		return 0;
	/* Its memory was given to another object without a DESTROY or INIT that we saw. */
	if (outcome == OTHER_OBJECT && known)
		return 1;
	if (outcome == UNREADABLE)
		count(&hit, unreadable);
lost:
	count(&hit, lost);
	return 0;
}

static __always_inline int report(struct pt_regs *ctx, __u32 cookie)
{
	struct hit hit;
	__u64 probe_and_index;

	if (!begin(ctx, &hit, cookie, PT_REGS_PARM1(ctx)))
		return 0;
	probe_and_index = (__u64)hit.probe << 32 | (__u32)PT_REGS_PARM2(ctx);
	if (report_object(hit.address, hit.id, probe_and_index, hit.generation, false) == 1)
		report_object(hit.address, hit.id, probe_and_index, hit.generation, true);
	return 0;
}

static __noinline int init(struct pt_regs *ctx, __u32 cookie)
{
	struct object object = {};
	struct plan *plan;
	struct key key = {};
	struct hit hit;
	__u64 cls = PT_REGS_PARM2(ctx);

	if (!begin(ctx, &hit, cookie, PT_REGS_PARM1(ctx)) || !find_ring(&hit))
		return 0;
	plan = plan_of(&hit, cls);
	if (plan && send_object(&hit, cls, PT_REGS_PARM3(ctx), REC_INIT, 0, &object.name_hash))
		plan_object(&object, cls, plan);
	else
		count(&hit, lost); /* and its first report says that the object is new */
	key.address = hit.address;
	key.tgid = hit.id >> 32;
	key.generation = hit.generation;
	bpf_map_update_elem(&objects, &key, &object, BPF_ANY);
	return 0;
}

static __noinline int destroy(struct pt_regs *ctx, __u32 cookie)
{
	struct rec_destroy *rec;
	struct object object, *known;
	struct key key = {};
	struct hit hit;

	if (!begin(ctx, &hit, cookie, PT_REGS_PARM1(ctx)) || !find_ring(&hit))
		return 0;
	key.address = hit.address;
	key.tgid = hit.id >> 32;
	key.generation = hit.generation;
	known = bpf_map_lookup_elem(&objects, &key);
	/* An object of which we see the end only: it has a name all the same. */
	if ((!known || !known->cls) && discover(&hit, &object, known != NULL)) {
		count(&hit, lost);
		return 0;
	}
	/* Whatever is found here next is another object, also if it was made in silence. */
	__builtin_memset(&object, 0, sizeof(object));
	bpf_map_update_elem(&objects, &key, &object, BPF_ANY);
	rec = bpf_ringbuf_reserve(hit.ring, sizeof(*rec), 0);
	if (!rec) {
		count(&hit, lost);
		return 0;
	}
	fill_head(&rec->head, &hit, REC_DESTROY, sizeof(*rec));
	rec->address = hit.address;
	submit(rec);
	return 0;
}

/* 0, or 1 if the name does not fit into `max` and this was not the last try. */
static __always_inline int send_slice(struct hit *hit, __u16 kind, __u64 name, __u64 frame, __u32 flags,
				      const __u32 max, const bool last_try)
{
	struct rec_slice *rec = bpf_ringbuf_reserve(hit->ring, sizeof(*rec) + max, 0);
	__u16 head_flags = 0;
	long n;

	if (!rec) {
		count(hit, lost);
		return 0;
	}
	fill_head(&rec->head, hit, kind, 0);
	n = read_string(rec->name, max, name);
	if (n >= (long)max && !last_try) {
		bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
		return 1;
	}
	if (n < 0) {
		n = 0;
		head_flags = REC_UNREADABLE;
		count(hit, unreadable);
	} else if (n >= (long)max) {
		head_flags = REC_TRUNCATED;
		count(hit, truncated);
	}
	rec->frame = frame;
	rec->flags = flags;
	rec->name_size = n;
	rec->head.flags = head_flags;
	rec->head.size = sizeof(*rec) + n;
	submit(rec);
	return 0;
}

static __noinline int slice(struct pt_regs *ctx, __u32 cookie, __u16 kind)
{
	__u64 frame = 0;
	__u32 flags = 0;
	struct hit hit;

	if (!begin(ctx, &hit, cookie, 0) || !find_ring(&hit))
		return 0;
	if (kind != REC_INSTANT) {
		frame = PT_REGS_PARM2(ctx);
		flags = PT_REGS_PARM3(ctx);
	}
	if (send_slice(&hit, kind, PT_REGS_PARM1(ctx), frame, flags, 64, false))
		send_slice(&hit, kind, PT_REGS_PARM1(ctx), frame, flags, NAME_BYTES, true);
	return 0;
}

static __always_inline int send_value(struct hit *hit, struct pt_regs *ctx, const __u32 max, const bool last_try)
{
	struct rec_value *rec = bpf_ringbuf_reserve(hit->ring, sizeof(*rec) + 2 * max, 0);
	__u16 flags = 0;
	long name, attr;

	if (!rec) {
		count(hit, lost);
		return 0;
	}
	fill_head(&rec->head, hit, REC_VALUE, 0);
	name = read_string(rec->text, max, PT_REGS_PARM1(ctx));
	if (name < 0) {
		flags |= REC_UNREADABLE;
		name = 0;
	}
	if (name > (long)max)
		name = max;
	attr = read_string(rec->text + name, max, PT_REGS_PARM2(ctx));
	if (attr < 0) {
		flags |= REC_UNREADABLE;
		attr = 0;
	}
	if (name >= (long)max || attr >= (long)max) {
		if (!last_try) {
			bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
			return 1;
		}
		flags |= REC_TRUNCATED;
		count(hit, truncated);
	}
	if (flags & REC_UNREADABLE)
		count(hit, unreadable);
	rec->bits = PT_REGS_PARM3(ctx);
	rec->type = PT_REGS_PARM4(ctx);
	rec->name_size = name;
	rec->attr_size = attr;
	rec->head.flags = flags;
	rec->head.size = sizeof(*rec) + name + attr;
	submit(rec);
	return 0;
}

static __noinline int value(struct pt_regs *ctx, __u32 cookie)
{
	struct hit hit;

	if (!begin(ctx, &hit, cookie, 0) || !find_ring(&hit))
		return 0;
	if (send_value(&hit, ctx, 64, false))
		send_value(&hit, ctx, NAME_BYTES, true);
	return 0;
}

static __always_inline int dispatch(struct pt_regs *ctx, __u32 cookie)
{
	switch (cookie & COOKIE_PROBE) {
	case PROBE_SET:
	case PROBE_QUIET:
	case PROBE_LOG: return report(ctx, cookie);
	case PROBE_INIT: return init(ctx, cookie);
	case PROBE_DESTROY: return destroy(ctx, cookie);
	case PROBE_ENTER: return slice(ctx, cookie, REC_ENTER);
	case PROBE_EXIT: return slice(ctx, cookie, REC_EXIT);
	case PROBE_VALUE: return value(ctx, cookie);
	case PROBE_INSTANT: return slice(ctx, cookie, REC_INSTANT);
	}
	return 0;
}

/* One program for all kinds of probes, where the kernel hands out what was given when attaching (Linux 5.15) ... */
SEC("uprobe")
int on_probe(struct pt_regs *ctx)
{
	return dispatch(ctx, bpf_get_attach_cookie(ctx));
}

/* ... and one for each where it does not. */
#define PROGRAM(name, probe) \
	SEC("uprobe") \
	int name(struct pt_regs *ctx) \
	{ \
		return dispatch(ctx, probe); \
	}
PROGRAM(on_init, PROBE_INIT)
PROGRAM(on_destroy, PROBE_DESTROY)
PROGRAM(on_set, PROBE_SET)
PROGRAM(on_quiet, PROBE_QUIET)
PROGRAM(on_log, PROBE_LOG)
PROGRAM(on_enter, PROBE_ENTER)
PROGRAM(on_exit, PROBE_EXIT)
PROGRAM(on_value, PROBE_VALUE)
PROGRAM(on_instant, PROBE_INSTANT)
