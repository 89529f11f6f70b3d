/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands to trace, what they do and what they print. */
#ifndef VIZTRACE_TEST_LAUNCH_FIXTURES_H
#define VIZTRACE_TEST_LAUNCH_FIXTURES_H

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach/launch.h"

#define PATIENCE_MS 30000
#define SELF "/proc/self/exe"

/* A shell starts what is put behind it (`make test &`) with SIGINT and SIGQUIT ignored, nohup with SIGHUP. */
static inline void forget_inherited_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL); /* of those that cannot be set nothing changes */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static inline void set_up(void)
{
	forget_inherited_signals();
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	setenv("PATH", "/usr/bin:/bin", 1); /* without what only root may look into */
}

/* ---- commands that no package has: this program, called with a name of one of these ---- */

static inline void answer(int number)
{
	(void)number;
	(void)!write(STDOUT_FILENO, "!", 1);
}

static inline void *idle(void *arg)
{
	pthread_barrier_wait(arg);
	return NULL;
}

static inline int run_threads(void)
{
	pthread_t threads[300];
	pthread_barrier_t barrier;

	pthread_barrier_init(&barrier, NULL, 301);
	for (int i = 0; i < 300; i++)
		if (pthread_create(&threads[i], NULL, idle, &barrier))
			return 1;
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 300; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

static inline void *exec_shell(void *arg)
{
	(void)arg;
	execlp("sh", "sh", "-c", "exit 7", NULL);
	return NULL;
}

static inline int exec_from_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exec_shell, NULL);
	pause();
	return 1;
}

static inline _Noreturn void answer_signals(void)
{
	const struct sigaction action = { .sa_handler = answer, .sa_flags = SA_RESTART };

	alarm(90); /* should the test fail */
	sigaction(SIGUSR1, &action, NULL);
	answer(0);
	for (;;)
		pause();
}

static inline void __attribute__((constructor)) be_a_command(int argc, char **argv)
{
	if (argc != 2)
		return;
	if (!strcmp(argv[1], "threads"))
		_exit(run_threads());
	if (!strcmp(argv[1], "exec-from-thread"))
		_exit(exec_from_thread());
	if (!strcmp(argv[1], "signals"))
		answer_signals();
	if (!strcmp(argv[1], "constructor")) {
		answer(0);
		_exit(0);
	}
}

/* ---- the tool's part ---- */

static inline struct launch *begin(const struct launch_options *o)
{
	struct launch *l = NULL;
	char error[256] = "";
	int err = launch__new(&l, o, error, sizeof(error));

	if (err == -EPERM && strstr(error, "ptrace"))
		cr_skip_test("%s", error); /* a container may forbid it */
	cr_assert_eq(err, 0, "%s", error);
	return l;
}

#define COMMAND(...) ((char *[]){ __VA_ARGS__, NULL })

static inline void await(struct launch *l)
{
	struct pollfd ready = { .fd = launch__fd(l), .events = POLLIN };

	cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1, "nothing happened");
}

static inline struct launch_stop next_stop(struct launch *l)
{
	struct launch_stop stop;
	int status;

	while (!launch__next(l, &stop)) {
		cr_assert_not(launch__ended(l, &status), "it has ended: %#x", status);
		await(l);
	}
	return stop;
}

/* To the end; counts what was seen on the way. */
struct story {
	bool found, found_mapped; /* what to say: always, to all but an exec */
	int execs, maps, status;
};

static inline void follow(struct launch *l, struct story *s)
{
	struct launch_stop stop;

	for (;;) {
		while (launch__next(l, &stop)) {
			*(stop.exec ? &s->execs : &s->maps) += 1;
			launch__go_on(l, stop.pid, s->found || (s->found_mapped && !stop.exec));
		}
		if (launch__ended(l, &s->status))
			return;
		await(l);
	}
}

static inline struct story trace(const struct launch_options *o, bool found)
{
	struct launch *l = begin(o);
	struct story s = { .found = found };

	cr_assert_eq(launch__start(l), 0);
	follow(l, &s);
	launch__free(l);
	return s;
}

static inline struct story trace_command(char *const *argv)
{
	return trace(&(struct launch_options){ .argv = argv }, false);
}

static inline bool has_mapped(pid_t pid, const char *name)
{
	char path[64], line[4096];
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	cr_assert_not_null(maps);
	while (!found && fgets(line, sizeof(line), maps))
		found = strstr(line, name) && strstr(line, "r-xp");
	fclose(maps);
	return found;
}

/* A number in /proc/PID/status, or -1. */
static inline long long status_of(pid_t pid, const char *key, int base)
{
	char path[64], line[256];
	long long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ':')
			value = strtoll(line + strlen(key) + 1, NULL, base);
	if (file)
		fclose(file);
	return value;
}

static inline void await_detached(pid_t pid)
{
	for (int i = 0; i < PATIENCE_MS && status_of(pid, "TracerPid", 10) > 0; i++)
		usleep(1000);
	cr_expect_eq(status_of(pid, "TracerPid", 10), 0);
}

/* ---- the command's output ---- */

static int out = -1; /* where it can be read */

static inline void catch_output(void)
{
	int fds[2];

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	cr_assert_eq(dup2(fds[1], STDOUT_FILENO), STDOUT_FILENO);
	close(fds[1]);
	out = fds[0];
}

static inline int output_size(void)
{
	int n = -1;

	ioctl(out, FIONREAD, &n);
	return n;
}

static inline bool wait_for_output(int ms)
{
	struct pollfd ready = { .fd = out, .events = POLLIN };

	return poll(&ready, 1, ms) == 1;
}

static inline const char *read_output(void)
{
	static char text[4096];
	ssize_t n = wait_for_output(PATIENCE_MS) ? read(out, text, sizeof(text) - 1) : -1;

	cr_assert_geq(n, 0, "the command wrote nothing");
	text[n] = 0;
	return text;
}

static inline void expect_answer(pid_t pid, int sig)
{
	char c;

	if (sig)
		kill(pid, sig);
	cr_assert(wait_for_output(PATIENCE_MS), "signal %d had no effect", sig);
	cr_assert_eq(read(out, &c, 1), 1);
}

#endif
