/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * incidents: what befalls processes, and what we say of it, until the records that are older have been passed on. They
 * are told in no strict order, by whoever notices; they come out as events, in the order of their time.
 */
#ifndef VIZTRACE_INCIDENTS_H
#define VIZTRACE_INCIDENTS_H

#include "../common/event.h"

/* All zeros is an empty set. */
struct incidents {
	struct incident *first; /* the oldest */
};

/* BEGAN, PRESENT, EXECED, ENDED: `text` is the process's name; NOTE: what it says. 0 or -ENOMEM. */
int incidents__add(struct incidents *i, enum event_kind what, uint64_t ts, uint32_t pid, const char *text);

/* A thread's end: THREAD_ENDED. */
int incidents__add_thread_end(struct incidents *i, uint64_t ts, uint32_t pid, uint32_t tid);

/* Those with a time below `until`, those of one time in the order in which they were added; up to the first error of
 * `cb`, which is returned. */
int incidents__pass(struct incidents *i, uint64_t until, int (*cb)(void *ctx, const struct event *e), void *ctx);

void incidents__clear(struct incidents *i);

#endif
