/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What carries names instead of an object: ENTER, EXIT, INSTANT, with their arguments, and single values. A part of
 * viztrace.bpf.c.
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

/* What a slice or an instant with arguments consists of. */
struct given {
	__u64 name, frame;
	__u64 args;  /* address of their names */
	__u64 words; /* and of what they are */
	__u32 flags;
	__u16 kind;
	__u16 pad;
};

/* None of them is to be trusted. */
static __always_inline __u32 count_words(const struct rec_args *args)
{
	__u32 n = VIZ_ARGS_COUNT(args->words[0]);

	return n > ARGS_MAX ? ARGS_MAX : n;
}

static __always_inline bool take_words(struct rec_args *to, __u64 from)
{
	__u32 n;

	if (read_memory(&to->words[0], 8, from))
		return false;
	n = count_words(to);
	return !n || !read_memory(&to->words[1], 8 * n, from + 8);
}

/* Where the i-th of the texts is, of which the first two are names; 0: there is none. */
static __always_inline __u64 text_of(const struct given *given, const struct rec_args *args, int i)
{
	__u32 n = count_words(args), k = i - 2;

	if (i < 2)
		return i ? given->args : given->name;
	if (k >= n || VIZ_ARGS_TYPE(args->words[0], n, k) != VIZ_TYPE_STRP)
		return 0;
	return args->words[1 + k];
}

/* All that one turn hands to the next is in the record: registers would multiply what the verifier has to look at. */
static __always_inline enum outcome take_arg_text(struct rec_slice *rec, struct rec_args *args,
						  const struct given *given, int i, const __u32 max,
						  const bool last_size, const bool retries)
{
	__u64 from = text_of(given, args, i);
	__u32 at = args->used;
	long len;

	args->sizes[i] = 0;
	if (!from || at > (ARGS_TEXTS - 1) * max)
		return DONE;
	len = read_string(args->text + at, max, from);
	if (len < 0) {
		rec->head.flags |= REC_UNREADABLE;
		return retries ? UNREADABLE : DONE;
	}
	if (len >= (long)max) {
		if (!last_size)
			return TOO_SMALL;
		rec->head.flags |= REC_TRUNCATED;
		len = max;
	}
	args->sizes[i] = len;
	args->used = at + len;
	return DONE;
}

/*
 * DONE, or TOO_SMALL: one of the texts does not fit into `max`, or UNREADABLE.
 *
 *   | struct rec_slice | struct rec_args | texts[ARGS_TEXTS * max] |
 */
static __always_inline enum outcome send_args(struct hit *hit, const struct given *given, const __u32 max,
					      const bool last_size)
{
	enum outcome outcome = UNREADABLE;
	struct rec_slice *rec;
	struct rec_args *args;

	rec = bpf_ringbuf_reserve(hit->ring, sizeof(*rec) + sizeof(*args) + ARGS_TEXTS * max, 0);
	if (!rec) {
		count(hit, lost);
		return DONE;
	}
	args = (void *)rec->name;
	fill_head(&rec->head, hit, given->kind, 0);
	rec->head.flags = REC_ARGS;
	args->used = 0;
	if (!take_words(args, given->words)) {
		if (may_retry(hit))
			goto discard;
		args->words[0] = 0;
		rec->head.flags |= REC_UNREADABLE;
	}
	for (int i = 0; i < ARGS_TEXTS; i++) {
		outcome = take_arg_text(rec, args, given, i, max, last_size, may_retry(hit));
		if (outcome != DONE)
			goto discard;
	}
	if (rec->head.flags & REC_UNREADABLE)
		count(hit, unreadable);
	if (rec->head.flags & REC_TRUNCATED)
		count(hit, truncated);
	rec->frame = given->frame;
	rec->flags = given->flags;
	rec->name_size = 0;
	rec->head.size = sizeof(*rec) + sizeof(*args) + args->used;
	submit(rec);
	return DONE;
discard:
	bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
	return outcome;
}

/* What the next one takes with the flags: enum rec_probe, and whether it is the last try. */
#define GIVEN_PROBE 32
#define GIVEN_LAST (1ULL << 63)

/*
 * One try to record a slice or an instant with arguments. DONE, or UNREADABLE: to be faulted in.
 * Global and of plain numbers as report_object is: the verifier looks at it once, whatever calls it.
 */
__noinline int record_args(__u64 what, __u64 name, __u64 frame, __u64 args, __u64 words)
{
	struct given given = { .name = name, .frame = frame, .args = args, .words = words, .flags = (__u32)what };
	struct hit hit = { .id = own_id(), .probe = what >> GIVEN_PROBE & COOKIE_PROBE, .last_try = what & GIVEN_LAST };
	enum outcome outcome;

	given.kind = hit.probe == PROBE_ENTER ? REC_ENTER : hit.probe == PROBE_EXIT ? REC_EXIT : REC_INSTANT;
	hit.counts = bpf_map_lookup_elem(&counts, &hit.probe);
	if (!hit.counts || !find_ring(&hit))
		return DONE;
	outcome = send_args(&hit, &given, 64, false);
	if (outcome == TOO_SMALL)
		outcome = send_args(&hit, &given, NAME_BYTES, true);
	return outcome == UNREADABLE && may_retry(&hit) ? UNREADABLE : DONE;
}

