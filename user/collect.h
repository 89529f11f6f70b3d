/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * collect: loads the eBPF programs, attaches them to a target's files, and hands out records sorted by time over all
 * ring buffers. The only stage that sees libbpf. A record's time is all that it reads of it.
 */
#ifndef VIZTRACE_COLLECT_H
#define VIZTRACE_COLLECT_H

#include "filter.h"
#include "site.h"
#include "target.h"

struct collector;

/* Counts kept in the kernel, summed over CPUs. seen = filtered + lost + what came through the rings. */
struct collect_counts {
	uint64_t seen, filtered, lost, truncated, unreadable;
};

typedef int (*collect_cb)(void *ctx, const void *record, size_t size);

/* Load the programs: `ring_size` bytes for each CPU. 0 or -errno: -EPERM; -ENOTSUP, and *ret_missing says what
 * the kernel lacks. */
int collector__new(struct collector **ret, uint64_t ring_size, const char **ret_missing);

/* Where to attach: `wanted`, or with SITE_AUTO the one that this kernel is fast at. Prints with -v what and why.
 * 0, or -errno if that cannot be found out; then it is the site that every kernel takes. */
int collector__choose_site(struct collector *c, enum site wanted);

/* Attach to the target's probes of these kinds (bit: enum probe); those that are attached already stay. */
int collector__attach(struct collector *c, const struct target *t, uint32_t kinds);

/* The rules that verdicts must be of to count in the kernel; 0: nothing is filtered there. */
void collector__set_epoch(struct collector *c, uint32_t epoch);
void collector__set_verdict(struct collector *c, const struct verdict_key *key, const struct verdict *v, uint32_t epoch);

/* Pass all records that are complete up to now, oldest first, to `cb`; stops at its first error. */
int collector__poll(struct collector *c, collect_cb cb, void *ctx);

/* Records older than this have all been passed on. */
uint64_t collector__passed_until(const struct collector *c);

/* No program does anything from here on; pass what is left. Nothing that was reserved before is missed, unless it
 * takes longer than a second. */
int collector__stop(struct collector *c, collect_cb cb, void *ctx);

int collector__counts(struct collector *c, enum probe probe, struct collect_counts *ret);
uint64_t collector__now(void);            /* ns, the clock of records */
size_t collector__attached(const struct collector *c);
size_t collector__ring_bytes(const struct collector *c); /* of all rings */

/* Detaches, which takes some 30 ms for each probe. */
void collector__free(struct collector *c);

#endif
