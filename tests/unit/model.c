/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events in, and a writer that turns each call into a line:
 *   TS PID/TID what: name#id values      the thread is left out where it is 7/8
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "../../user/model.h"
#include "show.h"

#define START 1000u
#define PID 7u
#define TID 8u
#define CLS 0xc0de
#define A 0x1000
#define B 0x2000

static struct page page;
static struct model *model;
static int calls_until_error; /* 0: never */

static int called(void)
{
	return calls_until_error && !--calls_until_error ? -ENOSPC : 0;
}

static void show_where(struct where at)
{
	print(&page, "%" PRIu64, at.ts);
	if (at.pid != PID || at.tid != TID)
		print(&page, " %u/%u", at.pid, at.tid);
}

static int on_process_name(void *writer, uint32_t pid, const char *name)
{
	(void)writer;
	if (strcmp(name, "main"))
		print(&page, "process %u: %s\n", pid, name);
	return called();
}

static int on_thread_name(void *writer, uint32_t pid, uint32_t tid, const char *name)
{
	(void)writer;
	if (strcmp(name, "main"))
		print(&page, "thread %u/%u: %s\n", pid, tid, name);
	return called();
}

static int on_counter(void *writer, struct where at, const char *name, const char *id,
                      const struct value *values, size_t n_values)
{
	(void)writer;
	show_where(at);
	print(&page, " counter: %s%s%s ", name, id ? "#" : "", id ? id : "");
	show_values(&page, values, n_values);
	print(&page, "\n");
	return called();
}

