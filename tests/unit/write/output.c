/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing. What needs root or a mount is skipped where it is not allowed. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output_files.h"

TestSuite(output, .init = set_up, .fini = tear_down, .timeout = 60);

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

/* What a program says of itself may be for nobody else. */
Test(output, makes_a_file_of_mode_0600)
{
	struct stat st;

	umask(0);
	make_output(path);
	cr_expect_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode, S_IFREG | 0600);
}

Test(output, has_its_name_only_when_it_is_whole_if_that_is_wanted)
{
	struct output *o;

	cr_assert_eq(output__open(&o, path, OUTPUT_WHOLE, (struct caller){ geteuid(), getegid() }), 0);
	write_head(o);
	for (int i = 0; i < 100000; i++)
		write_event(o, "an event,");
	cr_expect_eq(output__flush(o), 0);
	cr_expect_eq(entries(), 0);
	cr_expect_eq(output__finish(o, "{", 1, "]}", 2), 0);
	cr_expect_eq(entries(), 1);
	output__free(o);
	unlink(path);

	/* Given up. */
	cr_assert_eq(output__open(&o, path, OUTPUT_WHOLE, (struct caller){ geteuid(), getegid() }), 0);
	write_head(o);
	write_event(o, "an event,");
	output__free(o);
	cr_expect_eq(entries(), 0);
}

Test(output, has_its_name_when_there_is_something_in_it)
{
	struct output *o = open_output(path);

	write_event(o, "one,");
	cr_expect_eq(entries(), 0);
	cr_expect_eq(output__flush(o), 0);
	cr_expect_eq(entries(), 1);
	output__free(o);
	/* And only then is the old one gone. */
	o = open_output(path);
	expect_file(path, "one,");
	output__free(o);
	expect_file(path, "one,");
	cr_expect_eq(entries(), 1);
}

Test(output, puts_whole_events_on_disk_only)
{
	struct output *o = open_output(path);

	write_event(o, "one,");
	output__write(o, "tw", 2);
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
	const struct rlimit limit = { 200001, RLIM_INFINITY };

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
	const struct rlimit limit = { OUTPUT_HEAD + 3, RLIM_INFINITY };
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

Test(output, leaves_the_old_one_if_not_even_the_head_fits)
{
	const struct rlimit limit = { OUTPUT_HEAD / 2, RLIM_INFINITY };
	struct output *o;

	spit(path, "an older one");
	o = open_output(path);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	write_head(o);
	output__mark(o);
	cr_expect_eq(output__finish(o, "{\"e\":[{}", 8, "]}", 2), -EFBIG);
	output__free(o);
	expect_file(path, "an older one");
	cr_expect_eq(entries(), 1);
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
	const struct sigaction action = { .sa_handler = on_alarm }; /* no SA_RESTART */
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
