// SPDX-License-Identifier: BSD-2-Clause
/* source: see source.h. */
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/hash.h"
#include "../read/values.h"

const char *const merge_counts[MERGE_COUNTS] = { "seen", "written", "filtered", "lost", "truncated", "unreadable" };

/* ---- Numbers and times ---- */

/* Small ones stay small, whatever they number, and none is of two sources: a format has room for 61 bits. */
static uint64_t number_of(const struct source *s, uint64_t number)
{
	return number * s->n + s->index;
}

static uint32_t moved(const struct source *s, uint32_t id)
{
	return id + s->input->space * MERGE_PIDS;
}

/* 0 and *at is where the event is in the result, whose turn it is; or the error with which reading ends. */
static int wait_turn(struct source *s, struct where *at)
{
	/* This was merged itself, of several machines, and there are others. */
	if (s->names_host && (at->pid >= MERGE_PIDS || at->tid >= MERGE_PIDS))
		return -EXDEV;
	at->ts += s->input->shift;
	at->pid = moved(s, at->pid);
	at->tid = moved(s, at->tid);
	s->next = at->ts;
	if (at->ts > s->until)
		fiber__yield(s->fiber);
	return s->cancelled ? -ECANCELED : 0;
}

/* What the output says ends all of them. */
static int told(struct source *s, int err)
{
	if (err && !*s->output_error)
		*s->output_error = err;
	return err ? -ECANCELED : 0;
}

#define TELL(call, ...) \
	struct source *s = ctx; \
	int err = wait_turn(s, &at); \
\
	return err ? err : told(s, s->to->ops->call(s->to->writer, at, __VA_ARGS__))

/* ---- What the reader tells ---- */

static int on_process_name(void *ctx, uint32_t pid, const char *name)
{
	struct source *s = ctx;
	const char *slash = strrchr(s->input->path, '/');
	const char *host = s->input->start.host.name;
	char named[256];

	/* What it is in the end is not known in the middle. */
	if (s->cancelled)
		return -ECANCELED;
	if (!*host)
		host = slash ? slash + 1 : s->input->path;
	snprintf(named, sizeof(named), s->names_host ? "%.100s @%.100s" : "%.200s", name, host);
	return told(s, s->to->ops->process_name(s->to->writer, moved(s, pid), named));
}

static int on_thread_name(void *ctx, uint32_t pid, uint32_t tid, const char *name)
{
	struct source *s = ctx;

	if (s->cancelled)
		return -ECANCELED;
	return told(s, s->to->ops->thread_name(s->to->writer, moved(s, pid), moved(s, tid), name));
}

static struct trace_counter counter_of(const struct source *s, const struct trace_counter *counter)
{
	struct trace_counter c = *counter;

	c.serial = hash__pair(c.serial, s->index);
	return c;
}

static int on_counter(void *ctx, struct where at, const struct trace_counter *counter, const struct value *values,
		      size_t n_values)
{
	const struct trace_counter c = counter_of(ctx, counter);

	TELL(counter, &c, values, n_values);
}

static int on_counter_closing(void *ctx, struct where at, const struct trace_counter *counter,
			      const struct value *values, size_t n_values)
{
	const struct trace_counter c = counter_of(ctx, counter);

	TELL(counter_closing, &c, values, n_values);
}

static struct trace_object object_of(const struct source *s, const struct trace_object *object)
{
	struct trace_object o = *object;

	o.life = number_of(s, o.life);
	return o;
}

static int on_object_new(void *ctx, struct where at, const struct trace_object *object)
{
	const struct trace_object o = object_of(ctx, object);

	TELL(object_new, &o);
}

static int on_object_snapshot(void *ctx, struct where at, const struct trace_object *object, const struct value *values,
			      size_t n_values)
{
	const struct trace_object o = object_of(ctx, object);

	TELL(object_snapshot, &o, values, n_values);
}

static int on_object_delete(void *ctx, struct where at, const struct trace_object *object)
{
	const struct trace_object o = object_of(ctx, object);

	TELL(object_delete, &o);
}

static int on_state_begin(void *ctx, struct where at, const struct trace_object *object, const struct value *values,
			  size_t n_values)
{
	const struct trace_object o = object_of(ctx, object);

	TELL(state_begin, &o, values, n_values);
}

