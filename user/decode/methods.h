/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * methods: which slices the rules want, and which names of those that nobody wants are worth telling the kernel. A part
 * of filter.
 */
#ifndef VIZTRACE_METHODS_H
#define VIZTRACE_METHODS_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/event.h"
#include "../common/patterns.h"

#define METHODS_UNWANTED 4096

/* Names that came though nobody wants them, the last ones. All zeros: none has. */
struct methods_unwanted {
	struct {
		uint64_t hash;
		uint32_t pid, epoch, times;
	} slots[METHODS_UNWANTED]; /* another name takes the place of the one before */
};

bool methods__want(struct rules *r, const struct event *e);

/* What the kernel knows its name by. False: it passes all of that name. */
bool methods__hash(const struct event *e, uint64_t *ret);

/* Each time that it comes: is the kernel to be told now, of the rules of that epoch? Not of a name that comes once, as
 * a target can invent these faster than the kernel takes them; and again now and then, as the kernel may have
 * forgotten. */
bool methods__is_due(struct methods_unwanted *u, uint32_t pid, uint64_t hash, uint32_t epoch);

#endif
