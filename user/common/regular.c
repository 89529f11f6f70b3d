// SPDX-License-Identifier: BSD-2-Clause
/* regular: see regular.h. */
#define _GNU_SOURCE
#include "regular.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int regular__reopen(int path_fd)
{
	char path[64];
	struct stat st;
	int fd;

	if (path_fd < 0)
		return path_fd;
	/* Of the very same file, whatever its path means by now. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	if (fstat(path_fd, &st))
		fd = -errno;
	else if (!S_ISREG(st.st_mode))
		fd = -ENXIO;
	else
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		fd = -errno;
	close(path_fd);
	return fd;
}

int regular__open(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	return regular__reopen(fd < 0 ? -errno : fd);
}

int regular__open_in(int root, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));

	return regular__reopen(fd < 0 ? -errno : fd);
}
