/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * collecting: the options in, a collector that is ready to be attached out; or why there is none, in words.
 */
#ifndef VIZTRACE_COLLECTING_H
#define VIZTRACE_COLLECTING_H

#include <stdbool.h>

#include "collect/collect.h"
#include "opts.h"

/* `several`: processes are traced, or may be; `no_batches`: why there are none, or NULL. EXIT_TRACED; EXIT_PERMISSION,
 * EXIT_KERNEL, EXIT_USAGE or EXIT_INTERNAL, and it was said. */
enum exit_code collecting__open(struct collector **ret, const struct opts *o, bool several, const char *no_batches);

#endif
