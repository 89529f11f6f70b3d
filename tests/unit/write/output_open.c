/* SPDX-License-Identifier: BSD-2-Clause */
/* What is at the path, and whose rights are used. What needs root is skipped where it is not allowed. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output_files.h"

#define NOBODY 65534

TestSuite(output_open, .init = set_up, .fini = tear_down, .timeout = 60);

static int open_error(const char *name)
{
	struct output *o = NULL;
	int err = output__open(&o, name, OUTPUT_ANY, caller__from_env());

	cr_expect_null(o, "it must be left alone on failure");
	return err;
}

Test(output_open, replaces_a_file_and_not_its_contents)
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

static bool has_open(const struct stat *file)
{
	struct stat st;

	for (int fd = 0; fd < 100; fd++)
		if (fstat(fd, &st) == 0 && st.st_dev == file->st_dev && st.st_ino == file->st_ino)
			return true;
	return false;
}

Test(output_open, takes_back_the_room_of_what_it_replaced_in_the_end)
{
	struct output *o;
	struct stat old;

	spit(path, "old");
	stat(path, &old);
	o = open_output(path);
	write_event(o, "new");
	output__flush(o);
	cr_expect(has_open(&old));
	output__free(o);
	cr_expect_not(has_open(&old));
}

Test(output_open, replaces_a_link_and_not_its_target)
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

Test(output_open, replaces_a_link_to_nothing)
{
	cr_assert_eq(symlink("nothing", path), 0);
	make_output(path);
	expect_file(path, "x");
	cr_expect_neq(access(in_directory("nothing"), F_OK), 0);
}

Test(output_open, refuses_directories)
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

Test(output_open, takes_a_name_without_a_directory)
{
	cr_assert_eq(chdir(directory), 0);
	make_output("here.json");
	expect_file(in_directory("here.json"), "x");
	cr_assert_eq(chdir("/"), 0);
}

Test(output_open, opens_devices_as_they_are)
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

Test(output_open, takes_a_link_to_stdout_for_stdout)
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

Test(output_open, takes_a_link_to_stdout_for_a_pipe)
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

Test(output_open, waits_for_the_reader_of_a_fifo)
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

Test(output_open, passes_a_signal_on_while_it_waits_for_a_reader)
{
	const struct sigaction action = { .sa_handler = on_alarm };

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

Test(output_open, makes_the_file_as_the_user_who_called_sudo)
{
	gid_t before[64], after[64];
	int n_before, n_after;
	struct stat st;

	be_called_by_nobody();
	chmod(directory, 0777);
	cr_assert_eq(setgroups(2, (gid_t[]){ 4, 27 }), 0);
	n_before = getgroups(64, before);
	make_output(path);
	stat(path, &st);
	cr_expect_eq(st.st_uid, NOBODY);
	cr_expect_eq(st.st_gid, NOBODY);
	cr_expect_eq(geteuid(), 0);
	cr_expect_eq(getegid(), 0);
	n_after = getgroups(64, after);
	cr_expect(n_before == n_after && !memcmp(before, after, sizeof(gid_t) * (size_t)n_after));
}

Test(output_open, makes_a_file_for_the_user_where_only_root_may)
{
	struct stat st;

	be_called_by_nobody();
	chmod(directory, 0700);
	make_output(path);
	stat(path, &st);
	cr_expect_eq(st.st_uid, NOBODY);
	cr_expect_eq(entries(), 1);
}

Test(output_open, replaces_a_file_of_roots_in_a_sticky_directory)
{
	struct stat st;

	be_called_by_nobody();
	chmod(directory, 01777);
	spit(path, "of root");
	make_output(path);
	stat(path, &st);
	cr_expect_eq(st.st_uid, NOBODY);
	cr_expect_eq(entries(), 1);
}

Test(output_open, does_not_open_a_device_that_the_user_may_not)
{
	be_called_by_nobody();
	chmod(directory, 0755);
	if (mknod(path, S_IFCHR | 0600, (1 << 8) | 3))
		cr_skip_test("no right to make a device");
	cr_expect_eq(open_error(path), -EACCES);
	cr_assert_eq(symlink("trace.json", in_directory("link")), 0);
	cr_expect_eq(open_error(in_directory("link")), -EACCES);
}

Test(output_open, does_not_follow_a_strangers_link_to_a_device)
{
	struct stat st;

	if (geteuid() != 0)
		cr_skip_test("not root");
	cr_assert_eq(symlink("/dev/null", path), 0);
	cr_assert_eq(lchown(path, 1234, 1234), 0);
	make_output(path);
	lstat(path, &st);
	cr_expect(S_ISREG(st.st_mode));
	/* One that the user or root made is meant. */
	cr_assert_eq(symlink("/dev/null", in_directory("mine")), 0);
	make_output(in_directory("mine"));
	lstat(in_directory("mine"), &st);
	cr_expect(S_ISLNK(st.st_mode));
}

