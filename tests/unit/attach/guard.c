/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guard lowers when the tool is gone. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../user/attach/guard.h"
#include "../../../user/attach/maps.h"

#define NOBODY 0x7ffffff0 /* no process has such a number */
#define PATIENCE_US 20000000

static volatile uint16_t semaphore = 1;

static int stub(void)
{
	return 7;
}

/* As if its code were a stub of ours, and the semaphore its own. */
/* The guard is no child of ours: where only those may look into a process (Yama), that has to be allowed. */
static struct guarded of_this_process(void)
{
	struct guarded s = { .semaphore = (uintptr_t)&semaphore, .nop = (uintptr_t)stub, .pid = getpid() };
	struct mapping m;
	struct maps maps;

	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	cr_assert_eq(maps__open(&maps, getpid()), 0);
	while (maps__next(&maps, &m)) {
		if (s.nop >= m.start && s.nop < m.end) {
			s.dev = m.dev;
			s.ino = m.ino;
		}
		if (s.semaphore >= m.start && s.semaphore < m.end)
			s.offset = s.semaphore - m.start + m.offset;
	}
	cr_assert_eq(maps__close(&maps), 0);
	s.code_size = SITE_NOP_SIZE;
	memcpy(s.code, (const void *)s.nop, s.code_size);
	return s;
}

/* One whose tool ends without a word, after it has heard of `n` others, of processes that are gone. */
static void leave_a_guard(int n)
{
	struct guarded mine = of_this_process(), others = { .dev = 1, .ino = 1, .nop = 1 };
	struct guard *g = NULL;
	pid_t tool = fork();
	int status;

	cr_assert_geq(tool, 0);
	if (!tool) {
		guard__add(&g, &mine);
		for (int i = 0; i < n; i++) {
			others.semaphore = (uint64_t)i;
			others.pid = NOBODY + i % 8;
			while (guard__add(&g, &others) == -EAGAIN)
				usleep(1000);
		}
		_exit(0);
	}
	cr_assert_eq(waitpid(tool, &status, 0), tool);
}

Test(guard, lowers_what_was_left_up)
{
	leave_a_guard(0);
	for (int i = 0; semaphore && i < PATIENCE_US; i += 10000)
		usleep(10000);
	cr_assert_eq(semaphore, 0);
}

Test(guard, forgets_only_what_nobody_has)
{
	leave_a_guard(5000);
	for (int i = 0; semaphore && i < PATIENCE_US; i += 10000)
		usleep(10000);
	cr_assert_eq(semaphore, 0);
}
