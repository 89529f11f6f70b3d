/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * batches: has the laps of traced processes (viztrace.h) copied when they are full and when the process's memory goes,
 * looks itself at what is in those that are not, and hands all that to unpack. A part of the collecting stage.
 *
 *   laps ring ------------------+
 *   process_vm_readv, every ----+-> laps (each record once) -> clock (its time) -> order -> unpack
 *   BATCHES_LOOK_NS             |
 *   the other rings: threads ---+
 *
 * Nothing is written into a process, and no position of ours is kept in the kernel, so that several tools can do this
 * at once.
 */
#ifndef VIZTRACE_BATCHES_H
#define VIZTRACE_BATCHES_H

#include "collect.h"
#include "memory.h"
#include "order.h"
#include "unpack.h"

#define BATCHES_LOOK_NS 50000000u /* between two looks: what an event may wait for longest, and its latency */

struct batches;

/* Where the other records go: the map of all rings, and how many there are. */
struct batches_rings {
	int map;
	unsigned n;
};

/* `ring_size`: bytes, a power of two. 0; -ENOTSUP, and *ret_why says what there is not; or -errno. */
int batches__new(struct batches **ret, struct order *order, const struct batches_rings *rings, uint64_t ring_size,
		 const char **ret_why);
void batches__free(struct batches *b);

/* What a file with batches is to a process. */
enum batches_role {
	BATCHES_NONE,    /* each event is a trap */
	BATCHES_PROGRAM, /* it stays */
	BATCHES_LIBRARY, /* it may be unmapped */
};

/*
 * The process has the file mapped: to be called before its probe is attached to. `*ret_cookie` is what that is to be
 * attached with. 1: batches can be taken from it; 0: not; or -errno: -EPERM, we may not read its memory; -EACCES, it
 * is killed if it reads the processor's clock.
 */
int batches__add_file(struct batches *b, pid_t pid, const struct memory_file *file, uint64_t bias,
		      enum batches_role role, uint64_t *ret_cookie);

int batches__unmapping_program(const struct batches *b); /* for a dynamic loader's elf.unmapping: a descriptor */
int batches__program(const struct batches *b);           /* for viz:batch: a descriptor */

/* Look, and take what was copied. 0 or -errno. */
int batches__read(struct batches *b);

/* Events before that have all been put in order. */
uint64_t batches__safe_until(const struct batches *b);

struct unpack *batches__unpack(struct batches *b);

/* What happens from here on is nobody's; and the end of reading, which tells of what is in no count. */
void batches__end(struct batches *b);
void batches__close(struct batches *b);

/* Added to what the kernel counts for events that are not batched. */
void batches__count(const struct batches *b, enum probe probe, struct collect_counts *counts);

#endif
