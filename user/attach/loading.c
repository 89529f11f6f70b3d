// SPDX-License-Identifier: BSD-2-Clause
/* loading: see loading.h. */
#define _GNU_SOURCE
#include "loading.h"

#include <inttypes.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#define NATIVE_ARCH 0
#endif

/*
 * Where loader and program are one file (static, musl) all calls come from the same segment: this many in a row that
 * map no code, and it is the program. A loader makes a few for each library, and more for each directory that it
 * looks in.
 */
#define MAX_CALLS 4096

static bool get_info(pid_t pid, struct __ptrace_syscall_info *ret)
{
	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(*ret), ret) > 0;
}

static bool is_program(pid_t pid, const char *file)
{
	char link[64], program[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	n = readlink(link, program, sizeof(program) - 1);
	if (n < 0)
		return false;
	program[n] = 0;
	return !strcmp(file, program);
}

bool loading__begin(struct loading *l, pid_t pid)
{
	struct __ptrace_syscall_info info;
	struct loading found = { 0 };
	char path[64], *line = NULL;
	size_t size = 0;
	bool there = false;
	FILE *maps;

	if (!get_info(pid, &info) || info.arch != NATIVE_ARCH)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (maps && !there && getline(&line, &size, maps) > 0) {
		int file = 0;

		line[strcspn(line, "\n")] = 0;
		there = sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %n", &found.start, &found.end, &file) ==
				2 &&
			file && info.instruction_pointer >= found.start && info.instruction_pointer < found.end;
		if (there)
			found.own = is_program(pid, line + file);
	}
	free(line);
	if (maps)
		fclose(maps);
	if (there)
		*l = found;
	return there;
}

enum loading_step loading__step(struct loading *l, pid_t pid)
{
	struct __ptrace_syscall_info info;
	bool mapped;

	if (!get_info(pid, &info))
		return LOADING_GOES_ON; /* it was killed: that is reported next */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		if (info.instruction_pointer < l->start || info.instruction_pointer >= l->end || ++l->calls > MAX_CALLS)
			return LOADING_DONE;
		l->maps = info.entry.nr == SYS_mmap && (info.entry.args[2] & PROT_EXEC) &&
			  !(info.entry.args[3] & MAP_ANONYMOUS);
		return LOADING_GOES_ON;
	}
	mapped = l->maps && info.op == PTRACE_SYSCALL_INFO_EXIT && !info.exit.is_error;
	l->maps = false;
	if (!mapped)
		return LOADING_GOES_ON;
	l->own = false; /* a program that maps code before all else is a loader */
	l->calls = 0;
	return LOADING_MAPPED;
}
