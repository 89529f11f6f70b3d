// SPDX-License-Identifier: BSD-2-Clause
/* writer_rows: see writer_rows.h. */
#include "writer_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrome_args.h"
#include "chrome_samples.h"
#include "rows_threads.h"

struct writer_rows {
	struct output *out;
	struct trace_start start;
	char trace[17];
	struct json where; /* "trace":..,"host":..,"boot_id":.. */
	struct json row;   /* the one that is being made */
	uint64_t n;        /* rows so far */
	uint64_t last;     /* the latest time so far, ns */
	bool line_first; /* a line ends where the next one begins: what fills a file up then belongs to a whole line */
	struct rows_threads threads;
	struct rows_thread *thread; /* of the row before, or NULL */
	struct table async;         /* by track and level: when it began, and 1 */
	struct chrome_samples samples;
	struct chrome_args_stats stats;
};

/* ---- A row ---- */

static void put_text(struct json *j, const char *text)
{
	if (!text)
		text = CHROME_ARGS_UNREADABLE;
	json__string(j, text, strlen(text));
}

/* What all have; `kind` is `"kind":"slice"`. */
static void begin(struct writer_rows *w, uint64_t ts, const char *kind, size_t size)
{
	struct json *j = &w->row;

	json__clear(j);
	if (w->line_first && w->n)
		json__raw(j, "\n", 1);
	j->comma = false;
	json__object(j);
	json__raw(j, w->where.data, w->where.size);
	if (w->thread)
		json__raw(j, w->thread->text.data, w->thread->text.size);
	JSON__KEY(j, "row");
	json__uint(j, w->n++);
	JSON__KEY(j, "ts");
	json__uint(j, w->start.wall + ts);
	json__raw(j, kind, size);
}

#define BEGIN(w, ts, kind) begin(w, ts, "\"kind\":\"" kind "\"", sizeof("\"kind\":\"" kind "\"") - 1)

static int end(struct writer_rows *w)
{
	struct json *j = &w->row;
	int err;

	json__object_end(j);
	j->comma = false;
	if (!w->line_first)
		json__raw(j, "\n", 1);
	err = j->error ? j->error : output__write(w->out, j->data, j->size);
	if (!err)
		output__mark(w->out);
	return err;
}

/* Of whom the next row is. */
static int at_thread(struct writer_rows *w, const struct where *at)
{
	w->last = at->ts > w->last ? at->ts : w->last;
	w->thread = rows_threads__of(&w->threads, at->pid, at->tid);
	return w->thread ? 0 : -ENOMEM;
}

static void put_object_name(struct writer_rows *w, const char *name)
{
	JSON__KEY(&w->row, "object");
	put_text(&w->row, name);
}

static void put_number(struct writer_rows *w, uint64_t number)
{
	JSON__KEY(&w->row, "id");
	json__string_begin(&w->row);
	json__piece_uint(&w->row, number);
	json__string_end(&w->row);
}

static void put_state(struct writer_rows *w, const struct value *values, size_t n_values)
{
	if (!n_values)
		return;
	JSON__KEY(&w->row, "state");
	chrome_args__put(&w->row, values, n_values, CHROME_ARGS_EXACT, &w->stats);
}

