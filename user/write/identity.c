// SPDX-License-Identifier: BSD-2-Clause
/* identity: see identity.h. */
#define _GNU_SOURCE
#include "identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"

/* Once root again the rest cannot fail; if it does, this process must not go on with rights that nobody
 * chose. */
void identity__back(struct identity *was)
{
	if (was->changed && (seteuid(0) || setegid(was->gid) || setgroups((size_t)was->n_groups, was->groups))) {
		log_error("cannot get root's rights back: %s", strerror(errno));
		abort();
	}
	free(was->groups);
	*was = (struct identity){ 0 };
}

static int set_groups_of(struct caller owner)
{
	struct passwd *pw = getpwuid(owner.uid);
	int err = pw ? initgroups(pw->pw_name, owner.gid) : setgroups(1, &owner.gid);

	return err ? -errno : 0;
}

int identity__become(struct identity *ret_was, struct caller owner)
{
	int err;

	*ret_was = (struct identity){ 0 };
	if (geteuid() != 0 || owner.uid == 0)
		return 0;
	ret_was->gid = getegid();
	ret_was->n_groups = getgroups(0, NULL);
	if (ret_was->n_groups < 0)
		return -errno;
	ret_was->groups = calloc((size_t)ret_was->n_groups + 1, sizeof(gid_t));
	if (!ret_was->groups)
		return -ENOMEM;
	ret_was->n_groups = getgroups(ret_was->n_groups, ret_was->groups);
	if (ret_was->n_groups < 0) {
		err = -errno;
		free(ret_was->groups);
		*ret_was = (struct identity){ 0 };
		return err;
	}
	ret_was->changed = true;
	err = set_groups_of(owner);
	if (!err && (setegid(owner.gid) || seteuid(owner.uid)))
		err = -errno;
	if (err)
		identity__back(ret_was);
	return err;
}
