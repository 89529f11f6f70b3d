/* SPDX-License-Identifier: BSD-2-Clause */
/* tasks: what the kernel tells of the threads of traced processes that were there before us. A part of batches. */
#ifndef VIZTRACE_TASKS_H
#define VIZTRACE_TASKS_H

#include <sys/types.h>

#include "known.h"

struct batch_bpf;

/* Which thread pointers are whose, and what the threads are called. 0 or -errno; -EACCES: one of the process's threads
 * may not read the clock, as each append does. */
int tasks__list(struct batch_bpf *skel, struct known *k, pid_t pid);

/*
 * Which of a thread's flags says that it is killed if it reads the clock: another one in each kernel, and nowhere told.
 * So we look at ourselves with it and without, and until then may not look at a clock (in a signal handler, too).
 */
void tasks__find_no_clock(struct batch_bpf *skel, struct known *k);

#endif
