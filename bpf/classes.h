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
#define FOLLOWED_NULL 0
#define FOLLOWED_NOWHERE 1 /* nothing can be there */
#define HASH_BASIS 0xcbf29ce484222325ULL
#define HASH_PRIME 0x100000001b3ULL

struct descriptor {
	__u64 words[DESCRIPTOR_MAX / 8 + 1];
};

/* Nothing in it outlives a call: see hash_class(). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct descriptor);
} descriptors SEC(".maps");

/* A struct viz_attr from `dict` on. */
struct path {
	struct viz_path path;
	char rest[VIZ_NAME_MAX + 1 - sizeof(struct viz_path)];
	__s32 offset;
	__u32 stride;
	__u16 count;
	__u8 type;
	__u8 flags;
	__u32 line;
};

#define PATH_OFFSET __builtin_offsetof(struct viz_attr, dict)
_Static_assert(sizeof(struct path) == sizeof(struct viz_attr) - PATH_OFFSET, "path");

/* What an event needs to know of it. Both are memory of a record: see below. */
static __always_inline void draft_plan(struct plan *draft, const struct viz_class *cls)
{
	volatile __u32 *n_texts = &draft->n_texts;

	draft->span_offset = cls->span_offset;
	draft->span_size = cls->span_size;
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
}

/* What is behind pointers: after the strings, as attributes come. */
static __always_inline void draft_followed(struct plan *draft, const struct viz_class *cls)
{
	const struct viz_attr *attrs = (const void *)(cls + 1);
	volatile __u32 *n_texts = &draft->n_texts;

	for (__u32 i = 0; i < VIZ_ATTRS_MAX; i++) {
		__u32 word, n = *n_texts;

		if (i >= cls->n_attrs)
			break;
		if (!(attrs[i].type & VIZ_TYPE_FOLLOWED))
			continue;
		word = (__u32)(attrs[i].offset - cls->span_offset) / 8;
		if (n >= VIZ_STRINGS_MAX || word >= VIZ_SPAN_MAX / 8)
			break;
		draft->words[n] = PLAN_FOLLOWED | i << 9 | word;
		*n_texts = n + 1;
	}
}

/*
 * Of all that the descriptor says, or 0: it cannot be read, or is none. Global and of plain numbers as the next one is,
 * and not called by that, which has no room on the stack for it.
 * Whoever interrupts us on this CPU reads into the same memory: then the hash is a wrong one, and the class is told
 * once more. Two sums side by side, for one would wait for each of its multiplications.
 */
__noinline __u64 hash_class(__u64 address)
{
	__u64 even = HASH_BASIS, odd = HASH_BASIS;
	struct descriptor *d;
	__u32 zero = 0, size;

	d = bpf_map_lookup_elem(&descriptors, &zero);
	if (!d || read_memory(&size, sizeof(size), address + __builtin_offsetof(struct viz_class, size)) ||
	    size > DESCRIPTOR_MAX || size % 8)
		return 0;
	barrier_var(size); /* as below */
	if (read_memory(d->words, size, address))
		return 0;
	d->words[size / 8] = 0; /* there may be half a pair */
	for (__u32 i = 0; i < DESCRIPTOR_MAX / 16 && i * 16 < size; i++) {
		even = (even ^ d->words[2 * i]) * HASH_PRIME;
		odd = (odd ^ d->words[2 * i + 1]) * HASH_PRIME;
	}
	return (even ^ odd << 1) | 1;
}

/* First sight of a class: check what an event relies on, send the descriptor, keep the plan in the map.
 * A global function of plain numbers: the verifier looks at it once, and not for each way to get here.
 * Returns an enum outcome. */
__noinline int learn_class(__u64 address, __u64 id, __u32 ring, __u32 generation, __u64 hash)
{
	struct key key = { .address = address, .tgid = id >> 32, .generation = generation };
	struct hit hit = { .id = id };
	struct rec_class *rec;
	struct plan plan, *draft;
	struct viz_class *cls;
	void *buffer;
	int outcome;
	__u32 size;

	buffer = bpf_map_lookup_elem(&rings, &ring);
	if (!buffer)
		return NO_ROOM;
	/* The plan is drafted behind the record's end: in memory that the verifier does not keep track of, or it would
	 * look at each of the 512 turns below once for every number of strings found so far. */
	rec = bpf_ringbuf_reserve(buffer, sizeof(*rec) + DESCRIPTOR_MAX + sizeof(plan), 0);
	if (!rec)
		return NO_ROOM;
	cls = (void *)rec->bytes;
	draft = (void *)rec->bytes + DESCRIPTOR_MAX;
	outcome = UNREADABLE;
	if (read_memory(cls, sizeof(*cls), address))
		goto discard;
	outcome = OTHER_OBJECT;
	size = cls->size;
	if (size > DESCRIPTOR_MAX)
		goto discard;
	barrier_var(size); /* or clang makes one comparison of two, in which the verifier sees no bound */
	if (cls->magic != VIZ_CLASS_MAGIC || !cls->version || cls->version > VIZ_ABI_VERSION ||
	    cls->n_attrs > VIZ_ATTRS_MAX || cls->kind >= VIZ_KIND_DICT || size < sizeof(*cls) || cls->span_offset > 0 ||
	    cls->span_offset % 8 || cls->span_size > VIZ_SPAN_MAX ||
	    (__u32)-cls->span_offset + sizeof(struct viz_base) > cls->span_size)
		goto discard;
	outcome = UNREADABLE;
	if (read_memory(rec->bytes, size, address))
		goto discard;

	draft_plan(draft, cls);
	draft_followed(draft, cls);
	plan = *draft;
	plan.hash = hash;

	fill_head(&rec->head, &hit, REC_CLASS, sizeof(*rec) + size);
	rec->address = address;
	submit(rec);
	bpf_map_update_elem(&classes, &key, &plan, BPF_ANY);
	return DONE;
discard:
	bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
	return outcome;
}

