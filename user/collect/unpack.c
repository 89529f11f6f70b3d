// SPDX-License-Identifier: BSD-2-Clause
/* unpack: see unpack.h. */
#include "unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VIZ_PROBE_DISABLE
#include "viztrace.h"
#include "../common/hash.h"
#include "announced.h"

#define HASH_BASIS 0xcbf29ce484222325ull
#define HASH_PRIME 0x100000001b3ull
#define HEAD_WORDS 3
#define CONSTANTS_SHARE 8 /* of the budget, for each of two ages */
#define CLASSES_SHARE 4   /* of what is left, for descriptors on their way */
#define BASE_WORDS (sizeof(struct viz_base) / 8)

static unsigned kind_of(uint64_t word)
{
	return word >> 16 & 0x7f;
}

static bool is_whole(uint64_t word)
{
	return word >> 16 & VIZ_RECORD_WHOLE;
}

static bool is_report(uint64_t word)
{
	return kind_of(word) == VIZ_RECORD_SET || kind_of(word) == VIZ_RECORD_LOG;
}

enum probe unpack__probe(unsigned kind)
{
	switch (kind) {
	case VIZ_RECORD_SET: return EVENT_PROBE_SET;
	case VIZ_RECORD_LOG: return EVENT_PROBE_LOG;
	case VIZ_RECORD_ENTER: return EVENT_PROBE_ENTER;
	case VIZ_RECORD_EXIT: return EVENT_PROBE_EXIT;
	case VIZ_RECORD_VALUE: return EVENT_PROBE_VALUE;
	case VIZ_RECORD_INSTANT: return EVENT_PROBE_INSTANT;
	case VIZ_RECORD_ASYNC: return EVENT_PROBE_ASYNC;
	default: return EVENT_PROBES;
	}
}

/* Where in the record the object's base is, which knows its own address; 0: nowhere. */
static uint32_t find_base(const uint64_t *words, uint32_t n, struct viz_base *ret)
{
	for (uint32_t i = HEAD_WORDS; i + BASE_WORDS <= n; i++) {
		if (words[i] != (VIZ_CHECK ^ words[2] ^ words[i + 1]))
			continue;
		memcpy(ret, words + i, sizeof(*ret));
		return i;
	}
	return 0;
}

/* ---- On its way ---- */

static struct memory_of memory_of(const struct laps_slot *slot, bool is_there)
{
	return (struct memory_of){ (pid_t)slot->pid, slot->generation, is_there, slot->file, slot->bias };
}

/* Of the slot's own file, which may be unmapped by now. */
static const struct elf_class *own_class(const struct unpack *u, const struct laps_slot *slot, uint64_t address)
{
	const struct memory_file *f = memory__get_file(&u->memory, slot->file);

	for (size_t i = 0; f && i < f->elf->n_classes; i++)
		if (f->elf->classes[i].address == address - slot->bias)
			return &f->elf->classes[i];
	return NULL;
}

/* With descriptors that have not had their turn. */
static bool is_flooded(const struct unpack *u)
{
	const uint64_t limit = u->known.budget.limit;

	return limit && u->class_bytes > limit / CLASSES_SHARE;
}

/* The descriptor, before anything that needs it. */
static int add_class(struct unpack *u, const struct laps_slot *slot, uint64_t address, bool is_there)
{
	uint64_t process = (uint64_t)slot->generation << 32 | slot->pid;
	struct viz_class cls;
	struct rec_class *rec;
	int err;

	if (known__is_sent(&u->known, process, address))
		return 0;
	if (is_flooded(u))
		return -ENOBUFS;
	err = known__send(&u->known, process, address);
	/* Most are known by the file that they are in; this one may be in none. */
	if (err <= 0 || !is_there || memory__read((pid_t)slot->pid, address, &cls, sizeof(cls)) ||
	    cls.magic != VIZ_CLASS_MAGIC || cls.size < sizeof(cls) ||
	    cls.size > sizeof(cls) + VIZ_ATTRS_MAX * sizeof(struct viz_attr))
		return err < 0 ? err : 0;
	rec = calloc(1, sizeof(*rec) + cls.size);
	if (!rec)
		return -ENOMEM;
	rec->head.size = (uint32_t)sizeof(*rec) + cls.size;
	rec->head.kind = REC_CLASS;
	rec->head.tgid = slot->pid;
	rec->address = address;
	err = 0;
	if (!memory__read((pid_t)slot->pid, address, rec->bytes, cls.size)) {
		err = order__add(u->order, 0, rec, rec->head.size);
		u->class_bytes += rec->head.size;
	}
	free(rec);
	return err;
}

