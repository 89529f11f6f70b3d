/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What carries names instead of an object: ENTER, EXIT, INSTANT, and single values. A part of viztrace.bpf.c.
 */
#ifndef VIZTRACE_SLICES_H
#define VIZTRACE_SLICES_H

#include "hit.h"
#include "memory.h"

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

#endif
