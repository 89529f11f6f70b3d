/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports: the memory of an object, and the strings that it points to, into a record.
 *
 * A part of viztrace.bpf.c.
 */
#ifndef VIZTRACE_SNAPSHOT_H
#define VIZTRACE_SNAPSHOT_H

#include "classes.h"

/* The i-th string of a snapshot, or bytes behind a pointer. rec->epoch holds how many characters there are so far,
 * until the end. */
static __always_inline enum outcome take_text(struct rec_snapshot *rec, __u32 i, __u32 word, __u64 cls, __u32 got,
					      const __u32 span_max, const __u32 texts_max, const __u32 chars,
					      const __u32 text_max, const bool last_size, bool retries)
{
	const __u32 start = sizeof(*rec) + span_max + texts_max * sizeof(struct rec_text);
	struct rec_text *t = (struct rec_text *)(rec->span + span_max) + i;
	__u32 at = PLAN_WORD(word) * 8, used;
	__u64 pointer, size = 0;
	long len;

	rec->n_texts = i + 1;
	t->word = word & PLAN_FOLLOWED ? REC_FOLLOWED | PLAN_ATTR(word) : word;
	t->status = REC_TEXT_UNREADABLE;
	t->offset = start + rec->epoch;
	t->size = 0;
	if (at > span_max - 8 || at + 8 > got)
		return DONE;
	pointer = *(__u64 *)(rec->span + at);
	if (word & PLAN_FOLLOWED) {
		__u64 second = *(__u64 *)(rec->span + at + 8); /* behind the span there is more of the record */
		__u32 attr = PLAN_ATTR(word) | (at + 16 <= got ? BEHIND_WHOLE : 0);

		size = behind_size(cls, pointer, second, attr);
		pointer = behind(cls, *(__u64 *)(rec->span + at), second, attr);
	}
	if (!pointer) {
		t->status = REC_TEXT_NULL;
		return DONE;
	}
	t->size = size >> 63; /* MEASURED_CUT: kept there, as there are registers for no more */
	size &= ~MEASURED_CUT;
	used = *(volatile __u32 *)&rec->epoch; /* only now: on the stack across that call it would lose its bound */
	if (used >= chars) {
		t->size = 0;
		t->status = REC_TEXT_TRUNCATED;
		rec->head.flags |= REC_TRUNCATED;
		return last_size ? DONE : TOO_SMALL;
	}
	barrier_var(size); /* or clang compares a copy of it, and the verifier sees no bound */
	if (size) {
		if (size > text_max)
			return last_size ? DONE : TOO_SMALL;
		len = read_memory((char *)rec + start + used, size, pointer);
		if (!len)
			len = size;
	} else {
		len = read_string((char *)rec + start + used, text_max, pointer);
	}
	if (len < 0 && retries)
		return UNREADABLE;
	if (len < 0) {
		rec->head.flags |= REC_UNREADABLE;
		return DONE;
	}
	t->status = REC_TEXT_OK;
	if (t->size) {
		rec->head.flags |= REC_TRUNCATED;
		t->status = REC_TEXT_TRUNCATED;
	}
	if (!size && len >= text_max) {
		if (!last_size)
			return TOO_SMALL;
		rec->head.flags |= REC_TRUNCATED;
		t->status = REC_TEXT_TRUNCATED;
	}
	t->size = len;
	rec->epoch += len;
	return DONE;
}

/* All strings of the class. */
static __always_inline enum outcome take_texts(struct rec_snapshot *rec, struct hit *hit, const struct object *object,
					       __u32 got, const __u32 span_max, const __u32 texts_max,
					       const __u32 chars, const __u32 text_max, const bool last_size)
{
	struct key key = {
		.address = object->cls,
		.tgid = hit->id >> 32,
		.generation = hit->generation,
	};
	struct plan *plan = bpf_map_lookup_elem(&classes, &key);
	enum outcome outcome = DONE;

	/* All that one turn hands to the next is in the record: registers would multiply what the verifier has to look
	 * at. */
	for (int i = 0; plan && i < texts_max && i < plan->n_texts; i++) {
		outcome = take_text(rec, i, plan->words[i], object->cls, got, span_max, texts_max, chars, text_max,
				    last_size, may_retry(hit));
		if (outcome != DONE)
			break;
	}
	return outcome;
}

