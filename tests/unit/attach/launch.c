/* SPDX-License-Identifier: BSD-2-Clause */
/* Real commands, traced for real: where they stop, whose they are. */
#define _GNU_SOURCE
#include <sys/resource.h>

#include "common/descriptors.h"
#include "launch_fixtures.h"

TestSuite(launch, .init = set_up, .timeout = 90);

/* ---- starting, ending ---- */

Test(launch, says_why_a_command_cannot_be_run)
{
	static const struct {
		char *name;
		int err;
	} cases[] = { { "/no/such/command", -ENOENT },
		      { "no-such-command", -ENOENT },
		      { "/etc/passwd", -EACCES },
		      { "/", -EACCES } };

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

Test(launch, waits_until_somebody_looks)
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

/* Three programs, of which only the first one waits for somebody who does not come. */
Test(launch, hangs_nobody_who_is_not_looked_at)
{
	struct launch_options o = { .argv = COMMAND("sh", "-c", "/bin/true; /bin/true"), .follow = true };
	struct launch *l = begin(&o);
	struct launch_stop stop;
	uint64_t first = 0;
	int status, n = 0;

	cr_assert_eq(launch__start(l), 0);
	for (int i = 0; i < PATIENCE_MS / 10 && !launch__ended(l, &status); i++)
		usleep(10000);
	cr_assert(launch__ended(l, &status));
	cr_expect_eq(WEXITSTATUS(status), 0);
	while (launch__next(l, &stop)) {
		cr_expect(stop.exec);
		cr_expect_not(launch__is_loading(l, stop.pid));
		cr_expect(n ? stop.left >= first && stop.left - first < 9000000000 : stop.left != 0);
		cr_expect(strstr(stop.path, n ? "true" : "sh"), "%s", stop.path);
		first = stop.left;
		launch__go_on(l, stop.pid, false);
		n++;
	}
	cr_expect_eq(n, 3, "%d", n);
	launch__free(l);
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
	if (system("/lib/ld-linux.so.2 --version 2>&1"))
		cr_skip_test("this kernel runs no 32-bit program");
	s = trace_command(COMMAND(loader, "--version"));
	cr_expect_eq(s.execs, 1);
	cr_expect_eq(s.status, 0, "%#x", s.status);
}

/* ---- families ---- */

Test(launch, loses_none_of_200_processes)
{
	const struct launch_options o = {
		.argv = COMMAND("sh", "-c",
				"i=0; while [ $i -lt 200 ]; do /bin/true || exit 1; i=$((i+1)); done; exit 9"),
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

Test(launch, keeps_the_environment_of_root_from_another_user)
{
	struct launch_options o = { .argv = COMMAND("sh", "-c", "echo $TERM $LANG $LC_TIME $SHELL ${SECRET-none}") };
	char text[512], number[16];

	need_root();
	setenv("SECRET", "of root", 1);
	setenv("TERM", "vt100", 1);
	setenv("LANG", "C.UTF-8", 1);
	setenv("LC_TIME", "C", 1);
	o.user = "nobody";
	trace(&o, false);
	snprintf(text, sizeof(text), "vt100 C.UTF-8 C %s none\n", getpwnam("nobody")->pw_shell);
	cr_expect_str_eq(read_output(), text);
	/* What sudo has let through is its caller's. */
	snprintf(number, sizeof(number), "%u", getpwnam("nobody")->pw_uid);
	setenv("SUDO_UID", number, 1);
	setenv("SUDO_GID", number, 1);
	o.user = NULL;
	trace(&o, false);
	snprintf(text, sizeof(text), "vt100 C.UTF-8 C %s of root\n", getpwnam("nobody")->pw_shell);
	cr_expect_str_eq(read_output(), text);
}

Test(launch, gives_back_the_limit_of_descriptors)
{
	const struct rlimit limit = { 100, 200 };

	need_root();
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	descriptors__raise_limit();
	trace_command(COMMAND("sh", "-c", "ulimit -Sn; ulimit -Hn"));
	cr_expect_str_eq(read_output(), "100\n200\n");
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
				      !strcmp(error, "cannot become user 0: Operation not permitted") ?
			      0 :
			      1);
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
