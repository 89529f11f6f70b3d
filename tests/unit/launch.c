/* SPDX-License-Identifier: BSD-2-Clause */
/* Real commands, traced for real: where they stop, and that they notice nothing. */
#define _GNU_SOURCE
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

#include "launch.h"

#define PATIENCE_MS 30000
#define SELF "/proc/self/exe"

static void set_up(void)
{
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	setenv("PATH", "/usr/bin:/bin", 1); /* without what only root may look into */
}

TestSuite(launch, .init = set_up, .timeout = 90);

/* ---- commands that no package has: this program, called with a name of one of these ---- */

static void answer(int number)
{
	(void)number;
	(void)!write(STDOUT_FILENO, "!", 1);
}

static void *idle(void *arg)
{
	pthread_barrier_wait(arg);
	return NULL;
}

static int run_threads(void)
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

static void *exec_shell(void *arg)
{
	(void)arg;
	execlp("sh", "sh", "-c", "exit 7", NULL);
	return NULL;
}

static int exec_from_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exec_shell, NULL);
	pause();
	return 1;
}

static _Noreturn void answer_signals(void)
{
	const struct sigaction action = { .sa_handler = answer, .sa_flags = SA_RESTART };

	alarm(90); /* should the test fail */
	sigaction(SIGUSR1, &action, NULL);
	answer(0);
	for (;;)
		pause();
}

static void __attribute__((constructor)) be_a_command(int argc, char **argv)
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

static struct launch *begin(const struct launch_options *o)
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

static void await(struct launch *l)
{
	struct pollfd ready = { .fd = launch__fd(l), .events = POLLIN };

	cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1, "nothing happened");
}

static struct launch_stop next_stop(struct launch *l)
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

static void follow(struct launch *l, struct story *s)
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

static struct story trace(const struct launch_options *o, bool found)
{
	struct launch *l = begin(o);
	struct story s = { .found = found };

	cr_assert_eq(launch__start(l), 0);
	follow(l, &s);
	launch__free(l);
	return s;
}

static struct story trace_command(char *const *argv)
{
	return trace(&(struct launch_options){ .argv = argv }, false);
}

static bool has_mapped(pid_t pid, const char *name)
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
static long long status_of(pid_t pid, const char *key, int base)
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

static void await_detached(pid_t pid)
{
	for (int i = 0; i < PATIENCE_MS && status_of(pid, "TracerPid", 10) > 0; i++)
		usleep(1000);
	cr_expect_eq(status_of(pid, "TracerPid", 10), 0);
}

/* ---- the command's output ---- */

static int out = -1; /* where it can be read */

static void catch_output(void)
{
	int fds[2];

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	cr_assert_eq(dup2(fds[1], STDOUT_FILENO), STDOUT_FILENO);
	close(fds[1]);
	out = fds[0];
}

static int output_size(void)
{
	int n = -1;

	ioctl(out, FIONREAD, &n);
	return n;
}

static bool wait_for_output(int ms)
{
	struct pollfd ready = { .fd = out, .events = POLLIN };

	return poll(&ready, 1, ms) == 1;
}

static const char *read_output(void)
{
	static char text[4096];
	ssize_t n = wait_for_output(PATIENCE_MS) ? read(out, text, sizeof(text) - 1) : -1;

	cr_assert_geq(n, 0, "the command wrote nothing");
	text[n] = 0;
	return text;
}

static void expect_answer(pid_t pid, int sig)
{
	char c;

	if (sig)
		kill(pid, sig);
	cr_assert(wait_for_output(PATIENCE_MS), "signal %d had no effect", sig);
	cr_assert_eq(read(out, &c, 1), 1);
}

/* ---- starting, ending ---- */

Test(launch, says_why_a_command_cannot_be_run)
{
	static const struct {
		char *name;
		int err;
	} cases[] = { { "/no/such/command", -ENOENT }, { "no-such-command", -ENOENT }, { "/etc/passwd", -EACCES }, { "/", -EACCES } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct launch *l = begin(&(struct launch_options){ .argv = COMMAND(cases[i].name) });
		struct story s = { 0 };

		cr_expect_eq(launch__start(l), cases[i].err, "%s", cases[i].name);
		follow(l, &s);
		cr_expect_eq(s.execs, 0);
		cr_expect(WIFEXITED(s.status));
		launch__free(l);
	}
}

Test(launch, passes_the_status_on)
{
	int status = trace_command(COMMAND("sh", "-c", "exit 3")).status;

	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 3, "%#x", status);
	status = trace_command(COMMAND("sh", "-c", "kill -TERM $$")).status;
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "%#x", status);
	status = trace_command(COMMAND("true")).status;
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%#x", status);
}