/* Somebody else's FIFO in a folder for all is not written to, whatever it is called. */
Test(output_open, does_not_open_a_strangers_fifo_in_a_folder_for_all)
{
	if (geteuid() != 0)
		cr_skip_test("not root");
	chmod(directory, 01777);
	cr_assert_eq(mkfifo(path, 0666), 0);
	cr_assert_eq(chmod(path, 0666), 0);
	cr_assert_eq(chown(path, 1234, 1234), 0);
	/* It would wait for a reader: for ever. */
	cr_expect_eq(open_error(path), -EACCES);
	be_called_by_nobody();
	cr_expect_eq(open_error(path), -EACCES);
}

Test(output_open, does_not_wait_where_nobody_named_the_path)
{
	struct output *o = NULL;
	struct stat st;

	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(output__open(&o, path, OUTPUT_FILE, caller__from_env()), -EEXIST);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(symlink("/dev/null", path), 0);
	cr_assert_eq(output__open(&o, path, OUTPUT_FILE, caller__from_env()), 0);
	write_event(o, "x");
	output__free(o);
	lstat(path, &st);
	cr_expect(S_ISREG(st.st_mode));
}

/* A folder in the folder for this test: whose it is, and a folder in it where only root may write. */
static const char *folder_of(const char *name, uid_t uid)
{
	char inner[32];

	cr_assert_eq(mkdir(in_directory(name), 0755), 0);
	snprintf(inner, sizeof(inner), "%s/inner", name);
	cr_assert_eq(mkdir(in_directory(inner), 0755), 0);
	cr_assert_eq(chown(in_directory(name), uid, uid), 0);
	snprintf(inner, sizeof(inner), "%s/inner/t.json", name);
	return in_directory(inner);
}

Test(output_open, does_not_go_through_a_strangers_folder_as_root)
{
	const char *mine, *strangers, *absolute, *relative, *planted;

	be_called_by_nobody();
	chmod(directory, 0755);
	mine = folder_of("mine", NOBODY);
	make_output(mine);
	expect_file(mine, "x");
	strangers = folder_of("strangers", 1234);
	cr_expect_eq(open_error(strangers), -EACCES);

	/* A link is a folder of who made it, wherever it leads. */
	cr_assert_eq(symlink(in_directory("mine"), in_directory("absolute")), 0);
	cr_assert_eq(symlink("./absolute//../mine", in_directory("relative")), 0);
	cr_assert_eq(symlink("mine", in_directory("planted")), 0);
	cr_assert_eq(lchown(in_directory("planted"), 1234, 1234), 0);
	absolute = in_directory("absolute/inner/a.json");
	make_output(absolute);
	relative = in_directory("relative/inner/r.json");
	make_output(relative);
	planted = in_directory("planted/inner/p.json");
	cr_expect_eq(open_error(planted), -EACCES);
	expect_file(in_directory("mine/inner/a.json"), "x");
	expect_file(in_directory("mine/inner/r.json"), "x");

	cr_assert_eq(symlink("loop", in_directory("loop")), 0);
	cr_expect_eq(open_error(in_directory("loop/t.json")), -ELOOP);
	cr_expect_eq(open_error(in_directory("mine/none/t.json")), -ENOENT);
	cr_assert_eq(chdir(in_directory("mine/inner")), 0);
	make_output("../inner/../inner/w.json");
	cr_assert_eq(chdir(in_directory("strangers")), 0);
	cr_expect_eq(open_error("inner/t.json"), -EACCES);
	cr_assert_eq(chdir("/"), 0);
}
