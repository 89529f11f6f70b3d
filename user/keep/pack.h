/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pack: events as few bytes, and back. A block of them is read from its beginning, and by itself: what is the same in
 *many events (its shape: kind, name, class, keys and types of values; and its thread) is written the first time that it
 * comes in a block, and is a number from then on. Then come what differs:
 *
 *	shape  [shape]  thread  [thread]  ts  [address | frame | id]  values
 *
 * Numbers are as long as they are large; times are differences. What model does not look at (which attribute was
 * written, the filter's own numbers) is not kept.
 */
#ifndef VIZTRACE_PACK_H
#define VIZTRACE_PACK_H

#include "../common/event.h"

#define PACK_SHAPES 4096 /* that a packer finds again; others are written once more */
#define PACK_THREADS 256

struct packed_shape {
	uint64_t hash;
	const uint8_t *at; /* in the block; NULL: none */
	size_t size;
	uint64_t number;
};

struct packed_thread {
	uint32_t pid, tid;
	char comm[16];
	uint64_t number; /* 0: none */
};

/* Writes one block after the other. */
struct packer {
	uint8_t *to; /* the block, */
	size_t size, room;
	uint64_t ts; /* of the event before */
	uint64_t n_shapes, n_threads;
	struct packed_shape shapes[PACK_SHAPES];
	struct packed_thread threads[PACK_THREADS];
	uint8_t *shape; /* of an event, before it is looked for */
	size_t shape_room;
};

void packer__init(struct packer *p);
void packer__clear(struct packer *p);

/* From here on into that block, which stays where it is. */
void packer__begin(struct packer *p, uint8_t *block, size_t room);

/* 0, -ENOMEM, or -ENOSPC: the block is full, and is what it was. */
int packer__add(struct packer *p, const struct event *e);

/* Bytes that it takes in a block at most. */
size_t pack__bound(const struct event *e);

struct unpacked_shape {
	struct event event;
	size_t first_value; /* of its values in `templates` */
};

/* Reads one block after the other. All zeros is one that has nothing to read. */
struct unpacker {
	const uint8_t *at, *end;
	uint64_t ts;
	struct unpacked_shape *shapes;
	size_t n_shapes, shapes_room;
	struct event *threads; /* pid, tid, comm */
	size_t n_threads, threads_room;
	struct value *templates, *values;
	size_t n_templates, templates_room, values_room;
};

void unpacker__begin(struct unpacker *u, const uint8_t *block, size_t size);
void unpacker__clear(struct unpacker *u);

/* 1 and *ret, which points into the block and is valid until the next one is read; 0: there are no more; -ENOMEM. */
int unpacker__next(struct unpacker *u, struct event *ret);

#endif