/* Those of two in one: no key is in both. */
static int put_states(struct writer_rows *w, const struct value *first, size_t n_first, const struct value *then,
		      size_t n_then)
{
	struct value *all;

	if (!n_first || !n_then) {
		put_state(w, n_first ? first : then, n_first + n_then);
		return 0;
	}
	all = malloc((n_first + n_then) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	memcpy(all, first, n_first * sizeof(*all));
	memcpy(all + n_first, then, n_then * sizeof(*all));
	put_state(w, all, n_first + n_then);
	free(all);
	return 0;
}

/* ---- What the model tells ---- */

static int write_process_name(void *writer, uint32_t pid, const char *name)
{
	struct writer_rows *w = writer;

	return rows_threads__name_process(&w->threads, pid, name);
}

static int write_thread_name(void *writer, uint32_t pid, uint32_t tid, const char *name)
{
	struct writer_rows *w = writer;

	return rows_threads__name(&w->threads, pid, tid, name);
}

static int write_counter(void *writer, struct where at, const struct trace_counter *counter, const struct value *values,
			 size_t n_values)
{
	struct writer_rows *w = writer;
	int err = at_thread(w, &at);

	if (err)
		return err;
	BEGIN(w, at.ts, "report");
	put_object_name(w, counter->name);
	if (counter->id) {
		JSON__KEY(&w->row, "id");
		put_text(&w->row, counter->id);
	}
	JSON__KEY(&w->row, "values");
	err = chrome_samples__put(&w->samples, &w->row, counter->serial, counter->set, values, n_values);
	return err ? err : end(w);
}

/* Nobody reported that. */
static int write_counter_closing(void *writer, struct where at, const struct trace_counter *counter,
				 const struct value *values, size_t n_values)
{
	(void)writer, (void)at, (void)counter, (void)values, (void)n_values;
	return 0;
}

static void put_object(struct writer_rows *w, const struct trace_object *object)
{
	struct json *j = &w->row;

	JSON__KEY(j, "class");
	put_text(j, object->tag ? object->tag : "object");
	put_object_name(w, object->name);
	JSON__KEY(j, "address");
	json__string_begin(j);
	json__piece_hex(j, object->address);
	json__string_end(j);
}

static int write_object_new(void *writer, struct where at, const struct trace_object *object)
{
	struct writer_rows *w = writer;
	int err = at_thread(w, &at);

	if (err)
		return err;
	BEGIN(w, at.ts, "new");
	put_object(w, object);
	return end(w);
}

static int write_object_snapshot(void *writer, struct where at, const struct trace_object *object,
				 const struct value *values, size_t n_values)
{
	struct writer_rows *w = writer;
	int err = at_thread(w, &at);

	if (err)
		return err;
	BEGIN(w, at.ts, "report");
	put_object(w, object);
	put_state(w, values, n_values);
	return end(w);
}

static int write_object_delete(void *writer, struct where at, const struct trace_object *object)
{
	struct writer_rows *w = writer;
	int err = at_thread(w, &at);

	if (err)
		return err;
	BEGIN(w, at.ts, "delete");
	put_object(w, object);
	return end(w);
}

/* They are reports, and the end of the trace is no event. */
static int write_state_begin(void *writer, struct where at, const struct trace_object *object,
			     const struct value *values, size_t n_values)
{
	(void)writer, (void)at, (void)object, (void)values, (void)n_values;
	return 0;
}

static int write_state_end(void *writer, struct where at, const struct trace_object *object)
{
	(void)writer, (void)at, (void)object;
	return 0;
}

static void put_length(struct writer_rows *w, const char *name, uint64_t ns)
{
	if (name)
		put_object_name(w, name);
	JSON__KEY(&w->row, "dur");
	json__uint(&w->row, ns);
}

static void put_depth(struct writer_rows *w, size_t depth)
{
	JSON__KEY(&w->row, "depth");
	json__uint(&w->row, depth);
}

static int write_slice_begin(void *writer, struct where at, const char *name, const struct value *values,
			     size_t n_values)
{
	struct writer_rows *w = writer;
	int err = at_thread(w, &at);

	return err ? err : rows_thread__push(w->thread, at.ts, name, values, n_values);
}

static int write_slice_end(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	struct writer_rows *w = writer;
	struct rows_slice *slice;
	int err = at_thread(w, &at);

	if (err)
		return err;
	slice = rows_thread__pop(w->thread, &name);
	/* Of a file that was cut in its beginning, or made by somebody else. */
	if (!slice)
		return 0;
	BEGIN(w, slice->since, "slice");
	put_length(w, name, at.ts - slice->since);
	put_depth(w, w->thread->n_open);
	err = put_states(w, slice->values.values, slice->values.n, values, n_values);
	copied__clear(&slice->values);
	return err ? err : end(w);
}

static int write_slice_before(void *writer, struct where at, uint64_t since, const char *name)
{
	struct writer_rows *w = writer;
	int err = at_thread(w, &at);

	if (err)
		return err;
	BEGIN(w, since, "before");
	put_length(w, name, at.ts - since);
	return end(w);
}

static int write_async_begin(void *writer, struct where at, const struct trace_async *slice, const struct value *values,
			     size_t n_values)
{
	struct writer_rows *w = writer;
	int err = at_thread(w, &at);

	if (!err)
		err = table__put(&w->async, slice->track, slice->level, (void *)(uintptr_t)(at.ts + 1));
	if (err)
		return err;
	BEGIN(w, at.ts, "async_begin");
	put_object_name(w, slice->name);
	put_number(w, slice->track);
	put_depth(w, slice->level);
	put_state(w, values, n_values);
	return end(w);
}

static int write_async_end(void *writer, struct where at, const struct trace_async *slice)
{
	struct writer_rows *w = writer;
	uint64_t since = (uintptr_t)table__remove(&w->async, slice->track, slice->level);
	int err = at_thread(w, &at);

	if (err)
		return err;
	BEGIN(w, at.ts, "async_end");
	put_length(w, slice->name, since ? at.ts - (since - 1) : 0);
	put_number(w, slice->track);
	put_depth(w, slice->level);
	return end(w);
}

static int write_flow(void *writer, struct where at, uint64_t serial, bool is_in, const struct value *values,
		      size_t n_values)
{
	struct writer_rows *w = writer;
	int err = at_thread(w, &at);

	if (err)
		return err;
	if (is_in)
		BEGIN(w, at.ts, "flow_in");
	else
		BEGIN(w, at.ts, "flow_out");
	put_number(w, serial);
	put_state(w, values, n_values);
	return end(w);
}

static int write_instant(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	struct writer_rows *w = writer;
	int err = at_thread(w, &at);

	if (err)
		return err;
	BEGIN(w, at.ts, "instant");
	put_object_name(w, name);
	put_state(w, values, n_values);
	return end(w);
}

const struct trace_ops writer_rows_ops = {
	.process_name = write_process_name,
	.thread_name = write_thread_name,
	.counter = write_counter,
	.counter_closing = write_counter_closing,
	.object_new = write_object_new,
	.object_snapshot = write_object_snapshot,
	.object_delete = write_object_delete,
	.state_begin = write_state_begin,
	.state_end = write_state_end,
	.slice_begin = write_slice_begin,
	.slice_end = write_slice_end,
	.slice_before = write_slice_before,
	.async_begin = write_async_begin,
	.async_end = write_async_end,
	.flow = write_flow,
	.instant = write_instant,
};

/* ---- The books ---- */

static int put_account(struct writer_rows *w, uint64_t ts, const char *probe, const struct trace_counts *c)
{
	struct json *j = &w->row;

	w->thread = NULL;
	BEGIN(w, ts, "account");
	put_object_name(w, probe);
	JSON__KEY(j, "values");
	json__object(j);
	JSON__KEY(j, "seen");
	json__uint(j, c->seen);
	JSON__KEY(j, "written");
	json__uint(j, c->written);
	JSON__KEY(j, "filtered");
	json__uint(j, c->filtered);
	JSON__KEY(j, "lost");
	json__uint(j, c->lost);
	json__object_end(j);
	return end(w);
}

int writer_rows__account(struct writer_rows *w, uint64_t ts, const struct trace_account *account)
{
	int err = 0;

	w->last = ts > w->last ? ts : w->last;
	for (int i = 0; !err && i < EVENT_PROBES; i++)
		if (account->probes[i].seen)
			err = put_account(w, ts, probe_names[i], &account->probes[i]);
	return err;
}

static uint64_t count_of(const json_t *counts, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(counts, key));
}

