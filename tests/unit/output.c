/* SPDX-License-Identifier: BSD-2-Clause */
/* Real files in a directory of their own. What needs root or a mount is skipped where it is not allowed. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../user/output.h"

#define NOBODY 65534

static char directory[64];
static char path[128];

static void set_up(void)
{
	strcpy(directory, "/tmp/viztrace-output-XXXXXX");
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/trace.json", directory);
	umask(022);
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
}

static void tear_down(void)
{
	char command[256];

	snprintf(command, sizeof(command), "umount %s 2>/dev/null; rm -rf %s", directory, directory);
	cr_assert_eq(system(command), 0);
}

TestSuite(output, .init = set_up, .fini = tear_down, .timeout = 60);

static const char *in_directory(const char *name)
{
	static char buffers[4][128];
	static int i;

	i = (i + 1) % 4;
	snprintf(buffers[i], sizeof(buffers[i]), "%s/%s", directory, name);
	return buffers[i];
}

/* The whole file, NUL-terminated. */
static char *slurp(const char *name, size_t *ret_size)
{
	FILE *f = fopen(name, "r");
	struct stat st;
	char *text;

	cr_assert(f, "%s", name);
	cr_assert_eq(fstat(fileno(f), &st), 0);
	text = malloc((size_t)st.st_size + 1);
	*ret_size = fread(text, 1, (size_t)st.st_size, f);
	text[*ret_size] = '\0';
	fclose(f);
	return text;
}

static void expect_file(const char *name, const char *expected)
{
	size_t size;
	char *text = slurp(name, &size);

	cr_expect(size == strlen(expected) && !memcmp(text, expected, size), "%s holds \"%s\"", name, text);
	free(text);
}

static void spit(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	cr_assert(f);
	fputs(text, f);
	fclose(f);
}

static struct output *open_output(const char *name)
{
	struct output *o = NULL;
	int err = output__open(&o, name, output__owner_from_env());

	cr_assert_eq(err, 0, "%s: %s", name, strerror(-err));
	return o;
}

static int open_error(const char *name)
{
	struct output *o = NULL;
	int err = output__open(&o, name, output__owner_from_env());

	cr_expect_null(o, "it must be left alone on failure");
	return err;
}

static int write_event(struct output *o, const char *text)
{
	int err = output__write(o, text, strlen(text));

	output__mark(o);
	return err;
}

static int write_head(struct output *o)
{
	char head[OUTPUT_HEAD];

	memset(head, ' ', sizeof(head));
	memcpy(head, "[{\"a\":0}", 8);
	return output__write(o, head, sizeof(head));
}

/* Does the file on disk, closed, make a list? Its length, or -1. */
static long loads_as_array(const char *name)
{
	size_t size;
	char *text = slurp(name, &size);
	json_t *root;
	long n;

	if (!size) {
		free(text);
		return 0;
	}
	text[size] = ']';
	root = json_loadb(text, size + 1, 0, NULL);
	n = root ? (long)json_array_size(root) : -1;
	json_decref(root);
	free(text);
	return n;
}

static int entries(void)
{
	DIR *d = opendir(directory);
	int n = -2;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

Test(output, writes_a_file)
{
	struct output *o = open_output(path);

	cr_expect(output__has_head(o));
	cr_expect_eq(write_head(o), 0);
	cr_expect_eq(write_event(o, ",{}"), 0);
	cr_expect_eq(output__size(o), OUTPUT_HEAD + 3);
	cr_expect_eq(output__finish(o, "{\"x\":[{}", 8, "]}", 2), 0);
	output__free(o);
	output__free(NULL);

	size_t size;
	char *text = slurp(path, &size);

	cr_expect_eq(size, OUTPUT_HEAD + 5);
	cr_expect(!memcmp(text, "{\"x\":[{} ", 9));
	cr_expect_eq(text[OUTPUT_HEAD - 1], ' ');
	cr_expect_str_eq(text + OUTPUT_HEAD, ",{}]}");
	free(text);
	cr_expect_eq(entries(), 1, "nothing else may be left");
}

Test(output, makes_a_file_of_mode_0644_and_umask)
{
	struct stat st;

	umask(027);
	output__free(open_output(path));
	cr_expect_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode, S_IFREG | 0640);
}

