/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of trace_ops in, bytes of the file out. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chrome_file.h"
#include "../values.h"

static const struct where at = { 1234567, 10, 11 };
static const struct trace_counter queue = { .name = "queue" };
static const struct trace_counter queue_7 = { .serial = 1, .name = "queue", .id = "7" };
static const struct trace_object object = { 0x7f0012345678, 3, "the pool", "Pool" };

TestSuite(writer_chrome, .init = set_up, .fini = tear_down, .timeout = 60);

/* The file as it is now, NUL-terminated. */
static char *slurp(size_t *ret_size)
{
	static char text[1 << 20];
	int fd = open(path, O_RDONLY);
	ssize_t size = read(fd, text, sizeof(text) - 1);

	cr_assert_geq(size, 0);
	close(fd);
	text[size] = '\0';
	if (ret_size)
		*ret_size = (size_t)size;
	return text;
}

/* What has been written after the head. */
static const char *events(void)
{
	size_t size;
	char *text;

	cr_assert_eq(output__flush(out), 0);
	text = slurp(&size);
	cr_assert_geq(size, OUTPUT_HEAD);
	return text + OUTPUT_HEAD;
}

#define EXPECT(literal) expect_event(literal)

/* There is exactly this one event after the head. */
static void expect_event(const char *event)
{
	const char *text = events();

	cr_expect(!strncmp(text, ",\n", 2), "the comma must be before the event");
	cr_expect_str_eq(text + 2, event);
}

static struct value boolean(const char *key, bool b)
{
	return (struct value){ .key = key, .type = VALUE_BOOL, .u = b };
}

static struct value text_of(const char *key, enum value_type type, const char *s, bool truncated)
{
	return (struct value){ .key = key, .type = type, .s = s, .size = (uint32_t)strlen(s), .truncated = truncated };
}

static struct value string(const char *key, const char *s)
{
	return text_of(key, VALUE_STRING, s, false);
}

static struct value json_text(const char *key, const char *s)
{
	return text_of(key, VALUE_JSON, s, false);
}

static struct value null(const char *key)
{
	return (struct value){ .key = key, .type = VALUE_NULL };
}

static struct value unreadable(const char *key)
{
	return (struct value){ .key = key, .type = VALUE_UNREADABLE };
}

static struct value list(const char *key, uint32_t n)
{
	return (struct value){ .key = key, .type = VALUE_LIST, .n_children = n };
}

static struct value dict(const char *key, uint32_t n)
{
	return (struct value){ .key = key, .type = VALUE_DICT, .n_children = n };
}

#define VALUES(...) \
	(const struct value[]){ __VA_ARGS__ }, sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value)

#define COUNTER "{\"ph\":\"C\",\"cat\":\"counter\",\"pid\":10,\"tid\":11,\"ts\":1234.567,"
#define OBJECT(phase) \
	"{\"ph\":\"" phase "\",\"cat\":\"object\",\"pid\":10,\"tid\":11,\"ts\":1234.567," \
	"\"id\":\"0x7f0012345678\",\"scope\":\"Pool\",\"name\":\"the pool\""
#define STATE(phase) \
	"{\"ph\":\"" phase "\",\"cat\":\"object\",\"pid\":10,\"tid\":11,\"ts\":1234.567," \
	"\"id2\":{\"local\":\"0x7f0012345678:Pool:3\"},\"name\":\"the pool\""
#define FIRST(pid, tid, category) \
	"{\"ph\":\"M\"," category "\"pid\":" #pid ",\"tid\":" #tid \
	",\"name\":\"process_sort_index\",\"args\":{\"sort_index\":0}}"
#define META "\"cat\":\"__metadata\","

/* ---- each kind of event ---- */

Test(writer_chrome, every_event_has_its_own_process_and_thread)
{
	static const uint32_t ids[][2] = {
		{ 1, 2 }, { 1, 2 }, { 3, 2 }, { 3, 4 }, { UINT32_MAX, UINT32_MAX }, { 3, 4 }
	};
	char expected[1024] = "";

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		cr_expect_eq(ops->slice_end(writer, (struct where){ 0, ids[i][0], ids[i][1] }, "f", NULL, 0), 0);
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected),
			 ",\n{\"ph\":\"E\",\"cat\":\"method\",\"pid\":%u,\"tid\":%u,\"ts\":0.000,\"name\":"
			 "\"f\"}",
			 ids[i][0], ids[i][1]);
	}
	cr_expect_str_eq(events(), expected);
}

