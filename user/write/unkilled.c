// SPDX-License-Identifier: BSD-2-Clause
/* unkilled: see unkilled.h. */
#define _GNU_SOURCE
#include "unkilled.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int unkilled__call(int (*fn)(void *), void *arg)
{
	volatile int err = -EINTR;
	sigset_t all;
	pid_t child;

	sigfillset(&all);
	child = vfork();
	if (child < 0)
		return fn(arg);
	if (child == 0) {
		setsid();
		sigprocmask(SIG_SETMASK, &all, NULL);
		err = fn(arg);
		_exit(0);
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return err;
}
