/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guard: a process that outlives this one, should it be killed: the kernel takes its traps out and lowers what it has
 * raised, but knows nothing of semaphores that were set by hand. Those are lowered by the guard, in all processes that
 * have them: children inherit them. It exists only where there is something to guard. Knows /proc; no ELF, no BPF.
 */
#ifndef VIZTRACE_GUARD_H
#define VIZTRACE_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../common/site.h"

/* A semaphore that is 0 when nobody traces. */
struct guarded {
	uint64_t dev, ino;                      /* of its file, as in /proc/PID/maps */
	uint64_t offset;                        /* in the file */
	uint64_t semaphore, nop;                /* addresses, of the probe's code as well */
	unsigned char code[SITE_OWN_CODE_SIZE]; /* what is there without a trap */
	uint32_t code_size;
	pid_t pid;          /* in which it is about to be set by hand; others may have it from there */
	bool may_be_shared; /* with somebody else's trap, that stays: then it is one less */
};

struct guard;

/* Tell of one before it is set; the first time *g is NULL. 0 or -errno: then nobody will know of it. */
int guard__add(struct guard **g, const struct guarded *semaphore);

/* All is as it was: there is nothing to do. Takes NULL. */
void guard__free(struct guard *g);

#endif
