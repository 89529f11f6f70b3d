/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * To be preloaded into the tool: when it is about to read or write two bytes of another process at an address, that
 * process is told by SIGUSR1 to do first what it does then. Once; out of the environment: WHAT ("read", "write"), PID,
 * ADDRESS, SKIP (so many times it goes well), DONE (a file that is there when it has), OLD (the kernel cannot be asked for
 * a single mapping).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <unistd.h>

ssize_t pread(int fd, void *to, size_t size, off_t at);
ssize_t pwrite(int fd, const void *from, size_t size, off_t at);
int ioctl(int fd, unsigned long request, ...);

static void meddle(const char *what, size_t size, off_t at)
{
	static int times;
	const char *wanted = getenv("WHAT"), *pid = getenv("PID"), *address = getenv("ADDRESS"), *done = getenv("DONE");

	if (!wanted || !pid || !address || !done || strcmp(what, wanted) || size != 2 ||
	    at != (off_t)strtoull(address, NULL, 0) || times++ < atoi(getenv("SKIP")) || !access(done, F_OK) || kill(atoi(pid), SIGUSR1))
		return;
	while (access(done, F_OK))
		usleep(1000);
}

ssize_t pread(int fd, void *to, size_t size, off_t at)
{
	ssize_t (*real)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, "pread");

	meddle("read", size, at);
	return real(fd, to, size, at);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at)
{
	ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");

	meddle("write", size, at);
	return real(fd, from, size, at);
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, void *) = dlsym(RTLD_NEXT, "ioctl");
	va_list more;
	void *arg;

	va_start(more, request);
	arg = va_arg(more, void *);
	va_end(more);
	if (getenv("OLD") && _IOC_TYPE(request) == 'f') {
		errno = ENOTTY;
		return -1;
	}
	return real(fd, request, arg);
}
