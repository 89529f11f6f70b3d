/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output_open: a path in, a descriptor that can be written to out. Run as root for another user it must not
 * be led to write anywhere that this user could not. Knows nothing of what is written.
 */
#ifndef VIZTRACE_OUTPUT_OPEN_H
#define VIZTRACE_OUTPUT_OPEN_H

#include <stdbool.h>
#include <stdint.h>

#include "output.h"

struct output_file {
	int fd;
	bool is_pipe;
	bool can_cut;   /* a regular file, written at `start` and not at whatever its end is: it can be cut and
			 rewritten */
	uint64_t start; /* offset of the first byte that will be written */
	struct output_place *place; /* of a new file, which has no name yet; else NULL */
};

/* See output__open(). */
int output_open__path(struct output_file *ret, const char *path, enum output_kind kind, struct caller owner);

/* A named pipe, of which output__open() waits for a reader; a signal ends that with -EINTR. */
bool output_open__waits_for_reader(const char *path);

#endif
