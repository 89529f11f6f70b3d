/* SPDX-License-Identifier: BSD-2-Clause */
/* opts_keep: the options of the flight recorder. 0, or -EINVAL and what is wrong in `error`. */
#ifndef VIZTRACE_OPTS_KEEP_H
#define VIZTRACE_OPTS_KEEP_H

#include "opts.h"

/* --keep: a time, or a size. */
int opts_keep__add(struct opts *o, const char *text, char *error, size_t size);

int opts_keep__when(struct opts *o, const char *text, char *error, size_t size);

/* --after, --again-after, --split; --at-most, --max-files: 1 at least */
int opts_keep__time(uint64_t *ret, const char *name, const char *text, char *error, size_t size);
int opts_keep__number(uint64_t *ret, const char *name, const char *text, char *error, size_t size);

/* All are read: do they go together? Before outputs are settled, as there are none then. `command`: its name, or NULL.
 */
int opts_keep__settle(struct opts *o, const char *command, char *error, size_t size);

#endif
