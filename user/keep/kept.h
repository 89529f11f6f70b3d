/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kept: the last events, in memory. In: events in the order of their time. Out: the same, in that order, those that are
 * too old or for which there is no room any more, one block of them at a time; and, on request, all that are there.
 *
 * Memory: the blocks, never more than the bound (KEPT_MIN at least); besides them some 250 KB, and what is needed to
 * read a block, up to ten times its size.
 */
#ifndef VIZTRACE_KEPT_H
#define VIZTRACE_KEPT_H

#include "../common/event.h"

#define KEPT_MIN (1u << 20) /* bytes */
#define KEPT_SHARE 64       /* that a block is of all, up to */
#define KEPT_BLOCK (256u << 10)

/* 0 or -errno, which ends the call that it is from. */
typedef int (*kept_cb)(void *ctx, const struct event *e);

struct kept;

struct kept_stats {
	uint64_t events;   /* that are there */
	uint64_t bytes;    /* that they take */
	uint64_t added;    /* bytes of all that ever were there */
	uint64_t memory;   /* of all blocks, full or not: never above the bound */
	uint64_t first_ts; /* ns, of the first one; 0: there is none */
	uint64_t room_ts;  /* ns: of the last one that went for want of room, and not of age; 0: none did */
};

/* `bytes`: the bound. `time`: ns for which events are kept, as far as there is room; 0: as long as there is. `drop`
 * gets those that are kept no longer. 0 or -ENOMEM. */
int kept__new(struct kept **ret, uint64_t bytes, uint64_t time, kept_cb drop, void *ctx);
void kept__free(struct kept *k);

/* From now on another `time`. */
void kept__set_time(struct kept *k, uint64_t time);

/* 0, -ENOMEM (it is not kept), or the error of `drop`. */
int kept__add(struct kept *k, const struct event *e);

/* It is `now`: what is too old goes, if all of its block is. */
int kept__expire(struct kept *k, uint64_t now);

/* All that are there. 0, -ENOMEM, or the error of `cb`. */
int kept__each(struct kept *k, kept_cb cb, void *ctx);

/* Bytes of those since then, and of a block's others. */
uint64_t kept__bytes_since(const struct kept *k, uint64_t ts);

void kept__stats(const struct kept *k, struct kept_stats *ret);

#endif