Test(output, puts_whole_events_on_disk_only)
{
	struct output *o = open_output(path);

	write_event(o, "one,");
	output__write(o, "tw", 2);
	expect_file(path, "");
	cr_expect_eq(output__flush(o), 0);
	expect_file(path, "one,");
	cr_expect_eq(output__flush(o), 0);
	expect_file(path, "one,");
	output__write(o, "o,", 2);
	output__mark(o);
	output__flush(o);
	expect_file(path, "one,two,");
	output__write(o, "thr", 3);
	output__free(o);
	expect_file(path, "one,two,");
}

Test(output, loads_as_an_array_after_every_flush)
{
	struct output *o = open_output(path);
	unsigned int seed = 1;
	char event[700];

	write_head(o);
	output__mark(o);
	for (int i = 1; i <= 300; i++) {
		sprintf(event, ",\n{\"n\":%d,\"text\":\"%0*d\"}", i, (int)(rand_r(&seed) % 600) + 1, 7);
		output__write(o, event, strlen(event) / 2);
		output__flush(o);
		cr_assert_eq(loads_as_array(path), i, "half an event is in the file after %d", i - 1);
		output__write(o, event + strlen(event) / 2, strlen(event) - strlen(event) / 2);
		output__mark(o);
		output__flush(o);
		cr_assert_eq(loads_as_array(path), i + 1);
	}
	output__free(o);
}

Test(output, flushes_by_itself_and_only_whole_events)
{
	struct output *o = open_output(path);
	char event[64];
	long n;

	write_head(o);
	output__mark(o);
	/* Short ones, of which many fit into the buffer, and long ones. */
	for (int i = 0; i < 100000; i++) {
		sprintf(event, ",{\"n\":%d}", i);
		write_event(o, event);
		if (i % 10000 == 9999) {
			n = loads_as_array(path);
			cr_assert_gt(n, i - 9000);
			cr_assert_lt(n, i + 2);
		}
	}
	cr_assert_eq(output__finish(o, "[{}", 3, "", 0), 0);
	cr_assert_eq(loads_as_array(path), 100001);
	output__free(o);
}

Test(output, writes_an_event_longer_than_the_buffer)
{
	struct output *o = open_output(path);
	const size_t size = 3 << 20;
	char *event = malloc(size);
	size_t file_size;
	char *text;

	memset(event, 'x', size);
	write_event(o, "first");
	cr_expect_eq(output__write(o, event, size), 0);
	expect_file(path, "first");
	output__mark(o);
	output__flush(o);
	text = slurp(path, &file_size);
	cr_expect_eq(file_size, size + 5);
	cr_expect(!memcmp(text + 5, event, size));
	free(text);
	free(event);
	output__free(o);
}

/* ---- failures ---- */

/* Write events until it fails; the error. */
static int fill(struct output *o)
{
	char event[64];
	int err;

	err = write_head(o);
	output__mark(o);
	for (int i = 0; i < 1000000 && !err; i++) {
		sprintf(event, ",\n{\"number\":%d,\"name\":\"%*d\"}", i, i % 20, i);
		err = write_event(o, event);
	}
	return err;
}

static void expect_whole_in_the_end(int error, long limit)
{
	struct output *o = open_output(path);
	struct stat st;
	json_t *root;
	long n;

	cr_expect_eq(fill(o), error);
	cr_expect_eq(output__write(o, "x", 1), error, "the same from then on");
	cr_expect_eq(output__flush(o), error);
	n = loads_as_array(path);
	cr_expect_gt(n, 100, "%ld", n);
	stat(path, &st);
	cr_expect_gt(st.st_size, limit - 100, "more was cut off than one event");
	cr_expect_leq(st.st_size, limit);

	/* The few bytes that make it whole fit where half an event was. */
	cr_expect_eq(output__finish(o, "{\"e\":[{}", 8, "]}", 2), error);
	root = json_load_file(path, 0, NULL);
	cr_expect(root, "the file is not whole");
	cr_expect_eq(json_array_size(json_object_get(root, "e")), n);
	json_decref(root);
	output__free(o);
}

