// SPDX-License-Identifier: BSD-2-Clause
/* Work in; what it wrote, or what became of it, out. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/apart.h"

TestSuite(apart, .timeout = 120);

static int call(int (*work)(void *ctx, int out), void *ctx, char *text, size_t room)
{
	int out = -1, err = apart__call(work, ctx, &out);
	ssize_t n;

	text[0] = 0;
	if (err)
		return err;
	n = read(out, text, room - 1);
	cr_assert_geq(n, 0);
	text[n] = 0;
	close(out);
	return 0;
}

static int write_text(void *ctx, int out)
{
	cr_assert_eq(write(out, ctx, strlen(ctx)), (ssize_t)strlen(ctx));
	return 0;
}

Test(apart, what_was_written_comes_back)
{
	char text[64];

	cr_expect_eq(call(write_text, "some text", text, sizeof(text)), 0);
	cr_expect_str_eq(text, "some text");
	cr_expect_eq(call(write_text, "", text, sizeof(text)), 0);
	cr_expect_str_eq(text, "");
	/* None is left. */
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_expect_eq(errno, ECHILD);
}

static int fail(void *ctx, int out)
{
	(void)out;
	return *(int *)ctx;
}

Test(apart, an_error_comes_back)
{
	int results[] = { -EBADMSG, -ENOMEM, -E2BIG, 7 };
	char text[64];

	for (int i = 0; i < 3; i++)
		cr_expect_eq(call(fail, &results[i], text, sizeof(text)), results[i]);
	cr_expect_eq(call(fail, &results[3], text, sizeof(text)), -ELIBBAD);
}

static int end_by_signal(void *ctx, int out)
{
	cr_assert_eq(write(out, "half", 4), 4);
	raise(*(int *)ctx);
	return 0;
}

Test(apart, whatever_ends_it_is_an_error)
{
	int signals[] = { SIGSEGV, SIGABRT, SIGKILL, SIGBUS, SIGTRAP };
	char text[64];

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		cr_expect_eq(call(end_by_signal, &signals[i], text, sizeof(text)), -ELIBBAD);
}

static int leave(void *ctx, int out)
{
	(void)ctx, (void)out;
	_exit(0);
}

Test(apart, an_exit_is_no_result)
{
	char text[64];

	cr_expect_eq(call(leave, NULL, text, sizeof(text)), -ELIBBAD);
}

static int stop(void *ctx, int out)
{
	(void)ctx, (void)out;
	while (pause() < 0)
		;
	return 0;
}

Test(apart, one_that_does_not_end_is_ended)
{
	char text[64];

	cr_expect_eq(call(stop, NULL, text, sizeof(text)), -ELIBBAD);
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
}

/* Who it is, and what it may do. */
static int describe(void *ctx, int out)
{
	struct rlimit memory, core;
	char text[256], line[256];
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long long effective = 1, permitted = 1;

	(void)ctx;
	while (status && fgets(line, sizeof(line), status)) {
		sscanf(line, "CapEff: %llx", &effective);
		sscanf(line, "CapPrm: %llx", &permitted);
	}
	getrlimit(RLIMIT_AS, &memory);
	getrlimit(RLIMIT_CORE, &core);
	snprintf(text, sizeof(text), "root %d, capabilities %llx %llx, limited %d, core %d, forks %d",
		 !geteuid() || !getuid(), effective, permitted, memory.rlim_cur != RLIM_INFINITY, core.rlim_cur != 0,
		 fork() >= 0);
	return write_text(text, out);
}

Test(apart, it_has_no_rights)
{
	char text[256];

	if (geteuid())
		cr_skip_test("there are none to give up");
	cr_expect_eq(call(describe, NULL, text, sizeof(text)), 0);
	cr_expect_str_eq(text, "root 0, capabilities 0 0, limited 1, core 0, forks 0");
}

/* Nobody collects a status there: the kernel does. */
Test(apart, works_where_the_ends_of_children_are_ignored)
{
	char text[64];

	signal(SIGCHLD, SIG_IGN);
	cr_expect_eq(call(write_text, "some text", text, sizeof(text)), 0);
	cr_expect_str_eq(text, "some text");
	cr_expect_eq(call(leave, NULL, text, sizeof(text)), -ELIBBAD);
}
