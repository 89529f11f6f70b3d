// SPDX-License-Identifier: BSD-2-Clause
/* What the model says goes to each sink: the writer of Chrome JSON, and one that only counts, see the same. */
#include <criterion/criterion.h>
#include <errno.h>

#include "model/model.h"
#include "write/formats.h"
#include "output_files.h"
#include "../values.h"

/* ---- the sink that counts ---- */

static unsigned long counted[128]; /* by phase, as the format of the file calls it */
static int fail_after;             /* calls; 0: never */
static int begun, finished, freed;
static char told[64]; /* the metadata */

static int count(char phase)
{
	if (fail_after && !--fail_after)
		return -ENOSPC;
	counted[(unsigned char)phase]++;
	return 0;
}

static int count_process(void *w, uint32_t pid, const char *name)
{
	(void)w, (void)pid, (void)name;
	return count('p');
}

static int count_thread(void *w, uint32_t pid, uint32_t tid, const char *name)
{
	(void)w, (void)pid, (void)tid, (void)name;
	return count('t');
}

static int count_counter(void *w, struct where at, const struct trace_counter *c, const struct value *v, size_t n)
{
	(void)w, (void)at, (void)c, (void)v, (void)n;
	return count('C');
}

#define COUNT_OBJECT(name, phase) \
	static int name(void *w, struct where at, const struct trace_object *o) \
	{ \
		(void)w, (void)at, (void)o; \
		return count(phase); \
	}
COUNT_OBJECT(count_new, 'N')
COUNT_OBJECT(count_delete, 'D')
COUNT_OBJECT(count_state_end, 'e')

#define COUNT_VALUES(name, phase) \
	static int name(void *w, struct where at, const struct trace_object *o, const struct value *v, size_t n) \
	{ \
		(void)w, (void)at, (void)o, (void)v, (void)n; \
		return count(phase); \
	}
COUNT_VALUES(count_snapshot, 'O')
COUNT_VALUES(count_state_begin, 'b')

static int count_begin(void *w, struct where at, const char *name, const struct value *v, size_t n)
{
	(void)w, (void)at, (void)name, (void)v;
	cr_expect_eq(n, 1);
	return count('B');
}

static int count_end(void *w, struct where at, const char *name, const struct value *v, size_t n)
{
	(void)w, (void)at, (void)name, (void)v;
	cr_expect_eq(n, 1);
	return count('E');
}

static int count_before(void *w, struct where at, uint64_t since, const char *name)
{
	(void)w, (void)at, (void)since, (void)name;
	return count('b') + count('e');
}

static int count_async_begin(void *w, struct where at, const struct trace_async *a, const struct value *v, size_t n)
{
	(void)w, (void)at, (void)a, (void)v, (void)n;
	return count('b');
}

static int count_async_end(void *w, struct where at, const struct trace_async *a)
{
	(void)w, (void)at, (void)a;
	return count('e');
}

static int count_flow(void *w, struct where at, uint64_t serial, bool is_in, const struct value *v, size_t n)
{
	(void)w, (void)at, (void)serial, (void)v, (void)n;
	return count(is_in ? 'f' : 's');
}

static int count_instant(void *w, struct where at, const char *name, const struct value *v, size_t n)
{
	(void)w, (void)at, (void)name, (void)v, (void)n;
	return count('i');
}

static const struct trace_ops counting_ops = {
	.process_name = count_process,
	.thread_name = count_thread,
	.counter = count_counter,
	.counter_closing = count_counter,
	.object_new = count_new,
	.object_snapshot = count_snapshot,
	.object_delete = count_delete,
	.state_begin = count_state_begin,
	.state_end = count_state_end,
	.slice_begin = count_begin,
	.slice_end = count_end,
	.slice_before = count_before,
	.async_begin = count_async_begin,
	.async_end = count_async_end,
	.flow = count_flow,
	.instant = count_instant,
};

static int begin_counting(void **ret, struct output *out, const struct trace_start *start)
{
	cr_expect_eq(start->boot, 2);
	cr_expect_null(out, "it writes no file");
	*ret = counted;
	return ++begun == 1 ? 0 : -EIO;
}