static bool is_introduced(struct unpack *u, const struct laps_slot *slot, uint64_t address, const struct viz_base *base)
{
	const struct known_object *o = known__find_object(&u->known, slot->pid, address);

	return o && o->cls == (uintptr_t)base->cls && o->generation == slot->generation && o->has_base &&
	       o->base.name == base->name;
}

/* The object's name, if that is in memory that may be another name's soon. */
static void add_name(struct unpack *u, struct batched *b, const struct memory_of *of, const struct viz_base *base)
{
	struct memory_string name;

	if (!base->name || is_introduced(u, b->slot, b->words[2], base) ||
	    memory__is_constant(&u->memory, of, (uintptr_t)base->name))
		return;
	memory__string(&u->memory, of, (uintptr_t)base->name, &name);
	memcpy((char *)b->words + b->n_words * 8, name.text, name.size);
	b->name_size = name.size;
	b->flags = name.truncated ? REC_TRUNCATED : 0;
}

/* Where its arguments begin: the address of their names, and their words; 0: it has none. */
static uint32_t find_args(const struct batched *b)
{
	unsigned kind = kind_of(b->words[0]);
	bool is_slice = kind == VIZ_RECORD_ENTER || kind == VIZ_RECORD_EXIT;
	bool has_some = is_slice ? b->words[0] >> 32 & VIZ_SLICE_ARGS : kind == VIZ_RECORD_INSTANT;
	uint32_t at = HEAD_WORDS + is_slice;

	return has_some && b->n_words >= at + 2 ? at : 0;
}

/* 0, -ENOMEM, or -ENOBUFS: there are too many. */
static int add_constants(struct unpack *u, struct batched *b, const struct memory_of *of)
{
	int err = memory__constant(&u->memory, of, b->words[2], &b->names[0]);
	uint32_t second = find_args(b);

	if (kind_of(b->words[0]) == VIZ_RECORD_VALUE && b->n_words >= HEAD_WORDS + 2)
		second = HEAD_WORDS;
	if (err || !second)
		return err;
	return memory__constant(&u->memory, of, b->words[second], &b->names[1]);
}

/* Those that no record on its way can have any more make room for others. */
static void age_constants(struct unpack *u)
{
	if (u->passed <= u->aged)
		return;
	memory__age(&u->memory);
	u->aged = u->newest;
}

static bool is_nobodys(const struct unpack *u, const uint64_t *words)
{
	return words[1] < u->start || words[1] > u->end;
}

static int count(struct unpack *u, const uint64_t *words)
{
	enum probe probe = unpack__probe(kind_of(words[0]));

	if (probe != EVENT_PROBES && !is_nobodys(u, words))
		u->seen[probe]++;
	return 0;
}

int unpack__refuse(struct unpack *u, const uint64_t *words)
{
	enum probe probe = unpack__probe(kind_of(words[0]));

	if (probe != EVENT_PROBES && !is_nobodys(u, words))
		u->refused[probe]++;
	return count(u, words);
}

