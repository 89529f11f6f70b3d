/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session: one trace from attaching to the whole file. Wires collect, decode, model, writer and output together,
 * and keeps the books: what was produced is what was written, filtered or lost.
 */
#ifndef VIZTRACE_SESSION_H
#define VIZTRACE_SESSION_H

#include <signal.h>

#include "opts.h"

/* What a signal handler wants of a session. */
struct session_signals {
	volatile sig_atomic_t stop; /* end it: the signal's number */
	volatile sig_atomic_t dump; /* write what it keeps */
	volatile sig_atomic_t
		reload; /* read the file of --config anew: triggers in `o` become those that it says then */
};

/* Returns the exit status. */
enum exit_code session__run(struct opts *o, int argc, char **argv, struct session_signals *signals);

#endif