/* As the metadata have them: those of a trace that was written before come to the same. */
static int write_last_account(struct writer_rows *w, json_t *metadata)
{
	const char *probe;
	json_t *counts;
	int err = 0;

	json_object_foreach(json_object_get(metadata, "probes"), probe, counts)
	{
		const struct trace_counts c = {
			.seen = count_of(counts, "seen"),
			.written = count_of(counts, "written"),
			.filtered = count_of(counts, "filtered"),
			.lost = count_of(counts, "lost"),
		};

		if (!err && c.seen)
			err = put_account(w, w->last, probe, &c);
	}
	return err;
}

static int write_metadata(struct writer_rows *w, const char *metadata, size_t size)
{
	json_t *parsed = json_loadb(metadata, size, 0, NULL);
	int err;

	if (!parsed)
		return -EINVAL;
	err = write_last_account(w, parsed);
	json_decref(parsed);
	if (err)
		return err;
	w->thread = NULL;
	BEGIN(w, w->last, "trace");
	JSON__KEY(&w->row, "state");
	json__raw(&w->row, metadata, size);
	return end(w);
}

static int write_open(struct writer_rows *w)
{
	struct rows_slice *slice;
	struct rows_thread *t;
	const char *name;
	size_t pos = 0;
	int err = 0;

	while (!err && (t = table__next(&w->threads.threads, &pos))) {
		w->thread = t;
		while (!err && (slice = rows_thread__pop(t, &name))) {
			BEGIN(w, slice->since, "open");
			put_length(w, name, w->last - slice->since);
			put_depth(w, t->n_open);
			put_state(w, slice->values.values, slice->values.n);
			copied__clear(&slice->values);
			err = end(w);
		}
	}
	return err;
}