int unpack__add(struct unpack *u, struct laps_slot *slot, const uint64_t *words, uint32_t n, uint64_t ts, bool is_there)
{
	const struct memory_of of = memory_of(slot, is_there);
	struct batched *b = &u->record.batched;
	struct viz_base base;
	int err = 0;

	/* A program that is faster than we are goes on while we look for what was before the end. */
	if (words[1] > u->end)
		return 0;
	if (u->only_counts)
		return count(u, words);
	known__make_room(&u->known);
	*b = (struct batched){ .kind = REC_BATCHED, .ts = ts, .slot = slot, .n_words = n / 8 };
	memcpy(b->words, words, n);
	if (!is_report(words[0])) {
		if (memory__is_full(&u->memory))
			age_constants(u);
		err = add_constants(u, b, &of);
	} else if (is_whole(words[0]) && find_base(words, n / 8, &base)) {
		err = add_class(u, slot, (uintptr_t)base.cls, is_there);
		add_name(u, b, &of, &base);
	}
	b->size = (uint32_t)sizeof(*b) + n + b->name_size;
	if (err == -ENOBUFS)
		return unpack__refuse(u, words);
	if (!err)
		err = order__add(u->order, ts, b, b->size);
	if (err)
		return err;
	slot->waiting++;
	/* What comes late has its turn with the next drain, whatever time the program says: before that no constant is
	 * too old that it has. */
	if (ts < u->passed)
		ts = u->passed;
	if (ts > u->newest)
		u->newest = ts;
	return 0;
}

/* ---- Its turn ---- */

static void fill_head(struct unpack *u, const struct batched *b, uint16_t kind, size_t size)
{
	struct rec_head *head = &u->record.head;
	const char *comm;

	*head = (struct rec_head){ .size = (uint32_t)size, .kind = kind, .ts = b->ts, .tgid = b->slot->pid };
	head->tid = known__thread(&u->known, b->slot->pid, b->slot->owner);
	if (!head->tid)
		head->tid = b->slot->tid ? b->slot->tid : b->slot->pid;
	comm = known__comm(&u->known, b->slot->pid, head->tid);
	if (comm)
		memcpy(head->comm, comm, sizeof(head->comm));
}

/*
 * Who comes to know of a new file knows its classes, before the records of what was mapped there before have had their
 * turn: a library that was built anew may well be where the old one was.
 */
static int tell_class(struct unpack *u, const struct batched *b, struct known_object *o, unpack_cb cb, void *ctx)
{
	uint64_t address = (uintptr_t)o->base.cls;
	struct rec_class *rec = &u->record.class;
	const struct elf_class *c;
	int err;

	if (!o->told || o->told->address != address)
		o->told = known__class(&u->known, b->slot->pid, address);
	if (!o->told)
		return -ENOMEM;
	if (o->told->file == b->slot->file && o->told->n_files == u->n_files &&
	    o->told->generation == b->slot->generation)
		return 0;
	c = own_class(u, b->slot, address);
	if (!c || c->size > sizeof(u->record) - sizeof(*rec))
		return 0;
	fill_head(u, b, REC_CLASS, sizeof(*rec) + c->size);
	rec->address = address;
	memcpy(rec->bytes, c->bytes, c->size);
	err = cb(ctx, rec, rec->head.size);
	if (err)
		return err;
	o->told->hash = hash__text((const char *)c->bytes, c->size);
	o->told->generation = b->slot->generation;
	o->told->file = b->slot->file;
	o->told->n_files = u->n_files;
	return 0;
}

struct name {
	const char *text;
	size_t size; /* with its NUL; 0: none, or unreadable */
	uint16_t flags;
};

/* The object's, as the kernel would have read it. `room`: for one that is only in the process's memory. */
static struct name name_of(struct unpack *u, const struct batched *b, const struct viz_base *base,
			   struct memory_string *room)
{
	const struct rec_object *announced = announced__find(&u->announced, b->slot->pid, b->words[2],
							     (uintptr_t)base->cls, b->ts);
	const struct memory_of of = memory_of(b->slot, true);

	if (announced)
		return (struct name){ announced->name, announced->name_size, announced->head.flags & REC_TRUNCATED };
	if (b->name_size || !base->name)
		return (struct name){ (const char *)(b->words + b->n_words), b->name_size, b->flags };
	memory__string(&u->memory, &of, (uintptr_t)base->name, room);
	return (struct name){ room->text, room->size, room->truncated ? REC_TRUNCATED : 0 };
}