static int object_line(const char *what, struct where at, const struct trace_object *o,
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

static int on_new(void *writer, struct where at, const struct trace_object *o)
{
	(void)writer;
	return object_line("new", at, o, NULL, 0);
}

static int on_snapshot(void *writer, struct where at, const struct trace_object *o,
                       const struct value *values, size_t n_values)
{
	(void)writer;
	return object_line("snapshot", at, o, values, n_values);
}

static int on_delete(void *writer, struct where at, const struct trace_object *o)
{
	(void)writer;
	return object_line("delete", at, o, NULL, 0);
}

static int on_state_begin(void *writer, struct where at, const struct trace_object *o,
                          const struct value *values, size_t n_values)
{
	(void)writer;
	return object_line("state", at, o, values, n_values);
}

static int on_state_end(void *writer, struct where at, const struct trace_object *o)
{
	(void)writer;
	return object_line("state end", at, o, NULL, 0);
}

static int slice_line(const char *what, struct where at, const char *name)
{
	show_where(at);
	print(&page, " %s: %s\n", what, name);
	return called();
}

static int on_slice_begin(void *writer, struct where at, const char *name)
{
	(void)writer;
	return slice_line("begin", at, name);
}

static int on_slice_end(void *writer, struct where at, const char *name)
{
	(void)writer;
	return slice_line("end", at, name);
}

static int on_instant(void *writer, struct where at, const char *name, const struct value *values,
                      size_t n_values)
{
	(void)writer;
	show_where(at);
	print(&page, " instant: %s", name);
	if (n_values) {
		print(&page, " ");
		show_values(&page, values, n_values);
	}
	print(&page, "\n");
	return called();
}

static const struct trace_ops ops = {
        .process_name = on_process_name,
        .thread_name = on_thread_name,
        .counter = on_counter,
        .object_new = on_new,
        .object_snapshot = on_snapshot,
        .object_delete = on_delete,
        .state_begin = on_state_begin,
        .state_end = on_state_end,
        .slice_begin = on_slice_begin,
        .slice_end = on_slice_end,
        .instant = on_instant,
};

static void setup(void)
{
	cr_assert_eq(model__new(&model, &ops, NULL, START), 0);
}

static void tidy(void)
{
	model__free(model);
	free(page.text);
}

TestSuite(model, .init = setup, .fini = tidy);

/* What was written since the last time, and nothing else. */
#define EXPECT(...)                                                                                          \
	do {                                                                                                 \
		const char *const lines[] = {__VA_ARGS__};                                                   \
		expect_lines(lines, sizeof(lines) / sizeof(lines[0]), __LINE__);                             \
	} while (0)
#define EXPECT_NOTHING() expect_lines(NULL, 0, __LINE__)

static void expect_lines(const char *const *lines, size_t n, int line)
{
	struct page wanted = {0};
	size_t i;

	print(&wanted, "%s", "");
	print(&page, "%s", "");
	for (i = 0; i < n; i++)
		print(&wanted, "%s\n", lines[i]);
	cr_assert(!strcmp(page.text, wanted.text), "line %d\ngot:\n%sexpected:\n%s", line, page.text,
	          wanted.text);
	free(wanted.text);
	page.size = 0;
	page.text[0] = 0;
}

static struct event event(enum event_kind kind, enum probe probe, uint64_t ts)
{
	return (struct event){
	        .kind = kind, .probe = probe, .ts = START + ts, .pid = PID, .tid = TID, .comm = "main"};
}

/* Every name is handed over in memory that is gone after the call, as decode does. */
static int feed(struct event e)
{
	struct value values[16];
	char *keys[16] = {NULL};
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

static struct event about(enum event_kind kind, enum probe probe, uint64_t ts, uint64_t address,
                          bool is_counter)
{
	struct event e = event(kind, probe, ts);

	e.address = address;
	e.cls = CLS;
	e.tag = "pool";
	e.is_counter = is_counter;
	return e;
}

enum { OBJECT, COUNTER };

static void init(uint64_t ts, int what, uint64_t address, const char *name)
{
	struct event e = about(EVENT_INIT, EVENT_PROBE_INIT, ts, address, what);

	e.name = name;
	cr_assert_eq(feed(e), 0);
}

static void found(uint64_t ts, int what, uint64_t address, const char *name, bool is_new)
{
	struct event e = about(EVENT_FOUND, EVENT_PROBE_INIT, ts, address, what);

	e.name = name;
	e.is_new = is_new;
	cr_assert_eq(feed(e), 0);
}

static void destroy(uint64_t ts, uint64_t address)
{
	struct event e = about(EVENT_DESTROY, EVENT_PROBE_DESTROY, ts, address, false);

	e.cls = 0;
	e.tag = NULL;
	cr_assert_eq(feed(e), 0);
}

static void report(uint64_t ts, int what, uint64_t address, const struct value *values, size_t n)
{
	struct event e = about(EVENT_SNAPSHOT, EVENT_PROBE_SET, ts, address, what);

	e.values = values;
	e.n_values = n;
	cr_assert_eq(feed(e), 0);
}

static struct value integer(const char *key, int64_t i)
{
	return (struct value){.key = key, .type = VALUE_INT, .i = i};
}

static struct value real(const char *key, double d)
{
	return (struct value){.key = key, .type = VALUE_DOUBLE, .d = d};
}

static void report1(uint64_t ts, int what, uint64_t address, struct value v)
{
	report(ts, what, address, &v, 1);
}

static void value(uint64_t ts, const char *name, struct value v)
{
	struct event e = event(EVENT_VALUE, EVENT_PROBE_VALUE, ts);

	e.name = name;
	e.values = &v;
	e.n_values = 1;
	cr_assert_eq(feed(e), 0);
}

static void slice(uint64_t ts, enum event_kind kind, const char *name, bool scoped, uint64_t frame)
{
	struct event e = event(kind, kind == EVENT_ENTER ? EVENT_PROBE_ENTER : EVENT_PROBE_EXIT, ts);

	e.name = name;
	e.scoped = scoped;
	e.frame = frame;
	cr_assert_eq(feed(e), 0);
}

static void enter(uint64_t ts, const char *name, uint64_t frame)
{
	slice(ts, EVENT_ENTER, name, true, frame);
}

static void leave(uint64_t ts, const char *name, uint64_t frame)
{
	slice(ts, EVENT_EXIT, name, true, frame);
}

static void finish(uint64_t ts)
{
	cr_assert_eq(model__finish(model, START + ts), 0);
}

/* ---- Names of processes and threads, time ---- */

Test(model, names_a_thread_once_and_again_when_it_is_renamed)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 1);

	e.name = "x";
	strcpy(e.comm, "worker");
	feed(e);
	feed(e);
	e.tid = 9;
	feed(e);
	e.tid = TID;
	strcpy(e.comm, "idle");
	feed(e);
	e.pid = 70;
	feed(e);
	EXPECT("process 7: worker", "thread 7/8: worker", "1 instant: x", "1 instant: x", "thread 7/9: worker", "1 7/9 instant: x",
	       "thread 7/8: idle", "1 instant: x", "process 70: idle", "thread 70/8: idle", "1 70/8 instant: x");
	cr_assert_eq(model__stats(model)->threads, 3);
}

Test(model, does_not_name_a_thread_without_a_name)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 1);

	e.name = "x";
	e.comm[0] = 0;
	feed(e);
	EXPECT("1 instant: x");
}

static struct event process_event(enum event_kind kind, uint64_t ts, uint32_t pid, const char *name)
{
	struct event e = {.kind = kind, .ts = START + ts, .pid = pid, .tid = pid};

	strcpy(e.comm, name);
	return e;
}

Test(model, names_a_process_when_it_first_does_something)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 2);

	feed(process_event(EVENT_BEGAN, 1, 70, "silent"));
	feed(process_event(EVENT_BEGAN, 1, 71, "forked"));
	feed(process_event(EVENT_EXECED, 1, 71, "child"));
	EXPECT_NOTHING();
	e.name = "x";
	e.pid = e.tid = 71;
	feed(e);
	EXPECT("process 71: child", "2 71/71 instant: x");
	cr_assert_eq(model__stats(model)->processes, 1);
}

Test(model, process_that_execs_has_another_name_and_nothing_of_the_old)
{
	struct event e;

	init(1, OBJECT, A, "thing");
	slice(2, EVENT_ENTER, "run", false, 0);
	value(3, "other", integer("v", 1));
	page.size = 0;
	feed(process_event(EVENT_EXECED, 5, PID, "next"));
	EXPECT("5 end: run", "5 counter: other {v=1}", "5 state end: thing (pool 1000)",
	       "5 delete: thing (pool 1000)", "process 7: next");
	e = event(EVENT_DESTROY, EVENT_PROBE_DESTROY, 6);
	e.address = A;
	feed(e);
	cr_assert_eq(model__stats(model)->rejected[EVENT_PROBE_DESTROY], 1);
}

