/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bounds: what ends a trace from outside: a signal, its time, its size. They are asked for each record, since one pass
 * may hold as much as all ring buffers, and that becomes many times as much of trace.
 */
#ifndef VIZTRACE_BOUNDS_H
#define VIZTRACE_BOUNDS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* What is there when the trace has been told to end is written for so long; the rest is lost. */
#define BOUNDS_LAST_PASS 1000000000u /* ns */

/* What is open at the end may take so much beyond the size. */
#define BOUNDS_ENDS (2u << 20)

/* Of what is open at the end so much is closed whatever the time is: milliseconds, and else a machine that stands still
 * for the time of the last pass would leave every slice open. */
#define BOUNDS_CLOSED 4096

struct bounds {
	const volatile sig_atomic_t *stop;
	uint64_t end;      /* of its time, by the clock of records; UINT64_MAX: none */
	uint64_t max_size; /* 0: none */
	const char *why;   /* the first one that was reached; NULL: none */
	bool in_time;      /* it was the time */
	bool too_large;    /* the size was: nothing more is to be written */
	bool ending;       /* it has been told to end, or ended by itself: this is the last pass, */
	uint64_t until;    /* and takes until then; UINT64_MAX: as long as it takes, unless somebody says stop */
	unsigned skipped;  /* questions since the last look at the clock */
	unsigned closed;   /* of BOUNDS_CLOSED */
};

void bounds__init(struct bounds *l, const volatile sig_atomic_t *stop, uint64_t end, uint64_t max_size);

/* Its time is over. */
void bounds__end(struct bounds *l);

/* From here on it is the last pass. */
void bounds__last_pass(struct bounds *l, uint64_t now);

/* Is the trace over, with an output of `size` bytes? Then it stays so until the last pass begins. */
bool bounds__reached(struct bounds *l, uint64_t size);

/* And may what is open not even be ended? */
bool bounds__leave_open(struct bounds *l, uint64_t size);

#endif
