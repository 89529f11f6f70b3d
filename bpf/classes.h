/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First sight of a class or an object: what its descriptor says is checked, kept in the maps, and told to user space.
 * A part of viztrace.bpf.c.
 */
#ifndef VIZTRACE_CLASSES_H
#define VIZTRACE_CLASSES_H

#include "hit.h"
#include "memory.h"

#define DESCRIPTOR_MAX (sizeof(struct viz_class) + VIZ_ATTRS_MAX * sizeof(struct viz_attr))
#define HASH_BASIS 0xcbf29ce484222325ULL
#define HASH_PRIME 0x100000001b3ULL

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

#endif