static int on_state_end(void *ctx, struct where at, const struct trace_object *object)
{
	const struct trace_object o = object_of(ctx, object);

	TELL(state_end, &o);
}

static int on_slice_begin(void *ctx, struct where at, const char *name, const struct value *values, size_t n_values)
{
	TELL(slice_begin, name, values, n_values);
}

static int on_slice_end(void *ctx, struct where at, const char *name, const struct value *values, size_t n_values)
{
	TELL(slice_end, name, values, n_values);
}

static int on_slice_before(void *ctx, struct where at, uint64_t since, const char *name)
{
	TELL(slice_before, since + s->input->shift, name);
}

static struct trace_async async_of(const struct source *s, const struct trace_async *slice)
{
	struct trace_async a = *slice;

	a.track = number_of(s, a.track);
	return a;
}

static int on_async_begin(void *ctx, struct where at, const struct trace_async *slice, const struct value *values,
			  size_t n_values)
{
	const struct trace_async a = async_of(ctx, slice);

	TELL(async_begin, &a, values, n_values);
}

static int on_async_end(void *ctx, struct where at, const struct trace_async *slice)
{
	const struct trace_async a = async_of(ctx, slice);

	TELL(async_end, &a);
}

static int on_flow(void *ctx, struct where at, uint64_t serial, bool is_in, const struct value *values, size_t n_values)
{
	TELL(flow, number_of(s, serial), is_in, values, n_values);
}

static int on_instant(void *ctx, struct where at, const char *name, const struct value *values, size_t n_values)
{
	TELL(instant, name, values, n_values);
}

static const struct trace_ops ops = {
	.process_name = on_process_name,
	.thread_name = on_thread_name,
	.counter = on_counter,
	.counter_closing = on_counter_closing,
	.object_new = on_object_new,
	.object_snapshot = on_object_snapshot,
	.object_delete = on_object_delete,
	.state_begin = on_state_begin,
	.state_end = on_state_end,
	.slice_begin = on_slice_begin,
	.slice_end = on_slice_end,
	.slice_before = on_slice_before,
	.async_begin = on_async_begin,
	.async_end = on_async_end,
	.flow = on_flow,
	.instant = on_instant,
};

/* ---- Its life ---- */

static int on_metadata(void *ctx, const struct value *values, size_t n_values)
{
	const struct value *events = values__member(values, n_values, "events");
	struct source *s = ctx;
	size_t left, n;

	if (!events || events->type != VALUE_DICT)
		return 0;
	left = n_values - (size_t)(events - values) - 1;
	n = left < events->n_children ? left : events->n_children;
	for (int i = 0; i < MERGE_COUNTS; i++) {
		const struct value *v = values__member(events + 1, n, merge_counts[i]);

		if (v && v->type == VALUE_INT && v->i >= 0)
			s->input->counts[i] = v->u;
	}
	return 0;
}

static int on_begins(void *ctx, const struct trace_start *start)
{
	struct source *s = ctx;

	s->input->start = *start;
	s->input->has_clock = start->wall != 0;
	s->input->began = true;
	fiber__yield(s->fiber);
	return s->cancelled ? -ECANCELED : 0;
}

static void run(void *ctx)
{
	struct source *s = ctx;
	const struct reader_sink sink = {
		.ops = &ops,
		.writer = s,
		.whole = true,
		.ctx = s,
		.begins = on_begins,
		.metadata = on_metadata,
	};

	s->input->error = reader__read(s->input->fd, &sink, &s->input->result);
	if (s->input->error == -ECANCELED)
		s->input->error = 0;
}

bool source__resume(struct source *s)
{
	if (!s->ended)
		s->ended = !fiber__resume(s->fiber);
	return !s->ended;
}

int source__begin(struct source *s, struct merge_input *input, size_t index, size_t n)
{
	*s = (struct source){ .input = input, .index = index, .n = n };
	input->error = fiber__new(&s->fiber, run, s);
	if (input->error) {
		s->ended = true;
		close(input->fd);
	} else {
		source__resume(s);
	}
	return input->began ? 0 : input->error ? input->error : -EINVAL;
}

void source__cancel(struct source *s)
{
	s->cancelled = true;
	while (source__resume(s))
		;
}

void source__free(struct source *s)
{
	fiber__free(s->fiber);
}
