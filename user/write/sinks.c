// SPDX-License-Identifier: BSD-2-Clause
/* sinks: see sinks.h. */
#include "sinks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int sinks__add(struct sinks *s, const struct format *format, const char *path)
{
	char *copy = NULL;

	if (s->n == SINKS_MAX)
		return -E2BIG;
	if (path)
		copy = strdup(path);
	if (path && !copy)
		return -ENOMEM;
	s->list[s->n++] = (struct sink){ .format = format, .path = copy };
	return 0;
}

int sink__open(struct sink *k, struct caller owner)
{
	return output__open(&k->output, k->path, k->kind, owner);
}

int sinks__begin(struct sinks *s, const struct trace_start *start)
{
	int err = 0;

	for (size_t i = 0; i < s->n && !err; i++) {
		struct sink *k = &s->list[i];

		err = k->error = k->format->begin(&k->writer, k->output, start);
	}
	return err;
}

/* 0 while there is one that works. */
static int verdict(const struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->list[i].error)
			return 0;
	return s->n ? s->list[0].error : 0;
}

static int first_error(const struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].error)
			return s->list[i].error;
	return 0;
}

int sinks__flush(struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->list[i].error && s->list[i].output)
			s->list[i].error = output__flush(s->list[i].output);
	return verdict(s);
}

bool sinks__take_accounts(const struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->list[i].error && s->list[i].format->account)
			return true;
	return false;
}

int sinks__account(struct sinks *s, uint64_t ts, const struct trace_account *account)
{
	for (size_t i = 0; i < s->n; i++) {
		struct sink *k = &s->list[i];

		if (!k->error && k->format->account)
			k->error = k->format->account(k->writer, ts, account);
	}
	return verdict(s);
}

uint64_t sinks__size(const struct sinks *s)
{
	uint64_t size, largest = 0;

	for (size_t i = 0; i < s->n; i++) {
		size = s->list[i].output ? output__size(s->list[i].output) : 0;
		if (size > largest)
			largest = size;
	}
	return largest;
}

uint64_t sinks__invalid_json(const struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].writer && s->list[i].format->invalid_json)
			return s->list[i].format->invalid_json(s->list[i].writer);
	return 0;
}

bool sinks__failed(const struct sinks *s)
{
	return first_error(s) != 0;
}

int sinks__finish(struct sinks *s, const char *metadata, size_t size)
{
	for (size_t i = 0; i < s->n; i++) {
		struct sink *k = &s->list[i];

		if (!k->error)
			k->error = k->format->finish(k->writer, metadata, size);
	}
	return first_error(s);
}

void sinks__free_writers(struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i].writer)
			s->list[i].format->free(s->list[i].writer);
		s->list[i].writer = NULL;
	}
}

void sinks__free(struct sinks *s)
{
	sinks__free_writers(s);
	for (size_t i = 0; i < s->n; i++) {
		output__free(s->list[i].output);
		free(s->list[i].path);
	}
	*s = (struct sinks){ 0 };
}

/* ---- What the model says, to each ---- */

#define TO_EACH(call, ...) \
	struct sinks *s = writer; \
\
	for (size_t i = 0; i < s->n; i++) { \
		struct sink *k = &s->list[i]; \
\
		if (__builtin_expect(!k->error, 1)) \
			k->error = k->format->ops->call(k->writer, __VA_ARGS__); \
	} \
	return verdict(s)

static int process_name(void *writer, uint32_t pid, const char *name)
{
	TO_EACH(process_name, pid, name);
}

static int thread_name(void *writer, uint32_t pid, uint32_t tid, const char *name)
{
	TO_EACH(thread_name, pid, tid, name);
}

static int counter(void *writer, struct where at, const struct trace_counter *counter, const struct value *values,
		   size_t n_values)
{
	TO_EACH(counter, at, counter, values, n_values);
}

static int counter_closing(void *writer, struct where at, const struct trace_counter *counter,
			   const struct value *values, size_t n_values)
{
	TO_EACH(counter_closing, at, counter, values, n_values);
}

static int object_new(void *writer, struct where at, const struct trace_object *object)
{
	TO_EACH(object_new, at, object);
}

static int object_snapshot(void *writer, struct where at, const struct trace_object *object, const struct value *values,
			   size_t n_values)
{
	TO_EACH(object_snapshot, at, object, values, n_values);
}

static int object_delete(void *writer, struct where at, const struct trace_object *object)
{
	TO_EACH(object_delete, at, object);
}

static int state_begin(void *writer, struct where at, const struct trace_object *object, const struct value *values,
		       size_t n_values)
{
	TO_EACH(state_begin, at, object, values, n_values);
}

static int state_end(void *writer, struct where at, const struct trace_object *object)
{
	TO_EACH(state_end, at, object);
}

static int slice_begin(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	TO_EACH(slice_begin, at, name, values, n_values);
}

static int slice_end(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	TO_EACH(slice_end, at, name, values, n_values);
}

static int slice_before(void *writer, struct where at, uint64_t since, const char *name)
{
	TO_EACH(slice_before, at, since, name);
}

static int async_begin(void *writer, struct where at, const struct trace_async *slice, const struct value *values,
		       size_t n_values)
{
	TO_EACH(async_begin, at, slice, values, n_values);
}

static int async_end(void *writer, struct where at, const struct trace_async *slice)
{
	TO_EACH(async_end, at, slice);
}

static int flow(void *writer, struct where at, uint64_t serial, bool is_in, const struct value *values, size_t n_values)
{
	TO_EACH(flow, at, serial, is_in, values, n_values);
}

static int instant(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	TO_EACH(instant, at, name, values, n_values);
}

const struct trace_ops sinks_ops = {
	.process_name = process_name,
	.thread_name = thread_name,
	.counter = counter,
	.counter_closing = counter_closing,
	.object_new = object_new,
	.object_snapshot = object_snapshot,
	.object_delete = object_delete,
	.state_begin = state_begin,
	.state_end = state_end,
	.slice_begin = slice_begin,
	.slice_end = slice_end,
	.slice_before = slice_before,
	.async_begin = async_begin,
	.async_end = async_end,
	.flow = flow,
	.instant = instant,
};

_Static_assert(sizeof(sinks_ops) == 16 * sizeof(int (*)(void)), "a new call has to be passed on, too");