static int introduce(struct unpack *u, const struct batched *b, const struct viz_base *base, struct known_object *o,
		     unpack_cb cb, void *ctx)
{
	bool is_other = o->cls && o->generation == b->slot->generation;
	struct rec_object *rec = &u->record.object;
	struct memory_string room;
	const struct name name = name_of(u, b, base, &room);
	int err;

	fill_head(u, b, REC_OBJECT, sizeof(*rec) + name.size);
	if (name.size)
		memcpy(rec->name, name.text, name.size);
	rec->head.flags = (uint16_t)(name.flags | (is_other ? REC_NEW : 0) |
				     (base->name && !name.size ? REC_UNREADABLE : 0));
	rec->address = b->words[2];
	rec->cls = (uintptr_t)base->cls;
	rec->name_size = (uint32_t)name.size;
	rec->generation = b->slot->generation;
	rec->name_hash = HASH_BASIS;
	for (size_t i = 0; i + 1 < name.size; i++)
		rec->name_hash = (rec->name_hash ^ (uint8_t)rec->name[i]) * HASH_PRIME;
	err = cb(ctx, rec, rec->head.size);
	if (err)
		return err;
	o->cls = (uintptr_t)base->cls;
	o->generation = b->slot->generation;
	o->hash = o->told->hash;
	return 0;
}

/* Its base, from the record, from before, or from the process's memory. 0, -ENOMEM, or -ENOENT: nothing is known. */
static int object_of(struct unpack *u, const struct batched *b, uint32_t *ret_at, struct known_object **ret)
{
	struct known_object *o = known__find_object(&u->known, b->slot->pid, b->words[2]);
	bool is_there = o && o->has_base;
	struct viz_base base;

	*ret_at = 0;
	if (is_whole(b->words[0])) {
		*ret_at = find_base(b->words, b->n_words, &base);
		is_there = *ret_at;
	} else if (is_there) {
		base = o->base;
	} else {
		is_there = !memory__read((pid_t)b->slot->pid, b->words[2], &base, sizeof(base)) &&
			   base.check == (VIZ_CHECK ^ b->words[2] ^ (uintptr_t)base.cls);
	}
	if (!o && is_there)
		o = known__object(&u->known, b->slot->pid, b->words[2]);
	if (o) {
		o->has_base = is_there;
		if (is_there)
			o->base = base;
	}
	*ret = o;
	return is_there ? o ? 0 : -ENOMEM : -ENOENT;
}

/* That an object is another one by now, also of a library where another one was, may have got lost. */
static bool is_other(const struct known_object *o, const struct laps_slot *slot)
{
	return o->cls != (uintptr_t)o->base.cls || o->generation != slot->generation || o->hash != o->told->hash;
}

static int pass_report(struct unpack *u, const struct batched *b, unpack_cb cb, void *ctx)
{
	struct rec_snapshot *rec = &u->record.snapshot;
	enum probe probe = unpack__probe(kind_of(b->words[0]));
	uint32_t at, words = b->n_words - HEAD_WORDS, own = 0;
	struct known_object *o;
	int err = object_of(u, b, &at, &o);

	if (err == -ENOMEM || is_nobodys(u, b->words))
		return err == -ENOMEM ? err : 0;
	if (err) {
		(u->known.forgotten ? u->refused : u->orphans)[probe]++;
		return 0;
	}
	err = tell_class(u, b, o, cb, ctx);
	if (!err && is_other(o, b->slot))
		err = introduce(u, b, &o->base, o, cb, ctx);
	if (err)
		return err;
	if (!is_whole(b->words[0]))
		own = BASE_WORDS;
	memcpy(rec->span, &o->base, own * 8);
	memcpy(rec->span + own * 8, b->words + HEAD_WORDS, words * 8);
	fill_head(u, b, REC_SNAPSHOT, sizeof(*rec) + (own + words) * 8);
	rec->address = b->words[2];
	rec->cls = o->cls;
	rec->probe = (uint32_t)probe;
	rec->index = (uint32_t)(b->words[0] >> 32);
	rec->span_offset = at ? -(int32_t)((at - HEAD_WORDS) * 8) : 0;
	rec->span_size = rec->span_read = (own + words) * 8;
	rec->n_texts = rec->texts = rec->epoch = 0;
	return cb(ctx, rec, rec->head.size);
}

