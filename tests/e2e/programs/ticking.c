/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts what it sends while somebody listens, and does to itself on request what keeps listeners out. What it is told
 * is done by a thread, so that the first one can leave.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "viztrace.h"
#include "step.h"
#include "tick.h"

#ifdef PAD /* so that the stubs are not on the first page */
__asm__(".text\n.fill 9000, 1, 0x90\n");
#endif

static sem_t may_leave;
static char *self;

static struct range {
	uintptr_t start, end;
} mapping_of(const void *address)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	struct range found = { 0, 0 }, r;
	char line[512];

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &r.start, &r.end) == 2 && (uintptr_t)address >= r.start &&
		    (uintptr_t)address < r.end)
			found = r;
	fclose(maps);
	return found;
}

/* As programs do that want large pages for their code. `skip`: bytes at its beginning that stay. */
static void copy_code(size_t skip)
{
	struct range text = mapping_of((void *)(uintptr_t)&mapping_of);
	size_t size = text.end - text.start - skip;
	void *copy;

	text.start += skip;
	copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(copy, (void *)text.start, size);
	mprotect(copy, size, PROT_READ | PROT_EXEC);
	printf("%d\n", mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)text.start) == (void *)text.start);
}

/* As libhugetlbfs does with data; `shared`: with the children. */
static void move_data(int shared)
{
	struct range data = mapping_of((void *)(uintptr_t)&viz_set_semaphore);
	size_t size = data.end - data.start;
	void *copy = mmap(NULL, size, PROT_READ | PROT_WRITE, (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);
	void *at;

	memcpy(copy, (void *)data.start, size);
	at = mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)data.start);
	printf("%d\n", at == (void *)data.start);
}

static void protect(const void *address, int how)
{
	struct range r = mapping_of(address);

	printf("%d\n", mprotect((void *)r.start, r.end - r.start, how));
}

/* The whole file, as libdw does: below the mappings that the loader has made. */
static void map_itself(void)
{
	struct range first = mapping_of((void *)(uintptr_t)&viz_set_semaphore);
	int fd = open("/proc/self/exe", O_RDONLY);
	struct stat st;
	void *at;

	fstat(fd, &st);
	at = mmap((void *)(first.start - (64u << 20)), (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	printf("%d\n", at != MAP_FAILED && (uintptr_t)at < first.start);
}

static void exec_again(void)
{
	execl(self, self, "again", (char *)NULL);
	exit(98);
}

/* Of a library with probes of its own. */
static void call_library(const char *path)
{
	void *library = dlopen(path, RTLD_NOW);
	void (*run)(int) = library ? (void (*)(int))(uintptr_t)dlsym(library, "lib_run") : NULL;
	long *const *counts = library ? dlsym(library, "lib_counts") : NULL;

	if (!run) {
		printf("no library: %s\n", dlerror());
		return;
	}
	run(100);
	printf("%ld %ld\n", (*counts)[0], (*counts)[1]);
}

static void *serve(void *arg)
{
	const char *line = step("ready");
	pid_t child;

	(void)arg;
	while (*line) {
		if (!strncmp(line, "tick ", 5))
			tick_many(atoi(line + 5));
		else if (!strncmp(line, "copy code ", 10))
			copy_code((size_t)atoi(line + 10));
		else if (!strcmp(line, "writable code"))
			protect((void *)(uintptr_t)&viz__probe_set, PROT_READ | PROT_WRITE | PROT_EXEC);
		else if (!strcmp(line, "plain code"))
			protect((void *)(uintptr_t)&viz__probe_set, PROT_READ | PROT_EXEC);
		else if (!strncmp(line, "read-only ", 10))
			protect(dlsym(dlopen(line + 10, RTLD_NOW), "lib_counts"), PROT_READ);
		else if (!strncmp(line, "move data ", 10))
			move_data(!strcmp(line + 10, "shared"));
		else if (!strcmp(line, "map itself"))
			map_itself();
		else if (!strcmp(line, "leave"))
			sem_post(&may_leave);
		else if (!strcmp(line, "exec"))
			exec_again();
		else if (!strncmp(line, "call ", 5))
			call_library(line + 5);
		else if (!strcmp(line, "semaphores"))
			printf("%d\n", step_semaphores());
		else if (!strcmp(line, "fork")) {
			fflush(stdout);
			child = fork();
			if (!child)
				printf("%d\n", getpid());
			if (!child)
				line = step("child");
			else
				waitpid(child, NULL, 0);
			if (!child)
				continue;
		}
		line = step("ok");
	}
	/* Without what the C library has to do then: it might write to what is read-only now. */
	fflush(stdout);
	_exit(0);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	(void)argc;
	self = argv[0];
	VIZ_PROBE_INIT(&gauge, gauge, "gauge");
	sem_init(&may_leave, 0, 0);
	pthread_create(&thread, NULL, serve, NULL);
	sem_wait(&may_leave);
	pthread_exit(NULL);
}