Test(launch, never_runs_what_was_not_started)
{
	struct launch *l = begin(&(struct launch_options){ .argv = COMMAND("true") });
	pid_t pid = launch__pid(l);

	cr_expect_eq(kill(pid, 0), 0);
	launch__free(l);
	cr_expect_eq(kill(pid, 0), -1, "it must be gone, also as a zombie");
	launch__free(NULL);
}

Test(launch, leaves_other_children_alone)
{
	struct launch *l = begin(&(struct launch_options){ .argv = COMMAND("true") });
	struct story s = { 0 };
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(5);
	cr_assert_eq(launch__start(l), 0);
	follow(l, &s);
	cr_expect_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(WEXITSTATUS(status), 5);
	launch__free(l);
}

Test(launch, collects_a_status_where_children_were_ignored)
{
	signal(SIGCHLD, SIG_IGN);
	cr_expect_eq(WEXITSTATUS(trace_command(COMMAND("sh", "-c", "exit 3")).status), 3);
}

/* ---- where they stop ---- */

Test(launch, stops_before_a_library_runs)
{
	bool first = true, libc = false;
	struct launch_stop stop;
	struct launch *l;
	int status;

	catch_output();
	l = begin(&(struct launch_options){ .argv = COMMAND(SELF, "constructor") });
	cr_assert_eq(launch__start(l), 0);
	while (!libc || !launch__ended(l, &status)) {
		if (!launch__next(l, &stop)) {
			await(l);
			continue;
		}
		cr_expect_eq(stop.pid, launch__pid(l));
		cr_expect_eq(stop.exec, first);
		cr_expect_eq(output_size(), 0, "it ran before it was looked at");
		if (first)
			cr_expect_not(has_mapped(stop.pid, "libc.so"));
		libc |= has_mapped(stop.pid, "libc.so");
		first = false;
		launch__go_on(l, stop.pid, false);
	}
	cr_expect_eq(output_size(), 1);
	launch__free(l);
}

Test(launch, waits_for_as_long_as_nobody_looks)
{
	struct launch_stop stop;
	struct launch *l;

	catch_output();
	l = begin(&(struct launch_options){ .argv = COMMAND(SELF, "constructor") });
	cr_assert_eq(launch__start(l), 0);
	await(l);
	launch__go_on(l, launch__pid(l), false);
	cr_expect_not(wait_for_output(100), "who has not looked cannot know");
	stop = next_stop(l);
	cr_expect(stop.exec, "still there");
	cr_expect_not(wait_for_output(200));
	cr_expect_not(launch__next(l, &stop), "once");
	launch__free(l);
	expect_answer(0, 0);
}

Test(launch, goes_on_to_what_a_wrapper_runs)
{
	cr_expect_eq(trace_command(COMMAND("env", "X=1", "true")).execs, 2);
	cr_expect_eq(trace_command(COMMAND("sh", "-c", "exec env X=1 true")).execs, 3);
}

Test(launch, lets_go_of_a_program_with_probes)
{
	const struct launch_options o = { .argv = COMMAND("sh", "-c", "grep TracerPid: /proc/$$/status; exec true") };

	catch_output();
	cr_expect_eq(trace(&o, true).execs, 1);
	cr_expect_str_eq(read_output(), "TracerPid:\t0\n");
	cr_expect_eq(trace(&o, false).execs, 2);
	cr_expect_str_neq(read_output(), "TracerPid:\t0\n");
}

Test(launch, does_not_touch_children_unless_told_to)
{
	struct launch_options o = { .argv = COMMAND("sh", "-c", "grep TracerPid: /proc/self/status; true") };

	catch_output();
	cr_expect_eq(trace(&o, false).execs, 1);
	cr_expect_str_eq(read_output(), "TracerPid:\t0\n");
	o.follow = true;
	cr_expect_eq(trace(&o, true).execs, 2);
	cr_expect_str_neq(read_output(), "TracerPid:\t0\n");
}

Test(launch, runs_scripts)
{
	char path[] = "/tmp/viztrace-launch-XXXXXX";
	int fd = mkstemp(path);
	struct story s;

	cr_assert_eq(write(fd, "#!/bin/sh\nexit 4\n", 17), 17);
	fchmod(fd, 0755);
	close(fd);
	s = trace_command(COMMAND(path));
	unlink(path);
	cr_expect_eq(s.execs, 1);
	cr_expect_eq(WEXITSTATUS(s.status), 4);
}

