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

#include "../common/exit_code.h"
#include "emulated.h"

/* A file that the process has mapped. */
struct target_file {
	struct binary *binary;
	uint64_t map_dev, map_ino; /* as /proc/PID/maps says, which need not be what stat() says */
	uint64_t bias;             /* run time address - link time address */
	uint32_t attached;         /* kinds of probes, for this process */
	bool is_mapped;            /* it was when we looked last */
	bool is_new;               /* and was not there, in that place, the time before */
	size_t n_codes, n_before;  /* mappings of its code, and then */
};

struct target {
	pid_t pid;
	pid_t task;          /* as which its memory is found in /proc: a thread that runs, if the first one has left */
	pid_t container_pid; /* its number in its own PID namespace, if that is not ours; else 0 */
	int pidfd;           /* readable when the process has ended */
	char comm[17];
	char *exe;                 /* "" if unreadable */
	struct target_file *files; /* only those with probes or classes, and the loader */
	size_t n_files;
	char emulator[EMULATOR_MAX]; /* what runs its code instead of the processor; "" */
	bool runs_own, runs_other;   /* programs: its executable, one that is not */
	uint64_t exe_dev, exe_ino;   /* of its executable, when we looked last */
	size_t n_looked_at;
	size_t n_denied;   /* files that we may not open */
	size_t n_vanished; /* that were gone before we could: it may have ended meanwhile */
};

/*
 * 0 or -errno: -ESRCH no such process; -EINVAL a thread's id (then *ret_leader is its process); -EACCES may not look at
 * it. Files that cannot be read are left out. `binaries` has to outlive the target.
 */
int target__open(struct target **ret, struct binaries *binaries, pid_t pid, pid_t *ret_leader);

/* Look again: files that it has mapped since then are new. The same errors. */
int target__look(struct target *t, struct binaries *binaries);

/* The thread as which its memory was found has left: is there another one? */
bool target__renew_task(struct target *t);

/* It has executed another file: nothing is mapped any more. Look again. */
void target__forget(struct target *t);

/* It has it no more, nor ever again under that inode. */
void target__forget_file(struct target *t, const struct binary *b);

/* What it may do without when it is opened. */
enum target_probes {
	TARGET_NEEDS_PROBES,
	TARGET_MAY_LOAD_PROBES, /* later: that it has none is said, unless it can have none */
	TARGET_WITHOUT_PROBES,
};

/* target__open() for a command: says what is wrong. */
enum exit_code target__open_or_explain(struct target **ret, struct binaries *binaries, pid_t pid,
				       enum target_probes probes);

struct mapping;
/* The file of a mapping, as it is there: a descriptor or -1. */
int target__open_mapping(const struct target *t, const struct mapping *m);

/* Does a debugger hold it, other than we do? */
bool target__is_debugged(const struct target *t);

/* In what is mapped. */
size_t target__count_probes(const struct target *t);

/* Of any process: 0 and "" if it is gone. */
pid_t target__parent_of(pid_t pid);
uint64_t target__start_of(pid_t pid); /* ticks of the clock since boot */
bool target__runs(pid_t pid);         /* one thread at least: it is no zombie */

/* It has ended, and only its number is left, for its parent to see how. */
bool target__is_zombie(pid_t pid);
void target__read_comm(pid_t pid, char comm[17]);

void target__free(struct target *t);

#endif
