/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * byhand: semaphores that the kernel does not set, or not where they are, raised and lowered by us, with a guard that
 * lowers them should we be killed. A part of switching.c.
 */
#ifndef VIZTRACE_BYHAND_H
#define VIZTRACE_BYHAND_H

#include "arming.h"
#include "members.h"

/* Addresses. Without memory for one, it will not be lowered in the rare case that only we know of it. */
bool byhand__is_among(const uint64_t *semaphores, size_t n, uint64_t semaphore);
void byhand__remember(uint64_t **semaphores, size_t *n, uint64_t semaphore);

/* Kinds of a file's probes that are attached to in that process. */
uint32_t byhand__attached(const struct processes *p, const struct process *process, const struct binary *b);

/*
 * What it takes to trace what is attached to: counters first, all of them before anything else is done, for if we are
 * killed in between, the kernel cannot lower the rest. What is raised is ARMING_ON then. 0 or -errno: -ESTALE it has
 * changed meanwhile, look again.
 */
int byhand__prepare(struct processes *p, struct process *process, struct arming *arming);

/*
 * What the kernel cannot lower it does not detach from: its trap stays without anybody who listens, and on some kernels
 * without anybody who knows of it, so that the next one that runs into it dies. 0 or -errno.
 */
int byhand__raise_counter(struct arming *arming, const struct armed *a);

/* The counters alone, of a process that is not traced. */
void byhand__prepare_stranger(struct processes *p, struct target *t, struct arming *arming);

/* What nobody listens to any more. 0 or -errno; `process`: what is known of it, or NULL. */
int byhand__lower(const struct process *process, const struct target *t, struct arming *arming, const struct armed *a);

/* Clears it; and says if something else may have been hit. */
void byhand__done(struct processes *p, const struct target *t, struct arming *arming);

#endif