Test(output, cuts_back_to_a_whole_event_at_the_size_limit)
{
	const struct rlimit limit = {200001, RLIM_INFINITY};

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	expect_whole_in_the_end(-EFBIG, 200001);
}

Test(output, cuts_back_to_a_whole_event_if_the_disk_is_full)
{
	if (mount("none", directory, "tmpfs", 0, "size=400k"))
		cr_skip_test("no right to mount");
	expect_whole_in_the_end(-ENOSPC, 400 * 1024);
}

Test(output, stays_an_array_if_there_is_no_room_for_the_tail)
{
	const struct rlimit limit = {OUTPUT_HEAD + 3, RLIM_INFINITY};
	struct output *o = open_output(path);

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	write_head(o);
	output__mark(o);
	cr_expect_eq(write_event(o, ",{}"), 0);
	cr_expect_eq(output__finish(o, "{\"e\":[{}", 8, "]}", 2), -EFBIG);
	cr_expect_eq(loads_as_array(path), 2);
	output__free(o);
}

Test(output, leaves_nothing_if_not_even_the_head_fits)
{
	const struct rlimit limit = {OUTPUT_HEAD / 2, RLIM_INFINITY};
	struct output *o = open_output(path);

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	write_head(o);
	output__mark(o);
	cr_expect_eq(output__finish(o, "{\"e\":[{}", 8, "]}", 2), -EFBIG);
	expect_file(path, "");
	output__free(o);
}

Test(output, tells_of_a_full_device)
{
	struct output *o = open_output("/dev/full");

	cr_expect_not(output__has_head(o));
	write_event(o, "x");
	cr_expect_eq(output__flush(o), -ENOSPC);
	cr_expect_eq(output__finish(o, NULL, 0, "]", 1), -ENOSPC);
	output__free(o);
}

Test(output, tells_of_a_closed_pipe)
{
	struct output *o;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe(fds), 0);
	dup2(fds[1], STDOUT_FILENO);
	o = open_output("-");
	cr_expect_not(output__has_head(o));
	close(fds[0]);
	cr_expect_eq(write_event(o, "x"), 0, "it is buffered");
	cr_expect_eq(output__flush(o), -EPIPE);
	cr_expect_eq(write_event(o, "x"), -EPIPE);
	cr_expect_eq(output__finish(o, NULL, 0, "]", 1), -EPIPE);
	output__free(o);
}

Test(output, refuses_a_head_that_is_too_long)
{
	struct output *o = open_output(path);
	static char head[OUTPUT_HEAD + 1];

	write_head(o);
	output__mark(o);
	cr_expect_eq(output__finish(o, head, sizeof(head), "]}", 2), -E2BIG);
	cr_expect_eq(output__finish(o, "[{}", 3, "]", 1), 0, "a shorter one must still do");
	output__free(o);
}

/* ---- stdout, pipes ---- */

static void *drain(void *arg)
{
	static char text[4 << 20];
	int fd = *(int *)arg;
	size_t size = 0;
	ssize_t n;

	/* Slowly, so that the writer finds it full. */
	while ((n = read(fd, text + size, 5000)) > 0) {
		size += (size_t)n;
		if (size % 7 == 0)
			usleep(100);
	}
	text[size] = '\0';
	return text;
}

static void expect_all_through_pipe(bool non_blocking)
{
	pthread_t thread;
	struct output *o;
	void *text;
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	dup2(fds[1], STDOUT_FILENO);
	close(fds[1]);
	if (non_blocking)
		fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
	pthread_create(&thread, NULL, drain, &fds[0]);
	o = open_output("-");
	write_event(o, "[{}");
	for (int i = 0; i < 30000; i++)
		cr_assert_eq(write_event(o, ",\n{\"name\":\"an event of some length\"}"), 0);
	cr_expect_eq(output__finish(o, NULL, 0, "]", 1), 0);
	output__free(o);
	close(STDOUT_FILENO);
	pthread_join(thread, &text);

	json_t *root = json_loads(text, 0, NULL);

	cr_expect_eq(json_array_size(root), 30001);
	json_decref(root);
}

