/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * opts_config: the file of --config in, its lines as words of a command line out. What they mean is not known here.
 *
 *	# a comment
 *	program = /usr/bin/app
 *	keep 10s
 *	when = conn.state == "broken"
 *	follow
 *
 * A line is a long option without its dashes, and its value: behind spaces or an equals sign, as it is, up to the end.
 */
#ifndef VIZTRACE_OPTS_CONFIG_H
#define VIZTRACE_OPTS_CONFIG_H

#include <getopt.h>

#include "opts.h"

#define CONFIG_MAX (64u << 10) /* bytes of a file */
#define CONFIG_LINE_MAX 4096u  /* bytes of a line */

/* c->path in; of `options` those that make sense in a file are understood. 0, or -EINVAL and what is wrong, with the
 * file and the line, in `error` of `size` bytes. */
int opts_config__read(struct opts_config *c, const struct option *options, char *error, size_t size);
void opts_config__clear(struct opts_config *c);

/* `what` is wrong in the i-th word. To `error`, of `size` bytes, which may be `what`. */
void opts_config__explain(const struct opts_config *c, size_t i, const char *what, char *error, size_t size);

/* The names of options that differ between two files, and that are not read anew while the tool runs: "keep, memory".
 * False: there are none. */
bool opts_config__differ(const struct opts_config *a, const struct opts_config *b, char *names, size_t size);

#endif