static int finish_counting(void *w, const char *metadata, size_t size)
{
	cr_expect_eq(w, counted);
	snprintf(told, sizeof(told), "%.*s", (int)size, metadata);
	finished++;
	return 0;
}

static void free_counting(void *w)
{
	cr_expect_eq(w, counted);
	freed++;
}

static const struct format counting = {
	.name = "counting",
	.ops = &counting_ops,
	.begin = begin_counting,
	.finish = finish_counting,
	.free = free_counting,
};

/* ---- a trace ---- */

static const struct trace_start start = { 1, 2, 3, { "", "", 0 } };
static struct sinks sinks;
static struct model *model;

static void tidy(void)
{
	model__free(model);
	sinks__free(&sinks);
	tear_down();
}

TestSuite(sinks, .init = set_up, .fini = tidy, .timeout = 60);

static void begin(void)
{
	for (size_t i = 0; i < sinks.n; i++)
		if (sinks.list[i].format != &counting)
			cr_assert_eq(sink__open(&sinks.list[i], caller__from_env()), 0);
	cr_assert_eq(sinks__begin(&sinks, &start), 0);
	cr_assert_eq(model__new(&model, &sinks_ops, &sinks, 0), 0);
}

static int feed(enum event_kind kind, uint64_t ts, const struct value *values, size_t n)
{
	struct event e = {
		.kind = kind,
		.probe = kind == EVENT_ENTER ? EVENT_PROBE_ENTER :
			 kind == EVENT_EXIT  ? EVENT_PROBE_EXIT :
					       EVENT_PROBE_SET,
		.ts = ts,
		.pid = 7,
		.tid = 8,
		.comm = "main",
		.name = "n",
		.tag = "account",
		.cls = 1,
		.address = 0x1000,
		.values = values,
		.n_values = n,
	};

	return model__feed(model, &e);
}

/* Some of everything, to the model's end. Returns its first error. */
static int tell_all(void)
{
	const struct value v[] = { { .key = "x", .type = VALUE_INT, .i = 3 } };
	int err = feed(EVENT_INIT, 10, NULL, 0);

	for (uint64_t ts = 20; ts < 120 && !err; ts += 10) {
		err = feed(EVENT_SNAPSHOT, ts, v, 1);
		if (!err)
			err = feed(EVENT_ENTER, ts + 1, v, 1);
		if (!err)
			err = feed(EVENT_VALUE, ts + 2, v, 1);
		if (!err)
			err = feed(EVENT_INSTANT, ts + 3, NULL, 0);
		if (!err)
			err = feed(EVENT_EXIT, ts + 4, v, 1);
	}
	if (!err)
		err = feed(EVENT_DESTROY, 130, NULL, 0);
	return err ? err : model__finish(model, 200);
}

/* How many events of each phase the file has. */
static void count_in_file(const char *name, unsigned long ret[128])
{
	json_error_t error;
	json_t *root = json_load_file(name, 0, &error), *event;
	size_t i;

	cr_assert(root, "%s: %s", name, error.text);
	memset(ret, 0, 128 * sizeof(*ret));
	json_array_foreach(json_object_get(root, "traceEvents"), i, event)
	{
		const char *phase = json_string_value(json_object_get(event, "ph"));
		const char *what = json_string_value(json_object_get(event, "name"));

		if (!strcmp(phase, "M"))
			phase = !strcmp(what, "process_name") ? "p" : !strcmp(what, "thread_name") ? "t" : "-";
		ret[(unsigned char)*phase]++;
	}
	json_decref(root);
}

Test(sinks, one_that_only_counts_sees_what_is_in_the_file)
{
	static const char phases[] = "ptCNODbeBEi";
	unsigned long there[128];

	cr_assert_eq(sinks__add(&sinks, &format_chrome, path), 0);
	cr_assert_eq(sinks__add(&sinks, &counting, "-"), 0);
	begin();
	cr_assert_eq(tell_all(), 0);
	cr_assert_eq(sinks__finish(&sinks, "{\"a\":1}", 7), 0);
	cr_expect_str_eq(told, "{\"a\":1}");
	count_in_file(path, there);
	for (const char *p = phases; *p; p++) {
		cr_expect_gt(counted[(unsigned char)*p], 0, "no %c was counted", *p);
		cr_expect_eq(there[(unsigned char)*p], counted[(unsigned char)*p], "%c: %lu in the file, %lu counted",
			     *p, there[(unsigned char)*p], counted[(unsigned char)*p]);
	}
}

