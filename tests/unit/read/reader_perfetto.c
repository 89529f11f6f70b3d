// SPDX-License-Identifier: BSD-2-Clause
/* The same run to both writers; what is read of the one file, written as the other format, is the other file. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "read/reader.h"
#include "write/writer_chrome.h"
#include "write/writer_perfetto.h"
#include "../random.h"
#include "../values.h"
#include "../write/output_files.h"

#define SERIES 21

static const struct trace_start start = { 1000000, 2000000, 3000000, { "web1", "0b0e-1d", 4026531836 } };
static const char metadata[] =
	"{\"tool\":\"viztrace-bpf\",\"files\":[],\"end_us\":5000.001,\"events\":{\"seen\":70,\"lost\":3}}";

TestSuite(reader_perfetto, .init = set_up, .fini = tear_down, .timeout = 240);

static struct value text(const char *key, const char *s)
{
	return (struct value){ .key = key, .type = VALUE_STRING, .s = s, .size = (uint32_t)strlen(s) };
}

static struct value plain(const char *key, enum value_type type, uint32_t n_children)
{
	return (struct value){ .key = key, .type = type, .n_children = n_children };
}

/* ---- A run, as the model tells it ---- */

static void counters(const struct trace_ops *ops, void *w)
{
	static const char *const keys[SERIES] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k",
						  "l", "m", "n", "o", "p", "q", "r", "s", "t", "u" };
	struct trace_counter wide = { .serial = 1, .name = "wide" },
			     other = { .serial = 2, .name = "wide", .id = "0x7" };
	static const char *const units[SERIES] = { [1] = "connections", [9] = "\"\n", [20] = "ms" };
	struct value values[SERIES], some[SERIES];
	struct where at = { 10, 7, 7 };

	for (unsigned round = 0; round < 40; round++) {
		size_t n = 0;

		for (unsigned i = 0; i < SERIES; i++) {
			bool zero = (round * 7 + i * 3) % 4 == 0;

			values[i] = i % 3 ? integer(keys[i], zero ? 0 : (int64_t)i - 9) :
					    real(keys[i], zero ? i % 2 ? -0.0 : 0.0 : 0.1 * i);
			/* One has other types now and then. */
			if (i == 7 && round % 5 == 0)
				values[i] = natural(keys[i], UINT64_MAX - 2047);
			if (i == 8 && round % 5 == 1)
				values[i] = real(keys[i], 0);
			if (round % 2 == 0 || i % 4 == 1)
				some[n++] = values[i];
		}
		/* The one that knows them tells them. */
		wide.begins = other.begins = !round;
		for (unsigned i = 0; !round && i < SERIES; i++)
			some[i].unit = values[i].unit = units[i];
		at.ts += round % 3;
		at.tid = 7 + round / 8 % 2;
		wide.set = round % 2;
		cr_assert_eq(ops->counter(w, at, &wide, some, n), 0);
		cr_assert_eq(ops->counter(w, at, &other, values, 2), 0);
	}
	cr_assert_eq(ops->counter_closing(w, at, &wide, values, SERIES), 0);
}

static void object(const struct trace_ops *ops, void *w, uint64_t life, bool is_new, bool is_deleted)
{
	const struct trace_object o = { 0x7f0000001000, life, life % 2 ? "pool" : "pool (hot)", "pool" };
	const struct value all[] = {
		integer("id", -1),
		text("name", life % 2 ? "null" : "a \"b\"\n\xff"),
		plain("owner", VALUE_NULL, 0),
		plain("list", VALUE_LIST, 3),
		real(NULL, 1.5),
		plain(NULL, VALUE_LIST, 0),
		plain(NULL, VALUE_NULL, 0),
		plain("dict", VALUE_DICT, 2),
		plain("id", VALUE_DICT, 0),
		natural("big", UINT64_MAX),
		{ .key = "json", .type = VALUE_JSON, .s = "{\"id\":null,\"n\":[1,2.5]}", .size = 23 },
		{ .key = "on", .type = VALUE_BOOL, .u = 1 },
		{ .key = "cut", .type = VALUE_STRING, .truncated = true, .s = "abc", .size = 3 },
	};
	struct where at = { 1000 * life, 7, 8 };
	size_t n = sizeof(all) / sizeof(all[0]);
	bool open = is_new;

	if (is_new)
		ops->object_new(w, at, &o);
	if (is_new)
		ops->state_begin(w, at, &o, NULL, 0);
	for (int i = 0; i < 4; i++) {
		at.ts++;
		at.tid = i < 2 ? 7 : 9;
		ops->object_snapshot(w, at, &o, all, i == 3 ? 0 : n);
		if (open)
			ops->state_end(w, at, &o);
		open = true;
		ops->state_begin(w, at, &o, all, i == 3 ? 0 : n);
	}
	at.ts++;
	ops->state_end(w, at, &o);
	if (is_deleted)
		ops->object_delete(w, at, &o);
}

