/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * traced: what processes.c and its parts are told of the processes to trace, and what they tell of them.
 */
#ifndef VIZTRACE_TRACED_H
#define VIZTRACE_TRACED_H

#include "../common/event.h"
#include "../common/site.h"
#include "arming.h"
#include "target.h"

/* Which ones. */
struct processes_options {
	const pid_t *pids; /* -p */
	size_t n_pids;
	const char *program; /* -x; NULL */
	char *const *argv;   /* -- COMMAND; NULL */
	const char *user;    /* who runs the command; NULL: who called us */
	bool follow;         /* what they fork and execute, too */
	bool no_wait;        /* for probes that they may load later */
	bool apart;          /* the command from our terminal, on which something is drawn */
	enum site site;      /* for messages */
};

/* Who wants to know: that a process BEGAN, was PRESENT, EXECED or ENDED (`text` is its name), or a NOTE for its
 * timeline. `ts` is on the clock of records; calls come in no strict order of it. */
struct processes_ops {
	void (*on_event)(void *ctx, enum event_kind what, uint64_t ts, pid_t pid, const char *text);
	/* A signal has ended it; before ENDED, and also of the last one. */
	void (*on_signal)(void *ctx, uint64_t ts, pid_t pid, int signal);
	void (*on_thread_end)(void *ctx, uint64_t ts, pid_t pid, pid_t tid);
	/* A process has mapped a file (pid 0: any, at its link time addresses). 0 or -errno. */
	int (*on_file)(void *ctx, pid_t pid, uint64_t bias, struct binary *b);
	void *ctx;
};

struct processes_stats {
	size_t probes, files; /* attached to */
	size_t processes;     /* traced in all, as far as we saw them */
	size_t missed;        /* that had ended when we came to attach to their probes */
	size_t astray;        /* times something else of theirs may have been written to than a semaphore */
};

/* A few words on the first of them, for metadata. */
#define PROCESSES_DESCRIBED 16
struct process_description {
	pid_t pid, container_pid;
	char comm[17];
	char *exe;
};

/* Probes that were attached to and not switched on, or in the end not off. */
#define PROCESSES_SILENT 16
struct processes_silent {
	pid_t pid;
	const struct binary *binary;
	uint32_t kinds; /* bit: enum probe */
	enum arming_state state;
};

#endif
