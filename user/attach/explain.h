/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain: why a process that was to be traced cannot be, in a sentence. Out: the cause, for the command that was
 * given, and for the doctor. Looks closer than the tracing does: at files whose code is not the file's any more, too.
 */
#ifndef VIZTRACE_EXPLAIN_H
#define VIZTRACE_EXPLAIN_H

#include "target.h"

struct explanation {
	enum exit_code code;
	char what[512], mend[256]; /* the cause; what helps */
	bool is_final;             /* false: probes may come, with what it loads later */
};

/* A process that is emulated, or in which no probe was found. False: neither. */
bool explain__target(struct explanation *ret, const struct target *t, struct binaries *binaries);

/*
 * What is to be known of the probes of a process that nobody of us has attached to: which of them cannot be traced, or
 * not as usual, and why. A sentence for each to `cb`. Returns how many probes can be traced.
 */
size_t explain__probes(const struct target *t, void (*cb)(void *ctx, const struct binary *b, const char *text),
		       void *ctx);

#endif