/* Two tracks, on one of which what was inside goes on. */
static void asynchronous(const struct trace_ops *ops, void *w)
{
	const struct value number = integer("id", -7), pointer = text("id", "0x7f00");
	struct trace_async request = { .track = 1, .name = "request" }, other = { .track = 2, .name = "request" };
	struct trace_async parse = { .track = 1, .name = "parse", .level = 1 };

	ops->async_begin(w, (struct where){ 904, 7, 8 }, &request, &number, 1);
	ops->async_begin(w, (struct where){ 905, 7, 7 }, &other, &pointer, 1);
	ops->flow(w, (struct where){ 905, 7, 8 }, 300, false, &pointer, 1);
	ops->async_begin(w, (struct where){ 906, 7, 9 }, &parse, &number, 1);
	parse.again = true;
	ops->async_end(w, (struct where){ 907, 7, 8 }, &parse);
	ops->async_end(w, (struct where){ 907, 7, 8 }, &request);
	parse.level = 0;
	ops->async_begin(w, (struct where){ 907, 7, 8 }, &parse, &number, 1);
	parse.again = false;
	ops->async_end(w, (struct where){ 908, 7, 7 }, &parse);
	ops->flow(w, (struct where){ 908, 7, 7 }, 300, true, NULL, 0);
	ops->async_end(w, (struct where){ 909, 7, 8 }, &other);
}

static int slices_with_arguments(const struct trace_ops *ops, void *w)
{
	const struct value begun[] = {
		text("s", "null"), integer("id", -3),
		real("load", 0.1), { .key = "on", .type = VALUE_BOOL, .u = 1 },
		text("t", ""),     plain("none", VALUE_NULL, 0),
	};
	const struct value ended[] = { natural("big", UINT64_MAX), text("s (end)", "\xff") };
	struct where at = { 903, 7, 8 };

	ops->slice_begin(w, at, "f", begun, 6);
	ops->slice_begin(w, at, "g", NULL, 0);
	ops->slice_end(w, at, "g", ended, 2);
	ops->slice_end(w, at, "f", ended, 1);
	return 0;
}

static void run(const struct trace_ops *ops, void *w)
{
	const struct trace_object unseen = { 0x5000, 99, "unseen", "thing" };
	const struct value values[] = { text("why", "{}"), integer("n", 3) };

	ops->process_name(w, 7, "app");
	ops->thread_name(w, 7, 7, "app");
	ops->thread_name(w, 7, 8, "worker \"1\"");
	counters(ops, w);
	ops->slice_begin(w, (struct where){ 900, 7, 7 }, "outer", NULL, 0);
	ops->slice_begin(w, (struct where){ 900, 7, 8 }, "other", NULL, 0);
	ops->slice_begin(w, (struct where){ 901, 7, 7 }, "inner<int>()", NULL, 0);
	ops->slice_before(w, (struct where){ 902, 7, 8 }, 5, "main");
	ops->slice_end(w, (struct where){ 903, 7, 7 }, "inner<int>()", NULL, 0);
	ops->slice_end(w, (struct where){ 903, 7, 7 }, "outer", NULL, 0);
	slices_with_arguments(ops, w);
	asynchronous(ops, w);
	for (uint64_t life = 1; life < 6; life++)
		object(ops, w, life, life != 3, life != 4);
	ops->object_delete(w, (struct where){ 7000, 7, 8 }, &unseen);
	ops->instant(w, (struct where){ 7000, 7, 8 }, "here", values, 2);
	ops->process_name(w, 7, "app, renamed");
	ops->slice_end(w, (struct where){ 7000, 7, 8 }, "other", NULL, 0);
}

/* ---- Files of it ---- */

static void write_chrome(const char *name, int (*told)(const struct trace_ops *ops, void *w))
{
	struct output *o = open_output(name);
	struct writer_chrome *w;

	cr_assert_eq(writer_chrome__new(&w, o), 0);
	cr_assert_eq(told(&writer_chrome_ops, w), 0);
	cr_assert_eq(writer_chrome__finish(w, metadata, sizeof(metadata) - 1), 0);
	writer_chrome__free(w);
	output__free(o);
}