Test(output, writes_all_to_a_slow_pipe)
{
	expect_all_through_pipe(false);
}

Test(output, writes_all_to_a_pipe_that_does_not_block)
{
	expect_all_through_pipe(true);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void *drain_later(void *arg)
{
	sigset_t alarms;

	/* They are for the writer, which waits meanwhile. */
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, NULL);
	usleep(200000);
	return drain(arg);
}

Test(output, goes_on_after_signals)
{
	const struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART */
	pthread_t thread;
	struct output *o;
	void *text;
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	dup2(fds[1], STDOUT_FILENO);
	close(fds[1]);
	fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
	while (write(STDOUT_FILENO, "x", 1) == 1)
		;
	fcntl(STDOUT_FILENO, F_SETFL, 0);
	sigaction(SIGALRM, &action, NULL);
	pthread_create(&thread, NULL, drain_later, &fds[0]);
	ualarm(10000, 10000);
	o = open_output("-");
	write_event(o, "[{}");
	cr_expect_eq(output__finish(o, NULL, 0, "]", 1), 0);
	output__free(o);
	ualarm(0, 0);
	close(STDOUT_FILENO);
	pthread_join(thread, &text);
	cr_expect(strstr(text, "x[{}]"));
}

static void redirect_stdout(const char *name, int flags)
{
	int fd = open(name, flags, 0600);

	cr_assert_geq(fd, 0);
	dup2(fd, STDOUT_FILENO);
	close(fd);
}

Test(output, uses_the_head_of_an_empty_file_on_stdout)
{
	struct output *o;

	redirect_stdout(path, O_WRONLY | O_CREAT);
	o = open_output("-");
	cr_expect(output__has_head(o));
	write_head(o);
	output__mark(o);
	cr_expect_eq(output__finish(o, "{\"e\":[{}", 8, "]}", 2), 0);
	output__free(o);
	cr_expect_eq(write(STDOUT_FILENO, "\n", 1), 1, "stdout itself stays open");
}

Test(output, does_not_touch_what_was_on_stdout_before)
{
	struct output *o;

	spit(path, "before");
	redirect_stdout(path, O_WRONLY);
	lseek(STDOUT_FILENO, 0, SEEK_END);
	o = open_output("-");
	cr_expect_not(output__has_head(o));
	write_event(o, "[{}");
	cr_expect_eq(output__finish(o, NULL, 0, "]", 1), 0);
	output__free(o);
	expect_file(path, "before[{}]");
}

Test(output, has_no_head_where_stdout_appends)
{
	struct output *o;

	redirect_stdout(path, O_WRONLY | O_CREAT | O_APPEND);
	o = open_output("-");
	cr_expect_not(output__has_head(o));
	output__free(o);
}

Test(output, has_no_head_before_what_is_on_stdout_already)
{
	struct output *o;

	spit(path, "not ours");
	redirect_stdout(path, O_WRONLY);
	o = open_output("-");
	cr_expect_not(output__has_head(o));
	output__free(o);
	expect_file(path, "not ours");
}

/* ---- what is at the path ---- */

Test(output, replaces_a_file_and_not_its_contents)
{
	struct output *o;

	spit(path, "old");
	cr_assert_eq(link(path, in_directory("other")), 0);
	o = open_output(path);
	write_event(o, "new");
	output__free(o);
	expect_file(path, "new");
	expect_file(in_directory("other"), "old");
}

Test(output, replaces_a_link_and_not_its_target)
{
	struct output *o;
	struct stat st;

	spit(in_directory("precious"), "precious");
	cr_assert_eq(symlink("precious", path), 0);
	o = open_output(path);
	write_event(o, "new");
	output__free(o);
	expect_file(path, "new");
	expect_file(in_directory("precious"), "precious");
	lstat(path, &st);
	cr_expect(S_ISREG(st.st_mode));
}

