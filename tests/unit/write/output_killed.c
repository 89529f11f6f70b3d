/* SPDX-License-Identifier: BSD-2-Clause */
/* SIGKILL at any moment: the kernel ends a write() between two pages then. What is on disk has to load. */
#define _GNU_SOURCE 1 /* pipe2 */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "output_files.h"

#define ROUNDS 40
#define FLOODED (64 << 10) /* bytes: some events, of whatever size */

TestSuite(output_killed, .init = set_up, .fini = tear_down, .timeout = 120);

/* A process that writes until it is killed. Whatever becomes of this test, it does not fill the disk. */
static pid_t start(void (*endless)(int), int arg)
{
	const struct rlimit most = { 1 << 30, 1 << 30 };
	pid_t child = fork();

	cr_assert_geq(child, 0);
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_FSIZE, &most);
	alarm(20);
	endless(arg);
	_exit(1);
}

/* Run `endless` in a process group of its own and kill that after a time that differs from round to round, half of
 * them once `least` bytes are in the file: the processor may be elsewhere for longer than we sleep.
 * When this returns nobody writes any more. */
static void kill_in_the_middle_of(void (*endless)(int), int arg, int round, off_t least)
{
	pid_t child;
	int status;

	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	child = start(endless, arg);
	cr_expect_eq(setpgid(child, child), 0);
	if (least && round % 2)
		await_size(least);
	usleep(2000 + 1371 * (useconds_t)round % 20000);
	cr_expect_eq(kill(-child, SIGKILL), 0);
	cr_expect_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it ended by itself");
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* Events of `size` bytes and some more, as fast as it goes. */
static int write_events(struct output *o, int size, int n)
{
	const int more = size < 1000 ? 300 : 3000;
	char *text = malloc((size_t)size + 3100);
	int err = 0;

	write_head(o);
	output__mark(o);
	for (int i = 0; i < n && !err; i++) {
		sprintf(text, ",\n{\"n\":%d,\"text\":\"%0*d\"}", i, size + i * 7 % more, i);
		err = write_event(o, text);
	}
	free(text);
	return err;
}

static void flood(int size)
{
	write_events(open_output(path), size, 1 << 30);
}

static void expect_whole_events(int size)
{
	long n, most = 0;

	for (int i = 0; i < ROUNDS; i++) {
		kill_in_the_middle_of(flood, size, i, FLOODED);
		n = access(path, F_OK) ? 0 : loads_as_array(path);
		cr_expect_geq(n, 0, "round %d: the file ends inside of an event", i);
		most = n > most ? n : most;
	}
	cr_expect_gt(most, 5, "nothing was written");
}

Test(output_killed, leaves_whole_events)
{
	expect_whole_events(60);
}

Test(output_killed, leaves_whole_events_that_are_longer_than_a_page)
{
	expect_whole_events(9000);
}

static const char *nth(int i)
{
	char name[32];

	sprintf(name, "%d.json", i);
	return in_directory(name);
}

/* Small traces one after the other, so that the end is what a signal mostly meets. */
static void finish_again_and_again(int unused)
{
	static char head[9000];
	struct output *o;

	(void)unused;
	memset(head, 'm', sizeof(head));
	memcpy(head, "{\"metadata\":\"", 13);
	memcpy(head + sizeof(head) - 15, "\",\"events\":[{}", 14);
	for (int i = 0;; i++) {
		o = open_output(nth(i));
		if (write_events(o, 60, 20) || output__finish(o, head, sizeof(head) - 1, "\n]}", 3))
			_exit(1);
		output__free(o);
	}
}

Test(output_killed, while_it_finishes_the_file)
{
	json_t *root;
	int n;

	for (int i = 0; i < 4 * ROUNDS; i++) {
		kill_in_the_middle_of(finish_again_and_again, 0, i, 0);
		for (n = 0; !access(nth(n), F_OK); n++) {
			root = json_load_file(nth(n), 0, NULL);
			cr_expect(root || loads_as_array(nth(n)) >= 0, "round %d: file %d does not load", i, n);
			json_decref(root);
			unlink(nth(n));
		}
	}
}

static void begin_again_and_again(int unused)
{
	struct output *o;

	(void)unused;
	for (;;) {
		o = open_output(path);
		write_head(o);
		output__mark(o);
		if (output__flush(o))
			_exit(1);
		output__free(o);
	}
}

/* There is the old file or the new one, whole, and nothing else. */
Test(output_killed, over_an_older_file)
{
	spit(path, "[{}");
	for (int i = 0; i < 4 * ROUNDS; i++) {
		kill_in_the_middle_of(begin_again_and_again, 0, i, 0);
		cr_expect_eq(loads_as_array(path), 1, "round %d", i);
		cr_expect_eq(entries(), 1, "round %d: something was left over", i);
	}
}

/* In memory that processes share. */
static volatile struct {
	bool failed; /* to write events */
	bool go_on;  /* nobody is killed any more */
} * told;

static void flood_and_finish(int size)
{
	struct output *o = open_output(path);

	if (write_events(o, size, 1 << 30) != -EINTR)
		_exit(1);
	told->failed = true;
	while (!told->go_on)
		usleep(1000);
	_exit(output__finish(o, "{\"e\":[{}", 8, "]}", 2) == -EINTR ? 0 : 2);
}

/* The child of `parent` that writes for it at this moment, or 0. */
static pid_t writer_of(pid_t parent)
{
	char name[64], text[32] = "";
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/task/%d/children", parent, parent);
	f = fopen(name, "r");
	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return atoi(text);
}

/* What it left is cut off, and the rest is as after any failure. */
Test(output_killed, the_writer_alone)
{
	pid_t child, writer;
	struct stat st;
	json_t *root;
	int status;

	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(told, MAP_FAILED);
	for (int i = 0; i < ROUNDS; i++) {
		told->failed = told->go_on = false;
		unlink(path);
		child = start(flood_and_finish, 9000);
		/* Without a head there is nothing to be whole. */
		while ((stat(path, &st) || st.st_size <= OUTPUT_HEAD) && waitpid(child, &status, WNOHANG) == 0)
			;
		usleep(2000 + 1371 * (useconds_t)i % 20000);
		while (!told->failed && waitpid(child, &status, WNOHANG) == 0) {
			writer = writer_of(child);
			if (writer > 0)
				kill(writer, SIGKILL);
		}
		cr_expect(told->failed, "it never failed");
		told->go_on = true;
		waitpid(child, &status, 0);
		cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "round %d: status %x", i,
			  (unsigned int)status);
		root = json_load_file(path, 0, NULL);
		cr_expect(root, "round %d: the file is not whole", i);
		json_decref(root);
	}
}

static void flood_stdout(int fd)
{
	dup2(fd, STDOUT_FILENO);
	close(fd);
	write_events(open_output("-"), 60, 1 << 30);
}

Test(output_killed, leaves_whole_events_in_a_pipe)
{
	char buffer[7777], last;
	int ends[2];
	pid_t child;
	ssize_t n;

	for (int i = 0; i < ROUNDS; i++) {
		cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
		child = start(flood_stdout, ends[1]);
		close(ends[1]);
		/* A reader that is slow, so that the pipe is mostly full, and then takes what is left. */
		last = '\0';
		for (int reads = 0; (n = read(ends[0], buffer, sizeof(buffer))) > 0; reads++) {
			last = buffer[n - 1];
			if (reads == 20 + i) {
				usleep(1000);
				cr_expect_eq(kill(child, SIGKILL), 0);
				waitpid(child, NULL, 0);
			}
		}
		cr_expect_eq(last, '}', "round %d: the pipe ends inside of an event", i);
		close(ends[0]);
	}
}