Test(model, process_that_ends_takes_with_it_what_is_its)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 1);

	e.name = "x";
	e.pid = e.tid = 70;
	feed(e);
	value(2, "p", integer("v", 1));
	page.size = 0;
	feed(process_event(EVENT_ENDED, 5, PID, "main"));
	EXPECT("5 counter: p {v=1}");
	cr_assert_eq(model__finish(model, START + 9), 0);
	EXPECT_NOTHING();
}

Test(model, passes_on_process_names)
{
	cr_assert_eq(model__process_name(model, 7, "app"), 0);
	EXPECT("process 7: app");
}

Test(model, ignores_definitions)
{
	cr_assert_eq(feed(event(EVENT_IGNORE, EVENT_PROBE_INIT, 5)), 0);
	EXPECT_NOTHING();
}

Test(model, time_is_never_negative_and_never_runs_backwards)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 0);

	e.name = "x";
	e.ts = START - 500;
	feed(e);
	e.ts = START + 90;
	feed(e);
	e.ts = START + 20;
	e.tid = 9;
	feed(e);
	EXPECT("0 instant: x", "90 instant: x", "90 7/9 instant: x");
	enter(10, "f", 0x9000);
	EXPECT("90 begin: f");
	finish(50);
	EXPECT("90 end: f");
}

/* ---- Objects ---- */

Test(model, object_lives_from_init_to_destroy)
{
	init(1, OBJECT, A, "a");
	report1(5, OBJECT, A, integer("v", 3));
	report1(8, OBJECT, A, integer("v", 4));
	destroy(9, A);
	finish(20);
	EXPECT("1 new: a (pool 1000)", "1 state: a (pool 1000)", "5 snapshot: a (pool 1000) {v=3}",
	       "5 state end: a (pool 1000)", "5 state: a (pool 1000) {v=3}",
	       "8 snapshot: a (pool 1000) {v=4}", "8 state end: a (pool 1000)",
	       "8 state: a (pool 1000) {v=4}", "9 state end: a (pool 1000)", "9 delete: a (pool 1000)");
	cr_assert_eq(model__stats(model)->objects, 1);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_INIT], 1);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_SET], 2);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_DESTROY], 1);
}

Test(model, object_without_a_name_is_called_by_its_tag)
{
	init(1, OBJECT, A, NULL);
	EXPECT("1 new: pool (pool 1000)", "1 state: pool (pool 1000)");
}

Test(model, init_at_an_address_in_use_is_a_new_object)
{
	init(1, OBJECT, A, "a");
	init(2, OBJECT, A, "b");
	EXPECT("1 new: a (pool 1000)", "1 state: a (pool 1000)", "2 state end: a (pool 1000)",
	       "2 delete: a (pool 1000)", "2 new: b (pool 1000)", "2 state: b (pool 1000)");
	cr_assert_eq(model__stats(model)->objects, 2);
}

Test(model, found_object_has_no_beginning)
{
	found(1, OBJECT, A, "a", false);
	EXPECT_NOTHING();
	report1(2, OBJECT, A, integer("v", 1));
	EXPECT("2 snapshot: a (pool 1000) {v=1}", "2 state: a (pool 1000) {v=1}");
	found(3, OBJECT, A, "a", false);
	EXPECT_NOTHING();
	destroy(4, A);
	EXPECT("4 state end: a (pool 1000)", "4 delete: a (pool 1000)");
	cr_assert_eq(model__stats(model)->objects, 1);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_INIT], 0);
}

Test(model, object_found_again_with_a_name_that_can_be_read_now_is_the_same)
{
	found(1, OBJECT, A, EVENT_UNREADABLE_NAME, false);
	found(2, OBJECT, A, "a", false);
	EXPECT_NOTHING();
	cr_assert_eq(model__stats(model)->objects, 1);
}

Test(model, object_found_under_another_name_is_another_one)
{
	init(1, OBJECT, A, "a");
	found(2, OBJECT, A, "b", false);
	report1(3, OBJECT, A, integer("v", 1));
	EXPECT("1 new: a (pool 1000)", "1 state: a (pool 1000)", "2 state end: a (pool 1000)",
	       "2 delete: a (pool 1000)", "3 snapshot: b (pool 1000) {v=1}", "3 state: b (pool 1000) {v=1}");
}

Test(model, found_object_that_is_new_begins_there)
{
	init(1, OBJECT, A, "a");
	found(2, OBJECT, A, "a", true);
	EXPECT("1 new: a (pool 1000)", "1 state: a (pool 1000)", "2 state end: a (pool 1000)",
	       "2 delete: a (pool 1000)", "2 new: a (pool 1000)", "2 state: a (pool 1000)");
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_INIT], 1);
}