Test(output, replaces_a_link_to_nothing)
{
	cr_assert_eq(symlink("nothing", path), 0);
	output__free(open_output(path));
	expect_file(path, "");
	cr_expect_neq(access(in_directory("nothing"), F_OK), 0);
}

Test(output, refuses_directories)
{
	cr_assert_eq(symlink(".", path), 0);
	cr_expect_eq(open_error(directory), -EISDIR);
	cr_expect_eq(open_error(path), -EISDIR, "a link to one");
	cr_expect_eq(open_error(in_directory("new/")), -EISDIR);
	cr_expect_eq(open_error(in_directory(".")), -EISDIR);
	cr_expect_eq(open_error(in_directory("..")), -EISDIR);
	cr_expect_eq(open_error("/"), -EISDIR);
	cr_expect_eq(open_error(""), -ENOENT);
	cr_expect_eq(open_error(in_directory("none/trace.json")), -ENOENT);
	spit(in_directory("file"), "");
	cr_expect_eq(open_error(in_directory("file/trace.json")), -ENOTDIR);
}

Test(output, takes_a_name_without_a_directory)
{
	cr_assert_eq(chdir(directory), 0);
	output__free(open_output("here.json"));
	expect_file(in_directory("here.json"), "");
	cr_assert_eq(chdir("/"), 0);
}

Test(output, opens_devices_as_they_are)
{
	struct output *o = open_output("/dev/null");

	cr_expect_not(output__has_head(o));
	write_event(o, "x");
	cr_expect_eq(output__finish(o, NULL, 0, "]", 1), 0);
	output__free(o);
}

/* What /dev/stdout is; not that one itself, which a broken tool that runs as root would replace. */
static const char *link_to_stdout(void)
{
	const char *link = in_directory("stdout");

	cr_assert_eq(symlink("/proc/self/fd/1", link), 0);
	return link;
}

Test(output, takes_a_link_to_stdout_for_stdout)
{
	const char *link = link_to_stdout();
	struct output *o;
	struct stat st;

	redirect_stdout(path, O_WRONLY | O_CREAT);
	o = open_output(link);
	cr_expect(output__has_head(o));
	write_event(o, "x");
	output__free(o);
	expect_file(path, "x");
	cr_assert_eq(lstat(link, &st), 0);
	cr_expect(S_ISLNK(st.st_mode), "the link itself must stay");
}

Test(output, takes_a_link_to_stdout_for_a_pipe)
{
	struct output *o;
	char text[8] = "";
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	dup2(fds[1], STDOUT_FILENO);
	o = open_output(link_to_stdout());
	cr_expect_not(output__has_head(o));
	write_event(o, "x");
	output__free(o);
	cr_expect_eq(read(fds[0], text, sizeof(text)), 1);
}

static void *read_fifo(void *arg)
{
	static char text[64];
	int fd = open(arg, O_RDONLY);

	cr_assert_geq(fd, 0);
	for (size_t size = 0; size < sizeof(text) - 1;) {
		ssize_t n = read(fd, text + size, sizeof(text) - 1 - size);

		if (n <= 0)
			break;
		size += (size_t)n;
	}
	close(fd);
	return text;
}

Test(output, waits_for_the_reader_of_a_fifo)
{
	pthread_t thread;
	struct output *o;
	void *text;

	cr_assert_eq(mkfifo(path, 0600), 0);
	pthread_create(&thread, NULL, read_fifo, path);
	o = open_output(path);
	cr_expect_not(output__has_head(o));
	write_event(o, "[{}");
	cr_expect_eq(output__finish(o, NULL, 0, "]", 1), 0);
	output__free(o);
	pthread_join(thread, &text);
	cr_expect_str_eq(text, "[{}]");
}

Test(output, passes_a_signal_on_while_it_waits_for_a_reader)
{
	const struct sigaction action = {.sa_handler = on_alarm};

	cr_assert_eq(mkfifo(path, 0600), 0);
	sigaction(SIGALRM, &action, NULL);
	ualarm(20000, 20000);
	cr_expect_eq(open_error(path), -EINTR);
	ualarm(0, 0);
}

/* ---- as root for somebody else ---- */

