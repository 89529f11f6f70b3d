/* SPDX-License-Identifier: BSD-2-Clause */
/* merging: the files of several traces in, one timeline out. */
#ifndef VIZTRACE_MERGING_H
#define VIZTRACE_MERGING_H

#include "opts.h"

/* o->files into the outputs. EXIT_TRACED; EXIT_INPUT: one cannot be read, or not to its end, or is no trace of ours;
 * EXIT_OUTPUT: what they make cannot be written. All are said. */
enum exit_code merging__run(const struct opts *o);

#endif
