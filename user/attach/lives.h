/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lives: how the processes that are traced come and go: forks, execs, new mappings, ends, and those that run the
 * program of -x. A part of processes.c; nobody else includes this.
 */
#ifndef VIZTRACE_LIVES_H
#define VIZTRACE_LIVES_H

#include "members.h"

#define LIVES_LOOK_NS \
	50000000u /* between two looks at everybody's mappings where the kernel does not tell of new ones */

/* Follow what has happened. 0 or -errno. */
int lives__update(struct processes *p);

/* The file of -x, as it is now: a descriptor, or -errno. */
int lives__open_program(const struct processes *p, struct stat *ret);

/*
 * Whoever runs it by now is traced, also if it was replaced. `since`: when it may have begun, in ns, if it may have run
 * before we attached; 0: it has not. 0 or -errno.
 */
int lives__join_present(struct processes *p, uint64_t since);

/* First who, then, when all that they did has been read, their ends. */
int lives__see_who_is_gone(struct processes *p);
void lives__end_those_gone(struct processes *p);

#endif
