/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * perfetto_names: a text in, the number that stands for it on a sequence out. A text that comes for the first time is
 * also written into the interned data of the packet that is being made.
 */
#ifndef VIZTRACE_PERFETTO_NAMES_H
#define VIZTRACE_PERFETTO_NAMES_H

#include <stdbool.h>

#include "../common/table.h"
#include "proto.h"

#define PERFETTO_NAMES_MAX 8192
#define PERFETTO_NAMES_LONGEST 1024 /* bytes; longer ones are written each time */

/* All zeros is an empty set. */
struct perfetto_names {
	struct table by_hash;
	uint64_t last;    /* number */
	struct proto new; /* fields of InternedData for the packet to come */
};

/* `kind` is a field of InternedData. 0: the text is to be written as it is. There is always room for our own words. */
uint64_t perfetto_names__number(struct perfetto_names *n, uint32_t kind, const char *text, size_t size);

/* Time to forget them all: it is full. */
bool perfetto_names__full(const struct perfetto_names *n);
void perfetto_names__clear(struct perfetto_names *n);
void perfetto_names__free(struct perfetto_names *n);

#endif
