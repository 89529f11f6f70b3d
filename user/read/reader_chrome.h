/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reader_chrome: the way back from writer_chrome. A file that it wrote, packed or not, in; what the model said when it
 * was written out, to whoever stands behind a struct trace_ops. Such a file has one event in a line: it is read as a
 * stream, whose memory does not grow with it. Reading JSON is jansson's job.
 *
 * Told are names, counters, objects and slices, with the times, values and texts of the file. A counter's serial and
 * an object's life are made of what tells them apart in a file (hash.h), so that a life may have the number of one at
 * the same address that is over. Not told are states and the values of objects and instants.
 */
#ifndef VIZTRACE_READER_CHROME_H
#define VIZTRACE_READER_CHROME_H

#include "../model/trace.h"

struct reader_result {
	bool is_cut;         /* the end of the file is missing: its writer was killed */
	bool is_whole;       /* it says what there was; else the next ones are not known */
	uint64_t end;        /* of the trace, ns */
	uint64_t seen, lost; /* events */

	uint64_t line;     /* where reading failed, */
	const char *wrong; /* and what was found there; NULL: it did not, or has an errno */
};

/*
 * `fd` is read to its end and closed. 0 or -errno: -EINVAL if it is not such a file (then ret->wrong says so), -EILSEQ
 * and -E2BIG as in lines.h, or what a function of `ops` returned.
 */
int reader_chrome__read(int fd, const struct trace_ops *ops, void *writer, struct reader_result *ret);

#endif
