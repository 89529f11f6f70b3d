/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams of numbered writes, as fast as the processor allows: what is missing, doubled or another thread's can be told
 * from the trace alone. Each write says which of its stream it is, which stream, and which thread it is from.
 *
 *   threads T N      T threads, N writes each, at the same time
 *   signals T N      the same, and a timer's signal every 100 us that writes, too, now and then more than a lap; and how
 *                    many writes that were
 *   churn R          R times up to 8 threads that end after a few writes
 *   end HOW          1077 writes, and then: return, exit, abort, segv, kill
 *   exec N           the same, N times, each in a new program
 *   forks N          the same, among N children that write, too, a third of which kill themselves
 *   forever T FILE   T threads, until it is killed; FILE: how far each has come, two u64 each: begun, done
 *   vforks N         50 writes, 300 in a child that has our memory, 50 writes; N times
 *   steps            `write N`, as it is told; `on`: how many tracers does it believe in; `no clock`: reading the processor's
 *                    clock kills us from now on
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "viztrace.h"
#include "step.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define THREADS_MAX 256

struct stream { struct viz_counter viz; int64_t number, stream, thread, check; };
VIZ_PROBE_COUNTER(stream, number, stream, thread, check);

static volatile struct { uint64_t begun, done; } *progress;
static int n_streams;
static long n_writes, n_written;

static void begin(struct stream *s)
{
	memset(s, 0, sizeof(*s));
	VIZ_PROBE_INIT(s, stream, "stream");
	s->stream = __atomic_fetch_add(&n_streams, 1, __ATOMIC_RELAXED);
	s->thread = syscall(SYS_gettid);
	s->number = -1;
}

static inline __attribute__((always_inline)) void next(struct stream *s)
{
	int64_t number = s->number + 1;

	s->check = number * 7919 ^ s->stream;
	if (progress)
		progress[s->stream].begun = (uint64_t)number + 1;
	VIZ_PROBE_SET(s, number, number);
	if (progress)
		progress[s->stream].done = (uint64_t)number + 1;
}

static void end(struct stream *s)
{
	__atomic_fetch_add(&n_written, s->number + 1, __ATOMIC_RELAXED);
	VIZ_PROBE_DESTROY(s);
}

static __thread struct stream *of_handler;

static void on_alarm(int signal)
{
	static __thread unsigned n_alarms;
	struct stream *s = of_handler;
	int n;

	(void)signal;
	if (!s)
		return;
	/* Each of 300 may take a trap: were that so each time, there would be nothing but handlers on a slow machine. */
	n = ++n_alarms % 50 ? 2 : 300;
	while (n--)
		next(s);
}

static timer_t start_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR2 };
	struct itimerspec every = { { 0, 100000 }, { 0, 100000 } };
	timer_t timer;

	event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &every, NULL);
	return timer;
}

static void *write_all(void *arg)
{
	static struct stream streams[THREADS_MAX];
	struct stream *s = &streams[(intptr_t)arg];

	begin(s);
	for (long i = 0; i < n_writes; i++)
		next(s);
	end(s);
	return NULL;
}

static void *write_among_signals(void *arg)
{
	static struct stream handlers[THREADS_MAX];
	struct stream *s = &handlers[(intptr_t)arg];
	timer_t timer;

	begin(s);
	of_handler = s;
	timer = start_timer();
	write_all(arg);
	timer_delete(timer);
	of_handler = NULL;
	end(s);
	return NULL;
}

static void *write_few(void *arg)
{
	struct stream s;

	begin(&s);
	for (intptr_t i = 0; i < (intptr_t)arg % 397; i++)
		next(&s);
	if ((intptr_t)arg % 5 == 0)
		usleep(300);
	for (intptr_t i = 0; i < (intptr_t)arg % 7; i++)
		next(&s);
	end(&s);
	return NULL;
}

static void run_threads(int n, void *(*work)(void *), intptr_t first, intptr_t step_)
{
	pthread_t threads[THREADS_MAX];

	for (int i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, work, (void *)(first + i * step_));
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

static void write_1077(void)
{
	static struct stream s;

	begin(&s);
	for (int i = 0; i < 1077; i++)
		next(&s);
}

static void finish(const char *how)
{
	if (!strcmp(how, "exit"))
		_exit(0);
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "segv"))
		*(volatile int *)8 = 1;
	if (!strcmp(how, "kill"))
		kill(getpid(), SIGKILL);
	exit(0);
}

static void fork_child(int i)
{
	if (fork())
		return;
	write_1077();
	if (i % 3 == 0)
		kill(getpid(), SIGKILL);
	_exit(0);
}

static void vfork_child(void)
{
	static struct stream s, of_child;
	int i;

	if (!s.viz.base.cls) {
		begin(&s);
		begin(&of_child);
	}
	for (i = 0; i < 50; i++)
		next(&s);
	if (!vfork()) {
		for (i = 0; i < 300; i++)
			next(&of_child);
		_exit(0);
	}
	for (i = 0; i < 50; i++)
		next(&s);
}

static void open_progress(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	if (fd < 0 || ftruncate(fd, 4096 * 4))
		exit(1);
	progress = mmap(NULL, 4096 * 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static void do_steps(void)
{
	static struct stream s;
	const char *line = step("ready");
	long n;

	begin(&s);
	while (strcmp(line, "quit")) {
		if (sscanf(line, "write %ld", &n) == 1)
			while (n--)
				next(&s);
		else if (!strcmp(line, "no clock"))
			prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
		else if (!strcmp(line, "on"))
			printf("%d\n", step_semaphores() + *(volatile unsigned short *)&viz_batch_semaphore);
		line = step("ok");
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "", *how = argc > 2 ? argv[2] : "0";
	int n = atoi(how);

	if (argc > 3)
		n_writes = atol(argv[3]);
	signal(SIGUSR2, on_alarm);
	if (!strcmp(mode, "steps")) {
		do_steps();
		return 0;
	}
	if (!strcmp(mode, "exec-next")) {
		write_1077();
		if (n > 1) {
			char left[16];

			snprintf(left, sizeof(left), "%d", n - 1);
			execl("/proc/self/exe", argv[0], "exec-next", left, (char *)NULL);
		}
		return 0;
	}
	if (!strcmp(mode, "forever"))
		open_progress(argv[3]);
	step("ready");
	if (!strcmp(mode, "threads")) {
		run_threads(n, write_all, 0, 1);
	} else if (!strcmp(mode, "signals")) {
		run_threads(n, write_among_signals, 0, 1);
		printf("%ld\n", n_written);
	} else if (!strcmp(mode, "churn")) {
		for (int i = 0; i < n; i++)
			run_threads(1 + i % 8, write_few, i * 31, 97);
	} else if (!strcmp(mode, "end")) {
		write_1077();
		finish(how);
	} else if (!strcmp(mode, "exec")) {
		write_1077();
		execl("/proc/self/exe", argv[0], "exec-next", how, (char *)NULL);
	} else if (!strcmp(mode, "forks")) {
		for (int i = 0; i < n; i++)
			fork_child(i);
		write_1077();
		while (wait(NULL) > 0)
			;
	} else if (!strcmp(mode, "vforks")) {
		for (int i = 0; i < n; i++)
			vfork_child();
	} else if (!strcmp(mode, "forever")) {
		n_writes = INT64_MAX;
		run_threads(n, write_all, 0, 1);
	}
	return 0;
}