Test(launch, takes_a_static_program)
{
	const struct launch_options o = { .argv = COMMAND("busybox", "grep", "TracerPid:", "/proc/self/status") };
	struct story s;

	if (access("/bin/busybox", X_OK))
		cr_skip_test("no busybox");
	catch_output();
	s = trace(&o, true);
	if (s.maps)
		cr_skip_test("busybox is not static here");
	cr_expect_eq(s.execs, 1);
	cr_expect_eq(s.status, 0);
	cr_expect_str_eq(read_output(), "TracerPid:\t0\n", "there is no loader to wait for");
	s = trace(&o, false);
	cr_expect_eq(s.execs, 1);
	cr_expect_eq(s.maps, 0);
	cr_expect_eq(s.status, 0);
	cr_expect_str_neq(read_output(), "TracerPid:\t0\n");
	cr_expect_eq(trace_command(COMMAND("busybox", "sh", "-c", "exec /bin/busybox true")).execs, 2);
}

static void find_loader(char *path, size_t size)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[4096];

	path[0] = 0;
	while (!path[0] && fgets(line, sizeof(line), maps))
		if (strstr(line, "/ld-linux"))
			snprintf(path, size, "%.*s", (int)strcspn(strchr(line, '/'), "\n"), strchr(line, '/'));
	fclose(maps);
}

Test(launch, takes_a_loader_called_by_name)
{
	struct story s = { .found_mapped = true };
	struct launch *l;
	char path[4096];

	find_loader(path, sizeof(path));
	if (!path[0])
		cr_skip_test("no ld-linux here");
	l = begin(&(struct launch_options){ .argv = COMMAND(path, "/bin/true") });
	cr_assert_eq(launch__start(l), 0);
	follow(l, &s);
	launch__free(l);
	cr_expect_eq(s.execs, 1);
	cr_expect_geq(s.maps, 2, "the program and its libc: %d", s.maps);
	cr_expect_eq(s.status, 0);
}

Test(launch, does_no_harm_to_a_32_bit_program)
{
	static char loader[] = "/lib/ld-linux.so.2"; /* is one itself */
	struct story s;

	if (access(loader, X_OK))
		cr_skip_test("no %s", loader);
	catch_output();
	s = trace_command(COMMAND(loader, "--version"));
	cr_expect_eq(s.execs, 1);
	cr_expect_eq(s.status, 0, "%#x", s.status);
}

/* ---- families ---- */

Test(launch, loses_none_of_200_processes)
{
	const struct launch_options o = {
		.argv = COMMAND("sh", "-c", "i=0; while [ $i -lt 200 ]; do /bin/true || exit 1; i=$((i+1)); done; exit 9"),
		.follow = true,
	};
	struct story s = trace(&o, true);

	cr_expect_eq(s.execs, 201, "%d", s.execs);
	cr_expect_geq(s.maps, 201, "%d", s.maps);
	cr_expect_eq(WEXITSTATUS(s.status), 9);
}

Test(launch, loses_none_of_processes_at_once)
{
	const struct launch_options o = {
		.argv = COMMAND("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do (/bin/true; exec /bin/true) & done; wait"),
		.follow = true,
	};
	struct story s = trace(&o, true);

	cr_expect_eq(s.execs, 17, "%d", s.execs);
	cr_expect_eq(s.status, 0);
}

Test(launch, follows_threads)
{
	struct launch_options o = { .argv = COMMAND(SELF, "threads") };

	for (int i = 0; i < 2; i++) {
		o.follow = i;
		cr_expect_eq(trace(&o, true).status, 0);
	}
}

Test(launch, follows_an_exec_by_another_thread)
{
	struct launch_options o = { .argv = COMMAND(SELF, "exec-from-thread") };

	for (int i = 0; i < 2; i++) {
		struct story s;

		o.follow = i;
		s = trace(&o, false);
		/* Threads are not traced unless they are followed. */
		cr_expect_eq(s.execs, i ? 2 : 1, "%d", s.execs);
		cr_expect_eq(WEXITSTATUS(s.status), 7);
	}
}

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

Test(launch, passes_signals_on)
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

Test(launch, stops_and_continues_a_job)
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

Test(launch, survives_a_process_killed_while_it_is_looked_at)
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

Test(launch, gives_the_command_signals_as_a_shell_does)
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

Test(launch, restores_the_callers_signal_mask)
{
	sigset_t mask;

	trace_command(COMMAND("true"));
	sigprocmask(SIG_BLOCK, NULL, &mask);
	cr_expect_not(sigismember(&mask, SIGCHLD));
}