Test(model, snapshot_of_another_class_is_a_new_object)
{
	struct event e = about(EVENT_SNAPSHOT, EVENT_PROBE_LOG, 2, A, false);

	init(1, OBJECT, A, "a");
	e.cls = 0xbeef;
	e.tag = "other";
	feed(e);
	EXPECT("1 new: a (pool 1000)", "1 state: a (pool 1000)", "2 state end: a (pool 1000)",
	       "2 delete: a (pool 1000)", "2 new: other (other 1000)", "2 state: other (other 1000)",
	       "2 snapshot: other (other 1000) {}", "2 state end: other (other 1000)",
	       "2 state: other (other 1000) {}");
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_LOG], 1);
}

Test(model, snapshot_of_an_unknown_object_is_rejected_and_counted)
{
	report1(1, OBJECT, A, integer("v", 1));
	report1(1, COUNTER, B, integer("v", 1));
	destroy(2, A);
	EXPECT_NOTHING();
	cr_assert_eq(model__stats(model)->rejected[EVENT_PROBE_SET], 2);
	cr_assert_eq(model__stats(model)->rejected[EVENT_PROBE_DESTROY], 1);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_SET], 0);
}

Test(model, object_is_unknown_after_its_end)
{
	init(1, OBJECT, A, "a");
	destroy(2, A);
	destroy(3, A);
	report1(4, OBJECT, A, integer("v", 1));
	cr_assert_eq(model__stats(model)->rejected[EVENT_PROBE_SET], 1);
	cr_assert_eq(model__stats(model)->rejected[EVENT_PROBE_DESTROY], 1);
}

Test(model, same_address_in_another_process_is_another_object)
{
	struct event e = about(EVENT_INIT, EVENT_PROBE_INIT, 2, A, false);

	init(1, OBJECT, A, "a");
	e.pid = 70;
	e.name = "b";
	feed(e);
	destroy(3, A);
	EXPECT("1 new: a (pool 1000)", "1 state: a (pool 1000)", "2 70/8 new: b (pool 1000)",
	       "2 70/8 state: b (pool 1000)", "3 state end: a (pool 1000)", "3 delete: a (pool 1000)");
}

Test(model, snapshots_of_one_object_have_times_of_their_own)
{
	init(5, OBJECT, A, "a");
	report1(5, OBJECT, A, integer("v", 1));
	report1(5, OBJECT, A, integer("v", 2));
	report1(4, OBJECT, A, integer("v", 3));
	init(5, OBJECT, B, "b");
	destroy(5, A);
	EXPECT("5 new: a (pool 1000)", "5 state: a (pool 1000)", "5 snapshot: a (pool 1000) {v=1}",
	       "5 state end: a (pool 1000)", "5 state: a (pool 1000) {v=1}",
	       "6 snapshot: a (pool 1000) {v=2}", "6 state end: a (pool 1000)",
	       "6 state: a (pool 1000) {v=2}", "7 snapshot: a (pool 1000) {v=3}",
	       "7 state end: a (pool 1000)", "7 state: a (pool 1000) {v=3}", "7 new: b (pool 2000)",
	       "7 state: b (pool 2000)", "8 state end: a (pool 1000)", "8 delete: a (pool 1000)");
}

Test(model, next_object_at_an_address_begins_after_the_last_ones_end)
{
	init(5, OBJECT, A, "a");
	report1(6, OBJECT, A, integer("v", 1));
	init(6, OBJECT, A, "b");
	EXPECT("5 new: a (pool 1000)", "5 state: a (pool 1000)", "6 snapshot: a (pool 1000) {v=1}",
	       "6 state end: a (pool 1000)", "6 state: a (pool 1000) {v=1}", "7 state end: a (pool 1000)",
	       "7 delete: a (pool 1000)", "7 new: b (pool 1000)", "7 state: b (pool 1000)");
}

Test(model, living_objects_keep_living_at_the_end)
{
	init(1, OBJECT, A, "a");
	found(2, OBJECT, B, "never seen", false);
	page.size = 0;
	finish(9);
	EXPECT("9 state end: a (pool 1000)");
}

Test(model, many_objects_come_and_go)
{
	uint64_t i;

	for (i = 0; i < 3000; i++)
		init(i, OBJECT, A + 64 * i, "a");
	for (i = 0; i < 3000; i += 2)
		destroy(3000 + i, A + 64 * i);
	for (i = 1; i < 3000; i += 2)
		report1(7000, OBJECT, A + 64 * i, integer("v", 1));
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_SET], 1500);
	for (i = 0; i < 3000; i += 2)
		report1(7000, OBJECT, A + 64 * i, integer("v", 1));
	cr_assert_eq(model__stats(model)->rejected[EVENT_PROBE_SET], 1500);
}

Test(model, names_of_the_living_outlast_those_of_the_dead)
{
	char name[32];
	uint64_t i;

	init(0, OBJECT, A, "kept");
	init(0, OBJECT, B, "kept");
	destroy(0, B);
	enter(0, "outer", 0x9000);
	enter(0, "outer", 0x8000);
	leave(0, "outer", 0x8000);
	for (i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "request %u", (unsigned)i);
		enter(i, name, 0x8000);
		leave(i, name, 0x8000);
	}
	page.size = 0;
	report1(30000, OBJECT, A, integer("v", 1));
	leave(30001, "outer", 0x9000);
	EXPECT("30000 snapshot: kept (pool 1000) {v=1}", "30000 state end: kept (pool 1000)",
	       "30000 state: kept (pool 1000) {v=1}", "30001 end: outer");
}

