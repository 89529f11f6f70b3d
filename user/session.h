/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session: one trace from attaching to the whole file. Wires collect, decode, model, writer and output together,
 * and keeps the books: what was produced is what was written, filtered or lost.
 */
#ifndef VIZTRACE_SESSION_H
#define VIZTRACE_SESSION_H

#include <signal.h>

#include "opts.h"

/* Returns the exit status. A signal handler sets *stop to its number to end a session, and *dump to have written what
 * it keeps. */
enum exit_code session__run(const struct opts *o, int argc, char **argv, const volatile sig_atomic_t *stop,
			    volatile sig_atomic_t *dump);

#endif
