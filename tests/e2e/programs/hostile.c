// SPDX-License-Identifier: BSD-2-Clause
/*
 * Does one thing on two threads as fast as it can until it is ended: hostile MODE
 *   list      reports of 4,000 numbers each
 *   strings   reports of as much text as there may be
 *   objects   new objects, that never end, at ever new addresses
 *   names     single values of ever new names
 *   slices    slices of ever new names that never end
 *   threads   threads that end within a slice
 *   forks     children that end within a slice; to be followed
 */
#define _GNU_SOURCE
#include "viztrace.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct wide {
	struct viz_object viz;
	unsigned char b[4000];
	int n;
};
VIZ_PROBE_OBJECT(wide, b, n);

struct wordy {
	struct viz_object viz;
	const char *a, *b;
	int n;
};
VIZ_PROBE_OBJECT(wordy, a, b, n);

struct small {
	struct viz_object viz;
	int n;
};
VIZ_PROBE_OBJECT(small, n);

static void lists(void)
{
	struct wide w = { .n = 0 };

	memset(w.b, 255, sizeof(w.b));
	VIZ_PROBE_INIT(&w, wide, "wide");
	for (;;)
		VIZ_PROBE_SET(&w, n, w.n + 1);
}

static void strings(void)
{
	static char text[4090];
	struct wordy w = { .a = text, .b = text };

	memset(text, 1, sizeof(text) - 1); /* six characters each, in JSON */
	VIZ_PROBE_INIT(&w, wordy, "wordy");
	for (;;)
		VIZ_PROBE_SET(&w, n, w.n + 1);
}

#define MANY (1u << 22)

static void objects(void)
{
	struct small *all = mmap(NULL, MANY * sizeof(*all), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	for (unsigned i = 0; all != MAP_FAILED && i < MANY; i++)
		VIZ_PROBE_INIT(&all[i], small, "one of many");
	for (;;)
		pause();
}

static void names(void)
{
	char name[64];

	for (uint64_t i = 0;; i++) {
		snprintf(name, sizeof(name), "name %d %llu", gettid(), (unsigned long long)i);
		VIZ_PROBE_VALUE(name, "value", i);
	}
}

static void slices(void)
{
	char name[64];

	for (uint64_t i = 0;; i++) {
		snprintf(name, sizeof(name), "slice %d %llu", gettid(), (unsigned long long)i);
		VIZ_PROBE_ENTER(name);
	}
}

static void *open_slice(void *arg)
{
	VIZ_PROBE_ENTER("open");
	return arg;
}

static void threads(void)
{
	pthread_t thread;

	for (;;)
		if (!pthread_create(&thread, NULL, open_slice, NULL))
			pthread_join(thread, NULL);
}

static void forks(void)
{
	for (;;) {
		pid_t child = fork();

		if (!child) {
			open_slice(NULL);
			_exit(0);
		}
		if (child > 0)
			waitpid(child, NULL, 0);
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} modes[] = {
	{ "list", lists },     { "strings", strings }, { "objects", objects }, { "names", names },
	{ "slices", slices },  { "threads", threads }, { "forks", forks },
};

static void *run(void *mode)
{
	for (unsigned i = 0; i < 300000 && !viz_init_semaphore; i++)
		usleep(1000);
	modes[*(int *)mode].run();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int mode;

	for (mode = 0; mode < (int)(sizeof(modes) / sizeof(*modes)); mode++)
		if (argc > 1 && !strcmp(argv[1], modes[mode].name))
			break;
	if (mode == (int)(sizeof(modes) / sizeof(*modes)) || pthread_create(&thread, NULL, run, &mode))
		return 2;
	puts("ready");
	fflush(stdout);
	run(&mode);
	return 0;
}
