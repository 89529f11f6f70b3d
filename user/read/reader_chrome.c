// SPDX-License-Identifier: BSD-2-Clause
/*
 * reader_chrome: the way back from writer_chrome, line by line; see reader.h. Reading JSON is jansson's job.
 *
 * An object is there twice: as N, O and D, and as a band of states, b and e. The band has the number of its life, and
 * its arguments have their own names; the other one has null and what is empty. So N and O are held until the state
 * that they begin is there, which is the next event:
 *
 *	O				held
 *	e	of the state before
 *	b				O, the end of the state before, this state
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../common/hash.h"
#include "chrome_values.h"
#include "../common/table.h"
#include "lines.h"
#include "reader_parts.h"

struct reader {
	const struct reader_sink *sink;
	const struct trace_ops *ops;
	void *writer;
	struct reader_result *result;
	struct values values; /* of what is told */
	uint64_t since;       /* of a slice that was open when the trace began, whose end is in the next event */
	uint64_t last;        /* the latest time so far, */
	uint64_t before;      /* and that of the event before */
	bool began;           /* the beginning was told */
	json_t *held;         /* an N or an O, whose state is to come */
	struct where held_at;
	uint64_t before_held; /* the event before */
	bool ends_state;      /* the one before ended meanwhile */
	uint64_t ended;       /* the life of the object whose state ended last, until the next event; 0 */
	struct table open;    /* on each track, by process: as many asynchronous slices */
};

/* ---- What is in an event ---- */

static const char *text_of(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text ? text : "";
}

static bool number_of(const json_t *event, const char *key, uint32_t *ret)
{
	const json_t *number = json_object_get(event, key);
	json_int_t n = json_integer_value(number);

	*ret = (uint32_t)n;
	return json_is_integer(number) && n >= 0 && n <= UINT32_MAX;
}

/* The file has us, with three digits behind the point. */
static bool ns_of(const json_t *number, uint64_t *ret)
{
	return json_is_number(number) && reader__ns_of(json_number_value(number), ret);
}

static bool where_of(const json_t *event, struct where *ret)
{
	return number_of(event, "pid", &ret->pid) && number_of(event, "tid", &ret->tid) &&
	       ns_of(json_object_get(event, "ts"), &ret->ts);
}

/* ---- Each kind of them. 0, or -EINVAL if it is not as ours are, or what the other side returned ---- */

static int on_name(struct reader *r, const json_t *event)
{
	const char *kind = text_of(event, "name"), *name = text_of(json_object_get(event, "args"), "name");
	uint32_t pid, tid;

	if (!number_of(event, "pid", &pid) || !number_of(event, "tid", &tid))
		return -EINVAL;
	if (!strcmp(kind, "process_name"))
		return r->ops->process_name(r->writer, pid, name);
	if (!strcmp(kind, "thread_name"))
		return r->ops->thread_name(r->writer, pid, tid, name);
	return 0;
}

static int read_values(struct reader *r, json_t *args, uint64_t *ret_keys)
{
	int err = chrome_values__read(&r->values, args, NULL);

	*ret_keys = 0;
	for (size_t i = 0; !err && i < r->values.n; i++) {
		const struct value *v = &r->values.list[i];

		if (v->type != VALUE_INT && v->type != VALUE_DOUBLE)
			return -EINVAL;
		*ret_keys = hash__pair(*ret_keys, hash__text(v->key, strlen(v->key)));
	}
	return err ? err : r->values.n ? 0 : -EINVAL;
}

static int on_counter(struct reader *r, const json_t *event, struct where at)
{
	const json_t *id = json_object_get(event, "id");
	struct trace_counter counter = { .name = text_of(event, "name"), .id = json_string_value(id) };
	bool closing = json_object_get(event, "viz");
	json_t *args = json_object_get(event, "args"), *units = json_object_get(event, "viz_units");
	uint64_t keys;
	int err = read_values(r, args, &keys);

	if (err)
		return err;
	counter.begins = units;
	for (size_t i = 0; units && i < r->values.n; i++)
		r->values.list[i].unit = json_string_value(json_object_get(units, r->values.list[i].key));
	counter.set = (uint32_t)keys;
	counter.serial = hash__pair(hash__text(counter.name, strlen(counter.name)), at.pid);
	if (counter.id)
		counter.serial = hash__pair(counter.serial, hash__text(counter.id, strlen(counter.id)));
	return (closing ? r->ops->counter_closing : r->ops->counter)(r->writer, at, &counter, r->values.list,
								     r->values.n);
}

