/* SPDX-License-Identifier: BSD-2-Clause */
/* rows_threads: what is the same in all rows of a thread, and which slices are open on it. */
#ifndef VIZTRACE_ROWS_THREADS_H
#define VIZTRACE_ROWS_THREADS_H

#include <stddef.h>
#include <stdint.h>

#include "../common/copied.h"
#include "../common/table.h"
#include "json.h"

struct rows_process {
	uint32_t pid;
	char *name;          /* or NULL */
	uint32_t generation; /* another one with each name */
	uint32_t n_threads;  /* that are known */
};

struct rows_slice {
	uint64_t since;       /* ns */
	size_t name;          /* where it is in `names` */
	struct copied values; /* that it began with */
};

struct rows_thread {
	uint32_t pid, tid;
	struct rows_process *process;
	char *name;          /* or NULL */
	uint32_t generation; /* of the process, of which `text` is */
	struct json text;    /* "pid":1,"tid":2,"process":"app","thread":"worker" */
	struct rows_slice *open;
	size_t n_open, room;
	char *names; /* of those, each with its NUL */
	size_t names_room;
};

/* All zeros is an empty set. Threads on which nothing is open are forgotten, names and all, when there are many. */
struct rows_threads {
	struct table processes, threads;
};

/* 0 or -ENOMEM. */
int rows_threads__name_process(struct rows_threads *t, uint32_t pid, const char *name);
int rows_threads__name(struct rows_threads *t, uint32_t pid, uint32_t tid, const char *name);

/* With a text that is right. NULL: no memory. */
struct rows_thread *rows_threads__of(struct rows_threads *t, uint32_t pid, uint32_t tid);

int rows_thread__push(struct rows_thread *t, uint64_t since, const char *name, const struct value *values,
		      size_t n_values);

/* The innermost one, until the next push, and so its name at *ret_name; the caller clears its values. NULL: none. */
struct rows_slice *rows_thread__pop(struct rows_thread *t, const char **ret_name);

void rows_threads__free(struct rows_threads *t);

#endif