/* ---- Counters ---- */

Test(model, counter_is_sampled_and_once_more_at_its_end)
{
	struct value both[] = {integer("open", 1), real("load", 0.5)};

	init(1, COUNTER, A, "p");
	EXPECT_NOTHING();
	report(2, COUNTER, A, both, 2);
	both[0].i = 2;
	report(3, COUNTER, A, both, 2);
	destroy(9, A);
	finish(10);
	EXPECT("2 counter: p {open=1, load=0.5}", "3 counter: p {open=2, load=0.5}",
	       "9 counter: p {open=2, load=0.5}");
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_INIT], 1);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_DESTROY], 1);
	cr_assert_eq(model__stats(model)->counters, 1);
}

Test(model, living_counters_are_sampled_once_more_at_the_end)
{
	init(1, COUNTER, A, "p");
	init(1, COUNTER, B, "never sampled");
	report1(2, COUNTER, A, integer("v", 7));
	finish(10);
	finish(11);
	EXPECT("2 counter: p {v=7}", "10 counter: p {v=7}");
}

Test(model, counter_takes_what_is_a_number)
{
	struct value v[] = {integer("i", -1),
	                    {.key = "u", .type = VALUE_UINT, .u = UINT64_MAX},
	                    {.key = "b", .type = VALUE_BOOL, .u = 1},
	                    real("d", -0.5)};

	found(1, COUNTER, A, "p", false);
	report(2, COUNTER, A, v, 4);
	finish(3);
	EXPECT("2 counter: p {i=-1, u=18446744073709551615u, b=true, d=-0.5}",
	       "3 counter: p {i=-1, u=18446744073709551615u, b=true, d=-0.5}");
}

Test(model, living_counters_of_one_name_get_ids)
{
	init(1, COUNTER, A, "p");
	init(1, COUNTER, B, "p");
	report1(2, COUNTER, A, integer("v", 1));
	report1(2, COUNTER, B, integer("v", 2));
	report1(3, COUNTER, A, integer("v", 3));
	EXPECT("2 counter: p {v=1}", "2 counter: p#2 {v=2}", "3 counter: p {v=3}");
}

Test(model, ids_are_per_process)
{
	struct event e = about(EVENT_INIT, EVENT_PROBE_INIT, 1, A, true);
	struct value v = integer("v", 1);

	init(1, COUNTER, A, NULL);
	report1(1, COUNTER, A, v);
	e.pid = 70;
	feed(e);
	e.kind = EVENT_SNAPSHOT;
	e.probe = EVENT_PROBE_SET;
	e.values = &v;
	e.n_values = 1;
	feed(e);
	EXPECT("1 counter: pool {v=1}", "1 70/8 counter: pool {v=1}");
}

Test(model, track_of_a_dead_counter_is_used_again)
{
	init(1, COUNTER, A, "p");
	report1(2, COUNTER, A, integer("v", 1));
	destroy(3, A);
	init(4, COUNTER, B, "p");
	report1(5, COUNTER, B, integer("v", 2));
	EXPECT("2 counter: p {v=1}", "3 counter: p {v=1}", "5 counter: p {v=2}");
}

Test(model, track_is_not_used_for_other_series)
{
	init(1, COUNTER, A, "p");
	report1(2, COUNTER, A, integer("v", 1));
	destroy(3, A);
	init(4, COUNTER, B, "p");
	report1(5, COUNTER, B, integer("w", 2));
	EXPECT("2 counter: p {v=1}", "3 counter: p {v=1}", "5 counter: p#2 {w=2}");
}

Test(model, counter_that_changes_its_series_changes_its_track)
{
	struct value both[] = {integer("a", 1), integer("b", 2)};

	init(1, COUNTER, A, "p");
	report(2, COUNTER, A, both, 2);
	report(3, COUNTER, A, both, 1);
	report(4, COUNTER, A, both + 1, 1);
	report(5, COUNTER, A, both, 2);
	finish(6);
	EXPECT("2 counter: p {a=1, b=2}", "3 counter: p {a=1, b=2}", "3 counter: p#2 {a=1}",
	       "4 counter: p#2 {a=1}", "4 counter: p#3 {b=2}", "5 counter: p#3 {b=2}",
	       "5 counter: p {a=1, b=2}", "6 counter: p {a=1, b=2}");
}

Test(model, series_in_another_order_are_other_series)
{
	struct value ab[] = {integer("a", 1), integer("b", 2)}, ba[] = {integer("b", 2), integer("a", 1)};

	init(1, COUNTER, A, "p");
	report(2, COUNTER, A, ab, 2);
	report(3, COUNTER, A, ba, 2);
	EXPECT("2 counter: p {a=1, b=2}", "3 counter: p {a=1, b=2}", "3 counter: p#2 {b=2, a=1}");
}

