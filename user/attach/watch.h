/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch: what processes do on this machine, out: they fork, exec, end, and map executable files. From perf events
 * without a counter ("dummy"), one for each CPU; nothing runs in the processes for it. Knows neither BPF nor ELF.
 */
#ifndef VIZTRACE_WATCH_H
#define VIZTRACE_WATCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum watch_kind {
	WATCH_FORKED, /* process `pid` of `parent` */
	WATCH_EXECED, /* process `pid` runs another file; .name is its new name */
	WATCH_MAPPED, /* process `pid` has mapped the executable file .name (as it sees it) */
	WATCH_EXITED, /* thread `tid` of process `pid` */
	WATCH_MISSED, /* there was more than we could read: look at everybody */
};

struct watch_event {
	enum watch_kind kind;
	uint64_t ts; /* ns, CLOCK_MONOTONIC */
	pid_t pid, tid, parent;
	const char *name; /* NUL-terminated */
};

struct watch;

/* 0 or -errno: -EACCES, -EPERM. */
int watch__new(struct watch **ret);
void watch__free(struct watch *w);

/* For poll(): readable when there are events. */
int watch__fd(const struct watch *w);

/* All that has happened before it was called, in the order of time, also from one call to the next. Stops at the first
 * error of `cb`: then this watch can only be freed. */
int watch__read(struct watch *w, int (*cb)(void *ctx, const struct watch_event *e), void *ctx);

#endif