Test(writer_chrome, names_processes_and_threads)
{
	cr_expect_eq(ops->process_name(writer, 10, "da\"emon"), 0);
	cr_expect_eq(ops->thread_name(writer, 10, 11, "worker"), 0);
	cr_expect_str_eq(events(), ",\n{\"ph\":\"M\",\"cat\":\"__metadata\",\"pid\":10,\"tid\":10,"
				   "\"name\":\"process_name\",\"args\":{\"name\":\"da\\\"emon\"}}"
				   ",\n{\"ph\":\"M\",\"cat\":\"__metadata\",\"pid\":10,\"tid\":11,"
				   "\"name\":\"thread_name\",\"args\":{\"name\":\"worker\"}}"
				   ",\n{\"ph\":\"M\",\"cat\":\"__metadata\",\"pid\":10,\"tid\":11,"
				   "\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":11}}");
}

Test(writer_chrome, sorts_the_first_thread_before_the_others)
{
	cr_expect_eq(ops->thread_name(writer, 10, 10, "main"), 0);
	cr_expect(strstr(events(), "\"tid\":10,\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":0}}"));
}

Test(writer_chrome, writes_counters)
{
	cr_expect_eq(ops->counter(writer, at, &queue, VALUES(integer("depth", -3), real("load", 0.5))), 0);
	EXPECT(COUNTER "\"name\":\"queue\",\"args\":{\"depth\":-3,\"load\":0.5}}");
}

Test(writer_chrome, marks_samples_that_nobody_reported)
{
	cr_expect_eq(ops->counter_closing(writer, at, &queue, VALUES(integer("depth", 0))), 0);
	EXPECT(COUNTER "\"viz\":\"closing\",\"name\":\"queue\",\"args\":{\"depth\":0}}");
}

/* chrome://tracing has them already as members of the objects that it keeps names in. */
Test(writer_chrome, renames_what_every_object_of_javascript_has)
{
	static const struct trace_object named = { 0x10, 1, "__proto__", "valueOf" };

	cr_expect_eq(ops->slice_begin(writer, at, "constructor", NULL, 0), 0);
	cr_expect_eq(ops->instant(writer, at, "toString", NULL, 0), 0);
	cr_expect_eq(ops->instant(writer, at, "toStrings", NULL, 0), 0);
	cr_expect_eq(ops->object_new(writer, at, &named), 0);
	cr_expect_str_eq(
		events(),
		",\n{\"ph\":\"B\",\"cat\":\"method\",\"pid\":10,\"tid\":11,\"ts\":1234.567,\"name\":\"constructor_\"}"
		",\n{\"ph\":\"i\",\"cat\":\"instant\",\"pid\":10,\"tid\":11,\"ts\":1234.567,\"s\":\"t\",\"name\":"
		"\"toString_\"}"
		",\n{\"ph\":\"i\",\"cat\":\"instant\",\"pid\":10,\"tid\":11,\"ts\":1234.567,\"s\":\"t\",\"name\":"
		"\"toStrings\"}"
		",\n{\"ph\":\"N\",\"cat\":\"object\",\"pid\":10,\"tid\":11,\"ts\":1234.567,\"id\":\"0x10\",\"scope\":"
		"\"valueOf_\",\"name\":\"__proto___\"}");
	cr_expect_eq(writer_chrome__stats(writer)->args.renamed, 4);
}

Test(writer_chrome, cuts_names_of_threads_between_characters)
{
	cr_expect_eq(ops->thread_name(writer, 10, 11, "a thread nam\xe2\x82"), 0);
	cr_expect(strstr(events(), "\"name\":\"thread_name\",\"args\":{\"name\":\"a thread nam\"}}"));
}

