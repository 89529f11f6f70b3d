/* SPDX-License-Identifier: BSD-2-Clause */
/* convert: the file of a trace in, the same in another format out. */
#ifndef VIZTRACE_CONVERT_H
#define VIZTRACE_CONVERT_H

#include "opts.h"

/* o->file into the one output. EXIT_TRACED; EXIT_INPUT: it cannot be read, or is no trace of ours; EXIT_OUTPUT: the
 * other one cannot be written. Both are said. */
enum exit_code convert__run(const struct opts *o);

#endif
