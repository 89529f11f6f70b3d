/* SPDX-License-Identifier: BSD-2-Clause */
/* See writer_chrome.h. */
#include "writer_chrome.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/utf8.h"
#include "writer_chrome_parts.h"

static void put_text(struct json *j, const char *s)
{
	if (!s)
		s = CHROME_ARGS_UNREADABLE;
	json__string(j, s, strlen(s));
}

/* chrome://tracing keeps names and scopes as members of plain JavaScript objects, which have these already. */
static bool is_member_of_objects(const char *name)
{
	static const char *const members[] = {
		"__proto__",        "constructor",      "hasOwnProperty",   "isPrototypeOf",
		"toLocaleString",   "toString",         "valueOf",          "propertyIsEnumerable",
		"__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__",
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (!strcmp(name, members[i]))
			return true;
	return false;
}

/* Most names are told by their first character. */
static inline bool may_be_member(const char *name)
{
	switch (name ? name[0] : 0) {
	case '_':
	case 'c':
	case 'h':
	case 'i':
	case 'p':
	case 't':
	case 'v': return is_member_of_objects(name);
	default: return false;
	}
}

static void put_free_text(struct writer_chrome *w, const char *text)
{
	struct json *j = &w->event;

	if (!may_be_member(text)) {
		put_text(j, text);
		return;
	}
	json__string_begin(j);
	json__piece(j, text, strlen(text));
	json__piece(j, "_", 1);
	json__string_end(j);
	w->stats.args.renamed++;
}

/* Every name of an event goes through here. */
void writer_chrome__put_name(struct writer_chrome *w, const char *name)
{
	JSON__KEY(&w->event, "name");
	put_free_text(w, name);
	/* One event with such a name, and a first event with a category, is a CPU profile to speedscope. */
	if (name && (name[0] == 'P' || name[0] == 'C') &&
	    (!strcmp(name, "Profile") || !strcmp(name, "ProfileChunk") || !strcmp(name, "CpuProfile")))
		w->profile = true;
}

static void put_beginning(struct json *j, const struct trace_start *begins)
{
	JSON__KEY(j, "start_clock_ns");
	json__uint(j, begins->monotonic);
	JSON__KEY(j, "start_boot_ns");
	json__uint(j, begins->boot);
	JSON__KEY(j, "start_wall_ns");
	json__uint(j, begins->wall);
	JSON__KEY(j, "host");
	put_text(j, begins->host.name);
	JSON__KEY(j, "boot_id");
	put_text(j, begins->host.boot_id);
	JSON__KEY(j, "pid_namespace");
	json__uint(j, begins->host.pid_namespace);
}

/* The event that makes the head a whole array. To viewers it says what is so anyway, and is shown by none. */
static void put_first_event(struct writer_chrome *w, struct json *j, bool category)
{
	json__object(j);
	JSON__RAW(j, "\"ph\":\"M\"");
	if (category)
		JSON__RAW(j, "\"cat\":\"__metadata\"");
	JSON__KEY(j, "pid");
	json__uint(j, w->pid);
	JSON__KEY(j, "tid");
	json__uint(j, w->tid);
	JSON__RAW(j, "\"name\":\"process_sort_index\"");
	JSON__KEY(j, "args");
	json__object(j);
	JSON__RAW(j, "\"sort_index\":0");
	if (w->begins.wall)
		put_beginning(j, &w->begins);
	json__object_end(j);
	json__object_end(j);
}

/* `json` filled up with spaces to the size of the head. */
static int pad_head(struct json *j)
{
	static const char spaces[64] = "                                                               ";
	size_t left;

	while (!j->error && j->size < OUTPUT_HEAD) {
		left = OUTPUT_HEAD - j->size;
		j->comma = false;
		json__raw(j, spaces, left < sizeof(spaces) - 1 ? left : sizeof(spaces) - 1);
	}
	return j->error;
}

/* Begin the array, with the first event unless there is none at all. */
static int start(struct writer_chrome *w, bool event)
{
	struct json *j = &w->event;
	int err = 0;

	json__clear(j);
	json__list(j);
	if (event)
		put_first_event(w, j, true);
	if (output__has_head(w->out))
		err = pad_head(j);
	if (!err)
		err = j->error;
	if (!err)
		err = output__write(w->out, j->data, j->size);
	if (err)
		return err;
	output__mark(w->out);
	w->stats.events += event;
	return 0;
}

static void put_thread(struct writer_chrome *w, uint32_t pid, uint32_t tid)
{
	struct thread_text *t = &w->thread;
	struct json *j = &w->event;
	size_t start;

	if (t->size && t->pid == pid && t->tid == tid) {
		json__raw(j, t->text, t->size);
		return;
	}
	start = j->size + j->comma;
	JSON__KEY(j, "pid");
	json__uint(j, pid);
	JSON__KEY(j, "tid");
	json__uint(j, tid);
	if (j->error)
		return;
	*t = (struct thread_text){ .pid = pid, .tid = tid, .size = j->size - start };
	memcpy(t->text, j->data + start, t->size);
}

/* Begin an event with what is the same for all of its kind, see MEMBERS. */
static int begin(struct writer_chrome *w, uint32_t pid, uint32_t tid, const char *members, size_t size)
{
	struct json *j = &w->event;
	int err;

	if (!w->started) {
		w->pid = pid;
		w->tid = tid;
		err = start(w, true);
		if (err)
			return err;
		w->started = true;
	}
	json__clear(j);
	json__raw(j, members, size);
	put_thread(w, pid, tid);
	return 0;
}

int writer_chrome__begin_at(struct writer_chrome *w, const struct where *at, const char *members, size_t size)
{
	int err = begin(w, at->pid, at->tid, members, size);

	if (err)
		return err;
	JSON__KEY(&w->event, "ts");
	json__us(&w->event, at->ts);
	w->last = *at;
	return 0;
}

int writer_chrome__end(struct writer_chrome *w)
{
	struct json *j = &w->event;
	int err;

	json__object_end(j);
	if (j->error)
		return j->error;
	err = output__write(w->out, j->data, j->size);
	if (err)
		return err;
	output__mark(w->out);
	w->stats.events++;
	return 0;
}

static int name_event(struct writer_chrome *w, uint32_t pid, uint32_t tid, const char *kind, size_t size,
		      const char *name)
{
	struct json *j = &w->event;
	int err = begin(w, pid, tid, MEMBERS("M", "__metadata"), sizeof(MEMBERS("M", "__metadata")) - 1);

	if (err)
		return err;
	json__raw(j, kind, size);
	JSON__KEY(j, "args");
	json__object(j);
	JSON__KEY(j, "name");
	/* The kernel cuts them at 15 bytes. */
	json__string(j, name, utf8__whole(name, strlen(name)));
	json__object_end(j);
	return writer_chrome__end(w);
}

#define NAME_EVENT(w, pid, tid, kind, name) \
	name_event(w, pid, tid, "\"name\":\"" kind "\"", sizeof("\"name\":\"" kind "\"") - 1, name)

static int write_process_name(void *writer, uint32_t pid, const char *name)
{
	struct writer_chrome *w = writer;

	/* A trace without events has its summary there. */
	if (!w->last.pid)
		w->last.pid = w->last.tid = pid;
	return NAME_EVENT(writer, pid, pid, "process_name", name);
}

/* Viewers sort by name, "worker-10" before "worker-2". The first thread comes first, the others as they were made, as
 * far as their numbers tell. */
static int write_thread_order(struct writer_chrome *w, uint32_t pid, uint32_t tid)
{
	struct json *j = &w->event;
	int err = begin(w, pid, tid, MEMBERS("M", "__metadata"), sizeof(MEMBERS("M", "__metadata")) - 1);

	if (err)
		return err;
	JSON__RAW(j, "\"name\":\"thread_sort_index\"");
	JSON__KEY(j, "args");
	json__object(j);
	JSON__KEY(j, "sort_index");
	json__uint(j, tid == pid ? 0 : tid);
	json__object_end(j);
	return writer_chrome__end(w);
}

static int write_thread_name(void *writer, uint32_t pid, uint32_t tid, const char *name)
{
	int err = NAME_EVENT(writer, pid, tid, "thread_name", name);

	return err ? err : write_thread_order(writer, pid, tid);
}

/* As is "viz_units": {"open": "connections"}, of the first sample. */
static void put_units(struct json *j, const struct value *values, size_t n_values)
{
	bool any = false;

	for (size_t i = 0; i < n_values; i++) {
		if (!values[i].unit || !values[i].key)
			continue;
		if (!any) {
			JSON__KEY(j, "viz_units");
			json__object(j);
			any = true;
		}
		json__key(j, values[i].key, strlen(values[i].key));
		put_text(j, values[i].unit);
	}
	if (any)
		json__object_end(j);
}

/* "viz" is a member that no viewer knows: it tells samples of the target from those that end what is drawn. */
static int write_sample(struct writer_chrome *w, struct where at, const struct trace_counter *counter,
			const struct value *values, size_t n_values, bool closing)
{
	struct json *j = &w->event;
	int err = BEGIN(w, &at, "C", "counter");

	if (err)
		return err;
	if (closing)
		JSON__RAW(j, "\"viz\":\"closing\"");
	writer_chrome__put_name(w, counter->name);
	if (counter->id) {
		/* A string: Perfetto takes all numbers for one and the same counter. */
		JSON__KEY(j, "id");
		put_text(j, counter->id);
	}
	if (counter->begins)
		put_units(j, values, n_values);
	JSON__KEY(j, "args");
	err = chrome_samples__put(&w->samples, j, counter->serial, counter->set, values, n_values);
	return err ? err : writer_chrome__end(w);
}

static int write_counter(void *writer, struct where at, const struct trace_counter *counter, const struct value *values,
			 size_t n_values)
{
	return write_sample(writer, at, counter, values, n_values, false);
}

static int write_counter_closing(void *writer, struct where at, const struct trace_counter *counter,
				 const struct value *values, size_t n_values)
{
	return write_sample(writer, at, counter, values, n_values, true);
}

static const char *tag_of(const struct trace_object *object)
{
	return object->tag ? object->tag : "object";
}

/* chrome://tracing tells objects apart by pid, scope and id, and an object has the address of its first
 * member. */
static void put_object(struct writer_chrome *w, const struct trace_object *object)
{
	struct json *j = &w->event;

	JSON__KEY(j, "id");
	json__string_begin(j);
	json__piece_hex(j, object->address);
	json__string_end(j);
	JSON__KEY(j, "scope");
	put_free_text(w, tag_of(object));
	writer_chrome__put_name(w, object->name);
}

static int write_object_new(void *writer, struct where at, const struct trace_object *object)
{
	struct writer_chrome *w = writer;
	int err = BEGIN(w, &at, "N", "object");

	if (err)
		return err;
	put_object(w, object);
	return writer_chrome__end(w);
}

static int write_object_snapshot(void *writer, struct where at, const struct trace_object *object,
				 const struct value *values, size_t n_values)
{
	struct writer_chrome *w = writer;
	int err = BEGIN(w, &at, "O", "object");

	if (err)
		return err;
	put_object(w, object);
	JSON__KEY(&w->event, "args");
	json__object(&w->event);
	JSON__KEY(&w->event, "snapshot");
	chrome_args__put(&w->event, values, n_values, CHROME_ARGS_SNAPSHOT, &w->stats.args);
	json__object_end(&w->event);
	return writer_chrome__end(w);
}

static int write_object_delete(void *writer, struct where at, const struct trace_object *object)
{
	struct writer_chrome *w = writer;
	int err = BEGIN(w, &at, "D", "object");

	if (err)
		return err;
	put_object(w, object);
	return writer_chrome__end(w);
}

/* Perfetto makes a track for each id, which it names after the first event on it: so a band's id is of one object,
 * and of one life of its address. A plain id would be one of all processes, in both viewers. */
static void put_band(struct writer_chrome *w, const struct trace_object *object)
{
	const char *tag = tag_of(object);
	struct json *j = &w->event;

	JSON__KEY(j, "id2");
	json__object(j);
	JSON__KEY(j, "local");
	json__string_begin(j);
	json__piece_hex(j, object->address);
	json__piece(j, ":", 1);
	json__piece(j, tag, strlen(tag));
	json__piece(j, ":", 1);
	json__piece_uint(j, object->life);
	json__string_end(j);
	json__object_end(j);
	writer_chrome__put_name(w, object->name);
}

static int write_state_begin(void *writer, struct where at, const struct trace_object *object,
			     const struct value *values, size_t n_values)
{
	struct writer_chrome *w = writer;
	struct chrome_args_stats ignored = { 0 }; /* the snapshot of the same values was counted */
	int err = BEGIN(w, &at, "b", "object");

	if (err)
		return err;
	put_band(w, object);
	JSON__KEY(&w->event, "args");
	chrome_args__put(&w->event, values, n_values, CHROME_ARGS_PLAIN, &ignored);
	return writer_chrome__end(w);
}

static int write_state_end(void *writer, struct where at, const struct trace_object *object)
{
	struct writer_chrome *w = writer;
	int err = BEGIN(w, &at, "e", "object");

	if (err)
		return err;
	put_band(w, object);
	return writer_chrome__end(w);
}

void writer_chrome__put_values(struct writer_chrome *w, const struct value *values, size_t n_values)
{
	if (!n_values)
		return;
	JSON__KEY(&w->event, "args");
	chrome_args__put(&w->event, values, n_values, CHROME_ARGS_PLAIN, &w->stats.args);
}

static int write_slice_begin(void *writer, struct where at, const char *name, const struct value *values,
			     size_t n_values)
{
	struct writer_chrome *w = writer;
	int err = BEGIN(w, &at, "B", "method");

	if (err)
		return err;
	writer_chrome__put_name(w, name);
	writer_chrome__put_values(w, values, n_values);
	return writer_chrome__end(w);
}

static int write_slice_end(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	struct writer_chrome *w = writer;
	int err = BEGIN(w, &at, "E", "method");

	if (err)
		return err;
	writer_chrome__put_name(w, name);
	writer_chrome__put_values(w, values, n_values);
	return writer_chrome__end(w);
}

static int write_instant(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	struct writer_chrome *w = writer;
	int err = BEGIN(w, &at, "i", "instant");

	if (err)
		return err;
	JSON__RAW(&w->event, "\"s\":\"t\"");
	writer_chrome__put_name(w, name);
	writer_chrome__put_values(w, values, n_values);
	return writer_chrome__end(w);
}

const struct trace_ops writer_chrome_ops = {
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
	.slice_before = writer_chrome__slice_before,
	.async_begin = writer_chrome__async_begin,
	.async_end = writer_chrome__async_end,
	.flow = writer_chrome__flow,
	.instant = write_instant,
};

/* The whole file's beginning. -E2BIG: it would be longer than the head. */
static int put_head(struct writer_chrome *w, const char *metadata, size_t size)
{
	struct json *j = &w->event;

	json__clear(j);
	json__object(j);
	JSON__RAW(j, "\"displayTimeUnit\":\"ns\"");
	JSON__KEY(j, "metadata");
	json__raw(j, metadata, size);
	JSON__KEY(j, "traceEvents");
	json__list(j);
	json__line(j);
	if (w->started)
		put_first_event(w, j, !w->profile);
	if (j->error)
		return j->error;
	return j->size > OUTPUT_HEAD ? -E2BIG : 0;
}

static int finish_array(struct writer_chrome *w, const char *metadata, size_t size)
{
	static const char tail[] = "\n]";
	int err = BEGIN(w, &w->last, "i", "instant");

	if (err)
		return err;
	JSON__RAW(&w->event, "\"s\":\"g\",\"name\":\"viztrace summary\"");
	JSON__KEY(&w->event, "args");
	json__raw(&w->event, metadata, size);
	err = writer_chrome__end(w);
	return err ? err : output__finish(w->out, NULL, 0, tail, sizeof(tail) - 1);
}

int writer_chrome__finish(struct writer_chrome *w, const char *metadata, size_t size)
{
	static const char tail[] = "\n]}";
	int err;

	if (!size) {
		metadata = "{}";
		size = 2;
	}
	if (!output__has_head(w->out))
		return finish_array(w, metadata, size);
	err = put_head(w, metadata, size);
	if (err)
		return err;
	if (!w->started) {
		err = start(w, false);
		if (!err)
			err = put_head(w, metadata, size);
		if (err)
			return err;
	}
	return output__finish(w->out, w->event.data, w->event.size, tail, sizeof(tail) - 1);
}

int writer_chrome__new(struct writer_chrome **ret, struct output *out)
{
	struct writer_chrome *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->out = out;
	json__init(&w->event);
	*ret = w;
	return 0;
}

void writer_chrome__begins(struct writer_chrome *w, const struct trace_start *start)
{
	w->begins = *start;
}

void writer_chrome__free(struct writer_chrome *w)
{
	if (!w)
		return;
	json__free(&w->event);
	chrome_samples__clear(&w->samples);
	free(w);
}

const struct writer_chrome_stats *writer_chrome__stats(const struct writer_chrome *w)
{
	return &w->stats;
}
