/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events in, and a writer that turns each call into a line:
 *   TS PID/TID what: name#id values      the thread is left out where it is 7/8
 */
#ifndef VIZTRACE_TEST_MODEL_FIXTURES_H
#define VIZTRACE_TEST_MODEL_FIXTURES_H

#include <criterion/criterion.h>
#include <errno.h>

#include "model/model.h"
#include "../show.h"
#include "../values.h"

#define START 1000u
#define PID 7u
#define TID 8u
#define CLS 0xc0de
#define A 0x1000
#define B 0x2000

static struct page page;
static uint32_t sets[3]; /* of the last samples */
static struct model *model;
static int calls_until_error; /* 0: never */

static inline int called(void)
{
	return calls_until_error && !--calls_until_error ? -ENOSPC : 0;
}

static inline void show_where(struct where at)
{
	print(&page, "%" PRIu64, at.ts);
	if (at.pid != PID || at.tid != TID)
		print(&page, " %u/%u", at.pid, at.tid);
}

static inline int on_process_name(void *writer, uint32_t pid, const char *name)
{
	(void)writer;
	if (strcmp(name, "main"))
		print(&page, "process %u: %s\n", pid, name);
	return called();
}

static inline int on_thread_name(void *writer, uint32_t pid, uint32_t tid, const char *name)
{
	(void)writer;
	if (strcmp(name, "main"))
		print(&page, "thread %u/%u: %s\n", pid, tid, name);
	return called();
}

static inline int counter_line(const char *what, struct where at, const struct trace_counter *c,
			       const struct value *values, size_t n_values)
{
	memmove(sets, sets + 1, sizeof(sets) - sizeof(sets[0]));
	sets[2] = c->set;
	show_where(at);
	print(&page, " %s: %s%s%s ", what, c->name, c->id ? "#" : "", c->id ? c->id : "");
	show_values(&page, values, n_values);
	print(&page, "\n");
	return called();
}

static inline int on_counter(void *writer, struct where at, const struct trace_counter *c, const struct value *values,
			     size_t n_values)
{
	(void)writer;
	return counter_line("counter", at, c, values, n_values);
}

static inline int on_counter_closing(void *writer, struct where at, const struct trace_counter *c,
				     const struct value *values, size_t n_values)
{
	(void)writer;
	return counter_line("closing", at, c, values, n_values);
}

static inline int object_line(const char *what, struct where at, const struct trace_object *o,
			      const struct value *values, size_t n_values)
{
	show_where(at);
	print(&page, " %s: %s (%s %" PRIx64 ")", what, o->name, o->tag, o->address);
	if (values) {
		print(&page, " ");
		show_values(&page, values, n_values);
	}
	print(&page, "\n");
	return called();
}

static inline int on_new(void *writer, struct where at, const struct trace_object *o)
{
	(void)writer;
	return object_line("new", at, o, NULL, 0);
}

static inline int on_snapshot(void *writer, struct where at, const struct trace_object *o, const struct value *values,
			      size_t n_values)
{
	(void)writer;
	return object_line("snapshot", at, o, values, n_values);
}

static inline int on_delete(void *writer, struct where at, const struct trace_object *o)
{
	(void)writer;
	return object_line("delete", at, o, NULL, 0);
}

static inline int on_state_begin(void *writer, struct where at, const struct trace_object *o,
				 const struct value *values, size_t n_values)
{
	(void)writer;
	return object_line("state", at, o, values, n_values);
}

static inline int on_state_end(void *writer, struct where at, const struct trace_object *o)
{
	(void)writer;
	return object_line("state end", at, o, NULL, 0);
}

static inline int slice_line(const char *what, struct where at, const char *name, const struct value *values,
			     size_t n_values)
{
	show_where(at);
	print(&page, " %s: %s", what, name);
	if (n_values) {
		print(&page, " ");
		show_values(&page, values, n_values);
	}
	print(&page, "\n");
	return called();
}

static inline int on_slice_begin(void *writer, struct where at, const char *name, const struct value *values,
				 size_t n_values)
{
	(void)writer;
	return slice_line("begin", at, name, values, n_values);
}

static inline int on_slice_end(void *writer, struct where at, const char *name, const struct value *values,
			       size_t n_values)
{
	(void)writer;
	return slice_line("end", at, name, values, n_values);
}

static inline int on_slice_before(void *writer, struct where at, uint64_t since, const char *name)
{
	(void)writer;
	show_where(at);
	print(&page, " ends, open since %" PRIu64 ": %s\n", since, name);
	return called();
}

static inline int on_instant(void *writer, struct where at, const char *name, const struct value *values,
			     size_t n_values)
{
	(void)writer;
	return slice_line("instant", at, name, values, n_values);
}

static inline int on_async_begin(void *writer, struct where at, const struct trace_async *a, const struct value *values,
				 size_t n_values)
{
	(void)writer;
	show_where(at);
	print(&page, " %s %" PRIu64 "/%zu: %s ", a->again ? "again" : "async", a->track, a->level, a->name);
	show_values(&page, values, n_values);
	print(&page, "\n");
	return called();
}

static inline int on_async_end(void *writer, struct where at, const struct trace_async *a)
{
	(void)writer;
	show_where(at);
	print(&page, " %s %" PRIu64 "/%zu: %s\n", a->again ? "interrupt" : "async end", a->track, a->level, a->name);
	return called();
}

