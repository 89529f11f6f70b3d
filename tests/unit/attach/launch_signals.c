/* SPDX-License-Identifier: BSD-2-Clause */
/* Real commands, traced for real: signals, and a tracer that goes. */
#define _GNU_SOURCE
#include "launch_fixtures.h"

TestSuite(launch_signals, .init = set_up, .timeout = 90);

/* ---- signals ---- */

static void run_until_answer(struct launch *l)
{
	struct launch_stop stop;

	cr_assert_eq(launch__start(l), 0);
	while (!output_size()) {
		while (launch__next(l, &stop))
			launch__go_on(l, stop.pid, false);
		usleep(1000);
	}
	expect_answer(0, 0);
}

static void expect_end(struct launch *l, int sig)
{
	struct story s = { 0 };

	follow(l, &s);
	cr_expect(WIFSIGNALED(s.status) && WTERMSIG(s.status) == sig, "%#x", s.status);
	launch__free(l);
}

Test(launch_signals, passes_signals_on)
{
	struct launch_options o = { .argv = COMMAND(SELF, "signals") };

	catch_output();
	for (int i = 0; i < 2; i++) {
		struct launch *l;

		o.follow = i;
		l = begin(&o);
		run_until_answer(l);
		for (int j = 0; j < 100; j++)
			expect_answer(launch__pid(l), SIGUSR1);
		kill(launch__pid(l), SIGTERM);
		expect_end(l, SIGTERM);
	}
}

Test(launch_signals, stops_and_continues_a_job)
{
	struct launch_options o = { .argv = COMMAND(SELF, "signals") };
	static const int stops[] = { SIGSTOP, SIGTSTP };

	catch_output();
	for (int i = 0; i < 2; i++) {
		struct launch *l;

		o.follow = i;
		l = begin(&o);
		setpgid(launch__pid(l), 0);
		run_until_answer(l);
		for (int j = 0; j < 2; j++) {
			/* An orphaned process group takes no SIGTSTP; the test may run in one. */
			kill(launch__pid(l), stops[j]);
			if (stops[j] == SIGSTOP) {
				kill(launch__pid(l), SIGUSR1);
				cr_expect_not(wait_for_output(200), "it must have stopped");
				expect_answer(launch__pid(l), SIGCONT);
			}
			kill(launch__pid(l), SIGCONT);
			expect_answer(launch__pid(l), SIGUSR1);
		}
		kill(launch__pid(l), SIGKILL);
		expect_end(l, SIGKILL);
	}
}

Test(launch_signals, survives_a_process_killed_while_it_is_looked_at)
{
	struct launch *l = begin(&(struct launch_options){ .argv = COMMAND("true"), .follow = true });
	struct launch_stop stop;

	cr_assert_eq(launch__start(l), 0);
	stop = next_stop(l);
	kill(stop.pid, SIGKILL);
	launch__go_on(l, stop.pid, true);
	launch__go_on(l, stop.pid, true);
	expect_end(l, SIGKILL);
}

Test(launch_signals, gives_the_command_signals_as_a_shell_does)
{
	const char *said, *ignored;
	sigset_t some;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&some);
	sigaddset(&some, SIGUSR2);
	sigprocmask(SIG_BLOCK, &some, NULL);
	catch_output();
	trace_command(COMMAND("grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status"));
	said = read_output();
	cr_expect(strstr(said, "SigBlk:\t0000000000000000\n"), "%s", said);
	ignored = strstr(said, "SigIgn:\t");
	cr_assert(ignored, "%s", said);
	/* glibc's own two, 32 and 33, are ignored by what an older make has run. */
	cr_expect_eq(strtoull(ignored + 8, NULL, 16) & ~(3ull << 31), 1, "nohup's SIGHUP alone: %s", said);
}

Test(launch_signals, restores_the_callers_signal_mask)
{
	sigset_t mask;

	trace_command(COMMAND("true"));
	sigprocmask(SIG_BLOCK, NULL, &mask);
	cr_expect_not(sigismember(&mask, SIGCHLD));
}

Test(launch_signals, gives_the_command_none_of_its_descriptors)
{
	int inherited = 0, n = 0;

	catch_output();
	for (int fd = 0; fd < 1024; fd++) {
		int flags = fcntl(fd, F_GETFD);

		inherited += flags >= 0 && !(flags & FD_CLOEXEC);
	}
	trace_command(COMMAND("ls", "/proc/self/fd"));
	for (const char *c = read_output(); *c; c++)
		n += *c == '\n';
	cr_expect_eq(n, inherited + 1, "%d instead of %d and the directory", n, inherited);
}

/* ---- letting go ---- */

Test(launch_signals, leaves_the_command_running)
{
	struct launch_options o = { .argv = COMMAND(SELF, "signals") };

	catch_output();
	for (int i = 0; i < 2; i++) {
		struct launch *l;
		pid_t pid;

		o.follow = i;
		l = begin(&o);
		pid = launch__pid(l);
		run_until_answer(l);
		cr_expect_gt(status_of(pid, "TracerPid", 10), 0);
		launch__free(l);
		await_detached(pid);
		expect_answer(pid, SIGUSR1);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

/* In a process of its own, which can be killed as the tool may be: at the n-th stop. */
static pid_t be_killed_at_stop(int n, bool seen)
{
	const struct launch_options o = { .argv = COMMAND(SELF, "signals"), .follow = true };
	pid_t pid = 0, tool;
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	tool = fork();
	if (!tool) {
		struct launch *l = begin(&o);
		struct launch_stop stop = { 0 };

		launch__start(l);
		for (int i = 0; i < n; i++) {
			stop = next_stop(l);
			if (i + 1 < n || seen)
				launch__go_on(l, stop.pid, false);
		}
		(void)!write(fds[1], &stop.pid, sizeof(stop.pid));
		for (;;)
			pause();
	}
	cr_assert_eq(read(fds[0], &pid, sizeof(pid)), (ssize_t)sizeof(pid));
	kill(tool, SIGKILL);
	waitpid(tool, NULL, 0);
	close(fds[0]);
	close(fds[1]);
	return pid;
}

Test(launch_signals, leaves_the_command_running_when_killed)
{
	catch_output();
	for (int n = 1; n < 4; n++) {
		for (int seen = 0; seen < 2; seen++) {
			pid_t pid = be_killed_at_stop(n, seen);

			expect_answer(0, 0);
			await_detached(pid);
			expect_answer(pid, SIGUSR1);
			kill(pid, SIGKILL);
		}
	}
}
