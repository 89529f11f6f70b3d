/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source: one of the traces that are merged: a reader that stops before each event until its turn has come, and what
 * makes its times and numbers those of the result. For merge.c alone.
 */
#ifndef VIZTRACE_MERGE_SOURCE_H
#define VIZTRACE_MERGE_SOURCE_H

#include "fiber.h"
#include "merge.h"

struct source {
	struct merge_input *input;
	size_t index, n; /* of so many sources */
	const struct merge_output *to;
	int *output_error; /* the first one, of all sources */
	bool names_host;   /* processes are named with it */
	uint64_t next;     /* the time of the event that it holds */
	uint64_t until;    /* up to that one it need not stop */
	bool cancelled;
	bool ended;
	struct fiber *fiber;
};

/* `s` is all zeros. Up to its beginning: 0, or why it has none, which its input has, too. */
int source__begin(struct source *s, struct merge_input *input, size_t index, size_t n);

/* Up to the next event that has to wait, with what it held before that; false: there is none. */
bool source__resume(struct source *s);

/* It ends, wherever it is. */
void source__cancel(struct source *s);
void source__free(struct source *s);

#endif