static inline int on_flow(void *writer, struct where at, uint64_t serial, bool is_in, const struct value *values,
			  size_t n_values)
{
	(void)writer;
	show_where(at);
	print(&page, " flow %s %" PRIu64 " ", is_in ? "in" : "out", serial);
	show_values(&page, values, n_values);
	print(&page, "\n");
	return called();
}

static const struct trace_ops ops = {
	.process_name = on_process_name,
	.thread_name = on_thread_name,
	.counter = on_counter,
	.counter_closing = on_counter_closing,
	.object_new = on_new,
	.object_snapshot = on_snapshot,
	.object_delete = on_delete,
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

static inline void setup(void)
{
	cr_assert_eq(model__new(&model, &ops, NULL, START), 0);
}

static inline void tidy(void)
{
	model__free(model);
	free(page.text);
}

/* What was written since the last time, and nothing else. */
#define EXPECT(...) \
	do { \
		const char *const lines[] = { __VA_ARGS__ }; \
		expect_lines(lines, sizeof(lines) / sizeof(lines[0]), __LINE__); \
	} while (0)
#define EXPECT_NOTHING() expect_lines(NULL, 0, __LINE__)

static inline void expect_lines(const char *const *lines, size_t n, int line)
{
	struct page wanted = { 0 };
	size_t i;

	print(&wanted, "%s", "");
	print(&page, "%s", "");
	for (i = 0; i < n; i++)
		print(&wanted, "%s\n", lines[i]);
	cr_assert(!strcmp(page.text, wanted.text), "line %d\ngot:\n%sexpected:\n%s", line, page.text, wanted.text);
	free(wanted.text);
	page.size = 0;
	page.text[0] = 0;
}

static inline struct event event(enum event_kind kind, enum probe probe, uint64_t ts)
{
	return (struct event){ .kind = kind, .probe = probe, .ts = START + ts, .pid = PID, .tid = TID, .comm = "main" };
}

/* Every name is handed over in memory that is gone after the call, as decode does. */
static inline int feed(struct event e)
{
	struct value values[16];
	char *keys[16] = { NULL };
	size_t i;
	int err;

	e.name = e.name ? strdup(e.name) : NULL;
	e.tag = e.tag ? strdup(e.tag) : NULL;
	for (i = 0; i < e.n_values; i++) {
		values[i] = e.values[i];
		values[i].key = keys[i] = e.values[i].key ? strdup(e.values[i].key) : NULL;
	}
	e.values = values;
	err = model__feed(model, &e);
	for (i = 0; i < e.n_values; i++)
		free(keys[i]);
	memset(values, 0xee, sizeof(values));
	free((char *)e.name);
	free((char *)e.tag);
	return err;
}

static inline struct event about(enum event_kind kind, enum probe probe, uint64_t ts, uint64_t address, bool is_counter)
{
	struct event e = event(kind, probe, ts);

	e.address = address;
	e.cls = CLS;
	e.tag = "pool";
	e.is_counter = is_counter;
	return e;
}

enum { OBJECT, COUNTER };

static inline void init(uint64_t ts, int what, uint64_t address, const char *name)
{
	struct event e = about(EVENT_INIT, EVENT_PROBE_INIT, ts, address, what);

	e.name = name;
	cr_assert_eq(feed(e), 0);
}

static inline void found(uint64_t ts, int what, uint64_t address, const char *name, bool is_new)
{
	struct event e = about(EVENT_FOUND, EVENT_PROBE_INIT, ts, address, what);

	e.name = name;
	e.is_new = is_new;
	cr_assert_eq(feed(e), 0);
}

static inline void destroy(uint64_t ts, uint64_t address)
{
	struct event e = about(EVENT_DESTROY, EVENT_PROBE_DESTROY, ts, address, false);

	e.cls = 0;
	e.tag = NULL;
	cr_assert_eq(feed(e), 0);
}

static inline void report(uint64_t ts, int what, uint64_t address, const struct value *values, size_t n)
{
	struct event e = about(EVENT_SNAPSHOT, EVENT_PROBE_SET, ts, address, what);

	e.values = values;
	e.n_values = n;
	cr_assert_eq(feed(e), 0);
}

static inline void report1(uint64_t ts, int what, uint64_t address, struct value v)
{
	report(ts, what, address, &v, 1);
}

static inline void value(uint64_t ts, const char *name, struct value v)
{
	struct event e = event(EVENT_VALUE, EVENT_PROBE_VALUE, ts);

	e.name = name;
	e.values = &v;
	e.n_values = 1;
	cr_assert_eq(feed(e), 0);
}

static inline void slice(uint64_t ts, enum event_kind kind, const char *name, bool scoped, uint64_t frame)
{
	struct event e = event(kind, kind == EVENT_ENTER ? EVENT_PROBE_ENTER : EVENT_PROBE_EXIT, ts);

	e.name = name;
	e.scoped = scoped;
	e.frame = frame;
	cr_assert_eq(feed(e), 0);
}

static inline void enter(uint64_t ts, const char *name, uint64_t frame)
{
	slice(ts, EVENT_ENTER, name, true, frame);
}

static inline void leave(uint64_t ts, const char *name, uint64_t frame)
{
	slice(ts, EVENT_EXIT, name, true, frame);
}

static inline struct event process_event(enum event_kind kind, uint64_t ts, uint32_t pid, const char *comm)
{
	struct event e = { .kind = kind, .ts = START + ts, .pid = pid, .tid = pid };

	snprintf(e.comm, sizeof(e.comm), "%.15s", comm);
	return e;
}

static inline void finish(uint64_t ts)
{
	cr_assert_eq(model__finish(model, START + ts), 0);
}

#endif