/* ---- Objects ---- */

/* As the events N, O and D have it: nothing tells its life. */
static struct trace_object object_of(const json_t *event, uint32_t pid)
{
	struct trace_object object = { .name = text_of(event, "name"), .tag = text_of(event, "scope") };

	object.address = strtoull(text_of(event, "id"), NULL, 16);
	object.life = hash__pair(hash__pair(object.address, pid), hash__text(object.tag, strlen(object.tag)));
	return object;
}

/* As its band has it: "0xADDRESS:class:life". The class is in *ret_tag, which the caller frees. 0, -EINVAL, -ENOMEM. */
static int object_of_band(const json_t *event, struct trace_object *ret, char **ret_tag)
{
	const char *local = text_of(json_object_get(event, "id2"), "local");
	const char *begin = strchr(local, ':'), *end = strrchr(local, ':');

	if (!begin || begin == end)
		return -EINVAL;
	*ret_tag = strndup(begin + 1, (size_t)(end - begin - 1));
	if (!*ret_tag)
		return -ENOMEM;
	*ret = (struct trace_object){ .address = strtoull(local, NULL, 16),
				      .life = strtoull(end + 1, NULL, 10),
				      .name = text_of(event, "name"),
				      .tag = *ret_tag };
	return 0;
}

static bool is_held(const struct reader *r, const struct trace_object *object, struct where at)
{
	return r->held && r->held_at.ts == at.ts && r->held_at.pid == at.pid && r->held_at.tid == at.tid &&
	       strtoull(text_of(r->held, "id"), NULL, 16) == object->address;
}

/* Tell what is held: of that object, which has come to the state of `band`; NULL: that is not there. */
static int tell_held(struct reader *r, const struct trace_object *object, const json_t *band)
{
	bool is_new = text_of(r->held, "ph")[0] == 'N', ends = r->ends_state;
	const json_t *args = json_object_get(band, "args");
	json_t *held = r->held;
	struct values *v = &r->values;
	int err = 0;

	r->held = NULL;
	r->ends_state = false;
	if (!r->sink->whole) {
		err = r->ops->object_snapshot(r->writer, r->held_at, object, NULL, 0);
		json_decref(held);
		return err;
	}
	if (is_new)
		err = r->ops->object_new(r->writer, r->held_at, object);
	else
		err = chrome_values__read(v, json_object_get(json_object_get(held, "args"), "snapshot"), args);
	if (!err && !is_new)
		err = r->ops->object_snapshot(r->writer, r->held_at, object, v->list, v->n);
	if (!err && ends)
		err = r->ops->state_end(r->writer, r->held_at, object);
	values__clear(v);
	if (!err && band)
		err = chrome_values__read(v, args, NULL);
	if (!err && band)
		err = r->ops->state_begin(r->writer, r->held_at, object, v->list, v->n);
	json_decref(held);
	return err;
}

/* Something else came, or nothing. */
static int let_go(struct reader *r)
{
	struct trace_object object;

	if (!r->held)
		return 0;
	object = object_of(r->held, r->held_at.pid);
	return tell_held(r, &object, NULL);
}

static int on_state(struct reader *r, const json_t *event, struct where at, char phase)
{
	struct trace_object object;
	char *tag = NULL;
	int err = object_of_band(event, &object, &tag);

	if (err)
		return err;
	if (is_held(r, &object, at)) {
		if (phase == 'b')
			err = tell_held(r, &object, event);
		else
			r->ends_state = true;
	} else if (phase == 'e') {
		err = let_go(r);
		if (!err)
			err = r->ops->state_end(r->writer, at, &object);
		r->ended = object.life;
	} else {
		err = -EINVAL;
	}
	free(tag);
	return err;
}

