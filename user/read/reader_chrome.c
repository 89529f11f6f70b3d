// SPDX-License-Identifier: BSD-2-Clause
/* reader_chrome: see reader_chrome.h. */
#include "reader_chrome.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/hash.h"
#include "lines.h"

#define TS_MAX 1e15 /* us, 31 years: in a double this is exact to the ns up to 26 days */

struct reader {
	const struct trace_ops *ops;
	void *writer;
	struct reader_result *result;
	struct value *values; /* of the counter's sample that is told */
	size_t room;
	uint64_t since; /* of a slice that was open when the trace began, whose end is in the next event */
	uint64_t last;  /* the latest time so far */
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
	double us = json_number_value(number);

	if (!json_is_number(number) || !(us >= 0 && us <= TS_MAX))
		return false;
	/* The nearest: a product of 1234.9999 is 1235. */
	*ret = (uint64_t)(us * 1000 + 0.5);
	return true;
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

static int read_value(const json_t *json, const char *key, struct value *ret)
{
	*ret = (struct value){ .key = key, .type = VALUE_INT };
	if (json_is_integer(json)) {
		ret->i = json_integer_value(json);
	} else if (json_is_real(json)) {
		ret->type = VALUE_DOUBLE;
		ret->d = json_real_value(json);
	} else {
		return -EINVAL;
	}
	return 0;
}

static int read_values(struct reader *r, json_t *args, uint64_t *ret_keys)
{
	size_t n = json_object_size(args), i = 0;
	struct value *more;
	const char *key;
	json_t *json;
	int err = 0;

	*ret_keys = 0;
	if (n > r->room) {
		more = realloc(r->values, n * sizeof(*more));
		if (!more)
			return -ENOMEM;
		r->values = more;
		r->room = n;
	}
	json_object_foreach(args, key, json)
	{
		err = read_value(json, key, &r->values[i++]);
		if (err)
			return err;
		*ret_keys = hash__pair(*ret_keys, hash__text(key, strlen(key)));
	}
	return n ? 0 : -EINVAL;
}

static int on_counter(struct reader *r, const json_t *event, struct where at)
{
	const json_t *id = json_object_get(event, "id");
	struct trace_counter counter = { .name = text_of(event, "name"), .id = json_string_value(id) };
	bool closing = json_object_get(event, "viz");
	json_t *args = json_object_get(event, "args");
	uint64_t keys;
	int err = read_values(r, args, &keys);

	if (err)
		return err;
	counter.set = (uint32_t)keys;
	counter.serial = hash__pair(hash__text(counter.name, strlen(counter.name)), at.pid);
	if (counter.id)
		counter.serial = hash__pair(counter.serial, hash__text(counter.id, strlen(counter.id)));
	return (closing ? r->ops->counter_closing : r->ops->counter)(r->writer, at, &counter, r->values,
								     json_object_size(args));
}

static int on_object(struct reader *r, const json_t *event, struct where at, char phase)
{
	struct trace_object object = { .name = text_of(event, "name"), .tag = text_of(event, "scope") };

	object.address = strtoull(text_of(event, "id"), NULL, 16);
	object.life = hash__pair(hash__pair(object.address, at.pid), hash__text(object.tag, strlen(object.tag)));
	if (phase == 'N')
		return r->ops->object_new(r->writer, at, &object);
	if (phase == 'D')
		return r->ops->object_delete(r->writer, at, &object);
	return r->ops->object_snapshot(r->writer, at, &object, NULL, 0);
}

/* What there was, as it is told by the one who wrote it. */
static int on_metadata(struct reader *r, const json_t *metadata)
{
	const json_t *events = json_object_get(metadata, "events");

	if (strcmp(text_of(metadata, "tool"), "viztrace-bpf") != 0 ||
	    !ns_of(json_object_get(metadata, "end_us"), &r->result->end) || !json_is_object(events))
		return -EINVAL;
	r->result->seen = (uint64_t)json_integer_value(json_object_get(events, "seen"));
	r->result->lost = (uint64_t)json_integer_value(json_object_get(events, "lost"));
	r->result->is_whole = true;
	return 0;
}

static int on_instant(struct reader *r, const json_t *event, struct where at)
{
	const char *name = text_of(event, "name");

	if (!strcmp(name, "viztrace summary") && !strcmp(text_of(event, "s"), "g"))
		return on_metadata(r, json_object_get(event, "args"));
	return r->ops->instant(r->writer, at, name, NULL, 0);
}

static int on_event(struct reader *r, const json_t *event)
{
	const char phase = text_of(event, "ph")[0], *name = text_of(event, "name");
	struct where at;

	if (phase == 'M')
		return on_name(r, event);
	if (!where_of(event, &at))
		return -EINVAL;
	/* What was open when the trace began is written late. */
	if (phase == 'b') {
		r->since = at.ts;
		return 0;
	}
	if (at.ts < r->last)
		return -EINVAL;
	r->last = at.ts;
	switch (phase) {
	case 'C': return on_counter(r, event, at);
	case 'N':
	case 'O':
	case 'D': return on_object(r, event, at, phase);
	case 'B': return r->ops->slice_begin(r->writer, at, name);
	case 'E': return r->ops->slice_end(r->writer, at, name);
	case 'e': return r->ops->slice_before(r->writer, at, r->since, name);
	case 'i': return on_instant(r, event, at);
	}
	return -EINVAL;
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
	else if (begins_with(line, "{\"ph\":\"i\"") && strstr(line, ",\"s\":\"t\",\"name\":"))
		from = strstr(line, ",\"args\":{");
	/* Of what is half of an event, the half that is there might look like a whole one. */
	if (!from || line[*size - 1] != '}')
		return;
	memcpy(from, "}", 2);
	*size = (size_t)(from - line) + 1;
}

/* {"displayTimeUnit":"ns","metadata":{...},"traceEvents":[ */
static int on_head(struct reader *r, char *line, size_t size)
{
	char *whole = malloc(size + 3);
	json_t *head = NULL;
	int err;

	if (!whole)
		return -ENOMEM;
	memcpy(whole, line, size);
	memcpy(whole + size, "]}", 3);
	head = json_loadb(whole, size + 2, 0, NULL);
	free(whole);
	err = on_metadata(r, json_object_get(head, "metadata"));
	json_decref(head);
	return err;
}

static int on_line(struct reader *r, struct lines *l, char *line, size_t size)
{
	bool is_first = lines__number(l) == 1;
	json_t *event;
	int err;

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
	if (!is_first && (!size || is_state(line) || !strcmp(line, "]") || !strcmp(line, "]}")))
		return 0;
	leave_out_values(line, &size);
	event = json_loadb(line, size, 0, NULL);
	/* With this all of ours begin. */
	if (is_first && strcmp(text_of(event, "name"), "process_sort_index") != 0)
		err = -EINVAL;
	else
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
		result->line = lines__number(l);
		err = on_line(r, l, line, size);
		if (err && err != -EINVAL)
			return err;
	}
	if (got < 0)
		return got;
	result->is_cut = lines__are_cut(l) || last != ']';
	/* Only what comes last may be half of an event, and only in a trace that is one. */
	if (err && (got || result->line == 1 || !result->is_cut)) {
		result->wrong = result->line == 1 ? "this is no trace of viztrace-bpf as JSON (--format chrome)" :
						    "this is no event as viztrace-bpf writes them";
		return -EINVAL;
	}
	if (!result->line) {
		result->wrong = "the file is empty";
		return -EINVAL;
	}
	return 0;
}

int reader_chrome__read(int fd, const struct trace_ops *ops, void *writer, struct reader_result *ret)
{
	struct reader r = { .ops = ops, .writer = writer, .result = ret };
	struct lines *l;
	int err = lines__new(&l, fd);

	*ret = (struct reader_result){ 0 };
	if (err) {
		close(fd);
		return err;
	}
	err = read_all(&r, l);
	if (!ret->is_whole)
		ret->end = r.last;
	lines__free(l);
	free(r.values);
	return err;
}
