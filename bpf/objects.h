/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INIT, DESTROY and reports of objects: what the rules say of them, and their snapshots. A part of viztrace.bpf.c.
 */
#ifndef VIZTRACE_OBJECTS_H
#define VIZTRACE_OBJECTS_H

#include "classes.h"
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

#define IS_OTHER 1 /* its memory is not what the map says */
#define LAST_TRY 2 /* its memory has been faulted in, as far as there is any */

/*
 * One try to report an object. DONE, or why it should be tried again: OTHER_OBJECT (with IS_OTHER), UNREADABLE (with
 * LAST_TRY, after fault_in_object()).
 * Global and of plain numbers as learn_class is: there are two calls of it, and it is most of what the verifier has to
 * do.
 */
__noinline int report_object(__u64 address, __u64 id, __u64 probe_and_index, __u32 generation, __u32 how)
{
	struct key key = { .address = address, .tgid = id >> 32, .generation = generation };
	struct object object, *known;
	struct hit hit = {
		.id = id,
		.address = address,
		.probe = probe_and_index >> 32,
		.index = (__u32)probe_and_index,
		.generation = generation,
		.last_try = how & LAST_TRY,
	};
	int outcome;

	hit.counts = bpf_map_lookup_elem(&counts, &hit.probe);
	if (!hit.counts || !find_ring(&hit))
		return 0;
	known = bpf_map_lookup_elem(&objects, &key);
	if (known && known->cls && !(how & IS_OTHER)) {
		object = *known;
	} else {
		outcome = discover(&hit, &object, known != NULL);
		known = NULL;
		if (outcome == UNREADABLE && may_retry(&hit))
			return UNREADABLE;
		if (outcome != DONE)
			goto lost;
	}
	if (!wanted(&hit, &object, known)) {
		count(&hit, filtered);
		return 0;
	}
	outcome = take_snapshot(&hit, &object);
	if (outcome == DONE)
		return DONE;
	if (outcome == UNREADABLE && may_retry(&hit))
		return UNREADABLE;
	/* Its memory was given to another object without a DESTROY or INIT that we saw. */
	if (outcome == OTHER_OBJECT && known)
		return OTHER_OBJECT;
	if (outcome == UNREADABLE)
		count(&hit, unreadable);
lost:
	lose(&hit, outcome);
	return 0;
}

static __always_inline int report(struct pt_regs *ctx, __u32 cookie)
{
	struct hit hit;
	__u64 probe_and_index;
	__u32 how = 0;

	if (!begin(ctx, &hit, cookie, PT_REGS_PARM1(ctx)))
		return 0;
	probe_and_index = (__u64)hit.probe << 32 | (__u32)PT_REGS_PARM2(ctx);
	/* Both can befall it, in either order. */
	for (int i = 0; i < 3; i++) {
		int outcome = report_object(hit.address, hit.id, probe_and_index, hit.generation, how);

		if (outcome == OTHER_OBJECT) {
			how |= IS_OTHER;
		} else if (outcome == UNREADABLE) {
			how |= LAST_TRY;
			fault_in_object(hit.address, hit.id, hit.generation);
		} else {
			break;
		}
	}
	return 0;
}

/*
 * A new object, if there is one: its base was written before the probe. (Whoever calls the stub with addresses that he
 * invents would have us keep all of them.) An enum outcome.
 */
static __noinline int introduce(struct hit *hit, struct object *object, __u64 cls, __u64 name)
{
	enum outcome outcome;
	struct plan *plan;
	__u64 check;

	if (read_memory(&check, sizeof(check), hit->address))
		return may_retry(hit) ? UNREADABLE : OTHER_OBJECT;
	if (check != (VIZ_CHECK ^ hit->address ^ cls))
		return OTHER_OBJECT;
	outcome = plan_of(hit, cls, &plan);
	if (outcome != DONE)
		return outcome;
	outcome = send_object(hit, cls, plan, name, REC_INIT, 0, &object->name_hash);
	if (outcome == DONE)
		plan_object(object, cls, plan);
	return outcome;
}

static __noinline int init(struct pt_regs *ctx, __u32 cookie)
{
	struct object object = {};
	struct key key = {};
	struct hit hit;
	__u64 cls = PT_REGS_PARM2(ctx), name = PT_REGS_PARM3(ctx);
	int outcome;

	if (!begin(ctx, &hit, cookie, PT_REGS_PARM1(ctx)) || !find_ring(&hit))
		return 0;
	outcome = introduce(&hit, &object, cls, name);
	if (outcome == UNREADABLE && may_retry(&hit)) {
		fault_in(hit.address);
		fault_in_class(cls);
		fault_in_string(name);
		hit.last_try = true;
		outcome = introduce(&hit, &object, cls, name);
	}
	if (outcome == OTHER_OBJECT) {
		lose(&hit, outcome);
		return 0;
	}
	if (outcome != DONE)
		lose(&hit, outcome); /* and its first report says that the object is new */
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
	int outcome = DONE;
	struct hit hit;

	if (!begin(ctx, &hit, cookie, PT_REGS_PARM1(ctx)) || !find_ring(&hit))
		return 0;
	key.address = hit.address;
	key.tgid = hit.id >> 32;
	key.generation = hit.generation;
	known = bpf_map_lookup_elem(&objects, &key);
	/* An object of which we see the end only: it has a name all the same. */
	if (!known || !known->cls) {
		outcome = discover(&hit, &object, known != NULL);
		if (outcome == UNREADABLE && may_retry(&hit)) {
			fault_in_object(hit.address, hit.id, hit.generation);
			hit.last_try = true;
			outcome = discover(&hit, &object, known != NULL);
		}
	}
	if (outcome != DONE) {
		lose(&hit, outcome);
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

#endif
