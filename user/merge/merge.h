/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * merge: several traces in, each from a reader, and one out: what all of them tell, in the order of its times, to one
 * trace_ops. As a stream: of each trace one event is held.
 *
 * Traces of one boot of one machine have one clock, CLOCK_MONOTONIC; else they are placed by the wall clock. Numbers of
 * processes and threads are kept apart by MERGE_PIDS for each PID namespace of each machine after the first one, so
 * that 20001234 is 1234 of the third; of one namespace they are the same processes.
 */
#ifndef VIZTRACE_MERGE_H
#define VIZTRACE_MERGE_H

#include "../model/trace.h"
#include "../read/reader.h"

#define MERGE_PIDS 10000000u /* more than a kernel has */
#define MERGE_SPACES_MAX 200 /* the last one's numbers are still positive ones of 32 bits */

/* What a trace says about its events, by these names; zeros if it does not. */
#define MERGE_COUNTS 6
extern const char *const merge_counts[MERGE_COUNTS];

struct merge_input {
	const char *path;
	int fd;         /* is closed by merge__begin() or later */
	int64_t offset; /* ns that all its times are moved by */

	/* What came of it. */
	struct trace_start start;
	bool began;     /* it is a trace */
	bool has_clock; /* and says when it began */
	uint64_t shift; /* ns from the result's beginning to its own */
	unsigned space; /* which namespace it is of, from 0 on, in the order of the inputs */
	int error;      /* how reading ended; -EXDEV: it is of several machines, as are the others */
	uint64_t counts[MERGE_COUNTS];
	struct reader_result result;
};

struct merge;

struct merge_output {
	const struct trace_ops *ops;
	void *writer;
};

/*
 * Read the beginning of each of the `n` inputs, which live as long as this does and have what is said above then; where
 * the result begins is in *ret_start. 0; -EINVAL: one is no trace of ours, and has an error; -ENODATA: one (no
 * has_clock, no offset) does not say when it began; -E2BIG: they are of more namespaces than MERGE_SPACES_MAX; or
 * -errno. There is something to free in any case.
 */
int merge__begin(struct merge **ret, struct merge_input *inputs, size_t n, struct trace_start *ret_start);

/* Of how many namespaces they are. */
unsigned merge__spaces(const struct merge *m);

/* All of it. An input that cannot be read to its end has an error, and the others go on. 0, or what the output
 * returned. */
int merge__run(struct merge *m, const struct merge_output *to);

void merge__free(struct merge *m);

#endif
