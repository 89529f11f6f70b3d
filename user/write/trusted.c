// SPDX-License-Identifier: BSD-2-Clause
/* trusted: see trusted.h. */
#define _GNU_SOURCE
#include "trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel */

/* One step: what is there, link or not, if it is root's or the user's. */
static int open_step(int from, const char *name, struct caller owner, struct stat *ret)
{
	int fd = openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	if (fstat(fd, ret))
		err = -errno;
	else if (ret->st_uid != 0 && ret->st_uid != owner.uid)
		err = -EACCES;
	else
		return fd;
	close(fd);
	return err;
}

/* The first name of the path, which then is without it; false: there is none. */
static bool take_name(char path[PATH_MAX], char name[PATH_MAX])
{
	const size_t slashes = strspn(path, "/"), size = strcspn(path + slashes, "/");

	memcpy(name, path + slashes, size);
	name[size] = 0;
	memmove(path, path + slashes + size, strlen(path + slashes + size) + 1);
	return size > 0;
}

/* What the link says, before the path. */
static int put_before(char path[PATH_MAX], int link)
{
	char whole[2 * PATH_MAX];
	ssize_t n = readlinkat(link, "", whole, PATH_MAX);

	if (n < 0)
		return -errno;
	snprintf(whole + n, sizeof(whole) - (size_t)n, "/%s", path);
	if (strlen(whole) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(path, whole);
	return 0;
}

int trusted__open_folder(const char *path, struct caller owner)
{
	char rest[PATH_MAX], name[PATH_MAX];
	struct stat st;
	int fd, links = 0;

	if (strlen(path) >= sizeof(rest))
		return -ENAMETOOLONG;
	strcpy(rest, path);
	fd = open_step(AT_FDCWD, *rest == '/' ? "/" : ".", owner, &st);
	while (fd >= 0 && take_name(rest, name)) {
		int next = open_step(fd, name, owner, &st);

		if (next >= 0 && S_ISLNK(st.st_mode)) {
			int err = ++links > LINKS_MAX ? -ELOOP : put_before(rest, next);

			close(next);
			next = err ? err : open_step(fd, *rest == '/' ? "/" : ".", owner, &st);
		}
		close(fd);
		fd = next;
	}
	return fd;
}
