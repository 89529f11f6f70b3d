/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What carries names instead of an object: ENTER, EXIT, INSTANT, and single values. A part of viztrace.bpf.c.
 */
#ifndef VIZTRACE_SLICES_H
#define VIZTRACE_SLICES_H

#include "hit.h"
#include "memory.h"

/* DONE, or TOO_SMALL: the name does not fit into `max`, or UNREADABLE. */
static __always_inline enum outcome send_slice(struct hit *hit, __u16 kind, __u64 name, __u64 frame, __u32 flags,
					       const __u32 max, const bool last_size)
{
	struct rec_slice *rec = bpf_ringbuf_reserve(hit->ring, sizeof(*rec) + max, 0);
	__u16 head_flags = 0;
	long n;

	if (!rec) {
		count(hit, lost);
		return DONE;
	}
	fill_head(&rec->head, hit, kind, 0);
	n = read_string(rec->name, max, name);
	if ((n >= (long)max && !last_size) || (n < 0 && may_retry(hit))) {
		bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
		return n < 0 ? UNREADABLE : TOO_SMALL;
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
	return DONE;
}

static __noinline int try_slice(struct hit *hit, __u16 kind, __u64 name, __u64 frame, __u32 flags)
{
	enum outcome outcome = send_slice(hit, kind, name, frame, flags, 64, false);

	return outcome == TOO_SMALL ? send_slice(hit, kind, name, frame, flags, NAME_BYTES, true) : outcome;
}

static __noinline int slice(struct pt_regs *ctx, __u32 cookie, __u16 kind)
{
	__u64 frame = 0, name = PT_REGS_PARM1(ctx);
	__u32 flags = 0;
	struct hit hit;

	if (!begin(ctx, &hit, cookie, 0) || !find_ring(&hit))
		return 0;
	if (kind != REC_INSTANT) {
		frame = PT_REGS_PARM2(ctx);
		flags = PT_REGS_PARM3(ctx);
	}
	if (try_slice(&hit, kind, name, frame, flags) == UNREADABLE && may_retry(&hit)) {
		fault_in_string(name);
		hit.last_try = true;
		try_slice(&hit, kind, name, frame, flags);
	}
	return 0;
}

static __always_inline enum outcome send_value(struct hit *hit, struct pt_regs *ctx, const __u32 max,
					       const bool last_size)
{
	struct rec_value *rec = bpf_ringbuf_reserve(hit->ring, sizeof(*rec) + 2 * max, 0);
	__u16 flags = 0;
	long name, attr;

	if (!rec) {
		count(hit, lost);
		return DONE;
	}
	fill_head(&rec->head, hit, REC_VALUE, 0);
	name = read_string(rec->text, max, PT_REGS_PARM1(ctx));
	if (name < 0 && may_retry(hit))
		goto unreadable;
	if (name < 0) {
		flags |= REC_UNREADABLE;
		name = 0;
	}
	if (name > (long)max)
		name = max;
	attr = read_string(rec->text + name, max, PT_REGS_PARM2(ctx));
	if (attr < 0 && may_retry(hit))
		goto unreadable;
	if (attr < 0) {
		flags |= REC_UNREADABLE;
		attr = 0;
	}
	if (name >= (long)max || attr >= (long)max) {
		if (!last_size) {
			bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
			return TOO_SMALL;
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
	return DONE;
unreadable:
	bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
	return UNREADABLE;
}

static __noinline int try_value(struct hit *hit, struct pt_regs *ctx)
{
	enum outcome outcome = send_value(hit, ctx, 64, false);

	return outcome == TOO_SMALL ? send_value(hit, ctx, NAME_BYTES, true) : outcome;
}

static __noinline int value(struct pt_regs *ctx, __u32 cookie)
{
	struct hit hit;

	if (!begin(ctx, &hit, cookie, 0) || !find_ring(&hit))
		return 0;
	if (try_value(&hit, ctx) == UNREADABLE && may_retry(&hit)) {
		fault_in_string(PT_REGS_PARM1(ctx));
		fault_in_string(PT_REGS_PARM2(ctx));
		hit.last_try = true;
		try_value(&hit, ctx);
	}
	return 0;
}

#endif
