/* SPDX-License-Identifier: BSD-2-Clause */
/* A library, and the same one in other namespaces, or mapped by whoever reads its symbols: copies LIBRARY. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "viztrace.h"
#include "step.h"

#define COPIES 8

static const char *path;
static void *libraries[COPIES]; /* NULL: not, or not any more */
static int n;
static void *mapped;

static void (*function(void *library, const char *name))(void)
{
	return (void (*)(void))(uintptr_t)dlsym(library, name);
}

/* "armed N": of all that were called, while somebody listened. */
static void call_all(int times)
{
	long armed = 0;

	for (int i = 0; i < n; i++) {
		long *counts = libraries[i] ? *(long **)dlsym(libraries[i], "lib_counts") : NULL;

		if (!counts)
			continue;
		armed -= counts[1];
		((void (*)(int))function(libraries[i], "lib_run"))(times);
		armed += counts[1];
	}
	printf("armed %ld\n", armed);
}

static int semaphores(void)
{
	int up = 0;

	for (int i = 0; i < n; i++)
		if (libraries[i])
			up += ((int (*)(void))function(libraries[i], "lib_semaphores"))();
	return up;
}

static void open_one(Lmid_t namespace)
{
	libraries[n++] = dlmopen(namespace, path, RTLD_NOW);
	if (!libraries[n - 1])
		printf("not loaded: %s\n", dlerror());
}

static void map(int how)
{
	int fd = open(path, O_RDONLY);
	struct stat st;

	fstat(fd, &st);
	mapped = mmap(NULL, (size_t)st.st_size, how, MAP_PRIVATE, fd, 0);
	close(fd);
}

static void unmap(void)
{
	struct stat st;

	stat(path, &st);
	munmap(mapped, (size_t)st.st_size);
}

/* The pages of the library's code, with what somebody has changed there. */
static void drop_code(void)
{
	uintptr_t at = (uintptr_t)function(libraries[0], "lib_run"), page = (uintptr_t)sysconf(_SC_PAGESIZE);

	madvise((void *)(at / page * page), (size_t)page, MADV_DONTNEED);
}

/* ---- Something else at the address of the first one's semaphore ---- */

static const char *program;
static unsigned char *other; /* a page of zeros */
static char *semaphore;

static void put_other(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t at = (uintptr_t)semaphore / size * size;

	other = mmap((void *)at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	close(creat(getenv("DONE"), 0600));
}

static void on_signal_replace(int signal)
{
	(void)signal;
	dlclose(libraries[0]);
	libraries[0] = NULL;
	put_other();
}

static void on_signal_execute(int signal)
{
	char address[32];

	(void)signal;
	snprintf(address, sizeof(address), "%p", (void *)semaphore);
	execl(program, program, "", address, NULL);
}

static void find_semaphore(void)
{
	semaphore = ((char *(*)(void))function(libraries[0], "lib_semaphore"))();
}

static bool is_zeros(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE), i = 0;

	while (i < size && !other[i])
		i++;
	return i == size;
}

int main(int argc, char **argv)
{
	const char *line;

	path = argc > 1 ? argv[1] : "";
	program = argv[0];
	if (argc > 2) {
		sigset_t all;

		sigfillset(&all); /* executed by a handler */
		sigprocmask(SIG_UNBLOCK, &all, NULL);
		semaphore = (char *)(uintptr_t)strtoull(argv[2], NULL, 0);
		put_other();
	} else {
		open_one(LM_ID_BASE);
		find_semaphore();
	}
	for (line = step("ready"); *line; line = step("ok")) {
		if (!strcmp(line, "fork")) {
			fflush(stdout);
			if (fork())
				wait(NULL);
			else
				continue; /* it is led from here on */
		} else if (!strcmp(line, "again"))
			open_one(LM_ID_NEWLM);
		else if (!strncmp(line, "close ", 6)) {
			dlclose(libraries[atoi(line + 6)]);
			libraries[atoi(line + 6)] = NULL;
		} else if (!strncmp(line, "call ", 5))
			call_all(atoi(line + 5));
		else if (!strcmp(line, "semaphores"))
			printf("up %d\n", semaphores());
		else if (!strcmp(line, "map"))
			map(PROT_READ);
		else if (!strcmp(line, "map writable"))
			map(PROT_READ | PROT_WRITE);
		else if (!strcmp(line, "unmap"))
			unmap();
		else if (!strcmp(line, "drop"))
			drop_code();
		else if (!strcmp(line, "replace"))
			signal(SIGUSR1, on_signal_replace);
		else if (!strcmp(line, "execute"))
			signal(SIGUSR1, on_signal_execute);
		else if (!strcmp(line, "zeros"))
			printf("zeros %d\n", is_zeros());
		else if (!strcmp(line, "address"))
			printf("address %p\n", (void *)semaphore);
		else if (!strcmp(line, "pid"))
			printf("pid %d\n", getpid());
	}
	return 0;
}