Test(writer_chrome, writes_the_id_of_a_counter_as_a_string)
{
	cr_expect_eq(ops->counter(writer, at, &queue_7, VALUES(integer("depth", 3))), 0);
	EXPECT(COUNTER "\"name\":\"queue\",\"id\":\"7\",\"args\":{\"depth\":3}}");
}

Test(writer_chrome, writes_numbers_only_in_counters)
{
	cr_expect_eq(ops->counter(writer, at, &queue,
				  VALUES(boolean("t", true), boolean("f", false), natural("max", INT64_MAX),
					 natural("more", (uint64_t)INT64_MAX + 1), natural("most", UINT64_MAX))),
		     0);
	EXPECT(COUNTER "\"name\":\"queue\",\"args\":{\"t\":1,\"f\":0,\"max\":9223372036854775807,"
		       "\"more\":9.223372036854776e18,\"most\":1.8446744073709552e19}}");
}

Test(writer_chrome, refuses_anything_else_in_counters)
{
	cr_expect_eq(ops->counter(writer, at, &queue, VALUES(real("x", NAN))), -EINVAL);
	cr_expect_eq(ops->counter(writer, at, &queue, VALUES(string("x", "1"))), -EINVAL);
	cr_expect_eq(ops->counter(writer, at, &queue, VALUES(null("x"))), -EINVAL);
	cr_expect_str_eq(events(), "");
}

Test(writer_chrome, writes_the_life_of_an_object)
{
	cr_expect_eq(ops->object_new(writer, at, &object), 0);
	cr_expect_eq(ops->object_snapshot(writer, at, &object, VALUES(integer("a", 1))), 0);
	cr_expect_eq(ops->object_delete(writer, at, &object), 0);
	cr_expect_str_eq(events(),
			 ",\n" OBJECT("N") "},\n" OBJECT("O") ",\"args\":{\"snapshot\":{\"a\":1}}},\n" OBJECT("D") "}");
}

Test(writer_chrome, writes_the_states_of_an_object_as_a_band)
{
	cr_expect_eq(ops->state_begin(writer, at, &object, VALUES(integer("a", 1))), 0);
	cr_expect_eq(ops->state_end(writer, at, &object), 0);
	cr_expect_eq(ops->state_begin(writer, at, &object, NULL, 0), 0);
	cr_expect_str_eq(events(),
			 ",\n" STATE("b") ",\"args\":{\"a\":1}},\n" STATE("e") "},\n" STATE("b") ",\"args\":{}}");
}

Test(writer_chrome, writes_slices_and_instants)
{
	cr_expect_eq(ops->slice_begin(writer, at, "run", NULL, 0), 0);
	cr_expect_eq(ops->slice_end(writer, at, "run", NULL, 0), 0);
	cr_expect_eq(ops->instant(writer, at, "tick", NULL, 0), 0);
	cr_expect_eq(ops->instant(writer, at, "mark", VALUES(real("x", -INFINITY))), 0);
	cr_expect_str_eq(events(),
			 ",\n{\"ph\":\"B\",\"cat\":\"method\",\"pid\":10,\"tid\":11,\"ts\":1234.567,\"name\":\"run\"}"
			 ",\n{\"ph\":\"E\",\"cat\":\"method\",\"pid\":10,\"tid\":11,\"ts\":1234.567,\"name\":\"run\"}"
			 ",\n{\"ph\":\"i\",\"cat\":\"instant\",\"pid\":10,\"tid\":11,\"ts\":1234.567,\"s\":\"t\","
			 "\"name\":\"tick\"}"
			 ",\n{\"ph\":\"i\",\"cat\":\"instant\",\"pid\":10,\"tid\":11,\"ts\":1234.567,\"s\":\"t\","
			 "\"name\":\"mark\","
			 "\"args\":{\"x\":\"-Infinity\"}}");
}

