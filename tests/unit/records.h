/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raw records as the eBPF programs make them, for the tests of decode.
 */
#ifndef VIZTRACE_TEST_RECORDS_H
#define VIZTRACE_TEST_RECORDS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define VIZ_PROBE_DISABLE
#include "viztrace.h"
#include "../../bpf/record.h"

#define PID 100u
#define TID 101u
#define TS 5000u

struct record {
	uint8_t bytes[16384];
	size_t size;
} __attribute__((aligned(8)));

static inline struct rec_head *head_of(struct record *r)
{
	return (struct rec_head *)(void *)r->bytes;
}

static inline void append(struct record *r, const void *data, size_t size)
{
	if (r->size + size > sizeof(r->bytes))
		abort();
	if (size)
		memcpy(r->bytes + r->size, data, size);
	r->size += size;
	head_of(r)->size = (uint32_t)r->size;
}

static inline void begin_record(struct record *r, unsigned kind, size_t fixed)
{
	memset(r->bytes, 0, fixed);
	r->size = fixed;
	*head_of(r) = (struct rec_head){
		.size = (uint32_t)fixed, .kind = (uint16_t)kind, .ts = TS, .tgid = PID, .tid = TID, .comm = "worker"
	};
}

static inline struct viz_attr attr(const char *name, unsigned type, size_t offset, size_t stride)
{
	struct viz_attr a = {
		.offset = (int32_t)offset, .stride = (uint32_t)stride, .count = 1, .type = (uint8_t)type
	};

	strncpy(a.name, name, VIZ_NAME_MAX);
	return a;
}

static inline struct viz_attr list_attr(const char *name, unsigned type, size_t offset, size_t stride, unsigned count)
{
	struct viz_attr a = attr(name, type, offset, stride);

	a.count = (uint16_t)count;
	a.flags = VIZ_ATTR_LIST;
	return a;
}

static inline struct viz_attr dict_attr(const char *name, const char *tag, unsigned line, size_t offset, size_t stride)
{
	struct viz_attr a = attr(name, VIZ_TYPE_DICT, offset, stride);

	strncpy(a.dict, tag, VIZ_NAME_MAX);
	a.line = line;
	return a;
}

#define ATTR(T, name, type) attr(#name, type, offsetof(struct T, name), sizeof(((struct T *)0)->name))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct descriptor {
	struct viz_class head;
	struct viz_attr attrs[VIZ_ATTRS_MAX + 1]; /* room for one too many */
};

/* As VIZ_PROBE_COUNTER and the others make it: the span begins at the base, or at the struct. */
static inline struct descriptor descriptor(unsigned kind, const char *tag, unsigned line, size_t span_size,
					   const struct viz_attr *attrs, size_t n_attrs)
{
	struct descriptor d = { .head = { .magic = VIZ_CLASS_MAGIC,
					  .version = VIZ_ABI_VERSION,
					  .kind = (uint8_t)kind,
					  .n_attrs = (uint8_t)n_attrs,
					  .line = line,
					  .span_size = (uint32_t)span_size } };

	d.head.size = (uint32_t)(sizeof(d.head) + n_attrs * sizeof(attrs[0]));
	strncpy(d.head.tag, tag, VIZ_NAME_MAX);
	if (n_attrs)
		memcpy(d.attrs, attrs, n_attrs * sizeof(attrs[0]));
	return d;
}

static inline void class_record(struct record *r, uint64_t address, const struct descriptor *d)
{
	begin_record(r, REC_CLASS, sizeof(struct rec_class));
	((struct rec_class *)(void *)r->bytes)->address = address;
	append(r, d, d->head.size);
}

/* `name` NULL: none. */
static inline void object_record(struct record *r, unsigned kind, uint64_t address, uint64_t cls, const char *name)
{
	struct rec_object *rec = (struct rec_object *)(void *)r->bytes;

	begin_record(r, kind, sizeof(*rec));
	rec->address = address;
	rec->cls = cls;
	rec->name_size = name ? (uint32_t)strlen(name) + 1 : 0;
	append(r, name, rec->name_size);
}

static inline void destroy_record(struct record *r, uint64_t address)
{
	begin_record(r, REC_DESTROY, sizeof(struct rec_destroy));
	((struct rec_destroy *)(void *)r->bytes)->address = address;
}

/* `object` is the struct, its base the first member. */
static inline void snapshot_record(struct record *r, uint64_t address, uint64_t cls, const void *object, size_t size)
{
	struct rec_snapshot *rec = (struct rec_snapshot *)(void *)r->bytes;

	begin_record(r, REC_SNAPSHOT, sizeof(*rec));
	rec->address = address;
	rec->cls = cls;
	rec->probe = PROBE_SET;
	rec->span_size = rec->span_read = (uint32_t)size;
	append(r, object, size);
}

struct text_entry {
	unsigned word, status;
	const char *text;
};

static inline void add_texts(struct record *r, const struct text_entry *texts, size_t n)
{
	struct rec_snapshot *rec = (struct rec_snapshot *)(void *)r->bytes;
	size_t i, at = r->size;

	rec->n_texts = (uint32_t)n;
	rec->texts = (uint32_t)at;
	for (i = 0; i < n; i++) {
		struct rec_text t = { .word = (uint16_t)texts[i].word, .status = (uint16_t)texts[i].status };

		append(r, &t, sizeof(t));
	}
	for (i = 0; i < n; i++) {
		struct rec_text t = { .word = (uint16_t)texts[i].word, .status = (uint16_t)texts[i].status };

		if (texts[i].text) {
			t.offset = (uint32_t)r->size;
			t.size = (uint32_t)strlen(texts[i].text) + 1;
			append(r, texts[i].text, t.size);
		}
		memcpy(r->bytes + at + i * sizeof(t), &t, sizeof(t));
	}
}

static inline void slice_record(struct record *r, unsigned kind, const char *name, uint64_t frame, unsigned flags)
{
	struct rec_slice *rec = (struct rec_slice *)(void *)r->bytes;

	begin_record(r, kind, sizeof(*rec));
	rec->frame = frame;
	rec->flags = flags;
	rec->name_size = name ? (uint32_t)strlen(name) + 1 : 0;
	append(r, name, rec->name_size);
}

/* The name, the arguments' names, and one text for each of those that are strings, or NULL: unreadable. `words` as in
 * viztrace.h. */
static inline void args_record(struct record *r, unsigned kind, const char *const texts[ARGS_TEXTS],
			       const uint64_t words[1 + ARGS_MAX])
{
	struct rec_args args = { .used = 0 };

	slice_record(r, kind, NULL, 0x7000, VIZ_SLICE_ARGS);
	head_of(r)->flags |= REC_ARGS;
	memcpy(args.words, words, sizeof(args.words));
	for (size_t i = 0; i < ARGS_TEXTS; i++)
		args.sizes[i] = texts[i] ? (uint16_t)(strlen(texts[i]) + 1) : 0;
	append(r, &args, sizeof(args));
	for (size_t i = 0; i < ARGS_TEXTS; i++)
		append(r, texts[i], args.sizes[i]);
}

static inline void value_record(struct record *r, const char *name, const char *key, unsigned type, uint64_t bits)
{
	struct rec_value *rec = (struct rec_value *)(void *)r->bytes;

	begin_record(r, REC_VALUE, sizeof(*rec));
	rec->type = type;
	rec->bits = bits;
	rec->name_size = name ? (uint16_t)(strlen(name) + 1) : 0;
	rec->attr_size = key ? (uint16_t)(strlen(key) + 1) : 0;
	append(r, name, rec->name_size);
	append(r, key, rec->attr_size);
}

#endif