static void write_perfetto(const char *name, int (*told)(const struct trace_ops *ops, void *w))
{
	struct output *o = open_output(name);
	struct writer_perfetto *w;

	cr_assert_eq(writer_perfetto__new(&w, o, &start), 0);
	cr_assert_eq(told(&writer_perfetto_ops, w), 0);
	cr_assert_eq(writer_perfetto__finish(w, metadata, sizeof(metadata) - 1), 0);
	writer_perfetto__free(w);
	output__free(o);
}

static int all_of_it(const struct trace_ops *ops, void *w)
{
	run(ops, w);
	return 0;
}

static struct reader_result result;
static struct trace_start began;
static size_t n_metadata;

static int on_begins(void *ctx, const struct trace_start *begins)
{
	(void)ctx;
	began = *begins;
	return 0;
}

static int on_metadata(void *ctx, const struct value *values, size_t n)
{
	(void)ctx, (void)values;
	n_metadata = n;
	return 0;
}

static int read_bytes(const void *bytes, size_t size, const struct trace_ops *ops, void *w)
{
	const struct reader_sink sink = {
		.ops = ops, .writer = w, .whole = true, .begins = on_begins, .metadata = on_metadata
	};
	int fd = memfd_create("trace", 0);

	cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	return reader__read(fd, &sink, &result);
}

static char *bytes;
static size_t n_bytes;

static int what_is_read(const struct trace_ops *ops, void *w)
{
	return read_bytes(bytes, n_bytes, ops, w);
}

static void expect_same(const char *wanted_path, const char *read_path)
{
	size_t n_wanted, n_read;
	char *wanted = slurp(wanted_path, &n_wanted), *read = slurp(read_path, &n_read);

	cr_expect_eq(n_wanted, n_read);
	for (size_t i = 0, line = 0; i < n_wanted && i < n_read; line = wanted[i] == '\n' ? i + 1 : line, i++)
		cr_assert_eq(wanted[i], read[i], "%.300s\nis read as\n%.300s", wanted + line, read + line);
	free(wanted);
	free(read);
}

Test(reader_perfetto, tells_what_the_model_told)
{
	const char *direct = in_directory("direct.json");

	write_chrome(direct, all_of_it);
	write_perfetto(path, all_of_it);
	bytes = slurp(path, &n_bytes);
	write_chrome(in_directory("read.json"), what_is_read);
	expect_same(direct, in_directory("read.json"));
	cr_expect(result.is_whole && !result.is_cut);
	cr_expect_eq(result.end, 5000001);
	cr_expect_eq(result.seen, 70);
	cr_expect_eq(result.lost, 3);
	cr_expect_eq(n_metadata, 6);
	cr_expect(began.monotonic == start.monotonic && began.boot == start.boot && began.wall == start.wall);
	cr_expect_str_eq(began.host.name, start.host.name);
	cr_expect_str_eq(began.host.boot_id, start.host.boot_id);
	cr_expect_eq(began.host.pid_namespace, start.host.pid_namespace);
	free(bytes);
}

/* A line of JSON, read, written as packets, read, and written as JSON. */
Test(reader_perfetto, arguments_of_slices_come_through_either_format)
{
	const char *direct = in_directory("direct.json");

	write_chrome(direct, slices_with_arguments);
	bytes = slurp(direct, &n_bytes);
	cr_assert(strstr(bytes, "\"name\":\"f\",\"args\":{\"s\":\"null\",\"id\":-3,"));
	write_perfetto(path, what_is_read);
	free(bytes);
	bytes = slurp(path, &n_bytes);
	write_chrome(in_directory("read.json"), what_is_read);
	free(bytes);
	expect_same(direct, in_directory("read.json"));
}

/* ---- What is missing, and what is wrong ---- */

static size_t n_told;

static int count_instant(void *ctx, struct where at, const char *name, const struct value *values, size_t n)
{
	(void)ctx, (void)at, (void)name, (void)values, (void)n;
	n_told++;
	return 0;
}

static int count_sample(void *ctx, struct where at, const struct trace_counter *c, const struct value *v, size_t n)
{
	(void)c;
	return count_instant(ctx, at, NULL, v, n);
}

static int count_object(void *ctx, struct where at, const struct trace_object *o)
{
	(void)o;
	return count_instant(ctx, at, NULL, NULL, 0);
}

static int count_state(void *ctx, struct where at, const struct trace_object *o, const struct value *v, size_t n)
{
	(void)o;
	return count_instant(ctx, at, NULL, v, n);
}

