/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slices: the open slices of one thread. Knows which of them are over and were not told so; says nothing to
 * anybody.
 *
 * A scoped slice's frame is where its function's stack frame is. Stacks grow down: while a function runs,
 * those that called it have frames above its own. So when a slice begins, open ones with a lower frame are
 * gone, without an EXIT: by longjmp, or because the record was lost. A slice that is not scoped has no frame,
 * and hides what is below it from such conclusions. A slice's site is where in the code it begins: once in a frame
 * at one time. So the last slice from there, and what is in it, is gone when the next one begins.
 */
#ifndef VIZTRACE_SLICES_H
#define VIZTRACE_SLICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLICES_MAX (1 << 18) /* open on a thread, shown or not */

/* Frames farther apart than this are on different stacks: a coroutine's, a signal handler's. */
#define SLICES_STACK_MAX (8u << 20)

struct arguments;
struct name;

struct slice {
	struct name *name;
	const char *shown;
	uint64_t frame;
	uint16_t site;               /* or 0, as in struct event */
	struct arguments *arguments; /* or NULL; freed by who pops it */
	bool scoped;
	bool hidden; /* it is in too many others: nothing was written of it */
};

/* All zeros is an empty stack. */
struct slices {
	struct slice *open; /* the innermost last */
	size_t n, room;
	uint64_t beyond; /* entered when SLICES_MAX were open */
};

/* How many of the innermost slices are gone when `next` begins. */
size_t slices__gone(const struct slices *s, const struct slice *next);

/* 0, -E2BIG (counted in `beyond`) or -ENOMEM. */
int slices__push(struct slices *s, struct slice slice);

/* How many slices end, itself and those inside of it, when the slice `name` ends: 0 if it is not open.
 * `frame` counts for scoped ones. */
size_t slices__ending(const struct slices *s, const struct name *name, bool scoped, uint64_t frame);

/* The innermost one; there is one. */
struct slice slices__pop(struct slices *s);

void slices__clear(struct slices *s);

#endif