Test(sinks, two_of_one_format_write_the_same_bytes)
{
	char *a, *b;
	size_t n_a, n_b;

	cr_assert_eq(sinks__add(&sinks, &format_chrome, in_directory("a.json")), 0);
	cr_assert_eq(sinks__add(&sinks, &format_chrome, in_directory("b.json")), 0);
	begin();
	cr_assert_eq(tell_all(), 0);
	cr_assert_eq(sinks__finish(&sinks, "{}", 2), 0);
	a = slurp(in_directory("a.json"), &n_a);
	b = slurp(in_directory("b.json"), &n_b);
	cr_expect_gt(n_a, 5000);
	cr_expect_eq(sinks__size(&sinks), output__size(sinks.list[0].output));
	cr_expect(n_a == n_b && !memcmp(a, b, n_a));
	free(a);
	free(b);
}

Test(sinks, one_that_fails_does_not_stop_the_others)
{
	unsigned long there[128];

	cr_assert_eq(sinks__add(&sinks, &counting, "-"), 0);
	cr_assert_eq(sinks__add(&sinks, &format_chrome, path), 0);
	fail_after = 10;
	begin();
	cr_assert_eq(tell_all(), 0);
	cr_expect_eq(sinks.list[0].error, -ENOSPC);
	cr_expect(sinks__failed(&sinks));
	cr_expect_eq(sinks__flush(&sinks), 0);
	cr_expect_eq(sinks__finish(&sinks, "{}", 2), -ENOSPC, "the first error of all");
	cr_expect_eq(finished, 0, "what failed is not finished");
	cr_expect_eq(sinks.list[1].error, 0);
	count_in_file(path, there);
	cr_expect_eq(there['B'], 10);
	cr_expect_eq(there['E'], 10);
}

Test(sinks, the_model_hears_when_none_is_left)
{
	cr_assert_eq(sinks__add(&sinks, &counting, "-"), 0);
	fail_after = 10;
	begin();
	cr_assert_eq(tell_all(), -ENOSPC);
	cr_expect_eq(sinks__flush(&sinks), -ENOSPC);
}

Test(sinks, each_writer_is_freed_once)
{
	cr_assert_eq(sinks__add(&sinks, &counting, "-"), 0);
	begin();
	sinks__free_writers(&sinks);
	cr_expect_eq(freed, 1);
	sinks__free(&sinks);
	cr_expect_eq(freed, 1);
}

Test(sinks, some_write_no_file)
{
	cr_assert_eq(sinks__add(&sinks, &counting, NULL), 0);
	begin();
	cr_assert_eq(tell_all(), 0);
	cr_expect_eq(sinks__flush(&sinks), 0);
	cr_expect_eq(sinks__size(&sinks), 0);
	cr_expect_eq(sinks__finish(&sinks, "{}", 2), 0);
	cr_expect_eq(finished, 1);
	cr_expect_null(sinks.list[0].path);
}

Test(sinks, are_not_more_than_there_is_room_for)
{
	for (int i = 0; i < SINKS_MAX; i++)
		cr_assert_eq(sinks__add(&sinks, &format_chrome, in_directory("a")), 0);
	cr_assert_eq(sinks__add(&sinks, &format_chrome, "b"), -E2BIG);
}

Test(formats, are_found_by_name_and_by_a_files_end)
{
	cr_expect_eq(formats[0], &format_chrome, "the default");
	cr_expect_eq(format__named("chrome"), &format_chrome);
	cr_expect_null(format__named("json"));
	cr_expect_null(format__named(""));
	cr_expect_eq(format__of_path("a.json"), &format_chrome);
	cr_expect_eq(format__of_path("/x.y/a.json.gz"), &format_chrome);
	cr_expect_null(format__of_path(".json"), "a name of nothing else");
	cr_expect_null(format__of_path("a.jsonl"));
	cr_expect_null(format__of_path("-"));
	cr_expect_null(format__of_path(".gz"));
}