static int count_before(void *ctx, struct where at, uint64_t since, const char *name)
{
	(void)since;
	return count_instant(ctx, at, name, NULL, 0);
}

static int count_async(void *ctx, struct where at, const struct trace_async *a, const struct value *v, size_t n)
{
	return count_instant(ctx, at, a->name, v, n);
}

static int count_async_end(void *ctx, struct where at, const struct trace_async *a)
{
	return count_instant(ctx, at, a->name, NULL, 0);
}

static int count_flow(void *ctx, struct where at, uint64_t serial, bool is_in, const struct value *v, size_t n)
{
	(void)serial, (void)is_in;
	return count_instant(ctx, at, NULL, v, n);
}

static int count_process(void *ctx, uint32_t pid, const char *name)
{
	(void)pid;
	return count_instant(ctx, (struct where){ 0 }, name, NULL, 0);
}

static int count_thread(void *ctx, uint32_t pid, uint32_t tid, const char *name)
{
	(void)pid, (void)tid;
	return count_instant(ctx, (struct where){ 0 }, name, NULL, 0);
}

static const struct trace_ops counting = {
	.process_name = count_process,
	.thread_name = count_thread,
	.counter = count_sample,
	.counter_closing = count_sample,
	.object_new = count_object,
	.object_snapshot = count_state,
	.object_delete = count_object,
	.state_begin = count_state,
	.state_end = count_object,
	.slice_begin = count_instant,
	.slice_end = count_instant,
	.slice_before = count_before,
	.async_begin = count_async,
	.async_end = count_async_end,
	.flow = count_flow,
	.instant = count_instant,
};

/* All of the first packets, and of the others, which are of the same kinds, a third: under the sanitizers each reading
 * costs the kernel milliseconds for its buffers. */
static size_t further(size_t at)
{
	return at + (at < 800 ? 1 : 3);
}

Test(reader_perfetto, a_file_that_is_cut_anywhere_is_read_to_its_last_whole_packet)
{
	size_t before = 0;

	write_perfetto(path, all_of_it);
	bytes = slurp(path, &n_bytes);
	for (size_t size = 64; size < n_bytes; size = further(size)) {
		n_told = 0;
		cr_assert_eq(read_bytes(bytes, size, &counting, NULL), 0, "%zu: %s", size, result.wrong);
		cr_assert(result.is_cut);
		cr_assert_geq(n_told, before);
		before = n_told;
	}
	cr_expect_gt(before, 150);
	free(bytes);
}

/* Nothing is read beyond its end, whatever is in it; the sanitizers see to that. */
Test(reader_perfetto, a_file_with_any_byte_changed_is_read_or_refused)
{
	size_t refused = 0, changed = 0;

	write_perfetto(path, all_of_it);
	bytes = slurp(path, &n_bytes);
	for (size_t i = 0; i < n_bytes; i = further(i)) {
		char right = bytes[i];
		int err;

		bytes[i] = (char)(right ^ (1 << any() % 8));
		err = read_bytes(bytes, n_bytes, &counting, NULL);
		cr_assert(!err || err == -EINVAL || err == -E2BIG, "%zu: %d", i, err);
		cr_assert_eq(err == -EINVAL, result.wrong != NULL);
		refused += err != 0;
		changed++;
		bytes[i] = right;
	}
	cr_expect_gt(refused, changed / 4);
	free(bytes);
}

static void expect_wrong(const char *data, size_t size, uint64_t offset, const char *why)
{
	cr_expect_eq(read_bytes(data, size, &counting, NULL), -EINVAL);
	cr_expect_eq(result.offset, offset);
	cr_assert(result.wrong && result.is_binary);
	cr_expect(strstr(result.wrong, why), "%s", result.wrong);
}

Test(reader_perfetto, what_is_none_of_ours_is_told_with_its_place)
{
	/* Clocks, without our mark; a packet that is no message; no packet. */
	expect_wrong("\x0a\x06\x50\x01\x32\x02\x10\x03", 8, 0, "no trace of viztrace-bpf");
	expect_wrong("\x0a\x02\xff\xff", 4, 0, "no trace of viztrace-bpf");
	expect_wrong("\x0a\x00", 2, 0, "no trace of viztrace-bpf");
	write_perfetto(path, all_of_it);
	bytes = slurp(path, &n_bytes);
	bytes = realloc(bytes, n_bytes + 3);
	memcpy(bytes + n_bytes, "{}\n", 3);
	expect_wrong(bytes, n_bytes + 3, n_bytes, "no packet");
	free(bytes);
}