static void be_called_by_nobody(void)
{
	if (geteuid() != 0)
		cr_skip_test("not root");
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65534", 1);
}

Test(output, takes_the_owner_from_sudo)
{
	static const char *const bad[] = {
	        "", "-1", "+1", " 1", "1 ", "0x1", "4294967295", "4294967296", "18446744073709551617", "a"};
	struct output_owner owner;

	owner = output__owner_from_env();
	cr_expect_eq(owner.uid, geteuid());
	be_called_by_nobody();
	owner = output__owner_from_env();
	cr_expect_eq(owner.uid, NOBODY);
	cr_expect_eq(owner.gid, NOBODY);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setenv("SUDO_UID", bad[i], 1);
		cr_expect_eq(output__owner_from_env().uid, 0, "%s", bad[i]);
	}
	setenv("SUDO_UID", "4294967294", 1);
	cr_expect_eq(output__owner_from_env().uid, 4294967294u);
	setenv("SUDO_GID", "x", 1);
	cr_expect_eq(output__owner_from_env().uid, 0, "both or none");
}

Test(output, does_not_believe_the_environment_of_others)
{
	be_called_by_nobody();
	setenv("SUDO_UID", "0", 1);
	setenv("SUDO_GID", "0", 1);
	cr_assert_eq(seteuid(1000), 0);
	cr_expect_eq(output__owner_from_env().uid, 1000);
	cr_assert_eq(seteuid(0), 0);
}

Test(output, makes_the_file_as_the_user_who_called_sudo)
{
	gid_t before[64], after[64];
	int n_before, n_after;
	struct stat st;

	be_called_by_nobody();
	chmod(directory, 0777);
	cr_assert_eq(setgroups(2, (gid_t[]){4, 27}), 0);
	n_before = getgroups(64, before);
	output__free(open_output(path));
	stat(path, &st);
	cr_expect_eq(st.st_uid, NOBODY);
	cr_expect_eq(st.st_gid, NOBODY);
	cr_expect_eq(geteuid(), 0);
	cr_expect_eq(getegid(), 0);
	n_after = getgroups(64, after);
	cr_expect(n_before == n_after && !memcmp(before, after, sizeof(gid_t) * (size_t)n_after));
}

Test(output, makes_a_file_for_the_user_where_only_root_may)
{
	struct stat st;

	be_called_by_nobody();
	chmod(directory, 0700);
	output__free(open_output(path));
	stat(path, &st);
	cr_expect_eq(st.st_uid, NOBODY);
	cr_expect_eq(entries(), 1);
}

Test(output, replaces_a_file_of_roots_in_a_sticky_directory)
{
	struct stat st;

	be_called_by_nobody();
	chmod(directory, 01777);
	spit(path, "of root");
	output__free(open_output(path));
	stat(path, &st);
	cr_expect_eq(st.st_uid, NOBODY);
	cr_expect_eq(entries(), 1);
}

Test(output, does_not_open_a_device_that_the_user_may_not)
{
	be_called_by_nobody();
	chmod(directory, 0755);
	if (mknod(path, S_IFCHR | 0600, (1 << 8) | 3))
		cr_skip_test("no right to make a device");
	cr_expect_eq(open_error(path), -EACCES);
	cr_assert_eq(symlink("trace.json", in_directory("link")), 0);
	cr_expect_eq(open_error(in_directory("link")), -EACCES);
}

Test(output, does_not_follow_a_strangers_link_to_a_device)
{
	struct stat st;

	if (geteuid() != 0)
		cr_skip_test("not root");
	cr_assert_eq(symlink("/dev/null", path), 0);
	cr_assert_eq(lchown(path, 1234, 1234), 0);
	output__free(open_output(path));
	lstat(path, &st);
	cr_expect(S_ISREG(st.st_mode));
	/* One that the user or root made is meant. */
	cr_assert_eq(symlink("/dev/null", in_directory("mine")), 0);
	output__free(open_output(in_directory("mine")));
	lstat(in_directory("mine"), &st);
	cr_expect(S_ISLNK(st.st_mode));
}