Test(writer_chrome, writes_the_arguments_of_slices)
{
	cr_expect_eq(ops->slice_begin(writer, at, "run", VALUES(integer("id", -3), boolean("hot", true))), 0);
	cr_expect_eq(ops->slice_end(writer, at, "run", VALUES(string("how", ""), null("why"))), 0);
	cr_expect_str_eq(events(),
			 ",\n{\"ph\":\"B\",\"cat\":\"method\",\"pid\":10,\"tid\":11,\"ts\":1234.567,\"name\":\"run\","
			 "\"args\":{\"id\":-3,\"hot\":true}}"
			 ",\n{\"ph\":\"E\",\"cat\":\"method\",\"pid\":10,\"tid\":11,\"ts\":1234.567,\"name\":\"run\","
			 "\"args\":{\"how\":\"\",\"why\":\"null\"}}");
}

Test(writer_chrome, writes_what_is_of_no_thread)
{
	const struct trace_async slice = { .track = 3, .name = "request", .level = 1 };
	const struct trace_async again = { .track = 3, .name = "request", .again = true };
	struct value number = integer("id", -7), pointer = string("id", "0x7f00");

	cr_expect_eq(ops->async_begin(writer, at, &slice, &number, 1), 0);
	cr_expect_eq(ops->async_end(writer, at, &again), 0);
	cr_expect_eq(ops->flow(writer, at, 255, false, &pointer, 1), 0);
	cr_expect_eq(ops->flow(writer, at, 255, true, NULL, 0), 0);
	cr_expect_str_eq(events(), ",\n{\"ph\":\"b\",\"cat\":\"async\",\"pid\":10,\"tid\":11,\"ts\":1234.567,"
				   "\"id2\":{\"local\":\"3\"},\"name\":\"request\",\"args\":{\"id\":-7}}"
				   ",\n{\"ph\":\"e\",\"cat\":\"async\",\"pid\":10,\"tid\":11,\"ts\":1234.567,"
				   "\"id2\":{\"local\":\"3\"},\"viz\":\"again\",\"name\":\"request\"}"
				   ",\n{\"ph\":\"s\",\"cat\":\"flow\",\"pid\":10,\"tid\":11,\"ts\":1234.567,"
				   "\"id\":\"0xff\",\"name\":\"flow\",\"args\":{\"id\":\"0x7f00\"}}"
				   ",\n{\"ph\":\"f\",\"cat\":\"flow\",\"pid\":10,\"tid\":11,\"ts\":1234.567,"
				   "\"bp\":\"e\",\"id\":\"0xff\",\"name\":\"flow\"}");
}

Test(writer_chrome, keeps_nanoseconds)
{
	cr_expect_eq(ops->slice_begin(writer, (struct where){ 0, 1, 2 }, "a", NULL, 0), 0);
	cr_expect_eq(ops->slice_begin(writer, (struct where){ 999, 1, 2 }, "b", NULL, 0), 0);
	cr_expect_eq(ops->slice_begin(writer, (struct where){ 86400000000000007, 4294967295, 0 }, "c", NULL, 0), 0);
	cr_expect_str_eq(events(),
			 ",\n{\"ph\":\"B\",\"cat\":\"method\",\"pid\":1,\"tid\":2,\"ts\":0.000,\"name\":\"a\"}"
			 ",\n{\"ph\":\"B\",\"cat\":\"method\",\"pid\":1,\"tid\":2,\"ts\":0.999,\"name\":\"b\"}"
			 ",\n{\"ph\":\"B\",\"cat\":\"method\",\"pid\":4294967295,\"tid\":0,"
			 "\"ts\":86400000000000.007,\"name\":\"c\"}");
}

/* ---- values ---- */

static void snapshot(const struct value *values, size_t n_values)
{
	cr_expect_eq(ops->object_snapshot(writer, at, &object, values, n_values), 0);
}

#define EXPECT_SNAPSHOT(members) EXPECT(OBJECT("O") ",\"args\":{\"snapshot\":" members "}}")

Test(writer_chrome, writes_every_type_in_a_snapshot)
{
	snapshot(VALUES(integer("int", INT64_MIN), natural("uint", 7), real("double", 2.0), boolean("yes", true),
			boolean("no", false), string("string", "a\nb"), json_text("json", " {\"k\": [1.50]} "),
			null("null"), unreadable("unreadable")));
	EXPECT_SNAPSHOT("{\"int\":-9223372036854775808,\"uint\":7,\"double\":2.0,\"yes\":true,\"no\":false,"
			"\"string\":\"a\\nb\",\"json\":{\"k\":[1.5]},\"null\":null,\"unreadable\":\"<unreadable>\"}");
}

