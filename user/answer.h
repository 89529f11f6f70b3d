/* SPDX-License-Identifier: BSD-2-Clause */
/* answer: what --report and --check ask for, told on stdout when the trace is over, or of the file of one. */
#ifndef VIZTRACE_ANSWER_H
#define VIZTRACE_ANSWER_H

#include "answers/checks.h"
#include "opts.h"
#include "read/reader.h"
#include "report.h"
#include "write/sinks.h"

/* Says on the timeline where a --check breaks, in all that the sinks write. */
struct answer_watch {
	struct sinks *sinks;
	struct checks_watch checks;
};

/* After sinks__begin(). `w` lives as long as the sinks. */
void answer__watch(struct answer_watch *w, const struct opts *o, struct sinks *sinks);

/* Before sinks__finish(): what is there to be said on the timeline of those that are known in the end only. 0, or what
 * cb returned. */
int answer__each_mark(const struct opts *o, const struct sinks *sinks, const struct report *r,
		      int (*cb)(void *ctx, const char *text), void *ctx);

/* After sinks__finish(), while the writers are there. EXIT_TRACED; EXIT_CHECK: one did not hold; EXIT_OUTPUT: stdout
 * takes it not, or not all, which is said. */
enum exit_code answer__tell(const struct opts *o, const struct sinks *sinks, const struct report *r);

/* A file of a trace, or "-": a descriptor, or -errno. Why it could not be read is said. */
int answer__open(const char *path);
enum exit_code answer__explain(const char *path, const struct reader_result *r, int err);

/* Of o->file. The same; EXIT_INPUT: it cannot be read, or is no trace of ours, which is said. */
enum exit_code answer__tell_of_file(const struct opts *o);

#endif
