/* SPDX-License-Identifier: BSD-2-Clause */
/* opts_files: of the command line, what the commands that are about files take. For opts.c and merging.c. */
#ifndef VIZTRACE_OPTS_FILES_H
#define VIZTRACE_OPTS_FILES_H

#include "opts.h"

/* The command `word` and the words behind it, from argv[optind] on. 0; -ENOENT: it is none of these; else as
 * opts__parse(). */
int opts_files__parse(struct opts *o, int argc, char **argv, const char *word, char *error, size_t size);

/* --offset FILE=+5ms */
int opts_files__add_offset(struct opts *o, const char *text, char *error, size_t size);

/* By how many ns the events of a file are later than it says. */
int64_t opts_files__offset(const struct opts *o, const char *path);

#endif
