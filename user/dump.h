/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dump: a whole trace of what is kept, written by a process of its own that has a copy of all (fork): what comes in
 * meanwhile goes on to be kept. The file has its name when it is whole.
 */
#ifndef VIZTRACE_DUMP_H
#define VIZTRACE_DUMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "attach/processes.h"
#include "keep/kept.h"
#include "model/model.h"
#include "opts.h"

struct dump {
	const struct opts *opts;
	const char *path, *cause;
	uint64_t start, end; /* of the trace, events' clock */
	bool shortened;      /* it was to begin earlier */
	struct kept *kept;
	struct model *old; /* has been told all that came before, and is retold */
	const struct processes *processes;
	int argc;
	char **argv;
};

/* What came of it. */
struct dump_result {
	int err; /* 0 or -errno */
	uint64_t events, lost, bytes;
};

/* 0: *ret_pid is at work, and *ret_fd can be read when it is over. -errno. */
int dump__start(const struct dump *d, pid_t *ret_pid, int *ret_fd);

/* It is over: what it said; -ECHILD in `err` if it was killed. Waits for it, closes `fd`. */
void dump__end(pid_t pid, int fd, struct dump_result *ret);

#endif