static int on_object(struct reader *r, json_t *event, struct where at, char phase)
{
	struct trace_object object = object_of(event, at.pid);

	/* The end of its last state is the event before. */
	if (phase == 'D' && r->ended)
		object.life = r->ended;
	if (phase == 'D')
		return r->ops->object_delete(r->writer, at, &object);
	if (phase == 'N' && !r->sink->whole)
		return r->ops->object_new(r->writer, at, &object);
	r->held = json_incref(event);
	r->held_at = at;
	r->before_held = r->before;
	return 0;
}

/* ---- The rest ---- */

/* {} is that of a file which has been cut, and converted. */
static int on_metadata(struct reader *r, const json_t *metadata)
{
	int err = chrome_values__read(&r->values, metadata, NULL);

	if (err || !r->values.n)
		return err;
	return reader__on_metadata(r->sink, r->values.list, r->values.n, r->result);
}

/* What begins, ends, or is no longer than that, with its arguments. */
static int on_moment(struct reader *r, const json_t *event, struct where at,
		     int (*call)(void *writer, struct where at, const char *name, const struct value *values,
				 size_t n_values))
{
	const json_t *args = json_object_get(event, "args");
	int err = r->sink->whole && args ? chrome_values__read(&r->values, args, NULL) : 0;

	return err ? err : call(r->writer, at, text_of(event, "name"), r->values.list, r->values.n);
}

static int on_instant(struct reader *r, const json_t *event, struct where at)
{
	const json_t *args = json_object_get(event, "args");
	const char *name = text_of(event, "name");

	if (!strcmp(name, READER_SUMMARY) && !strcmp(text_of(event, "s"), "g"))
		return on_metadata(r, args);
	return on_moment(r, event, at, r->ops->instant);
}

/* One of them, or part of an object's band, or what was open before. */
static bool is_async(const json_t *event)
{
	return !strcmp(text_of(event, "cat"), "async");
}

/* How many are open on a track, and will be when this one has begun or ended. 0 or -ENOMEM. */
static int count_open(struct reader *r, uint32_t pid, uint64_t track, bool begins, size_t *ret)
{
	uintptr_t n = (uintptr_t)table__get(&r->open, pid, track);

	*ret = n;
	if (begins)
		return table__put(&r->open, pid, track, (void *)(n + 1));
	if (n > 1)
		return table__put(&r->open, pid, track, (void *)(n - 1));
	table__remove(&r->open, pid, track);
	return 0;
}

static int on_async(struct reader *r, const json_t *event, struct where at, char phase)
{
	const char *track = text_of(json_object_get(event, "id2"), "local");
	struct trace_async slice = {
		.track = strtoull(track, NULL, 10),
		.name = text_of(event, "name"),
		.again = json_object_get(event, "viz"),
	};
	int err = count_open(r, at.pid, slice.track, phase == 'b', &slice.level);

	if (!err && r->sink->whole && phase == 'b')
		err = chrome_values__read(&r->values, json_object_get(event, "args"), NULL);
	if (err)
		return err;
	if (phase == 'b')
		return r->ops->async_begin(r->writer, at, &slice, r->values.list, r->values.n);
	slice.level -= slice.level > 0;
	return r->ops->async_end(r->writer, at, &slice);
}

static int on_flow(struct reader *r, const json_t *event, struct where at, bool is_in)
{
	uint64_t serial = strtoull(text_of(event, "id"), NULL, 16);
	int err = 0;

	if (r->sink->whole && !is_in)
		err = chrome_values__read(&r->values, json_object_get(event, "args"), NULL);
	return err ? err : r->ops->flow(r->writer, at, serial, is_in, r->values.list, r->values.n);
}

