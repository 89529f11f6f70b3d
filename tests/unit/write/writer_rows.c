// SPDX-License-Identifier: BSD-2-Clause
/* What the model tells, as rows: byte for byte, but for the number of the trace. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "write/writer_rows.h"
#include "../values.h"

static char directory[] = "/tmp/viztrace-rows-XXXXXX", path[64], text[1 << 20];
static struct output *out;
static struct writer_rows *writer;
static const struct trace_ops *const ops = &writer_rows_ops;
static struct trace_start start = { 5, 6, 1700000000000000000, { "web \"1\"", "b00t", 7 } };

static void set_up(void)
{
	const struct caller owner = { geteuid(), getegid() };

	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/trace.ndjson", directory);
	cr_assert_eq(output__open(&out, path, OUTPUT_ANY, owner), 0);
	cr_assert_eq(writer_rows__new(&writer, out, &start), 0);
}

static void tear_down(void)
{
	writer_rows__free(writer);
	writer_rows__free(NULL);
	output__free(out);
	unlink(path);
	rmdir(directory);
}

TestSuite(writer_rows, .init = set_up, .fini = tear_down, .timeout = 60);

/* The file, as it is. */
static const char *rows(void)
{
	int fd;
	ssize_t n;

	cr_assert_eq(output__flush(out), 0);
	fd = open(path, O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	cr_assert_geq(n, 0);
	text[n] = 0;
	return text;
}

/* All of it from the number of the row on, a line each. */
static const char *bare(void)
{
	static char bared[1 << 16];
	char *copy = strdup(rows()), *rest = copy;

	bared[0] = 0;
	for (char *line; (line = strsep(&rest, "\n"));) {
		const char *row = strstr(line, "\"row\":");

		if (!row)
			continue;
		strcat(bared, row);
		strcat(bared, "\n");
	}
	free(copy);
	return bared;
}

static const struct where at = { 1250, 10, 11 };
static const struct trace_object object = { 0x7f00, 3, "the pool", "Pool" };

Test(writer_rows, each_row_says_where_and_when_it_was)
{
	struct value v = integer("depth", -3);
	const struct trace_counter c = { .serial = 1, .name = "queue", .id = "0x10" };
	const char *line;

	ops->process_name(writer, 10, "app");
	ops->thread_name(writer, 10, 11, "worker");
	cr_assert_eq(ops->counter(writer, at, &c, &v, 1), 0);
	line = rows();
	cr_expect_eq(strncmp(line, "{\"trace\":\"", 10), 0);
	cr_expect_str_eq(
		line + 10 + 16,
		"\",\"host\":\"web \\\"1\\\"\",\"boot_id\":\"b00t\",\"pid\":10,\"tid\":11,\"process\":\"app\","
		"\"thread\":\"worker\",\"row\":0,\"ts\":1700000000000001250,\"kind\":\"report\",\"object\":\"queue\","
		"\"id\":\"0x10\",\"values\":{\"depth\":-3}}");
	/* What has another name from here on. */
	ops->process_name(writer, 10, "other");
	ops->thread_name(writer, 10, 11, "idle");
	ops->counter(writer, at, &c, &v, 1);
	cr_expect(strstr(rows(), "\"pid\":10,\"tid\":11,\"process\":\"other\",\"thread\":\"idle\",\"row\":1,"));
}

Test(writer_rows, objects_are_reports_of_their_whole_state)
{
	const struct value values[] = { integer("id", 4),
					{ .key = "cat", .type = VALUE_NULL },
					{ .key = "none", .type = VALUE_LIST },
					{ .key = "name", .type = VALUE_STRING, .s = "a\"b", .size = 3 } };

	ops->object_new(writer, at, &object);
	ops->state_begin(writer, at, &object, NULL, 0);
	ops->object_snapshot(writer, at, &object, values, 4);
	ops->state_end(writer, at, &object);
	ops->object_delete(writer, at, &object);
	cr_expect_str_eq(
		bare(),
		"\"row\":0,\"ts\":1700000000000001250,\"kind\":\"new\",\"class\":\"Pool\",\"object\":\"the pool\",\"address\":\"0x7f00\"}\n"
		"\"row\":1,\"ts\":1700000000000001250,\"kind\":\"report\",\"class\":\"Pool\",\"object\":\"the pool\",\"address\":\"0x7f00\","
		"\"state\":{\"id\":4,\"cat\":null,\"none\":[],\"name\":\"a\\\"b\"}}\n"
		"\"row\":2,\"ts\":1700000000000001250,\"kind\":\"delete\",\"class\":\"Pool\",\"object\":\"the pool\",\"address\":\"0x7f00\"}\n");
}

Test(writer_rows, a_slice_is_one_row_with_its_length_and_depth)
{
	ops->slice_begin(writer, (struct where){ 100, 1, 1 }, "outer", NULL, 0);
	ops->slice_begin(writer, (struct where){ 200, 1, 2 }, "elsewhere", NULL, 0);
	ops->slice_begin(writer, (struct where){ 300, 1, 1 }, "inner", NULL, 0);
	ops->slice_end(writer, (struct where){ 350, 1, 1 }, "inner", NULL, 0);
	ops->slice_end(writer, (struct where){ 500, 1, 1 }, "outer", NULL, 0);
	ops->slice_before(writer, (struct where){ 600, 1, 1 }, 0, "main");
	/* One that nobody has begun. */
	cr_expect_eq(ops->slice_end(writer, (struct where){ 700, 1, 1 }, "lost", NULL, 0), 0);
	cr_assert_eq(writer_rows__finish(writer, NULL, 0), 0);
	cr_expect_str_eq(
		bare(),
		"\"row\":0,\"ts\":1700000000000000300,\"kind\":\"slice\",\"object\":\"inner\",\"dur\":50,\"depth\":1}\n"
		"\"row\":1,\"ts\":1700000000000000100,\"kind\":\"slice\",\"object\":\"outer\",\"dur\":400,\"depth\":0}\n"
		"\"row\":2,\"ts\":1700000000000000000,\"kind\":\"before\",\"object\":\"main\",\"dur\":600}\n"
		"\"row\":3,\"ts\":1700000000000000200,\"kind\":\"open\",\"object\":\"elsewhere\",\"dur\":500,\"depth\":0}\n");
	cr_expect_eq(text[strlen(text) - 1], '\n');
}

/* In memory that is gone when they end. */
static void begin_with(uint64_t ts, const char *name, const char *said)
{
	char key[] = "said", word[16];
	struct value v[] = { { .key = key, .type = VALUE_STRING, .s = word, .size = (uint32_t)strlen(said) },
			     { .key = "id", .type = VALUE_NULL } };

	strcpy(word, said);
	cr_assert_eq(ops->slice_begin(writer, (struct where){ ts, 1, 1 }, name, v, 2), 0);
	memset(key, 'X', sizeof(key));
	memset(word, 'X', sizeof(word));
}

Test(writer_rows, a_slice_has_the_arguments_of_its_beginning_and_its_end)
{
	const struct value how = integer("how", 7);

	begin_with(100, "open", "never");
	begin_with(200, "both", "first");
	begin_with(300, "begun", "second");
	ops->slice_begin(writer, (struct where){ 400, 1, 1 }, "ended", NULL, 0);
	ops->slice_begin(writer, (struct where){ 500, 1, 1 }, "none", NULL, 0);
	ops->slice_end(writer, (struct where){ 600, 1, 1 }, "none", NULL, 0);
	ops->slice_end(writer, (struct where){ 600, 1, 1 }, "ended", &how, 1);
	ops->slice_end(writer, (struct where){ 600, 1, 1 }, "begun", NULL, 0);
	ops->slice_end(writer, (struct where){ 600, 1, 1 }, "both", &how, 1);
	cr_assert_eq(writer_rows__finish(writer, NULL, 0), 0);
	cr_expect_str_eq(
		bare(),
		"\"row\":0,\"ts\":1700000000000000500,\"kind\":\"slice\",\"object\":\"none\",\"dur\":100,\"depth\":4}\n"
		"\"row\":1,\"ts\":1700000000000000400,\"kind\":\"slice\",\"object\":\"ended\",\"dur\":200,\"depth\":3,\"state\":{\"how\":7}}\n"
		"\"row\":2,\"ts\":1700000000000000300,\"kind\":\"slice\",\"object\":\"begun\",\"dur\":300,\"depth\":2,\"state\":{\"said\":\"second\",\"id\":null}}\n"
		"\"row\":3,\"ts\":1700000000000000200,\"kind\":\"slice\",\"object\":\"both\",\"dur\":400,\"depth\":1,\"state\":{\"said\":\"first\",\"id\":null,\"how\":7}}\n"
		"\"row\":4,\"ts\":1700000000000000100,\"kind\":\"open\",\"object\":\"open\",\"dur\":500,\"depth\":0,\"state\":{\"said\":\"never\",\"id\":null}}\n");
	/* And one that is still open when the writer goes. */
	begin_with(700, "left", "over");
}

Test(writer_rows, asynchronous_slices_arrows_and_instants)
{
	const struct trace_async slice = { .track = 5, .name = "load", .level = 1 };
	struct value v = integer("n", 1);

	ops->async_begin(writer, at, &slice, &v, 1);
	ops->flow(writer, at, 9, false, &v, 1);
	ops->flow(writer, at, 9, true, NULL, 0);
	ops->instant(writer, at, "moment", NULL, 0);
	ops->async_end(writer, (struct where){ 2250, 10, 12 }, &slice);
	cr_expect_str_eq(
		bare(),
		"\"row\":0,\"ts\":1700000000000001250,\"kind\":\"async_begin\",\"object\":\"load\",\"id\":\"5\",\"depth\":1,\"state\":{\"n\":1}}\n"
		"\"row\":1,\"ts\":1700000000000001250,\"kind\":\"flow_out\",\"id\":\"9\",\"state\":{\"n\":1}}\n"
		"\"row\":2,\"ts\":1700000000000001250,\"kind\":\"flow_in\",\"id\":\"9\"}\n"
		"\"row\":3,\"ts\":1700000000000001250,\"kind\":\"instant\",\"object\":\"moment\"}\n"
		"\"row\":4,\"ts\":1700000000000002250,\"kind\":\"async_end\",\"object\":\"load\",\"dur\":1000,\"id\":\"5\",\"depth\":1}\n");
}

Test(writer_rows, the_books_are_rows_of_no_thread)
{
	static const char metadata[] =
		"{\"tool\":\"viztrace-bpf\",\"probes\":{\"set\":{\"seen\":9,\"written\":6,\"filtered\":2,\"lost\":1},"
		"\"log\":{\"seen\":0,\"written\":0,\"filtered\":0,\"lost\":0}}}";
	struct trace_account a = { .probes[EVENT_PROBE_SET] = { 5, 4, 0, 1 } };

	ops->instant(writer, at, "moment", NULL, 0);
	cr_assert_eq(writer_rows__account(writer, 2000, &a), 0);
	cr_assert_eq(writer_rows__finish(writer, metadata, sizeof(metadata) - 1), 0);
	cr_expect(strstr(strstr(rows(), "\n"), "\"boot_id\":\"b00t\",\"row\":1,"));
	cr_expect(strstr(
		bare(),
		"\"row\":1,\"ts\":1700000000000002000,\"kind\":\"account\",\"object\":\"set\",\"values\":{\"seen\":5,"
		"\"written\":4,\"filtered\":0,\"lost\":1}}\n"
		"\"row\":2,\"ts\":1700000000000002000,\"kind\":\"account\",\"object\":\"set\",\"values\":{\"seen\":9,"
		"\"written\":6,\"filtered\":2,\"lost\":1}}\n"
		"\"row\":3,\"ts\":1700000000000002000,\"kind\":\"trace\",\"state\":{\"tool\":"));
}

/* Names and all: those on which nothing is open are forgotten. */
Test(writer_rows, many_threads_come_and_go)
{
	for (uint32_t i = 1; i < 200000; i++) {
		cr_assert_eq(ops->process_name(writer, i, "brief"), 0);
		cr_assert_eq(ops->thread_name(writer, i, i, "brief"), 0);
		if (i % 50000 == 1)
			ops->slice_begin(writer, (struct where){ i, i, i }, "long", NULL, 0);
	}
	for (uint32_t i = 1; i < 200000; i += 50000)
		cr_assert_eq(ops->slice_end(writer, (struct where){ 300000, i, i }, "long", NULL, 0), 0);
	cr_expect(strstr(rows(), "\"pid\":100001,\"tid\":100001,\"process\":\"brief\",\"thread\":\"brief\","));
	cr_expect_eq(strstr(text, "\"dur\":299999,") != NULL, true);
}
