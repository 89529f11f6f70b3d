/* SPDX-License-Identifier: BSD-2-Clause */
/* opts_outputs: of the command line, what says where a trace goes and as what. For opts.c and what belongs to it. */
#ifndef VIZTRACE_OPTS_OUTPUTS_H
#define VIZTRACE_OPTS_OUTPUTS_H

#include "opts.h"

/* As in opts__parse(): 0, or -EINVAL and `error`, of `size` bytes, says what is wrong. */

/* -o FILE: in the format that a --format before it says. */
int opts_outputs__add(struct opts *o, const char *path, char *error, size_t size);

/* --format NAME: of the -o that follows, or else of the last one. */
int opts_outputs__format(struct opts *o, const char *name, char *error, size_t size);

/* Another place will say where it goes (`output`), or as what (`format`): what has been said so far is no more. */
void opts_outputs__override(struct opts *o, bool output, bool format);

/* Every output has a format in the end, and there is one unless none is wanted. */
int opts_outputs__settle(struct opts *o, char *error, size_t size);

bool opts_outputs__go_to_a_file(const struct opts *o);

#endif