static uint16_t flags_of(const struct memory_string *a, const struct memory_string *b)
{
	return (uint16_t)((a->truncated || b->truncated ? REC_TRUNCATED : 0) |
			  (!a->size || !b->size ? REC_UNREADABLE : 0));
}

/* As the eBPF programs do. Returns `err`. */
static int count_flags(struct unpack *u, const struct batched *b, int err, uint16_t flags)
{
	enum probe probe = unpack__probe(kind_of(b->words[0]));
	u->truncated[probe] += err != -ECANCELED && flags & REC_TRUNCATED;
	u->unreadable[probe] += err != -ECANCELED && flags & REC_UNREADABLE;
	return err;
}

/* Behind the slice itself; returns their bytes. */
static size_t put_args(struct rec_args *to, const struct batched *b, uint32_t at)
{
	const struct memory_string *name = b->names[0], *names = b->names[1];
	uint32_t n = b->n_words - at - 1;

	memset(to, 0, sizeof(*to));
	if (n > 1 + ARGS_MAX)
		n = 1 + ARGS_MAX;
	memcpy(to->words, b->words + at + 1, n * 8);
	to->sizes[0] = name->size;
	to->sizes[1] = names->size;
	memcpy(to->text, name->text, name->size);
	memcpy(to->text + name->size, names->text, names->size);
	return sizeof(*to) + name->size + names->size;
}

static int pass_slice(struct unpack *u, const struct batched *b, unpack_cb cb, void *ctx)
{
	static const uint16_t kinds[] = {
		[VIZ_RECORD_ENTER] = REC_ENTER,
		[VIZ_RECORD_EXIT] = REC_EXIT,
		[VIZ_RECORD_INSTANT] = REC_INSTANT,
		[VIZ_RECORD_ASYNC] = REC_ASYNC,
	};
	const struct memory_string *name = b->names[0], *names = b->names[1];
	uint32_t args = names ? find_args(b) : 0;
	struct rec_slice *rec = &u->record.slice;

	fill_head(u, b, kinds[kind_of(b->words[0])], sizeof(*rec) + name->size);
	rec->head.flags = flags_of(name, args ? names : name);
	rec->frame = b->n_words > HEAD_WORDS ? b->words[HEAD_WORDS] : 0;
	rec->flags = (uint32_t)(b->words[0] >> 32);
	rec->name_size = args ? 0 : name->size;
	if (args) {
		rec->head.flags |= REC_ARGS;
		rec->head.size = (uint32_t)(sizeof(*rec) + put_args((struct rec_args *)(void *)rec->name, b, args));
	} else {
		memcpy(rec->name, name->text, name->size);
	}
	return count_flags(u, b, cb(ctx, rec, rec->head.size), rec->head.flags);
}

static int pass_value(struct unpack *u, const struct batched *b, unpack_cb cb, void *ctx)
{
	const struct memory_string *name = b->names[0], *attr = b->names[1];
	struct rec_value *rec = &u->record.value;

	if (!attr) {
		u->orphans[EVENT_PROBE_VALUE]++;
		return 0;
	}
	fill_head(u, b, REC_VALUE, sizeof(*rec) + name->size + attr->size);
	rec->head.flags = flags_of(name, attr);
	rec->bits = b->words[HEAD_WORDS + 1];
	rec->type = (uint32_t)(b->words[0] >> 32);
	rec->name_size = name->size;
	rec->attr_size = attr->size;
	memcpy(rec->text, name->text, name->size);
	memcpy(rec->text + name->size, attr->text, attr->size);
	return count_flags(u, b, cb(ctx, rec, rec->head.size), rec->head.flags);
}