/* What says what the rest means. */
static __always_inline void describe(struct rec_snapshot *rec, const struct hit *hit, const struct object *object,
				     __u32 got, const __u32 span_max, const __u32 texts_max)
{
	rec->address = hit->address;
	rec->cls = object->cls;
	rec->probe = hit->probe;
	rec->index = hit->index;
	rec->span_offset = object->span_offset;
	rec->span_size = object->span_size;
	rec->span_read = got;
	rec->texts = sizeof(*rec) + span_max;
	/* Without strings all that follows the span is unused. */
	rec->head.size = texts_max ? sizeof(*rec) + span_max + texts_max * sizeof(struct rec_text) + rec->epoch :
				     sizeof(*rec) + got;
	rec->epoch = hit->epoch;
}

/*
 * One snapshot record. `span_max` is its room for the span, `texts_max` for strings, `chars` for their characters
 * (of which one string may take `text_max`); all are constants, as the kernel wants the sizes of records to be.
 *
 *   | struct rec_snapshot | span[span_max] | struct rec_text[texts_max] | chars[chars + text_max] |
 */
static __always_inline enum outcome snapshot(struct hit *hit, const struct object *object, const __u32 span_max,
					     const __u32 texts_max, const __u32 chars, const __u32 text_max,
					     const bool last_size)
{
	const __u32 room = sizeof(struct rec_snapshot) + span_max + texts_max * sizeof(struct rec_text) + chars +
			   text_max;
	__u64 from = hit->address + (__s64)object->span_offset;
	__u32 size = object->span_size, got, base = (__u32)-object->span_offset;
	struct rec_snapshot *rec;
	enum outcome outcome;
	struct viz_base *b;

	rec = bpf_ringbuf_reserve(hit->ring, room, 0);
	if (!rec)
		return NO_ROOM;
	fill_head(&rec->head, hit, REC_SNAPSHOT, 0);
	if (size > span_max)
		size = span_max;
	got = size;
	if (read_memory(rec->span, got, from)) {
		/* What is not there is most likely beyond the page in which the object begins. */
		__u64 rest = PAGE - (from & (PAGE - 1));

		outcome = UNREADABLE;
		if (may_retry(hit) || rest >= size)
			goto discard;
		barrier_var(rest); /* or clang leaves the next comparison out, and the verifier sees no bound */
		if (rest > span_max || read_memory(rec->span, rest, from))
			goto discard;
		got = rest;
	}
	if (base > span_max - sizeof(*b) || base + sizeof(*b) > got) {
		outcome = UNREADABLE;
		goto discard;
	}
	b = (void *)rec->span + base;
	if ((__u64)b->cls != object->cls || b->check != (VIZ_CHECK ^ hit->address ^ object->cls)) {
		outcome = OTHER_OBJECT;
		goto discard;
	}

	rec->n_texts = 0;
	rec->epoch = 0;
	rec->head.flags = got < size ? REC_UNREADABLE : 0;
	if (texts_max) {
		outcome = take_texts(rec, hit, object, got, span_max, texts_max, chars, text_max, last_size);
		if (outcome != DONE)
			goto discard;
	}
	describe(rec, hit, object, got, span_max, texts_max);
	if (rec->head.flags & REC_TRUNCATED)
		count(hit, truncated);
	if (rec->head.flags & REC_UNREADABLE)
		count(hit, unreadable);
	submit(rec);
	return DONE;
discard:
	bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
	return outcome;
}

/* One function for each size, so that the verifier sees each once. */
#define SNAPSHOT(name, ...) \
	static __noinline int name(struct hit *hit, const struct object *object) \
	{ \
		return snapshot(hit, object, __VA_ARGS__); \
	}
SNAPSHOT(snapshot_96, 96, 0, 0, 0, true)
SNAPSHOT(snapshot_256, 256, 0, 0, 0, true)
SNAPSHOT(snapshot_512, 512, 0, 0, 0, true)
SNAPSHOT(snapshot_4096, VIZ_SPAN_MAX, 0, 0, 0, true)
SNAPSHOT(snapshot_texts, 256, 8, 256, 256, false)
SNAPSHOT(snapshot_long_texts, VIZ_SPAN_MAX, VIZ_STRINGS_MAX, TEXTS_BYTES, TEXT_BYTES, true)

static __always_inline int take_snapshot(struct hit *hit, const struct object *object)
{
	int outcome;

	if (object->n_texts) {
		if (object->n_texts <= 8 && object->span_size <= 256) {
			outcome = snapshot_texts(hit, object);
			if (outcome != TOO_SMALL)
				return outcome;
		}
		return snapshot_long_texts(hit, object);
	}
	if (object->span_size <= 96)
		return snapshot_96(hit, object);
	if (object->span_size <= 256)
		return snapshot_256(hit, object);
	if (object->span_size <= 512)
		return snapshot_512(hit, object);
	return snapshot_4096(hit, object);
}

#endif