Test(writer_chrome, writes_trees)
{
	snapshot(VALUES(dict("d", 3), integer("a", 1), list("l", 3), integer(NULL, 2), dict(NULL, 1), integer("x", 3),
			list(NULL, 0), dict("e", 0), integer("last", 4)));
	EXPECT_SNAPSHOT("{\"d\":{\"a\":1,\"l\":[2,{\"x\":3},[]],\"e\":{}},\"last\":4}");
}

Test(writer_chrome, survives_a_tree_that_promises_more_than_there_is)
{
	snapshot(VALUES(list("l", UINT32_MAX), dict(NULL, 3), integer("a", 1)));
	EXPECT_SNAPSHOT("{\"l\":[{\"a\":1}]}");
}

Test(writer_chrome, ends_a_tree_that_is_too_deep)
{
	struct value deep[200];

	for (int i = 0; i < 200; i++)
		deep[i] = list(i ? NULL : "l", 1);
	snapshot(deep, 200);
	cr_expect(strstr(events(), "[\"<too deep>\"]"));
}

Test(writer_chrome, writes_an_empty_snapshot)
{
	snapshot(NULL, 0);
	EXPECT_SNAPSHOT("{}");
}

Test(writer_chrome, renames_what_chrome_takes_for_itself)
{
	snapshot(VALUES(integer("id", 1), integer("cat", 2), integer("base_type", 3), dict("d", 3), integer("id", 4),
			integer("cat", 5), list("l", 1), dict(NULL, 1), integer("id", 6),
			json_text("j", "[{\"id\":7,\"cat\":8}]")));
	EXPECT_SNAPSHOT("{\"id_\":1,\"cat_\":2,\"base_type_\":3,\"d\":{\"id_\":4,\"cat\":5,\"l\":[{\"id_\":6}]},"
			"\"j\":[{\"id_\":7,\"cat\":8}]}");
	cr_expect_eq(writer_chrome__stats(writer)->args.renamed, 6);
}

Test(writer_chrome, renames_to_a_name_that_is_free)
{
	snapshot(VALUES(dict("d", 1), integer("id_", 0), integer("id_", 1), integer("id", 2), integer("id__", 3)));
	EXPECT_SNAPSHOT("{\"d\":{\"id_\":0},\"id_\":1,\"id___\":2,\"id__\":3}");
}

Test(writer_chrome, keeps_names_where_nobody_takes_them)
{
	cr_expect_eq(ops->state_begin(writer, at, &object,
				      VALUES(integer("id", 1), integer("cat", 2), json_text("j", "{\"id\":3}"))),
		     0);
	EXPECT(STATE("b") ",\"args\":{\"id\":1,\"cat\":2,\"j\":{\"id\":3}}}");
}

Test(writer_chrome, writes_what_perfetto_drops_as_text)
{
	cr_expect_eq(ops->state_begin(writer, at, &object,
				      VALUES(null("n"), list("l", 0), dict("d", 0), list("m", 2), null(NULL),
					     dict(NULL, 0), json_text("j", "{\"a\":null,\"b\":[],\"c\":{}}"))),
		     0);
	EXPECT(STATE("b") ",\"args\":{\"n\":\"null\",\"l\":\"[]\",\"d\":\"{}\",\"m\":[\"null\",\"{}\"],"
			  "\"j\":{\"a\":\"null\",\"b\":\"[]\",\"c\":\"{}\"}}}");
}

Test(writer_chrome, writes_numbers_that_viewers_misread_as_strings)
{
	snapshot(VALUES(natural("max", INT64_MAX), natural("more", (uint64_t)INT64_MAX + 1),
			natural("most", UINT64_MAX), real("nan", NAN), real("inf", INFINITY), real("minf", -INFINITY),
			json_text("j", "[18446744073709551615]")));
	EXPECT_SNAPSHOT("{\"max\":9223372036854775807,\"more\":\"9223372036854775808\","
			"\"most\":\"18446744073709551615\",\"nan\":\"NaN\",\"inf\":\"Infinity\","
			"\"minf\":\"-Infinity\",\"j\":[\"18446744073709551615\"]}");
	cr_expect_eq(writer_chrome__stats(writer)->args.quoted, 6);
}

