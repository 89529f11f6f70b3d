// SPDX-License-Identifier: BSD-2-Clause
/* Processes and threads that come, go and change: processes MODE */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

struct sum {
	struct viz_counter viz;
	uint64_t value;
};
VIZ_PROBE_COUNTER(sum, value);

static struct sum sum;

static uint64_t work(int n)
{
	uint64_t x = 1;

	VIZ_PROBE_METHOD();
	for (int i = 0; i < n; i++) {
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		VIZ_PROBE_SET(&sum, value, x >> 11);
	}
	return x;
}

static void run_fork(const char *self)
{
	(void)self;
	work(10);
	for (int i = 0; i < 3; i++) {
		pid_t child = fork();
		int status;

		if (!child) {
			struct sum own = { .value = 0 };
			uint64_t x = work(1000);

			VIZ_PROBE_INIT(&own, sum, "of a child");
			VIZ_PROBE_SET(&own, value, 1);
			VIZ_PROBE_DESTROY(&own);
			_exit(x == work(1000) ? 7 : 8);
		}
		waitpid(child, &status, 0);
		printf("child %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
		work(10);
	}
}

static void run_vfork(const char *self)
{
	(void)self;
	for (int i = 0; i < 3; i++) {
		pid_t child = vfork();
		int status;

		if (!child) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		waitpid(child, &status, 0);
		printf("child %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
		work(10);
	}
}

static void run_exec(const char *self)
{
	work(10);
	fflush(stdout);
	execl(self, self, "again", (char *)NULL);
	_exit(1);
}

static void *thread(void *arg)
{
	char name[16];

	snprintf(name, sizeof(name), "thread %d", (int)(intptr_t)arg);
	pthread_setname_np(pthread_self(), name);
	VIZ_PROBE_INSTANT(name);
	return NULL;
}

static void run_threads(const char *self)
{
	(void)self;
	for (int i = 0; i < 300; i += 10) {
		pthread_t ids[10];

		for (int j = 0; j < 10; j++)
			pthread_create(&ids[j], NULL, thread, (void *)(intptr_t)(i + j));
		for (int j = 0; j < 10; j++)
			pthread_join(ids[j], NULL);
	}
}

static void *renamed(void *arg)
{
	pthread_setname_np(pthread_self(), "before");
	VIZ_PROBE_INSTANT("one");
	pthread_setname_np(pthread_self(), "after \xc3\xa9 \"x\"");
	VIZ_PROBE_INSTANT("two");
	return arg;
}

static void run_renamed(const char *self)
{
	pthread_t id;

	(void)self;
	pthread_create(&id, NULL, renamed, NULL);
	pthread_join(id, NULL);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*run)(const char *); } modes[] = {
		{ "fork", run_fork }, { "vfork", run_vfork }, { "exec", run_exec }, { "threads", run_threads },
		{ "renamed", run_renamed },
	};

	VIZ_PROBE_INIT(&sum, sum, NULL);
	if (argc > 1 && !strcmp(argv[1], "again")) {
		work(10);
		puts("again");
		return 0;
	}
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (argc < 2 || strcmp(argv[1], modes[i].name))
			continue;
		step("ready");
		modes[i].run(argv[0]);
		return 0;
	}
	return 2;
}