Test(model, counter_set_up_anew_gets_its_last_values_and_its_track_back)
{
	init(1, COUNTER, A, "p");
	report1(2, COUNTER, A, integer("v", 1));
	init(3, COUNTER, A, "p");
	report1(4, COUNTER, A, integer("v", 2));
	EXPECT("2 counter: p {v=1}", "3 counter: p {v=1}", "4 counter: p {v=2}");
}

Test(model, not_finite_is_an_instant_and_counted)
{
	struct value v[] = {real("x", NAN), integer("y", 1)};

	init(1, COUNTER, A, "p");
	report(2, COUNTER, A, v, 2);
	v[0].d = -INFINITY;
	report(3, COUNTER, A, v, 2);
	v[0].d = 1.5;
	report(4, COUNTER, A, v, 2);
	EXPECT("2 instant: p: not a number {x=nan, y=1}", "3 instant: p: not a number {x=-inf, y=1}",
	       "4 counter: p {x=1.5, y=1}");
	cr_assert_eq(model__stats(model)->not_finite, 2);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_SET], 3);
}

Test(model, unreadable_in_a_counter_is_an_instant_and_counted)
{
	struct value v[] = {real("x", NAN), {.key = "y", .type = VALUE_UNREADABLE}};

	init(1, COUNTER, A, "p");
	report(2, COUNTER, A, v, 2);
	EXPECT("2 instant: p: unreadable {x=nan, y=?}");
	cr_assert_eq(model__stats(model)->unreadable, 1);
	cr_assert_eq(model__stats(model)->not_finite, 0);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_SET], 1);
}

Test(model, counter_that_excludes_everything_is_an_instant)
{
	init(1, COUNTER, A, "p");
	report(2, COUNTER, A, NULL, 0);
	EXPECT("2 instant: p: nothing included");
}

Test(model, counter_is_sampled_on_the_thread_that_wrote_it_last)
{
	struct event e = about(EVENT_SNAPSHOT, EVENT_PROBE_SET, 2, A, true);
	struct value v = integer("v", 1);

	init(1, COUNTER, A, "p");
	e.tid = 9;
	e.values = &v;
	e.n_values = 1;
	feed(e);
	finish(3);
	EXPECT("2 7/9 counter: p {v=1}", "3 7/9 counter: p {v=1}");
}

/* ---- Values without an object ---- */

Test(model, each_key_of_a_value_has_a_track)
{
	value(1, "queue", integer("depth", 3));
	value(2, "queue", integer("age", 4));
	value(3, "queue", integer("depth", 5));
	finish(4);
	EXPECT("1 counter: queue {depth=3}", "2 counter: queue#age {age=4}", "3 counter: queue {depth=5}",
	       "4 counter: queue {depth=5}", "4 counter: queue#age {age=4}");
	cr_assert_eq(model__stats(model)->counters, 2);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_VALUE], 3);
}

Test(model, value_and_counter_of_one_name_stay_apart)
{
	init(1, COUNTER, A, "queue");
	report1(1, COUNTER, A, integer("depth", 1));
	value(2, "queue", integer("depth", 2));
	init(3, COUNTER, B, "queue");
	report1(3, COUNTER, B, integer("depth", 3));
	EXPECT("1 counter: queue {depth=1}", "2 counter: queue#depth {depth=2}",
	       "3 counter: queue#3 {depth=3}");
}

Test(model, ids_are_unique_whatever_the_keys_are)
{
	value(1, "q", integer("a", 1));
	value(1, "q", integer("3", 1));
	init(2, COUNTER, A, "q");
	report1(2, COUNTER, A, integer("v", 1));
	init(2, COUNTER, B, "q");
	report1(2, COUNTER, B, integer("v", 1));
	value(3, "q", integer("4", 1));
	EXPECT("1 counter: q {a=1}", "1 counter: q#3 {3=1}", "2 counter: q#4 {v=1}", "2 counter: q#5 {v=1}",
	       "3 counter: q#4 2 {4=1}");
}

Test(model, value_that_is_not_finite_is_an_instant)
{
	value(1, "q", real("x", NAN));
	EXPECT("1 instant: q: not a number {x=nan}");
	cr_assert_eq(model__stats(model)->not_finite, 1);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_VALUE], 1);
}

Test(model, unreadable_names_say_so)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 1);

	feed(e);
	value(2, NULL, integer("x", 1));
	enter(3, NULL, 0x9000);
	leave(4, NULL, 0x9000);
	EXPECT("1 instant: <unreadable>", "2 counter: <unreadable> {x=1}", "3 begin: <unreadable>",
	       "4 end: <unreadable>");
}

/* ---- Slices ---- */

Test(model, slices_nest)
{
	enter(1, "f", 0x9000);
	enter(2, "g", 0x8000);
	slice(3, EVENT_ENTER, "load", false, 0x8000);
	slice(4, EVENT_EXIT, "load", false, 0x8000);
	leave(5, "g", 0x8000);
	leave(6, "f", 0x9000);
	EXPECT("1 begin: f", "2 begin: g", "3 begin: load", "4 end: load", "5 end: g", "6 end: f");
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_ENTER], 3);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_EXIT], 3);
	cr_assert_eq(model__stats(model)->methods, 3);
	cr_assert_eq(model__stats(model)->unwound, 0);
}