/* Tell user space of an object: what its class is, and its name. */
static __always_inline enum outcome send_object(struct hit *hit, __u64 cls, const struct plan *plan, __u64 name,
						__u16 kind, __u16 flags, __u64 *ret_hash)
{
	__u64 hash = HASH_BASIS ^ plan->hash;
	struct rec_object *rec;
	long n = 0;

	rec = bpf_ringbuf_reserve(hit->ring, sizeof(*rec) + NAME_BYTES, 0);
	if (!rec)
		return NO_ROOM;
	fill_head(&rec->head, hit, kind, 0);
	rec->address = hit->address;
	rec->cls = cls;
	rec->generation = hit->generation;
	if (name) {
		n = read_string(rec->name, NAME_BYTES, name);
		if (n < 0 && may_retry(hit)) {
			bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
			return UNREADABLE;
		}
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
	return DONE;
}

/* For an object that is new to us: its class may be one of a library that was mapped where another one had been. */
static __always_inline enum outcome plan_of(struct hit *hit, __u64 cls, struct plan **ret)
{
	struct key key = { .address = cls, .tgid = hit->id >> 32, .generation = hit->generation };
	__u64 hash = hash_class(cls);
	int outcome;

	*ret = bpf_map_lookup_elem(&classes, &key);
	if (*ret && (!hash || (*ret)->hash == hash))
		return DONE;
	outcome = learn_class(cls, hit->id, hit->ring_index, hit->generation, hash);
	if (outcome != DONE)
		return outcome;
	*ret = bpf_map_lookup_elem(&classes, &key);
	return *ret ? DONE : NO_ROOM;
}

static __always_inline void plan_object(struct object *object, __u64 cls, const struct plan *plan)
{
	object->cls = cls;
	object->span_offset = plan->span_offset;
	object->span_size = plan->span_size;
	object->n_texts = plan->n_texts;
}

/* An object that is not in the map, or whose memory says something else than the map: read its base. */
static __noinline int discover(struct hit *hit, struct object *object, int is_new) /* enum outcome */
{
	struct key key = { .address = hit->address, .tgid = hit->id >> 32, .generation = hit->generation };
	struct plan *plan;
	struct viz_base base;
	enum outcome outcome;

	if (read_memory(&base, sizeof(base), hit->address))
		return UNREADABLE;
	if (base.check != (VIZ_CHECK ^ hit->address ^ (__u64)base.cls))
		return OTHER_OBJECT;
	outcome = plan_of(hit, (__u64)base.cls, &plan);
	if (outcome != DONE)
		return outcome;
	outcome = send_object(hit, (__u64)base.cls, plan, (__u64)base.name, REC_OBJECT, is_new ? REC_NEW : 0,
			      &object->name_hash);
	if (outcome != DONE)
		return outcome;
	plan_object(object, (__u64)base.cls, plan);
	object->trigger = 0;
	object->allowed = 0;
	object->epoch = 0;
	object->pad = 0;
	bpf_map_update_elem(&objects, &key, object, BPF_ANY);
	return DONE;
}

/* How to get to attribute i. Read from the class's memory, which is no more trusted than what it leads to. */
static __always_inline long read_path(struct path *ret, __u64 cls, __u32 i)
{
	return read_memory(ret, sizeof(*ret),
			   cls + sizeof(struct viz_class) + (i & 63) * sizeof(struct viz_attr) + PATH_OFFSET);
}

static __always_inline bool is_string(const struct path *path)
{
	return path->type == (VIZ_TYPE_FOLLOWED | VIZ_TYPE_STRP);
}

/* Pointers to be read behind the first one, and what is added to each: numbers for the function below. */
#define HOPS_OF(p) \
	(p)->path.hops[0] | (__u64)(p)->path.hops[1] << 32, \
		(p)->path.hops[2] | (__u64)((p)->path.n - 1 + is_string(p)) << 32

static __always_inline __u64 follow_hops(__u64 pointer, __u64 hops, __u64 hop_and_reads, const bool faults)
{
	__u32 reads = hop_and_reads >> 32;

	pointer += (__u32)hops;
	for (__u32 i = 0; i < VIZ_HOPS_MAX; i++) {
		if (i >= reads)
			break;
		if (faults)
			fault_in_range(pointer, sizeof(pointer));
		if (read_memory(&pointer, sizeof(pointer), pointer))
			return FOLLOWED_NOWHERE;
		if (!pointer)
			return FOLLOWED_NULL;
		if (i == 0)
			pointer += hops >> 32;
		else if (i == 1)
			pointer += (__u32)hop_and_reads;
	}
	return pointer > FOLLOWED_NOWHERE ? pointer : FOLLOWED_NOWHERE; /* (char *)-8 plus 8 is not NULL */
}

/* What is behind the words `first` and `second` of an attribute, which says itself how much there is: the bytes of
 * that, up to what the class has room for; MEASURED_CUT: there is more. */
#define MEASURED_CUT (1ULL << 63)
static __always_inline __u64 measure(const struct path *path, __u64 first, __u64 second)
{
	__u64 element = path->flags & VIZ_ATTR_LIST ? path->stride : 1;
	__u64 most = path->flags & VIZ_ATTR_LIST ? path->count : path->stride;
	__u64 n = path->path.range == VIZ_RANGE_SIZED ? first : second;

	if (path->path.range == VIZ_RANGE_END)
		n = element && second > first ? (second - first) / element : 0;
	return n > most ? most * element | MEASURED_CUT : n * element;
}

/* Attribute i behind a pointer, which is `first`, or one of the two words of a range: where it is, or with a char *
 * where its characters are. Or FOLLOWED_NULL, if a pointer on the way is, or there is nothing; FOLLOWED_NOWHERE. This
 * and the next one are global functions as learn_class is: with all that they look at inside of what calls them for
 * each string, the verifier would look at much more. */
#define BEHIND_WHOLE 0x100 /* with i: `second` was read, too */
__noinline __u64 behind(__u64 cls, __u64 first, __u64 second, __u32 i)
{
	struct path path;

	if (read_path(&path, cls, i))
		return FOLLOWED_NOWHERE;
	if (!path.path.range)
		return first ? follow_hops(first, HOPS_OF(&path), false) : FOLLOWED_NULL;
	if (!(i & BEHIND_WHOLE) || (path.path.range == VIZ_RANGE_END && second < first))
		return FOLLOWED_NOWHERE;
	if (!measure(&path, first, second))
		return FOLLOWED_NULL;
	return path.path.range == VIZ_RANGE_SIZED ? second : first;
}

/* Its bytes, as measure() has them; 0: a string up to its NUL. */
__noinline __u64 behind_size(__u64 cls, __u64 first, __u64 second, __u32 i)
{
	struct path path;

	if (read_path(&path, cls, i) || is_string(&path))
		return 0;
	return path.path.range ? measure(&path, first, second) : (__u64)path.stride * path.count;
}

/* Of attribute i, whose first word is at `at`. Global for its stack: it is a call beside others, and not on top of
 * them. */
__noinline int fault_in_followed(__u64 cls, __u64 at, __u32 i)
{
	struct path path;
	__u64 pointer;

	if (!cfg_fault_in || read_path(&path, cls, i))
		return 0;
	if (path.path.range == VIZ_RANGE_SIZED)
		at += sizeof(pointer);
	if (read_memory(&pointer, sizeof(pointer), at) || !pointer)
		return 0;
	pointer = follow_hops(pointer, HOPS_OF(&path), true);
	if (pointer > FOLLOWED_NOWHERE)
		fault_in_string(pointer);
	return 0;
}

/* The pages of a descriptor, which may be two more than the one in which it begins. */
static __always_inline void fault_in_class(__u64 address)
{
	fault_in(address);
	fault_in(address + PAGE);
	fault_in(address + DESCRIPTOR_MAX - 1);
}

/*
 * All that a report of the object reads, if there is an object. (learn_class() holds a record for a while, and reads
 * without faulting.) A global function as that is.
 */
__noinline int fault_in_object(__u64 address, __u64 id, __u32 generation)
{
	struct hit hit = { .id = id, .address = address, .generation = generation };
	struct viz_base base;
	struct plan *plan;
	__u64 from;

	if (!cfg_fault_in)
		return 0;
	fault_in_range(address, sizeof(base));
	if (!find_ring(&hit) || read_memory(&base, sizeof(base), address) ||
	    base.check != (VIZ_CHECK ^ address ^ (__u64)base.cls))
		return 0;
	fault_in_class((__u64)base.cls);
	if (base.name)
		fault_in_string((__u64)base.name);
	if (plan_of(&hit, (__u64)base.cls, &plan) != DONE || !plan)
		return 0;
	from = address + (__s64)plan->span_offset;
	fault_in_range(from, plan->span_size);
	for (__u32 i = 0; i < VIZ_STRINGS_MAX && i < plan->n_texts; i++) {
		__u32 word = plan->words[i];
		__u64 text, at = from + PLAN_WORD(word) * 8;

		if (word & PLAN_FOLLOWED)
			fault_in_followed((__u64)base.cls, at, PLAN_ATTR(word));
		else if (!read_memory(&text, sizeof(text), at) && text)
			fault_in_string(text);
	}
	return 0;
}

#endif