__noinline int fault_in_args(__u64 name, __u64 names, __u64 words)
{
	const struct given given = { .name = name, .args = names, .words = words };
	struct rec_args args;

	fault_in_string(name);
	fault_in_string(names);
	fault_in_range(words, sizeof(args.words));
	if (!take_words(&args, words))
		return 0;
	for (int i = 2; i < ARGS_TEXTS; i++) {
		__u64 from = text_of(&given, &args, i);

		if (from)
			fault_in_string(from);
	}
	return 0;
}

static __always_inline int slice_with_args(struct pt_regs *ctx, const struct hit *hit, __u16 kind)
{
	__u64 name = PT_REGS_PARM1(ctx), second = PT_REGS_PARM2(ctx), third = PT_REGS_PARM3(ctx);
	__u64 fourth = PT_REGS_PARM4(ctx), fifth = PT_REGS_PARM5(ctx);
	__u64 what = (__u64)hit->probe << GIVEN_PROBE, frame = 0, args = second, words = third;

	/* Or clang chooses a register by its place, which the verifier forbids. */
	barrier_var(third);
	barrier_var(fifth);
	if (kind != REC_INSTANT) {
		what |= (__u32)third;
		frame = second;
		args = fourth;
		words = fifth;
	}
	if (record_args(what, name, frame, args, words) == UNREADABLE) {
		fault_in_args(name, args, words);
		record_args(what | GIVEN_LAST, name, frame, args, words);
	}
	return 0;
}

/* Of an instant the registers were nobody's before there were arguments. */
static __always_inline bool has_args(struct pt_regs *ctx, __u16 kind)
{
	switch (kind) {
	case REC_ENTER:
	case REC_EXIT: return PT_REGS_PARM3(ctx) & VIZ_SLICE_ARGS;
	case REC_INSTANT:
		return (__u64)PT_REGS_PARM4(ctx) == (VIZ_CHECK ^ (__u64)PT_REGS_PARM2(ctx) ^ (__u64)PT_REGS_PARM3(ctx));
	default: return false;
	}
}

/*
 * What the rules say of slices with that name: enum rec_slice_verdict. What has no verdict passes, and user space
 * decides; so does a name that is too long, or that would have to be faulted in.
 * Global and of plain numbers as record_args is, and its stack is given back before that one's is needed. The name is
 * on the stack, as somebody else's would come to be in memory that a CPU has once.
 */
__noinline int slice_verdict(__u64 name, __u64 hash, __u32 now, __u32 tgid)
{
	struct rec_verdict_key key = { .tgid = tgid };
	__u64 words[DECIDED_BYTES / 8] = {};
	struct rec_verdict *v;
	long n = read_string(words, sizeof(words), name);

	if (n < 0 || n >= (long)sizeof(words))
		return REC_SLICE_ALL;
#pragma unroll
	for (int i = 0; i < DECIDED_BYTES / 8; i++) {
		/* Before Linux 5.10 there may be anything behind the NUL. */
		if (n <= 8 * (i + 1)) {
			hash = rec_hash_word(hash, words[i] & ~0ULL >> (8 * (8 * (i + 1) - n) & 63));
			break;
		}
		hash = rec_hash_word(hash, words[i]);
	}
	key.name_hash = hash;
	v = bpf_map_lookup_elem(&verdicts, &key);
	return v && v->epoch == now ? v->allowed & REC_SLICE_ALL : REC_SLICE_ALL;
}

/* Of enum rec_slice_verdict what that one takes to pass; 0: nothing. */
static __always_inline __u32 slice_part(const struct hit *hit, __u32 flags)
{
	switch (hit->probe) {
	case PROBE_ENTER: return REC_SLICE_BEGINS;
	case PROBE_EXIT: return REC_SLICE_ENDS;
	case PROBE_ASYNC:
		flags &= ~VIZ_ASYNC_POINTER;
		return flags == VIZ_ASYNC_BEGIN ? REC_SLICE_BEGINS : flags == VIZ_ASYNC_END ? REC_SLICE_ENDS : 0;
	default: return 0;
	}
}

static __always_inline bool wanted_slice(struct pt_regs *ctx, const struct hit *hit)
{
	__u64 name = PT_REGS_PARM1(ctx), hash;
	__u32 now = slices_epoch, flags = PT_REGS_PARM3(ctx), part;

	if (!now)
		return true;
	part = slice_part(hit, flags);
	if (!part)
		return true;
	hash = hit->probe != PROBE_ASYNC && flags & VIZ_SLICE_PRETTY ? REC_HASH_PRETTY : 0;
	return slice_verdict(name, hash, now, hit->id >> 32) & part;
}

static __noinline int slice(struct pt_regs *ctx, __u32 cookie, __u16 kind)
{
	__u64 frame = 0, name = PT_REGS_PARM1(ctx);
	__u32 flags = 0;
	struct hit hit;

	if (!begin(ctx, &hit, cookie, 0))
		return 0;
	if (!wanted_slice(ctx, &hit)) {
		count(&hit, filtered);
		return 0;
	}
	if (!find_ring(&hit))
		return 0;
	if (has_args(ctx, kind))
		return slice_with_args(ctx, &hit, kind);
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
