// SPDX-License-Identifier: BSD-2-Clause
/* detach: see detach.h. */
#define _GNU_SOURCE
#include "detach.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void *close_one(void *fd)
{
	close((int)(intptr_t)fd);
	return NULL;
}

/* Each waits for the kernel: let them wait together. */
static void close_all(const int *fds, size_t n)
{
	pthread_t *threads = calloc(n ? n : 1, sizeof(*threads));
	size_t started = 0;

	while (threads && started < n &&
	       !pthread_create(&threads[started], NULL, close_one, (void *)(intptr_t)fds[started]))
		started++;
	for (size_t i = started; i < n; i++)
		close(fds[i]);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

static bool is_one_of(int fd, const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] == fd)
			return true;
	return false;
}

/* Whoever waits for the end of a file or a pipe of ours must not wait for this, too. */
static void close_others(const int *fds, size_t n, int keep)
{
	DIR *open_fds = opendir("/proc/self/fd");
	struct dirent *entry;

	while (open_fds && (entry = readdir(open_fds))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && fd != dirfd(open_fds) && fd != keep && !is_one_of(fd, fds, n))
			close(fd);
	}
	if (open_fds)
		closedir(open_fds);
	else
		for (int fd = 0; fd <= STDERR_FILENO; fd++)
			close(fd);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until nobody has the other end any more; false: it took too long. A signal is no reason to come back. */
static bool wait_for_end(int fd, const volatile unsigned long long *sleeping)
{
	struct pollfd end = { .fd = fd, .events = POLLIN };
	int64_t start = now_ms(), awake = start, now = start;

	while (now - start < DETACH_MS && now - awake < DETACH_SLEEPING_MS) {
		if (poll(&end, 1, 50) > 0)
			return true;
		now = now_ms();
		if (!*sleeping)
			awake = now;
	}
	return false;
}

/* `ours` is the child's end of a pair of sockets, of which the caller closes the other one's half when its own
 * descriptors are gone: the last ones are the child's. */
static void run_child(const int *fds, size_t n, int ours)
{
	char none;

	prctl(PR_SET_NAME, "viztrace-detach");
	close_others(fds, n, ours);
	while (read(ours, &none, 1) < 0 && errno == EINTR)
		;
	close_all(fds, n);
	_exit(0);
}

pid_t detach__all(const int *fds, size_t n, const volatile unsigned long long *sleeping)
{
	int pair[2];
	pid_t child = -1;
	bool ended = true;

	if (!n)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		close_all(fds, n);
		return 0;
	}
	child = fork();
	if (!child)
		run_child(fds, n, pair[1]);
	close(pair[1]);
	close_all(fds, n);
	if (child > 0) {
		shutdown(pair[0], SHUT_WR);
		ended = wait_for_end(pair[0], sleeping);
	}
	close(pair[0]);
	while (ended && child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return ended ? 0 : child;
}
