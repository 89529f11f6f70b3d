/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writer_chrome_parts: what writer_chrome.c and writer_chrome_async.c, which are one, have in common. Nobody else
 * includes this.
 */
#ifndef VIZTRACE_WRITER_CHROME_PARTS_H
#define VIZTRACE_WRITER_CHROME_PARTS_H

#include "chrome_samples.h"
#include "json.h"
#include "writer_chrome.h"

/* "pid":1,"tid":2 as it was written last: most events are of the thread that the one before was of. */
struct thread_text {
	uint32_t pid, tid;
	size_t size; /* 0: nothing yet */
	char text[48];
};

struct writer_chrome {
	struct output *out;
	struct json event; /* the text of the one event that is being made */
	bool started;      /* the array has its first event */
	bool profile;      /* a name was seen that makes speedscope take the trace for something else */
	struct where last; /* where the latest event was */
	uint32_t pid, tid; /* of the first event */
	struct trace_start begins;
	uint64_t open_before; /* slices, so far */
	struct thread_text thread;
	struct chrome_samples samples;
	struct writer_chrome_stats stats;
};

/* The comma is the array's. It comes before the event, so that what is in the file is whole without the next one. */
#define MEMBERS(phase, category) ",\n{\"ph\":\"" phase "\",\"cat\":\"" category "\""

#define BEGIN(w, at, phase, category) \
	writer_chrome__begin_at(w, at, MEMBERS(phase, category), sizeof(MEMBERS(phase, category)) - 1)

/* Begin an event with these members, and where it is. 0 or -errno. */
int writer_chrome__begin_at(struct writer_chrome *w, const struct where *at, const char *members, size_t size);
int writer_chrome__end(struct writer_chrome *w);

/* Every name of an event goes through here. */
void writer_chrome__put_name(struct writer_chrome *w, const char *name);

/* As the event's args, if there are any. */
void writer_chrome__put_values(struct writer_chrome *w, const struct value *values, size_t n_values);

/* ---- writer_chrome_async.c: as in trace_ops ---- */

int writer_chrome__slice_before(void *writer, struct where at, uint64_t since, const char *name);
int writer_chrome__async_begin(void *writer, struct where at, const struct trace_async *slice,
			       const struct value *values, size_t n_values);
int writer_chrome__async_end(void *writer, struct where at, const struct trace_async *slice);
int writer_chrome__flow(void *writer, struct where at, uint64_t serial, bool is_in, const struct value *values,
			size_t n_values);

#endif
