/* SPDX-License-Identifier: BSD-2-Clause */
/* caller: the user for whom all this is done: files belong to it, and commands run with its rights. */
#ifndef VIZTRACE_CALLER_H
#define VIZTRACE_CALLER_H

#include <sys/types.h>

struct caller {
	uid_t uid;
	gid_t gid;
};

/* The user who called sudo, or who runs us. */
struct caller caller__from_env(void);

#endif