Test(launch, gives_the_command_none_of_its_descriptors)
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

Test(launch, leaves_the_command_running)
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

Test(launch, leaves_the_command_running_when_killed)
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

/* ---- users ---- */

static void need_root(void)
{
	if (geteuid() != 0)
		cr_skip_test("not root");
	if (!getpwnam("nobody"))
		cr_skip_test("no user nobody");
	catch_output();
}

#define SHOW_USER COMMAND("sh", "-c", "echo $(id -ru) $(id -u) $(id -g) $HOME $USER $LOGNAME")

static const char *nobody(void)
{
	static char text[512];
	const struct passwd *pw = getpwnam("nobody");

	snprintf(text, sizeof(text), "%u %u %u %s nobody nobody\n", pw->pw_uid, pw->pw_uid, pw->pw_gid, pw->pw_dir);
	return text;
}

Test(launch, becomes_the_user_it_is_told)
{
	struct launch_options o = { .argv = SHOW_USER, .user = "nobody" };
	const gid_t groups[] = { 0, 1 };
	char number[16];

	need_root();
	cr_assert_eq(setgroups(2, groups), 0);
	cr_expect_eq(trace(&o, false).execs, 1);
	cr_expect_str_eq(read_output(), nobody());
	snprintf(number, sizeof(number), "%u", getpwnam("nobody")->pw_uid);
	o.user = number;
	trace(&o, true);
	cr_expect_str_eq(read_output(), nobody());
	o.user = "nobody";
	o.argv = COMMAND("id", "-G");
	trace(&o, true);
	snprintf(number, sizeof(number), "%u\n", getpwnam("nobody")->pw_gid);
	cr_expect_str_eq(read_output(), number, "none of root's groups");
	o.argv = COMMAND("grep", "CapEff", "/proc/self/status");
	trace(&o, true);
	cr_expect_str_eq(read_output(), "CapEff:\t0000000000000000\n");
}

Test(launch, becomes_the_caller_of_sudo)
{
	char number[16];

	need_root();
	snprintf(number, sizeof(number), "%u", getpwnam("nobody")->pw_uid);
	setenv("SUDO_UID", number, 1);
	snprintf(number, sizeof(number), "%u", getpwnam("nobody")->pw_gid);
	setenv("SUDO_GID", number, 1);
	trace_command(SHOW_USER);
	cr_expect_str_eq(read_output(), nobody());
	trace(&(struct launch_options){ .argv = COMMAND("id", "-u"), .user = "root" }, false);
	cr_expect_str_eq(read_output(), "0\n", "unless it is told who");
	setenv("SUDO_UID", "3999999999", 1);
	trace_command(COMMAND("id", "-u"));
	cr_expect_str_eq(read_output(), "3999999999\n", "also one that is unknown here");
}

Test(launch, knows_no_unknown_user)
{
	static const char *const users[] = { "no-such-user", "", "3999999999", "99999999999999999999", "0x0", "-1" };

	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		const struct launch_options o = { .argv = COMMAND("true"), .user = users[i] };
		char error[256] = "", expected[256];
		struct launch *l = NULL;

		snprintf(expected, sizeof(expected), "there is no user %s", users[i]);
		cr_expect_eq(launch__new(&l, &o, error, sizeof(error)), -ENOENT);
		cr_expect_str_eq(error, expected);
		cr_expect_null(l);
	}
}

Test(launch, says_that_only_root_becomes_another)
{
	const struct launch_options o = { .argv = COMMAND("true"), .user = "root" };
	struct launch *l = NULL;
	char error[256] = "";
	int status;
	pid_t pid;

	need_root();
	pid = fork();
	if (!pid) {
		cr_assert_eq(setresuid(65534, 65534, 65534), 0);
		_exit(launch__new(&l, &o, error, sizeof(error)) == -EPERM &&
		      !strcmp(error, "cannot become user 0: Operation not permitted") ? 0 : 1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
}

Test(launch, runs_a_setuid_program_with_its_rights)
{
	char path[] = "/tmp/viztrace-launch-XXXXXX", command[128];
	struct launch_options o = { .argv = COMMAND(path, "-u"), .user = "nobody", .follow = true };
	int fd;

	need_root();
	fd = mkstemp(path);
	close(fd);
	snprintf(command, sizeof(command), "cp /usr/bin/id %s && chmod 4755 %s", path, path);
	cr_assert_eq(system(command), 0);
	trace(&o, true);
	unlink(path);
	cr_expect_str_eq(read_output(), "0\n");
}
