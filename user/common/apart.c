// SPDX-License-Identifier: BSD-2-Clause
/* apart: see apart.h. */
#define _GNU_SOURCE
#include "apart.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

/* Before all else in `out`. */
struct verdict {
	uint32_t done; /* DONE, which is written last */
	int32_t result;
};
#define DONE 0x656e6f64u

/* The tool may have mapped much: rings, or all that a sanitizer wants. */
static rlim_t address_space(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (file) {
		if (fscanf(file, "%llu", &pages) != 1)
			pages = 0;
		fclose(file);
	}
	return pages ? pages * (rlim_t)sysconf(_SC_PAGESIZE) + APART_MEMORY : RLIM_INFINITY;
}

/* What cannot be given up is kept: that is no reason to do without the work. */
static void give_up_rights(void)
{
	const struct rlimit none = { 0, 0 }, memory = { address_space(), RLIM_INFINITY },
			    seconds = { APART_SECONDS, APART_SECONDS };
	struct __user_cap_header_struct version = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct nothing[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_NPROC, &none);
	setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CPU, &seconds);
	if (!geteuid() && !setgroups(0, NULL) && !setresgid(NOBODY, NOBODY, NOBODY))
		(void)!setresuid(NOBODY, NOBODY, NOBODY);
	syscall(SYS_capset, &version, nothing);
}

static void run(int (*work)(void *ctx, int out), void *ctx, int out)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPIPE };
	struct verdict verdict = { .done = DONE };

	/* What it does wrong is its own end, whatever we do about these. */
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		signal(faults[i], SIG_DFL);
	give_up_rights();
	verdict.result = work(ctx, out);
	_exit(pwrite(out, &verdict, sizeof(verdict), 0) != sizeof(verdict));
}

/* Until it has ended; the time for that is over before it can hold us up for long. */
static void wait_for(pid_t child)
{
	int fd = (int)syscall(SYS_pidfd_open, child, 0), status;
	struct pollfd end = { .fd = fd, .events = POLLIN };
	int got;

	do
		got = fd < 0 ? 1 : poll(&end, 1, APART_SECONDS * 1000);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (fd >= 0)
		close(fd);
}

int apart__call(int (*work)(void *ctx, int out), void *ctx, int *ret_out)
{
	struct verdict verdict = { 0 };
	int out = memfd_create("viztrace-apart", MFD_CLOEXEC);
	pid_t child;
	int err;

	if (out < 0)
		return -EAGAIN;
	if (pwrite(out, &verdict, sizeof(verdict), 0) != sizeof(verdict) || lseek(out, sizeof(verdict), SEEK_SET) < 0) {
		close(out);
		return -EAGAIN;
	}
	child = fork();
	if (!child)
		run(work, ctx, out);
	if (child > 0)
		wait_for(child);
	/* Its status may be somebody else's to collect: what it has written says whether it came to the end. */
	if (child > 0 && pread(out, &verdict, sizeof(verdict), 0) != sizeof(verdict))
		verdict.done = 0;
	err = child < 0 ? -EAGAIN : verdict.done != DONE ? -ELIBBAD : verdict.result > 0 ? -ELIBBAD : verdict.result;
	if (err || lseek(out, sizeof(verdict), SEEK_SET) < 0) {
		close(out);
		return err ? err : -EIO;
	}
	*ret_out = out;
	return 0;
}
