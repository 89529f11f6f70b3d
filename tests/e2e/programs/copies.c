/* SPDX-License-Identifier: BSD-2-Clause */
/* A library, and the same one in other namespaces, or mapped by whoever reads its symbols: copies LIBRARY. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
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

int main(int argc, char **argv)
{
	const char *line;

	path = argc > 1 ? argv[1] : "";
	open_one(LM_ID_BASE);
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
		else if (!strcmp(line, "pid"))
			printf("pid %d\n", getpid());
	}
	return 0;
}
