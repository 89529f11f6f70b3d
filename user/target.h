/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * target: a PID in, the process's files with probes out. It knows /proc and ELF files, not BPF.
 *
 * Files are opened through /proc/PID/map_files or /proc/PID/root, never by a path of the tool's own namespace,
 * so that containers and deleted or replaced binaries are what the process runs.
 */
#ifndef VIZTRACE_TARGET_H
#define VIZTRACE_TARGET_H

#include <sys/types.h>

#include "elf_file.h"
#include "opts.h"

struct target_file {
	char *path;      /* as the process sees it; " (deleted)" may be at its end */
	int fd;
	uint64_t dev, ino;
	uint64_t bias;   /* run time address - link time address */
	struct elf_file elf;
};

struct target {
	pid_t pid;
	int pidfd;       /* readable when the process has ended */
	char comm[17];
	char *exe;       /* "" if unreadable */
	struct target_file *files; /* only those with probes or classes */
	size_t n_files;
	size_t n_looked_at;
};

/*
 * 0 or -errno: -ESRCH no such process; -EINVAL a thread's id (then *ret_leader is its process); -EACCES may not look at it.
 * Files that cannot be read are left out.
 */
int target__open(struct target **ret, pid_t pid, pid_t *ret_leader);

/* The same for a command: says what is wrong, also with a process that has no probes. */
enum exit_code target__open_or_explain(struct target **ret, pid_t pid);

size_t target__count_probes(const struct target *t);
void target__free(struct target *t);

#endif