Test(model, recursion_nests)
{
	enter(1, "f", 0x9000);
	enter(2, "f", 0x8000);
	leave(3, "f", 0x8000);
	leave(4, "f", 0x9000);
	EXPECT("1 begin: f", "2 begin: f", "3 end: f", "4 end: f");
	cr_assert_eq(model__stats(model)->methods, 1);
}

Test(model, threads_have_slices_of_their_own)
{
	struct event e = event(EVENT_ENTER, EVENT_PROBE_ENTER, 2);

	enter(1, "f", 0x9000);
	e.tid = 9;
	e.name = "g";
	e.scoped = true;
	e.frame = 0xa000;
	feed(e);
	leave(3, "f", 0x9000);
	finish(4);
	EXPECT("1 begin: f", "2 7/9 begin: g", "3 end: f", "4 7/9 end: g");
	cr_assert_eq(model__stats(model)->unwound, 0);
}

Test(model, longjmp_leaves_slices_well_nested)
{
	enter(1, "main", 0x9000);
	enter(2, "parse", 0x8000);
	enter(3, "deep", 0x7000);
	enter(4, "recover", 0x8800); /* jumped back to main */
	leave(5, "recover", 0x8800);
	leave(6, "main", 0x9000);
	EXPECT("1 begin: main", "2 begin: parse", "3 begin: deep", "4 end: deep", "4 end: parse",
	       "4 begin: recover", "5 end: recover", "6 end: main");
	cr_assert_eq(model__stats(model)->unwound, 2);
}

Test(model, exit_ends_what_is_still_open_inside)
{
	enter(1, "main", 0x9000);
	enter(2, "lost exit", 0x8000);
	slice(3, EVENT_ENTER, "explicit", false, 0);
	leave(4, "main", 0x9000);
	EXPECT("1 begin: main", "2 begin: lost exit", "3 begin: explicit", "4 end: explicit",
	       "4 end: lost exit", "4 end: main");
	cr_assert_eq(model__stats(model)->unwound, 2);
}

Test(model, exit_that_the_filter_does_not_want_ends_only_what_was_begun)
{
	struct event e = event(EVENT_EXIT, EVENT_PROBE_EXIT, 2);

	enter(1, "f", 0x9000);
	e.name = "f";
	e.unwanted = true;
	e.scoped = true;
	e.frame = 0x9000;
	cr_assert_eq(model__feed(model, &e), 0);
	cr_assert_eq(model__feed(model, &e), 0);
	EXPECT("1 begin: f", "2 end: f");
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_EXIT], 1);
	cr_assert_eq(model__stats(model)->unwanted, 1);
	cr_assert_eq(model__stats(model)->unmatched, 0);
}

Test(model, exit_without_enter_is_unmatched_and_no_loss)
{
	enter(1, "f", 0x9000);
	leave(2, "g", 0x9000);
	leave(2, "f", 0xa000);
	slice(2, EVENT_EXIT, "f", false, 0x9000);
	leave(3, "f", 0x9000);
	EXPECT("1 begin: f", "3 end: f");
	cr_assert_eq(model__stats(model)->unmatched, 3);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_EXIT], 4);
	cr_assert_eq(model__stats(model)->rejected[EVENT_PROBE_EXIT], 0);
}

Test(model, slices_too_deep_are_counted_with_their_exits)
{
	const struct model_stats *s = model__stats(model);
	unsigned i;

	for (i = 0; i < 5000; i++)
		slice(i, EVENT_ENTER, "f", false, 0);
	page.size = 0;
	for (i = 0; i < 904; i++)
		slice(5000 + i, EVENT_EXIT, "f", false, 0);
	EXPECT_NOTHING();
	for (i = 0; i < 4096; i++)
		slice(6000 + i, EVENT_EXIT, "f", false, 0);
	cr_assert_eq(s->written[EVENT_PROBE_ENTER], 4096);
	cr_assert_eq(s->rejected[EVENT_PROBE_ENTER], 904);
	cr_assert_eq(s->rejected[EVENT_PROBE_EXIT], 904);
	cr_assert_eq(s->written[EVENT_PROBE_EXIT], 4096);
	cr_assert_eq(s->unmatched, 0);
	page.size = 0;
	finish(20000);
	EXPECT_NOTHING();
}

Test(model, open_slices_end_with_the_trace)
{
	enter(1, "f", 0x9000);
	enter(2, "g", 0x8000);
	finish(9);
	EXPECT("1 begin: f", "2 begin: g", "9 end: g", "9 end: f");
}

Test(model, signatures_are_shown_as_names_at_both_ends)
{
	struct event e = event(EVENT_ENTER, EVENT_PROBE_ENTER, 1);

	e.name = "void ns::account::deposit(int) [with T = int]";
	e.pretty = e.scoped = true;
	e.frame = 0x9000;
	feed(e);
	e.kind = EVENT_EXIT;
	e.probe = EVENT_PROBE_EXIT;
	feed(e);
	EXPECT("1 begin: ns::account::deposit", "1 end: ns::account::deposit");
	e.kind = EVENT_ENTER;
	e.probe = EVENT_PROBE_ENTER;
	e.pretty = false;
	feed(e);
	EXPECT("1 begin: void ns::account::deposit(int) [with T = int]");
}