int writer_rows__finish(struct writer_rows *w, const char *metadata, size_t size)
{
	int err = write_open(w);

	if (!err && size)
		err = write_metadata(w, metadata, size);
	return err ? err : output__finish(w->out, NULL, 0, "\n", w->line_first && w->n ? 1 : 0);
}

/* ---- Its life ---- */

/* FNV-1a: the same each time that this trace is written. */
static uint64_t add(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3;
	return hash;
}

static void name_trace(struct writer_rows *w)
{
	const struct trace_start *s = &w->start;
	uint64_t hash = 0xcbf29ce484222325;

	hash = add(hash, s->host.name, strlen(s->host.name) + 1);
	hash = add(hash, s->host.boot_id, strlen(s->host.boot_id) + 1);
	hash = add(hash, &s->host.pid_namespace, sizeof(s->host.pid_namespace));
	hash = add(hash, &s->monotonic, sizeof(s->monotonic));
	hash = add(hash, &s->wall, sizeof(s->wall));
	snprintf(w->trace, sizeof(w->trace), "%016" PRIx64, hash);
}

static void put_where(struct writer_rows *w)
{
	struct json *j = &w->where;

	JSON__KEY(j, "trace");
	put_text(j, w->trace);
	JSON__KEY(j, "host");
	put_text(j, w->start.host.name);
	JSON__KEY(j, "boot_id");
	put_text(j, w->start.host.boot_id);
}

static void fill(char *to, size_t size)
{
	memset(to, ' ', size);
}

int writer_rows__new(struct writer_rows **ret, struct output *out, const struct trace_start *start)
{
	struct writer_rows *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->out = out;
	w->start = *start;
	json__init(&w->row);
	json__init(&w->where);
	name_trace(w);
	put_where(w);
	if (w->where.error) {
		writer_rows__free(w);
		return -ENOMEM;
	}
	w->line_first = output__has_head(out);
	output__without_head(out, fill);
	*ret = w;
	return 0;
}

void writer_rows__free(struct writer_rows *w)
{
	if (!w)
		return;
	json__free(&w->row);
	json__free(&w->where);
	rows_threads__free(&w->threads);
	table__clear(&w->async);
	chrome_samples__clear(&w->samples);
	free(w);
}

uint64_t writer_rows__invalid_json(const struct writer_rows *w)
{
	return w->stats.invalid_json;
}
