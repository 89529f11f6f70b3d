// SPDX-License-Identifier: BSD-2-Clause
/* descriptors: see descriptors.h. */
#define _GNU_SOURCE
#include "descriptors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static struct rlimit before;
static bool raised;

void descriptors__hold_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* To write to the one fails as to read from the others does: with EBADF, as if it were closed. */
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC) != fd)
			return; /* no /dev: nothing that could be done */
	}
}

void descriptors__raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	before = limit;
	limit.rlim_cur = limit.rlim_max;
	raised = !setrlimit(RLIMIT_NOFILE, &limit);
}

void descriptors__close_all(int first, int kept)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	long most = sysconf(_SC_OPEN_MAX);

	while (folder && (entry = readdir(folder))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && fd >= first && fd != kept && fd != dirfd(folder))
			close(fd);
	}
	if (folder)
		closedir(folder);
	for (int fd = first; !folder && fd < most; fd++)
		if (fd != kept)
			close(fd);
}

void descriptors__restore_limit(void)
{
	if (raised)
		setrlimit(RLIMIT_NOFILE, &before);
}