static int on_event_at(struct reader *r, json_t *event, struct where at, char phase)
{
	const char *name = text_of(event, "name");
	int err = let_go(r);

	if (err)
		return err;
	switch (phase) {
	case 'M': return on_name(r, event);
	case 'C': return on_counter(r, event, at);
	case 'N':
	case 'O':
	case 'D': return on_object(r, event, at, phase);
	case 'B': return on_moment(r, event, at, r->ops->slice_begin);
	case 'E': return on_moment(r, event, at, r->ops->slice_end);
	case 'b': return on_async(r, event, at, phase);
	case 'e':
		if (is_async(event))
			return on_async(r, event, at, phase);
		return r->ops->slice_before(r->writer, at, r->since, name);
	case 's':
	case 'f': return on_flow(r, event, at, phase == 'f');
	case 'i': return on_instant(r, event, at);
	}
	return -EINVAL;
}

static int on_event(struct reader *r, json_t *event)
{
	const char phase = text_of(event, "ph")[0];
	bool is_state = (phase == 'b' || phase == 'e') && !strcmp(text_of(event, "cat"), "object");
	struct where at = { 0 };
	int err;

	values__clear(&r->values);
	if (phase != 'M' && !where_of(event, &at))
		return -EINVAL;
	/* What was open when the trace began is written late. */
	if (phase == 'b' && !is_state && !is_async(event)) {
		r->since = at.ts;
		return 0;
	}
	if (phase != 'M' && at.ts < r->last)
		return -EINVAL;
	if (phase != 'M') {
		r->before = r->last;
		r->last = at.ts;
	}
	if (is_state)
		return on_state(r, event, at, phase);
	err = on_event_at(r, event, at, phase);
	r->ended = 0;
	return err;
}

/* ---- The file ---- */

static bool begins_with(const char *line, const char *text)
{
	return !strncmp(line, text, strlen(text));
}

/* States are the objects once more: a third of many files that need not be parsed. */
static bool is_state(const char *line)
{
	return begins_with(line, "{\"ph\":\"b\",\"cat\":\"object\"") ||
	       begins_with(line, "{\"ph\":\"e\",\"cat\":\"object\"");
}

/*
 * Values that nobody is told of need not be parsed, and may be beyond what jansson has types for. No string has these
 * bytes: a quote in it is escaped.
 */
static void leave_out_values(char *line, size_t *size)
{
	char *from = NULL;

	if (begins_with(line, "{\"ph\":\"O\""))
		from = strstr(line, ",\"args\":{\"snapshot\":");
	else if (begins_with(line, "{\"ph\":\"B\"") || begins_with(line, "{\"ph\":\"E\"") ||
		 (begins_with(line, "{\"ph\":\"i\"") && strstr(line, ",\"s\":\"t\",\"name\":")))
		from = strstr(line, ",\"args\":{");
	/* Of what is half of an event, the half that is there might look like a whole one. */
	if (!from || line[*size - 1] != '}')
		return;
	memcpy(from, "}", 2);
	*size = (size_t)(from - line) + 1;
}

/* ns of "2026-01-31T23:59:59.123456789Z" since 1970; 0: it is none. */
static uint64_t wall_time_of(const char *text)
{
	unsigned ns;
	struct tm tm = { 0 };
	time_t seconds;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%9uZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
		   &tm.tm_sec, &ns) != 7)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	seconds = timegm(&tm);
	return seconds < 0 ? 0 : (uint64_t)seconds * 1000000000u + ns;
}

static uint64_t count_of(const json_t *dict, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(dict, key));

	return n > 0 ? (uint64_t)n : 0;
}

/* `from`: the metadata, or what the first event has; an older file says it in its end, or not at all. */
static int tell_beginning(struct reader *r, const json_t *from)
{
	const char *host = text_of(from, "host"), *boot_id = text_of(from, "boot_id");
	struct trace_start start = {
		.monotonic = count_of(from, "start_clock_ns"),
		.boot = count_of(from, "start_boot_ns"),
		.wall = count_of(from, "start_wall_ns"),
		.host.pid_namespace = count_of(from, "pid_namespace"),
	};

	r->began = true;
	if (!r->sink->begins)
		return 0;
	if (!start.wall)
		start.wall = wall_time_of(text_of(from, "start_time"));
	host__copy(start.host.name, sizeof(start.host.name), host, strlen(host));
	host__copy(start.host.boot_id, sizeof(start.host.boot_id), boot_id, strlen(boot_id));
	return r->sink->begins(r->sink->ctx, &start);
}

