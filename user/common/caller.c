// SPDX-License-Identifier: BSD-2-Clause
/* caller: see caller.h. */
#include "caller.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A decimal number and nothing else; (uint32_t)-1 means "leave as it is" to system calls, and is no id. */
static bool parse_id(const char *text, uint32_t *ret)
{
	uint64_t id = 0;

	if (!text || !*text || strlen(text) > 10)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		id = id * 10 + (uint64_t)(*text - '0');
	}
	if (id >= UINT32_MAX)
		return false;
	*ret = (uint32_t)id;
	return true;
}

struct caller caller__from_env(void)
{
	struct caller owner = { geteuid(), getegid() };
	uint32_t uid, gid;

	/* Anybody can set them; only who is root already has something to give away. */
	if (owner.uid == 0 && parse_id(getenv("SUDO_UID"), &uid) && parse_id(getenv("SUDO_GID"), &gid))
		owner = (struct caller){ uid, gid };
	return owner;
}