static int pass_one(struct unpack *u, const struct batched *b, unpack_cb cb, void *ctx)
{
	if (is_report(b->words[0]))
		return pass_report(u, b, cb, ctx);
	if (is_nobodys(u, b->words))
		return 0;
	switch (kind_of(b->words[0])) {
	case VIZ_RECORD_ENTER:
	case VIZ_RECORD_EXIT:
	case VIZ_RECORD_INSTANT:
	case VIZ_RECORD_ASYNC: return pass_slice(u, b, cb, ctx);
	case VIZ_RECORD_VALUE: return pass_value(u, b, cb, ctx);
	default: return 0;
	}
}

static int pass_batched(struct unpack *u, const struct batched *b, unpack_cb cb, void *ctx)
{
	int err = u->only_counts ? 0 : pass_one(u, b, cb, ctx);

	/* One that is refused counts when it comes again. */
	if (err == -ECANCELED)
		return err;
	count(u, b->words);
	b->slot->waiting--;
	return err;
}

static int see_class(struct unpack *u, const struct rec_class *rec)
{
	struct known_class *c = known__class(&u->known, rec->head.tgid, rec->address);

	if (!c)
		return -ENOMEM;
	c->hash = hash__text((const char *)rec->bytes, rec->head.size - sizeof(*rec));
	c->file = 0;
	u->n_files++;
	return 0;
}

static int see_object(struct unpack *u, const struct rec_object *rec)
{
	struct known_class *c = known__find_class(&u->known, rec->head.tgid, rec->cls);
	struct known_object *o = known__object(&u->known, rec->head.tgid, rec->address);

	if (!o)
		return -ENOMEM;
	/* One that was there before may have been reported in the lap that we are in. */
	if (rec->head.kind == REC_INIT || o->cls != rec->cls)
		o->has_base = false;
	o->cls = rec->cls;
	o->generation = rec->generation;
	o->told = c;
	o->hash = c ? c->hash : 0;
	return 0;
}

void unpack__limit(struct unpack *u, uint64_t memory)
{
	u->memory.budget.limit = memory / CONSTANTS_SHARE;
	u->known.budget.limit = memory - 2 * u->memory.budget.limit;
}

void unpack__forget(struct unpack *u, uint32_t pid, uint64_t address)
{
	struct known_object *o = known__find_object(&u->known, pid, address);

	if (o)
		o->cls = 0;
}

int unpack__pass(struct unpack *u, const void *record, size_t size, unpack_cb cb, void *ctx)
{
	const struct rec_head *head = record;
	int err = 0;

	if (u->only_counts && head->kind != REC_BATCHED)
		return 0;
	known__make_room(&u->known);
	switch (head->kind) {
	case REC_BATCHED: return pass_batched(u, record, cb, ctx);
	case REC_CLASS:
		if (size >= sizeof(struct rec_class) && head->size >= sizeof(struct rec_class) && head->size <= size)
			err = see_class(u, record);
		break;
	case REC_THREAD:
		if (size < sizeof(struct rec_thread))
			return 0;
		err = known__set_comm(&u->known, head->tgid, head->tid, head->ts, head->comm);
		return err ? err :
			     known__set_thread(&u->known, head->tgid, ((const struct rec_thread *)record)->thread,
					       head->tid);
	case REC_OBJECT:
	case REC_INIT:
		if (size < sizeof(struct rec_object))
			break;
		announced__pass(&u->announced, record);
		err = see_object(u, record);
		break;
	case REC_DESTROY:
		if (size >= sizeof(struct rec_destroy))
			known__forget_object(&u->known, head->tgid, ((const struct rec_destroy *)record)->address);
		break;
	}
	return err ? err : cb(ctx, record, size);
}

void unpack__clear(struct unpack *u)
{
	known__clear(&u->known);
	table__free(&u->announced);
	memory__clear(&u->memory);
}
