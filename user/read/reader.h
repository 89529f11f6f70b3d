/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reader: a file that this tool wrote, in whichever of its formats, packed or not, in; what the model said when it was
 * written out, to whoever stands behind a struct trace_ops. The file is read as a stream, whose memory does not grow
 * with it, but for what it has names for.
 *
 * A counter's serial and an object's life are what tells them apart in a file: in JSON a counter is its name and id.
 */
#ifndef VIZTRACE_READER_H
#define VIZTRACE_READER_H

#include "../model/trace.h"

/* Who is told. */
struct reader_sink {
	const struct trace_ops *ops;
	void *writer;

	/* Also the values of objects, slices and instants, and the states of objects; else their names and times. */
	bool whole;

	/* The rest may be NULL; 0, or an error with which reading ends. */
	void *ctx;
	/* Before anything is told: the trace's beginning; zeros and what is empty if the file does not say that in its
	 * own. */
	int (*begins)(void *ctx, const struct trace_start *start);
	/* What the trace says about itself: the members of a dict. */
	int (*metadata)(void *ctx, const struct value *values, size_t n_values);
};

struct reader_result {
	bool is_cut;         /* the end of the file is missing: its writer was killed */
	bool is_whole;       /* it says what there was; else the next ones are not known */
	uint64_t end;        /* of the trace, ns */
	uint64_t seen, lost; /* events */
	uint64_t forgotten;  /* objects, to make room for others */

	bool is_binary;    /* its parts are packets; else lines */
	uint64_t line;     /* where reading failed, from 1 on; 0: it has none */
	uint64_t offset;   /* the same of what is binary: bytes, unpacked */
	const char *wrong; /* and what was found there; NULL: it did not, or has an errno */
};

/*
 * `fd` is read to its end and closed. 0 or -errno: -EINVAL if it is not such a file (then ret->wrong says so), -EILSEQ
 * and -E2BIG as in stream.h, or what a function of `sink` returned.
 */
int reader__read(int fd, const struct reader_sink *sink, struct reader_result *ret);

#endif
