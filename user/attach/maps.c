// SPDX-License-Identifier: BSD-2-Clause
/* maps: see maps.h. */
#include "maps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

int maps__open(struct maps *ret, pid_t task)
{
	char path[64];

	*ret = (struct maps){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/maps", task);
	ret->file = fopen(path, "re");
	return ret->file ? 0 : errno == ENOENT ? -ESRCH : -errno;
}

/* "7f3c9000-7f3ca000 r-xp 00001000 fe:00 1234   /usr/bin/app" */
static bool parse(char *line, struct mapping *ret)
{
	unsigned major, minor;
	char perms[5];
	int path = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &ret->start, &ret->end, perms,
		   &ret->offset, &major, &minor, &ret->ino, &path) < 7)
		return false;
	ret->dev = makedev(major, minor);
	ret->writable = perms[1] == 'w';
	ret->executable = perms[2] == 'x';
	ret->shared = perms[3] == 's';
	line[strcspn(line, "\n")] = 0;
	ret->path = line + path;
	return true;
}

bool maps__next(struct maps *m, struct mapping *ret)
{
	errno = 0;
	while (getline(&m->line, &m->size, m->file) > 0) {
		m->n++;
		if (parse(m->line, ret))
			return true;
	}
	if (ferror(m->file))
		m->err = errno ? -errno : -EIO;
	return false;
}

int maps__close(struct maps *m)
{
	free(m->line);
	fclose(m->file);
	return m->err;
}
