/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter: events in, those that the rules let through out. Between decode and model.
 *
 * The kernel filters too, so that most of what nobody wants never gets here: for each (class, name) that appears the
 * rules become a verdict, which is handed to the kernel. Until it is there, and for what the kernel has forgotten,
 * records come marked as undecided and are decided here, by the rules that were in force at their time. Of slices there
 * are verdicts for names that nobody wants alone, once they have come twice.
 */
#ifndef VIZTRACE_FILTER_H
#define VIZTRACE_FILTER_H

#include "../common/budget.h"
#include "../common/event.h"
#include "../common/patterns.h"
#include "../common/verdict.h"

struct filter;

/* Hands a verdict to the kernel. What it cannot take is decided here, so there is no error. */
typedef void (*filter_push)(void *ctx, const struct verdict_key *key, const struct verdict *v, uint32_t epoch);

typedef int (*filter_next)(void *ctx, const struct event *e);

/* A copy of `rules` is in force from the beginning. */
int filter__new(struct filter **ret, const struct rules *rules, filter_push push, void *push_ctx);
void filter__free(struct filter *f);

/* What it may keep for objects from here on; it is also written to, and lives longer. */
void filter__set_budget(struct filter *f, struct budget *budget);

/* An object that nobody shows any more: it is introduced anew when it fires again. */
void filter__forget(struct filter *f, uint32_t pid, uint64_t address);

/* The same for all that the rules let nobody see so far. */
void filter__forget_hidden(struct filter *f);

/* Calls `next` for the event if it passes, and before it for an object that it was silent about so far. Returns what
 * `next` returned, or -ENOMEM. */
int filter__feed(struct filter *f, const struct event *e, filter_next next, void *ctx);

/* Other rules from `ts` (events' clock) on. */
int filter__change(struct filter *f, const struct rules *rules, uint64_t ts);

/* Which kinds of probes (bit: enum probe) these rules can let through at all: the others need not be attached to. */
uint32_t filter__probes(const struct rules *rules);

/* What the kernel must compare with, for objects and for slices: 0 while there is nothing to filter. */
uint32_t filter__epoch(const struct filter *f);
uint32_t filter__slices_epoch(const struct filter *f);
const struct rules *filter__rules(const struct filter *f);
uint64_t filter__filtered(const struct filter *f, enum probe probe); /* here, not in the kernel */

#endif