Test(writer_chrome, marks_strings_that_were_cut)
{
	snapshot(VALUES(text_of("a", VALUE_STRING, "abc", true), text_of("b", VALUE_STRING, "", true),
			text_of("c", VALUE_STRING, "ab\xe2\x82", true), text_of("d", VALUE_JSON, "{\"a\":", true)));
	EXPECT_SNAPSHOT("{\"a\":\"abc\xe2\x80\xa6 (truncated)\",\"b\":\"\xe2\x80\xa6 (truncated)\","
			"\"c\":\"ab\xe2\x80\xa6 (truncated)\",\"d\":\"{\\\"a\\\":\xe2\x80\xa6 (truncated)\"}");
	cr_expect_eq(writer_chrome__stats(writer)->args.invalid_json, 0, "it is counted as truncated already");
}

Test(writer_chrome, shows_and_counts_json_text_that_is_not_json)
{
	snapshot(VALUES(json_text("j", "{broken"), integer("a", 1)));
	EXPECT_SNAPSHOT("{\"j\":\"{broken\",\"a\":1}");
	cr_expect_eq(writer_chrome__stats(writer)->args.invalid_json, 1);
	cr_expect_eq(ops->state_begin(writer, at, &object, VALUES(json_text("j", "{broken"))), 0);
	cr_expect_eq(writer_chrome__stats(writer)->args.invalid_json, 1, "the twin shows the same once more");
}

Test(writer_chrome, takes_names_of_any_bytes)
{
	const struct trace_object odd = { 0, 1, "n\xff\x01", "t\"\xff" };

	cr_expect_eq(ops->object_new(writer, at, &odd), 0);
	cr_expect_eq(ops->state_begin(writer, at, &odd, VALUES(integer("k\xff\\", 1))), 0);
	cr_expect_eq(ops->slice_begin(writer, at, NULL, NULL, 0), 0);
	cr_expect_str_eq(events(),
			 ",\n{\"ph\":\"N\",\"cat\":\"object\",\"pid\":10,\"tid\":11,\"ts\":1234.567,\"id\":\"0x0\","
			 "\"scope\":\"t\\\"\xef\xbf\xbd\",\"name\":\"n\xef\xbf\xbd\\u0001\"}"
			 ",\n{\"ph\":\"b\",\"cat\":\"object\",\"pid\":10,\"tid\":11,\"ts\":1234.567,"
			 "\"id2\":{\"local\":\"0x0:t\\\"\xef\xbf\xbd:1\"},\"name\":\"n\xef\xbf\xbd\\u0001\","
			 "\"args\":{\"k\xef\xbf\xbd\\u005c\":1}}"
			 ",\n{\"ph\":\"B\",\"cat\":\"method\",\"pid\":10,\"tid\":11,\"ts\":1234.567,"
			 "\"name\":\"<unreadable>\"}");
}

/* ---- the file ---- */

static void write_some(void)
{
	cr_assert_eq(ops->process_name(writer, 10, "daemon"), 0);
	cr_assert_eq(ops->slice_begin(writer, at, "run", NULL, 0), 0);
	cr_assert_eq(ops->slice_end(writer, at, "run", NULL, 0), 0);
}

/* As much of an array as there is, with the rest of it. */
static json_t *load_cut(const char *text, size_t size)
{
	char *closed = malloc(size + 1);
	json_t *root;

	memcpy(closed, text, size);
	closed[size] = ']';
	root = json_loadb(closed, size + 1, 0, NULL);
	free(closed);
	return root;
}

Test(writer_chrome, begins_with_a_head_that_is_an_array_of_one)
{
	static const char first[] = "[" FIRST(10, 10, META);
	const char *text;
	size_t size;

	write_some();
	output__flush(out);
	text = slurp(&size);
	cr_expect(!strncmp(text, first, sizeof(first) - 1), "%.200s", text);
	for (size_t i = sizeof(first) - 1; i < OUTPUT_HEAD; i++)
		cr_assert_eq(text[i], ' ');
	cr_expect_eq(text[OUTPUT_HEAD], ',');
}

