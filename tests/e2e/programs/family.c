// SPDX-License-Identifier: BSD-2-Clause
/*
 * Processes and their children: family MODE [ARGS]. Each says in its snapshots who it is; all that act(n) does are n + 4 events.
 *
 *   leaf N [CODE]         act, and exit with that code
 *   tree                  three children, each with two of its own, without exec
 *   twice                 a child with the parent's object, both go on with it
 *   prefork N             N children that work whenever the parent passes on a line
 *   exec, vfork, spawn PROGRAM ARGS...   act, then run that
 *   thread-exec PROGRAM ARGS...          by another thread than the first
 *   daemon                ends before its child begins
 *   zombie                leaves a child's body until it is told to go on
 *   signal N              act, and die of it
 *   echo                  what it reads, with an event for each line
 *   who                   its user and group
 */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

struct item {
	struct viz_object viz;
	int64_t owner; /* its process */
	int64_t step;
};
VIZ_PROBE_OBJECT(item, owner, step);

static struct item item;

static void act(const char *name, int n)
{
	VIZ_PROBE_SCOPE("act");
	item.owner = getpid();
	item.step = 0;
	VIZ_PROBE_INIT(&item, item, name);
	for (int i = 1; i <= n; i++)
		VIZ_PROBE_SET(&item, step, i);
	VIZ_PROBE_DESTROY(&item);
}

static int run_leaf(char **args)
{
	act("leaf", atoi(args[0]));
	return args[1] ? atoi(args[1]) : 0;
}

static void wait_for_all(void)
{
	while (wait(NULL) > 0)
		;
}

static int run_tree(char **args)
{
	char name[32];

	(void)args;
	act("parent", 5);
	for (int i = 0; i < 3; i++) {
		if (fork())
			continue;
		snprintf(name, sizeof(name), "child %d", i);
		act(name, 5);
		for (int j = 0; j < 2; j++) {
			if (fork())
				continue;
			snprintf(name, sizeof(name), "grandchild %d %d", i, j);
			act(name, 5);
			_exit(0);
		}
		wait_for_all();
		_exit(0);
	}
	wait_for_all();
	return 0;
}

/* In step, so that their reports come in turns. */
static int run_twice(char **args)
{
	int there[2], back[2];
	bool is_child;
	char c = 0;

	(void)args;
	if (pipe(there) || pipe(back))
		return 1;
	item.owner = getpid();
	VIZ_PROBE_INIT(&item, item, "of both");
	VIZ_PROBE_SET(&item, step, 0);
	is_child = !fork();
	if (is_child)
		item.owner = getpid();
	for (int i = 1; i <= 10; i++) {
		if (is_child && read(there[0], &c, 1) != 1)
			_exit(1);
		VIZ_PROBE_SET(&item, step, is_child ? -i : i);
		if (write(is_child ? back[1] : there[1], &c, 1) != 1 || (!is_child && read(back[0], &c, 1) != 1))
			return 1;
	}
	VIZ_PROBE_DESTROY(&item);
	if (is_child)
		_exit(0);
	wait_for_all();
	return 0;
}

static int run_prefork(char **args)
{
	int n = atoi(args[0]), go[2], done[2];
	char c = 0;

	if (pipe(go) || pipe(done))
		return 1;
	for (int i = 0; i < n; i++) {
		if (fork())
			continue;
		act("worker begins", 1);
		if (write(done[1], &c, 1) == 1 && read(go[0], &c, 1) == 1)
			act("worker works", 5);
		_exit(0);
	}
	for (int i = 0; i < n; i++)
		if (read(done[0], &c, 1) != 1)
			return 1;
	step("forked");
	for (int i = 0; i < n; i++)
		if (write(go[1], &c, 1) != 1)
			return 1;
	wait_for_all();
	return 0;
}

static int run_exec(char **args)
{
	act("before", 5);
	item.owner = getpid();
	VIZ_PROBE_INIT(&item, item, "open");
	VIZ_PROBE_SET(&item, step, 1);
	VIZ_PROBE_ENTER("never left");
	execv(args[0], args);
	return 1;
}

static void *exec_thread(void *arg)
{
	_exit(run_exec(arg));
}

static int run_thread_exec(char **args)
{
	pthread_t id;

	pthread_create(&id, NULL, exec_thread, args);
	pthread_join(id, NULL);
	return 1;
}

static int run_vfork(char **args)
{
	pid_t child;

	act("before", 5);
	child = vfork();
	if (!child) {
		execv(args[0], args);
		_exit(1);
	}
	wait_for_all();
	act("after", 5);
	return 0;
}

static int run_spawn(char **args)
{
	pid_t child;

	act("before", 5);
	if (posix_spawn(&child, args[0], NULL, NULL, args, environ))
		return 1;
	wait_for_all();
	act("after", 5);
	return 0;
}

static int run_daemon(char **args)
{
	int gone[2];
	char c;

	(void)args;
	act("parent", 5);
	if (pipe(gone))
		return 1;
	if (fork())
		return 3;
	close(gone[1]);
	setsid();
	if (read(gone[0], &c, 1) == 0)
		act("daemon", 5);
	return 0;
}

static int run_zombie(char **args)
{
	siginfo_t info;

	(void)args;
	if (!fork()) {
		act("child", 5);
		_exit(0);
	}
	waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
	step("a zombie");
	act("parent", 5);
	wait_for_all();
	return 0;
}

static int run_signal(char **args)
{
	act("victim", 5);
	signal(atoi(args[0]), SIG_DFL);
	raise(atoi(args[0]));
	return 0;
}

static int run_echo(char **args)
{
	char line[64];

	(void)args;
	while (fgets(line, sizeof(line), stdin)) {
		VIZ_PROBE_INSTANT("a line");
		fputs(line, stdout);
	}
	return 0;
}

static int run_who(char **args)
{
	(void)args;
	VIZ_PROBE_INSTANT("who");
	printf("%d %d %d %d\n", getuid(), getgid(), geteuid(), getegid());
	return 0;
}

int main(int argc, char **argv)
{
	static const struct { const char *name; int (*run)(char **); } modes[] = {
		{ "leaf", run_leaf }, { "tree", run_tree }, { "twice", run_twice }, { "prefork", run_prefork },
		{ "exec", run_exec }, { "thread-exec", run_thread_exec }, { "vfork", run_vfork }, { "spawn", run_spawn },
		{ "daemon", run_daemon }, { "zombie", run_zombie }, { "signal", run_signal }, { "echo", run_echo },
		{ "who", run_who },
	};
	bool waits = argc > 1 && !strcmp(argv[1], "--wait"); /* to be attached to */

	VIZ_PROBE_INSTANT("main");
	if (waits)
		step("ready");
	argv += 1 + waits;
	for (size_t i = 0; argc > 1 + waits && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[0], modes[i].name))
			return modes[i].run(argv + 1);
	return 2;
}
