/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams of numbered writes (batches.c) from this program and from libraries that come and go: each run of
 * plugin_write() is a stream of its own.
 *
 *   plugins N T END FILE LIBRARY...   Open all libraries, say "open" and close them; then N times: open the next one of the libraries, T threads that stay for all of it
 *                                     write through it and we do, and so through the program itself; close it.
 *                                     Then END: return, kill, or forever (then N is how often they come and go, and
 *                                     then they stay and are written through until somebody kills us)
 *
 * FILE: two u64 for each stream: writes begun, done. A library that begins with '+' is open all the time. One that was
 * built with a breakpoint in it is written through there, too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "viztrace.h"
#include "step.h"

#define STREAMS_MAX 65536
#define THREADS_MAX 16
#define LIBRARIES_MAX 32

typedef void (*write_t)(int64_t stream, long n, volatile uint64_t *progress);
void plugin_write(int64_t stream, long n, volatile uint64_t *progress);

static volatile uint64_t (*progress)[2];
static int64_t n_streams;
static write_t current;
static long rounds;
static int n_threads;
static pthread_barrier_t barrier;

static void run(write_t f, long n)
{
	int64_t stream = __atomic_fetch_add(&n_streams, 1, __ATOMIC_RELAXED);

	if (stream < STREAMS_MAX)
		f(stream, n, progress[stream]);
}

static void write_some(long i, long k)
{
	run(current, (i * 31 + k * 97) % 401);
	run(plugin_write, (i * 17 + k) % 50);
	run(current, (i + k) % 7);
}

static void on_breakpoint(int signal)
{
	static __thread unsigned n;

	(void)signal;
	run(current, ++n % 2 ? 3 : 100);
}

static void *work(void *arg)
{
	for (long i = 0; i < rounds; i++) {
		pthread_barrier_wait(&barrier);
		write_some(i, (intptr_t)arg);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void *write_forever(void *arg)
{
	for (long i = 0;; i++)
		write_some(i, (intptr_t)arg);
	return NULL;
}

static void *open_library(const char *path)
{
	void *library = dlopen(path + (*path == '+'), RTLD_NOW);

	if (!library) {
		puts(dlerror());
		exit(1);
	}
	current = (write_t)(uintptr_t)dlsym(library, "plugin_write");
	return library;
}

/* It will not always fit into where it was. */
static void take_a_place(long i)
{
	if (i % 5 == 4)
		mmap(NULL, 4096 * 300, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS_MAX];
	void *libraries[LIBRARIES_MAX];
	int fd;

	if (argc < 6 || argc - 5 > LIBRARIES_MAX)
		return 2;
	rounds = atol(argv[1]);
	n_threads = atoi(argv[2]);
	fd = open(argv[4], O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*progress) * STREAMS_MAX))
		return 1;
	progress = mmap(NULL, sizeof(*progress) * STREAMS_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	signal(SIGTRAP, on_breakpoint);
	step("ready");
	for (int i = 5; i < argc; i++)
		libraries[i - 5] = open_library(argv[i]);
	step("open");
	for (int i = 5; i < argc; i++)
		if (*argv[i] != '+')
			dlclose(libraries[i - 5]);
	pthread_barrier_init(&barrier, NULL, (unsigned)n_threads + 1);
	for (intptr_t k = 0; k < n_threads; k++)
		pthread_create(&threads[k], NULL, work, (void *)(k + 1));
	for (long i = 0; i < rounds; i++) {
		const char *path = argv[5 + i % (argc - 5)];
		void *library = open_library(path);

		pthread_barrier_wait(&barrier);
		write_some(i, 0);
		pthread_barrier_wait(&barrier);
		dlclose(library);
		take_a_place(i);
	}
	for (int k = 0; k < n_threads; k++)
		pthread_join(threads[k], NULL);
	if (!strcmp(argv[3], "forever")) {
		open_library(argv[5]);
		for (intptr_t k = 0; k < n_threads; k++)
			pthread_create(&threads[k], NULL, write_forever, (void *)k);
		pause();
	}
	if (!strcmp(argv[3], "kill"))
		kill(getpid(), SIGKILL);
	return 0;
}