Test(writer_chrome, loads_when_it_is_cut_after_any_event)
{
	char *text;
	size_t size;
	int n = 1;

	write_some();
	ops->object_snapshot(writer, at, &object, VALUES(string("s", "},\n{")));
	output__flush(out);
	text = slurp(&size);
	for (char *end = text + OUTPUT_HEAD;; n++) {
		json_t *root = load_cut(text, (size_t)(end - text));

		cr_assert_eq(json_array_size(root), n, "cut after event %d", n);
		json_decref(root);
		if (!*end)
			break;
		end = strstr(end + 2, ",\n{");
		end = end ? end : text + size;
	}
	cr_expect_eq(n, 5);
}

Test(writer_chrome, has_every_event_on_a_line_of_its_own)
{
	int lines = 0;
	char *text;

	write_some();
	ops->object_snapshot(writer, at, &object, VALUES(string("s", "a\nb"), json_text("j", "{\n}")));
	cr_assert_eq(writer_chrome__finish(writer, "{\"a\":1}", 7), 0);
	text = slurp(NULL);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		lines += !strncmp(line, "{\"ph\":", 6) && strchr(line, '}');
	cr_expect_eq(lines, 5);
}

Test(writer_chrome, finishes_as_an_object)
{
	static const char head[] = "{\"displayTimeUnit\":\"ns\",\"metadata\":{\"a\":1},\"traceEvents\":[\n" FIRST(10,
														  10,
														  META);
	json_t *root, *list_of_events;
	size_t size, i;
	json_t *event;
	char *text;

	write_some();
	cr_assert_eq(writer_chrome__finish(writer, "{\"a\":1}", 7), 0);
	text = slurp(&size);
	cr_expect(!strncmp(text, head, sizeof(head) - 1), "%.300s", text);
	cr_expect_str_eq(text + size - 4, "}\n]}");
	root = json_loadb(text, size, 0, NULL);
	cr_assert(root);
	list_of_events = json_object_get(root, "traceEvents");
	cr_expect_eq(json_array_size(list_of_events), 4);
	cr_expect_eq(writer_chrome__stats(writer)->events, 4);
	json_array_foreach(list_of_events, i, event)
	{
		cr_expect(json_is_integer(json_object_get(event, "pid")));
		cr_expect(json_is_integer(json_object_get(event, "tid")));
		cr_expect(json_is_string(json_object_get(event, "cat")));
		cr_expect_eq(!json_object_get(event, "ts"),
			     !strcmp(json_string_value(json_object_get(event, "ph")), "M"));
	}
	json_decref(root);
}

Test(writer_chrome, finishes_without_any_event)
{
	json_t *root;
	size_t size;
	char *text;

	cr_assert_eq(writer_chrome__finish(writer, NULL, 0), 0);
	text = slurp(&size);
	root = json_loadb(text, size, 0, NULL);
	cr_expect(root);
	cr_expect_eq(json_array_size(json_object_get(root, "traceEvents")), 0);
	cr_expect_eq(json_object_size(json_object_get(root, "metadata")), 0);
	json_decref(root);
}

Test(writer_chrome, refuses_metadata_that_do_not_fit)
{
	static char metadata[OUTPUT_HEAD];
	const char *before;
	char *copy;
	size_t size;

	write_some();
	output__flush(out);
	before = slurp(&size);
	copy = strdup(before);
	memset(metadata, ' ', sizeof(metadata));
	metadata[0] = '{';
	metadata[sizeof(metadata) - 1] = '}';
	cr_expect_eq(writer_chrome__finish(writer, metadata, sizeof(metadata)), -E2BIG);
	cr_expect_str_eq(slurp(NULL), copy, "nothing may be written");
	/* What fits to the byte. */
	size = OUTPUT_HEAD -
	       strlen("{\"displayTimeUnit\":\"ns\",\"metadata\":,\"traceEvents\":[\n" FIRST(10, 10, META));
	metadata[size] = '}';
	cr_expect_eq(writer_chrome__finish(writer, metadata, size + 1 + 1), -E2BIG);
	metadata[size - 1] = '}';
	cr_expect_eq(writer_chrome__finish(writer, metadata, size), 0);
	before = slurp(&size);

	json_t *root = json_loadb(before, size, 0, NULL);

	cr_expect_eq(json_array_size(json_object_get(root, "traceEvents")), 4);
	json_decref(root);
	free(copy);
}