/* ---- Errors and counts ---- */

Test(model, first_error_of_the_writer_is_kept_and_ends_all_calls)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 1);

	e.name = "x";
	feed(e);
	calls_until_error = 1;
	cr_assert_eq(feed(e), -ENOSPC);
	EXPECT("1 instant: x", "1 instant: x");
	cr_assert_eq(feed(e), -ENOSPC);
	cr_assert_eq(model__process_name(model, 1, "x"), -ENOSPC);
	cr_assert_eq(model__finish(model, START + 9), -ENOSPC);
	EXPECT_NOTHING();
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_INSTANT], 1);
}

/* Anything in any order: each event is counted once, nothing is lost or read after it was freed, times never
 * run backwards, slices nest. Wherever the writer fails, the rest ends quietly. */
static void feed_anything(uint64_t seed, int n, uint64_t *seen)
{
	static const char *const words[] = {"a", "b", "c", NULL, "f(int)"};
	static const char *const tags[] = {"pool", "account", "pool"};
	int i;

	for (i = 0; i < n; i++) {
		struct value v[3] = {integer("x", i), real("y", i / 2.0), {.key = "z", .type = VALUE_BOOL}};
		uint64_t r = seed = seed * 6364136223846793005u + 1442695040888963407u;
		struct event e;

		r ^= r >> 29;
		e = event((enum event_kind)(r % 8), EVENT_PROBE_INIT, (uint64_t)i * 2 - (r >> 8) % 5);
		e.tid = TID + (r >> 12) % 3;
		e.address = A + ((r >> 16) % 6) * 64;
		e.is_counter = (r >> 20) & 1;
		e.cls = CLS + e.is_counter + ((r >> 21) % 16 == 0) * 2;
		e.tag = tags[(e.cls - CLS) % 3];
		e.name = words[(r >> 25) % 5];
		e.frame = 0x9000 - ((r >> 30) % 8) * 256;
		e.scoped = (r >> 34) % 4 != 0;
		e.pretty = (r >> 36) & 1;
		e.is_new = (r >> 37) % 8 == 0;
		if ((r >> 40) % 16 == 0)
			v[1].d = NAN;
		e.values = v;
		e.n_values = 1 + (r >> 44) % 3;
		switch (e.kind) {
		case EVENT_DESTROY:
			e.probe = EVENT_PROBE_DESTROY;
			e.cls = 0;
			e.tag = NULL;
			break;
		case EVENT_SNAPSHOT: e.probe = (r >> 48) & 1 ? EVENT_PROBE_SET : EVENT_PROBE_LOG; break;
		case EVENT_ENTER: e.probe = EVENT_PROBE_ENTER; break;
		case EVENT_EXIT: e.probe = EVENT_PROBE_EXIT; break;
		case EVENT_VALUE:
			e.probe = EVENT_PROBE_VALUE;
			e.n_values = 1;
			v[0].key = (r >> 49) & 1 ? "x" : "2";
			break;
		case EVENT_INSTANT: e.probe = EVENT_PROBE_INSTANT; break;
		default: break;
		}
		if (e.kind != EVENT_SNAPSHOT && e.kind != EVENT_VALUE)
			e.n_values = 0;
		if (e.kind != EVENT_FOUND)
			seen[e.probe]++;
		if (feed(e))
			return;
	}
	model__finish(model, START + (uint64_t)n * 2);
}

Test(model, every_event_is_counted_once_and_time_never_runs_backwards)
{
	uint64_t seen[EVENT_PROBES] = {0}, last = 0, open[3] = {0};
	const struct model_stats *s = model__stats(model);
	char *line, *rest;
	int i;

	feed_anything(42, 20000, seen);
	for (i = 0; i < EVENT_PROBES; i++)
		cr_expect_eq(seen[i], s->written[i] + s->rejected[i], "probe %d", i);
	rest = page.text;
	while ((line = strsep(&rest, "\n")) && *line) {
		uint64_t ts;

		if (!strncmp(line, "thread", 6))
			continue;
		ts = strtoull(line, NULL, 10);
		cr_assert(ts >= last, "%s", line);
		last = ts;
		i = strstr(line, " 7/9 ") ? 1 : strstr(line, " 7/10 ") ? 2 : 0;
		if (strstr(line, " begin: "))
			open[i]++;
		else if (strstr(line, " end: ") && !strstr(line, "state"))
			cr_assert(open[i]-- > 0, "%s", line);
	}
	cr_assert_eq(open[0] + open[1] + open[2], 0);
}

Test(model, writer_may_fail_at_any_call)
{
	uint64_t seen[EVENT_PROBES];
	int i;

	for (i = 1; i < 300; i++) {
		calls_until_error = i;
		feed_anything(7, 200, seen);
		model__free(model);
		setup();
		calls_until_error = 0;
	}
}
