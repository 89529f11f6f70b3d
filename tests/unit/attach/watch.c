// SPDX-License-Identifier: BSD-2-Clause
/* watch, with this machine's processes. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach/watch.h"

#define CHILDREN 300

/* What was told of the children of this process. */
struct told {
	uint64_t last; /* ts */
	pid_t forked[CHILDREN];
	unsigned n_forked, n_execed, orphans, backwards, missed;
};

static atomic_bool all_made;

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % (int)sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *make_children(void *arg)
{
	pin(0);
	for (unsigned i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();

		if (!pid) {
			pin(1);
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
	}
	atomic_store(&all_made, true);
	return arg;
}

static int on_event(void *ctx, const struct watch_event *e)
{
	struct told *told = ctx;
	bool is_ours = false;

	told->backwards += e->ts < told->last;
	told->last = e->ts;
	told->missed += e->kind == WATCH_MISSED;
	if (e->kind == WATCH_FORKED && e->parent == getpid() && told->n_forked < CHILDREN)
		told->forked[told->n_forked++] = e->pid;
	for (unsigned i = 0; i < told->n_forked && e->kind == WATCH_EXECED; i++)
		is_ours |= told->forked[i] == e->pid;
	if (e->kind == WATCH_EXECED && !strcmp(e->name, "true")) {
		told->n_execed += is_ours;
		told->orphans += !is_ours; /* or somebody else's */
	}
	return 0;
}

/* They fork on one CPU and execute on another one, and it is read all the time. */
Test(watch, what_happened_later_is_told_later)
{
	static struct told told;
	pthread_t maker;
	struct watch *w;
	int err = watch__new(&w);

	if (err == -EACCES || err == -EPERM)
		cr_skip_test("no right to see what processes do");
	cr_assert_eq(err, 0);
	cr_assert_eq(pthread_create(&maker, NULL, make_children, NULL), 0);
	while (!atomic_load(&all_made))
		cr_assert_eq(watch__read(w, on_event, &told), 0);
	pthread_join(maker, NULL);
	cr_assert_eq(watch__read(w, on_event, &told), 0);
	watch__free(w);
	cr_assert_eq(told.backwards, 0, "%u of %u", told.backwards, told.n_execed);
	cr_assert(told.missed || told.n_forked == CHILDREN, "%u", told.n_forked);
	cr_assert(told.missed || told.n_execed == CHILDREN, "%u, %u orphans", told.n_execed, told.orphans);
}

/* Whoever polls it is told of what was kept back, too: nobody else makes an event then. */
Test(watch, what_is_kept_back_is_told_of)
{
	struct told told = { 0 };
	pid_t pids[16];
	struct watch *w;
	int err = watch__new(&w);

	if (err == -EACCES || err == -EPERM)
		cr_skip_test("no right to see what processes do");
	cr_assert_eq(err, 0);
	for (int i = 0; i < 16; i++) {
		struct pollfd fd = { .fd = watch__fd(w), .events = POLLIN };

		pids[i] = fork();
		if (!pids[i])
			_exit(0);
		while (told.n_forked <= (unsigned)i) {
			cr_assert_eq(poll(&fd, 1, 30000), 1);
			cr_assert_eq(watch__read(w, on_event, &told), 0);
		}
		cr_assert_eq(told.forked[i], pids[i]);
		waitpid(pids[i], NULL, 0);
	}
	watch__free(w);
}