/* {"displayTimeUnit":"ns","metadata":{...},"traceEvents":[ */
static int on_head(struct reader *r, char *line, size_t size)
{
	char *whole = malloc(size + 3);
	json_t *head = NULL, *metadata;
	int err;

	if (!whole)
		return -ENOMEM;
	memcpy(whole, line, size);
	memcpy(whole + size, "]}", 3);
	head = json_loadb(whole, size + 2, 0, NULL);
	free(whole);
	metadata = json_object_get(head, "metadata");
	err = on_metadata(r, metadata);
	/* Else this was made of a file that was cut, and the first event says it. */
	if (!err && json_object_size(metadata))
		err = tell_beginning(r, metadata);
	json_decref(head);
	return err;
}

/* The state that a report has come to, whole; it is not looked into, unless it might be cut. */
static bool has_state(const struct lines *l, const char *line, size_t size)
{
	json_t *event;

	if (!begins_with(line, "{\"ph\":\"b\""))
		return false;
	if (l->is_ended)
		return true;
	event = json_loadb(line, size, 0, NULL);
	json_decref(event);
	return event;
}

static int on_line(struct reader *r, struct lines *l, char *line, size_t size)
{
	bool is_first = l->number == 1;
	json_t *event;
	int err = 0;

	if (is_first && line[0] == '{')
		return on_head(r, line, size);
	if (is_first) {
		if (line[0] != '[')
			return -EINVAL;
		line++;
		size--;
	}
	while (size && strchr(" ,", line[size - 1]))
		line[--size] = 0;
	if (!is_first && (!size || !strcmp(line, "]") || !strcmp(line, "]}")))
		return 0;
	if (!r->sink->whole && is_state(line))
		return has_state(l, line, size) ? let_go(r) : 0;
	if (!r->sink->whole)
		leave_out_values(line, &size);
	event = json_loadb(line, size, 0, NULL);
	/* With this all of ours begin. */
	if (is_first && strcmp(text_of(event, "name"), "process_sort_index") != 0)
		err = -EINVAL;
	else if (!r->began)
		err = tell_beginning(r, json_object_get(event, "args"));
	if (!err)
		err = json_is_object(event) ? on_event(r, event) : -EINVAL;
	json_decref(event);
	return err;
}

static int read_all(struct reader *r, struct lines *l)
{
	struct reader_result *result = r->result;
	char *line, last = 0;
	size_t size;
	int got, err = 0;

	while ((got = lines__next(l, &line, &size)) > 0) {
		/* It is known to be the last one when there is no other. */
		if (err)
			break;
		last = size ? line[0] : last;
		result->line = l->number;
		err = on_line(r, l, line, size);
		if (err && err != -EINVAL)
			return err;
	}
	if (got < 0)
		return got;
	result->is_cut = l->from->is_cut || last != ']';
	/* Only what comes last may be half of an event, and only in a trace that is one. */
	if (err && (got || result->line == 1 || !result->is_cut)) {
		result->wrong = result->line == 1 ? "this is no trace of viztrace-bpf" :
						    "this is no event as viztrace-bpf writes them";
		return -EINVAL;
	}
	if (!result->line) {
		result->wrong = "the file is empty";
		return -EINVAL;
	}
	return 0;
}

int reader_chrome__read(struct stream *from, const struct reader_sink *sink, struct reader_result *ret)
{
	struct reader r = { .sink = sink, .ops = sink->ops, .writer = sink->writer, .result = ret };
	struct lines l = { .from = from };
	int err = read_all(&r, &l);

	if (!err && !r.began)
		err = tell_beginning(&r, NULL);
	/* A report that was cut before its state: nothing tells whose it is. */
	if (!err && r.held && !ret->is_whole && text_of(r.held, "ph")[0] == 'O')
		r.last = r.before_held;
	else if (!err)
		err = let_go(&r);
	if (!ret->is_whole)
		ret->end = r.last;
	json_decref(r.held);
	values__free(&r.values);
	table__clear(&r.open);
	return err;
}
