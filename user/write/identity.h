/* SPDX-License-Identifier: BSD-2-Clause */
/* identity: another user's rights for a while. Knows nothing of what is done with them. */
#ifndef VIZTRACE_IDENTITY_H
#define VIZTRACE_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "../common/caller.h"

struct identity {
	bool changed;
	gid_t gid;
	gid_t *groups;
	int n_groups;
};

/* File system rights of `owner` until identity__back(). Nothing happens if this is not root, or the owner is. 0 or
 * -errno. */
int identity__become(struct identity *ret_was, struct caller owner);
void identity__back(struct identity *was);

#endif