Test(writer_chrome, hides_the_first_category_from_speedscope)
{
	write_some();
	cr_assert_eq(ops->slice_begin(writer, at, "ProfileChunk", NULL, 0), 0);
	cr_assert_eq(writer_chrome__finish(writer, NULL, 0), 0);
	cr_expect(strstr(slurp(NULL), "[\n" FIRST(10, 10, "")));
}

Test(writer_chrome, leaves_the_first_category_for_names_like_those)
{
	write_some();
	cr_assert_eq(ops->slice_begin(writer, at, "Profiles", NULL, 0), 0);
	cr_assert_eq(ops->slice_begin(writer, at, "CpuProfiler", NULL, 0), 0);
	cr_assert_eq(writer_chrome__finish(writer, NULL, 0), 0);
	cr_expect(strstr(slurp(NULL), "[\n" FIRST(10, 10, META)));
}

static char *through_pipe(const char *metadata)
{
	static char text[OUTPUT_HEAD * 4];
	const struct caller owner = { geteuid(), getegid() };
	ssize_t size;
	int fds[2];

	writer_chrome__free(writer);
	output__free(out);
	cr_assert_eq(pipe(fds), 0);
	dup2(fds[1], STDOUT_FILENO);
	cr_assert_eq(output__open(&out, "-", OUTPUT_ANY, owner), 0);
	cr_assert_eq(writer_chrome__new(&writer, out), 0);
	write_some();
	cr_expect_eq(writer_chrome__finish(writer, metadata, metadata ? strlen(metadata) : 0), 0);
	size = read(fds[0], text, sizeof(text) - 1);
	cr_assert_gt(size, 0);
	text[size] = '\0';
	return text;
}

#define THROUGH_PIPE \
	"[" FIRST(10, 10, META) ",\n{\"ph\":\"M\",\"cat\":\"__metadata\",\"pid\":10,\"tid\":10,\"name\":\"process_" \
				"name\"," \
				"\"args\":{\"name\":\"daemon\"}}" \
				",\n{\"ph\":\"B\",\"cat\":\"method\",\"pid\":10,\"tid\":11,\"ts\":1234.567," \
				"\"name\":\"run\"}" \
				",\n{\"ph\":\"E\",\"cat\":\"method\",\"pid\":10,\"tid\":11,\"ts\":1234.567," \
				"\"name\":\"run\"}" \
				",\n{\"ph\":\"i\",\"cat\":\"instant\",\"pid\":10,\"tid\":11,\"ts\":1234.567," \
				"\"s\":\"g\",\"name\":\"viztrace summary\",\"args\":"

Test(writer_chrome, writes_an_array_with_a_summary_into_a_pipe)
{
	cr_expect_str_eq(through_pipe("{\"a\":1}"), THROUGH_PIPE "{\"a\":1}}\n]");
}

Test(writer_chrome, writes_an_empty_summary_into_a_pipe)
{
	cr_expect_str_eq(through_pipe(NULL), THROUGH_PIPE "{}}\n]");
}

Test(writer_chrome, passes_on_what_the_output_says)
{
	const struct caller owner = { geteuid(), getegid() };
	int err = 0;

	writer_chrome__free(writer);
	output__free(out);
	cr_assert_eq(output__open(&out, "/dev/full", OUTPUT_ANY, owner), 0);
	cr_assert_eq(writer_chrome__new(&writer, out), 0);
	for (int i = 0; i < 100000 && !err; i++)
		err = ops->slice_begin(writer, at, "run", NULL, 0);
	cr_expect_eq(err, -ENOSPC);
	cr_expect_eq(writer_chrome__finish(writer, NULL, 0), -ENOSPC);
}
