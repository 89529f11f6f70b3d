// SPDX-License-Identifier: BSD-2-Clause
/* What a writer was told, into a file, and what a reader tells of that file. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "read/reader.h"
#include "../values.h"
#include "../write/chrome_file.h"

static struct reader_result result;

/* What the reader told, a line each. */
static char told[1 << 16];
static uint64_t serials[16], lives[16];
static size_t n_serials, n_lives;
static int fail; /* what the other side returns */

__attribute__((format(printf, 1, 2))) static int tell(const char *format, ...)
{
	size_t size = strlen(told);
	va_list args;

	va_start(args, format);
	vsnprintf(told + size, sizeof(told) - size, format, args);
	va_end(args);
	strncat(told, "\n", sizeof(told) - strlen(told) - 1);
	return fail;
}

static int tell_process(void *ctx, uint32_t pid, const char *name)
{
	(void)ctx;
	return tell("process %u %s", pid, name);
}

static int tell_thread(void *ctx, uint32_t pid, uint32_t tid, const char *name)
{
	(void)ctx;
	return tell("thread %u %u %s", pid, tid, name);
}

static int tell_sample(const char *kind, struct where at, const struct trace_counter *c, const struct value *values,
		       size_t n)
{
	char text[1024] = "";

	for (size_t i = 0; i < n; i++) {
		if (values[i].type == VALUE_INT)
			sprintf(text + strlen(text), " %s=%ld", values[i].key, values[i].i);
		else
			sprintf(text + strlen(text), " %s=%a", values[i].key, values[i].d);
		if (values[i].unit)
			sprintf(text + strlen(text), " %s", values[i].unit);
	}
	if (c->begins)
		strcat(text, " begins");
	serials[n_serials++ % 16] = c->serial;
	return tell("%s %lu %u %u %s [%s]%s", kind, at.ts, at.pid, at.tid, c->name, c->id ? c->id : "", text);
}

static int tell_counter(void *ctx, struct where at, const struct trace_counter *c, const struct value *values, size_t n)
{
	(void)ctx;
	return tell_sample("counter", at, c, values, n);
}

static int tell_closing(void *ctx, struct where at, const struct trace_counter *c, const struct value *values, size_t n)
{
	(void)ctx;
	return tell_sample("closing", at, c, values, n);
}

static int tell_object(const char *kind, struct where at, const struct trace_object *o)
{
	lives[n_lives++ % 16] = o->life;
	return tell("%s %lu %u %u %lx %s (%s)", kind, at.ts, at.pid, at.tid, o->address, o->name, o->tag);
}

static int tell_new(void *ctx, struct where at, const struct trace_object *o)
{
	(void)ctx;
	return tell_object("new", at, o);
}

static int tell_snapshot(void *ctx, struct where at, const struct trace_object *o, const struct value *v, size_t n)
{
	(void)ctx, (void)v;
	cr_expect_eq(n, 0);
	return tell_object("snapshot", at, o);
}

static int tell_delete(void *ctx, struct where at, const struct trace_object *o)
{
	(void)ctx;
	return tell_object("delete", at, o);
}

static int tell_state(void *ctx, struct where at, const struct trace_object *o, const struct value *v, size_t n)
{
	(void)ctx, (void)v, (void)n;
	return tell_object("state", at, o);
}

static int tell_begin(void *ctx, struct where at, const char *name, const struct value *v, size_t n)
{
	(void)ctx, (void)v;
	cr_expect_eq(n, 0);
	return tell("begin %lu %u %u %s", at.ts, at.pid, at.tid, name);
}

static int tell_end(void *ctx, struct where at, const char *name, const struct value *v, size_t n)
{
	(void)ctx, (void)v;
	cr_expect_eq(n, 0);
	return tell("end %lu %u %u %s", at.ts, at.pid, at.tid, name);
}

static int tell_before(void *ctx, struct where at, uint64_t since, const char *name)
{
	(void)ctx;
	return tell("before %lu %lu %u %u %s", since, at.ts, at.pid, at.tid, name);
}

static int tell_instant(void *ctx, struct where at, const char *name, const struct value *v, size_t n)
{
	(void)ctx, (void)v;
	cr_expect_eq(n, 0);
	return tell("instant %lu %u %u %s", at.ts, at.pid, at.tid, name);
}

static int tell_async_begin(void *ctx, struct where at, const struct trace_async *a, const struct value *v, size_t n)
{
	(void)ctx;
	(void)v;
	cr_expect_eq(n, 0);
	return tell("%s %lu %u %u %s on %lu/%zu", a->again ? "again" : "async", at.ts, at.pid, at.tid, a->name,
		    a->track, a->level);
}

static int tell_async_end(void *ctx, struct where at, const struct trace_async *a)
{
	(void)ctx;
	return tell("%s %lu %u %u %s on %lu/%zu", a->again ? "interrupt" : "async end", at.ts, at.pid, at.tid, a->name,
		    a->track, a->level);
}

static int tell_flow(void *ctx, struct where at, uint64_t serial, bool is_in, const struct value *v, size_t n)
{
	(void)ctx, (void)v;
	cr_expect_eq(n, 0);
	return tell("flow %s %lu %u %u %lu", is_in ? "in" : "out", at.ts, at.pid, at.tid, serial);
}

static const struct trace_ops telling = {
	.process_name = tell_process,
	.thread_name = tell_thread,
	.counter = tell_counter,
	.counter_closing = tell_closing,
	.object_new = tell_new,
	.object_snapshot = tell_snapshot,
	.object_delete = tell_delete,
	.state_begin = tell_state,
	.state_end = tell_delete,
	.slice_begin = tell_begin,
	.slice_end = tell_end,
	.slice_before = tell_before,
	.async_begin = tell_async_begin,
	.async_end = tell_async_end,
	.flow = tell_flow,
	.instant = tell_instant,
};

static const struct where at = { 1234567, 10, 11 };
static const struct trace_object object = { 0x7f0012345678, 3, "the pool", "Pool" };
#define METADATA "{\"tool\":\"viztrace-bpf\",\"end_us\":5000.001,\"events\":{\"seen\":70,\"lost\":3}}"

TestSuite(reader_chrome, .init = set_up, .fini = tear_down, .timeout = 60);

static int read_fd(int fd)
{
	const struct reader_sink sink = { .ops = &telling };

	told[0] = 0;
	n_serials = n_lives = 0;
	return reader__read(fd, &sink, &result);
}

static int read_text(const char *text)
{
	int fd = memfd_create("trace", 0);

	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	lseek(fd, 0, SEEK_SET);
	return read_fd(fd);
}

static void finish_and_read(void)
{
	cr_assert_eq(writer_chrome__finish(writer, METADATA, strlen(METADATA)), 0);
	cr_assert_eq(read_fd(open(path, O_RDONLY)), 0, "%s", result.wrong);
	cr_expect(result.is_whole);
	cr_expect_not(result.is_cut);
	cr_expect_eq(result.end, 5000001);
	cr_expect_eq(result.seen, 70);
	cr_expect_eq(result.lost, 3);
}

Test(reader_chrome, tells_what_was_told)
{
	struct value values[] = { integer("open", INT64_MIN), real("load", 0.1) };
	const struct trace_counter queue = { .name = "queue", .begins = true },
				   other = { .serial = 1, .name = "queue", .id = "0x7" };

	values[1].unit = "% \"";
	ops->process_name(writer, 10, "app \"x\"\n");
	ops->thread_name(writer, 10, 11, "worker");
	ops->counter(writer, at, &queue, values, 2);
	ops->counter(writer, at, &other, values, 1);
	ops->counter_closing(writer, at, &queue, values, 2);
	ops->object_new(writer, at, &object);
	ops->object_snapshot(writer, at, &object, values, 2);
	ops->state_begin(writer, at, &object, values, 2);
	ops->state_end(writer, at, &object);
	ops->slice_begin(writer, at, "f<int>()", values, 2);
	ops->slice_end(writer, at, "f<int>()", values, 1);
	ops->slice_before(writer, at, 5, "main");
	ops->instant(writer, at, "here", values, 2);
	ops->instant(writer, at, "viztrace summary", values, 0);
	ops->object_delete(writer, at, &object);
	finish_and_read();
	cr_expect_str_eq(
		told, "process 10 app \"x\"\n\n"
		      "thread 10 11 worker\n"
		      "counter 1234567 10 11 queue [] open=-9223372036854775808 load=0x1.999999999999ap-4 % \" begins\n"
		      "counter 1234567 10 11 queue [0x7] open=-9223372036854775808\n"
		      "closing 1234567 10 11 queue [] open=-9223372036854775808 load=0x1.999999999999ap-4 % \" begins\n"
		      "new 1234567 10 11 7f0012345678 the pool (Pool)\n"
		      "snapshot 1234567 10 11 7f0012345678 the pool (Pool)\n"
		      "begin 1234567 10 11 f<int>()\n"
		      "end 1234567 10 11 f<int>()\n"
		      "before 5 1234567 10 11 main\n"
		      "instant 1234567 10 11 here\n"
		      "instant 1234567 10 11 viztrace summary\n"
		      "delete 1234567 10 11 7f0012345678 the pool (Pool)\n");
	cr_expect_eq(serials[0], serials[2]);
	cr_expect_neq(serials[0], serials[1]);
	cr_expect_eq(lives[0], lives[1]);
	cr_expect_eq(lives[0], lives[2]);
}

Test(reader_chrome, tells_what_is_of_no_thread)
{
	struct value number = integer("id", -7),
		     pointer = { .key = "id", .type = VALUE_STRING, .s = "0x7f00", .size = 6 };
	const struct trace_async outer = { .track = 3, .name = "request" }, other = { .track = 4, .name = "request" };
	const struct trace_async inner = { .track = 3, .name = "parse", .level = 1 };
	const struct trace_async interrupted = { .track = 3, .name = "parse", .level = 1, .again = true };
	const struct trace_async again = { .track = 3, .name = "parse", .again = true };

	ops->async_begin(writer, at, &outer, &number, 1);
	ops->async_begin(writer, at, &other, &pointer, 1);
	ops->flow(writer, at, 255, false, &pointer, 1);
	ops->async_begin(writer, at, &inner, &number, 1);
	ops->async_end(writer, at, &interrupted);
	ops->async_end(writer, at, &outer);
	ops->async_begin(writer, at, &again, &number, 1);
	ops->flow(writer, at, 255, true, NULL, 0);
	ops->async_end(writer, at, &again);
	ops->async_end(writer, at, &other);
	finish_and_read();
	cr_expect_str_eq(told, "async 1234567 10 11 request on 3/0\n"
			       "async 1234567 10 11 request on 4/0\n"
			       "flow out 1234567 10 11 255\n"
			       "async 1234567 10 11 parse on 3/1\n"
			       "interrupt 1234567 10 11 parse on 3/1\n"
			       "async end 1234567 10 11 request on 3/0\n"
			       "again 1234567 10 11 parse on 3/0\n"
			       "flow in 1234567 10 11 255\n"
			       "interrupt 1234567 10 11 parse on 3/0\n"
			       "async end 1234567 10 11 request on 4/0\n");
}

Test(reader_chrome, counters_are_told_apart_by_process_name_and_id)
{
	struct value v = integer("n", 1);
	const struct trace_counter a = { .name = "a" }, b = { .name = "b" }, a1 = { .name = "a", .id = "1" };
	struct where other = { 2000000, 12, 11 };

	ops->counter(writer, at, &a, &v, 1);
	ops->counter(writer, at, &b, &v, 1);
	ops->counter(writer, at, &a1, &v, 1);
	ops->counter(writer, other, &a, &v, 1);
	finish_and_read();
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < i; k++)
			cr_expect_neq(serials[i], serials[k], "%d %d", i, k);
}

Test(reader_chrome, objects_are_told_apart_by_process_class_and_address)
{
	struct trace_object tag = object, address = object;
	struct where other = { 2000000, 12, 11 };

	tag.tag = "Pond";
	address.address++;
	ops->object_new(writer, at, &object);
	ops->object_new(writer, at, &tag);
	ops->object_new(writer, at, &address);
	ops->object_new(writer, other, &object);
	finish_and_read();
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < i; k++)
			cr_expect_neq(lives[i], lives[k], "%d %d", i, k);
}

/* Whatever a value is in the file, its time is exact. */
Test(reader_chrome, times_are_exact_to_the_ns)
{
	struct where when = at;
	char expected[64];

	for (uint64_t ts = 1; ts < 1ull << 51; ts += ts / 3 + 1) {
		when.ts = ts;
		ops->slice_begin(writer, when, "f", NULL, 0);
	}
	finish_and_read();
	for (uint64_t ts = 1; ts < 1ull << 51; ts += ts / 3 + 1) {
		snprintf(expected, sizeof(expected), "begin %lu 10 11 f\n", ts);
		cr_expect(strstr(told, expected), "%lu", ts);
	}
}

Test(reader_chrome, numbers_are_exact)
{
	const double doubles[] = { 0.1, 1e300, 5e-324, 1.5, 123456789.123, -2.5e-7, 1e22 + 1e7 };
	const struct trace_counter c = { .name = "c" };
	char expected[64];

	for (size_t i = 0; i < sizeof(doubles) / sizeof(doubles[0]); i++) {
		struct value v = real("v", doubles[i]);

		ops->counter(writer, at, &c, &v, 1);
	}
	finish_and_read();
	for (size_t i = 0; i < sizeof(doubles) / sizeof(doubles[0]); i++) {
		snprintf(expected, sizeof(expected), " v=%a\n", doubles[i]);
		cr_expect(strstr(told, expected) || doubles[i] == floor(doubles[i]), "%a", doubles[i]);
	}
}

/* No type of jansson's holds these, and nobody asks for them. */
Test(reader_chrome, values_may_be_anything)
{
	const struct value values[] = {
		natural("u", UINT64_MAX),
		{ .key = "t", .type = VALUE_STRING, .s = ",\"args\":{\"snapshot\":", .size = 20 },
	};

	ops->object_snapshot(writer, at, &object, values, 2);
	ops->instant(writer, at, ",\"args\":{\"s\":\"t\"", values, 2);
	ops->slice_begin(writer, at, ",\"args\":{", values, 2);
	ops->slice_end(writer, at, ",\"args\":{", values, 2);
	finish_and_read();
	cr_expect_str_eq(told, "snapshot 1234567 10 11 7f0012345678 the pool (Pool)\n"
			       "instant 1234567 10 11 ,\"args\":{\"s\":\"t\"\n"
			       "begin 1234567 10 11 ,\"args\":{\n"
			       "end 1234567 10 11 ,\"args\":{\n");
}

Test(reader_chrome, a_trace_may_have_no_events)
{
	finish_and_read();
	cr_expect_str_eq(told, "");
}

Test(reader_chrome, a_pipe_has_the_books_at_its_end)
{
	cr_assert_eq(
		read_text(
			"[{\"ph\":\"M\",\"pid\":1,\"tid\":1,\"name\":\"process_sort_index\",\"args\":{\"sort_index\":0}},\n"
			"{\"ph\":\"B\",\"cat\":\"method\",\"pid\":1,\"tid\":1,\"ts\":1.000,\"name\":\"f\"},\n"
			"{\"ph\":\"i\",\"cat\":\"instant\",\"pid\":1,\"tid\":1,\"ts\":1.000,\"s\":\"g\",\"name\":\"viztrace "
			"summary\",\"args\":" METADATA "}\n]"),
		0);
	cr_expect_str_eq(told, "begin 1000 1 1 f\n");
	cr_expect(result.is_whole && !result.is_cut);
	cr_expect_eq(result.lost, 3);
}

/* Up to any byte: what is there is read, and that there was more is told. */
Test(reader_chrome, a_cut_trace_is_read_as_far_as_it_goes)
{
	struct value v = integer("n", 1);
	const struct trace_counter c = { .name = "c" };
	size_t before = 0;
	struct where when = at;

	for (int i = 0; i < 3; i++) {
		when.ts++;
		ops->counter(writer, when, &c, &v, 1);
		ops->object_snapshot(writer, when, &object, &v, 1);
		ops->instant(writer, when, "i", &v, 1);
	}
	output__flush(out);
	for (off_t size = 100; truncate(path, size) == 0 && size < OUTPUT_HEAD + 800;
	     size += size < OUTPUT_HEAD ? 997 : 1)
		;
	for (off_t size = OUTPUT_HEAD + 700; size >= 100; size -= size < OUTPUT_HEAD ? 997 : 1) {
		cr_assert_eq(truncate(path, size), 0);
		cr_assert_eq(read_fd(open(path, O_RDONLY)), 0, "%ld: %s", size, result.wrong);
		cr_expect(result.is_cut);
		cr_expect_not(result.is_whole);
		cr_expect(!before || strlen(told) <= before, "%ld", size);
		before = strlen(told);
	}
}

/* Nothing tells then whose it is. */
Test(reader_chrome, a_report_that_is_cut_before_its_state_is_left_out)
{
	struct value v = integer("n", 1);
	struct where when = at;
	char before[sizeof(told)];
	uint64_t end;

	ops->object_snapshot(writer, when, &object, &v, 1);
	ops->state_begin(writer, when, &object, &v, 1);
	output__flush(out);
	cr_assert_eq(read_fd(open(path, O_RDONLY)), 0, "%s", result.wrong);
	strcpy(before, told);
	end = result.end;
	cr_expect(strstr(told, "1234567") && end == at.ts, "%s", told);
	when.ts += 1000;
	ops->object_snapshot(writer, when, &object, &v, 1);
	output__flush(out);
	cr_assert_eq(read_fd(open(path, O_RDONLY)), 0, "%s", result.wrong);
	cr_expect_str_eq(told, before);
	cr_expect_eq(result.end, end);
	ops->state_begin(writer, when, &object, &v, 1);
	output__flush(out);
	cr_assert_eq(read_fd(open(path, O_RDONLY)), 0, "%s", result.wrong);
	cr_expect_gt(strlen(told), strlen(before));
	cr_expect_eq(result.end, when.ts);
}

static void expect_wrong(const char *text, uint64_t line)
{
	cr_expect_eq(read_text(text), -EINVAL, "%s", text);
	cr_expect(result.wrong, "%s", text);
	cr_expect_eq(result.line, line, "%s: line %lu", text, result.line);
}

Test(reader_chrome, what_is_no_trace_is_told)
{
	expect_wrong("", 0);
	expect_wrong(" \n", 1);
	expect_wrong("{}", 1);
	expect_wrong("[]", 1);
	expect_wrong("hello", 1);
	expect_wrong("{\"traceEvents\":[\n]}", 1);
	expect_wrong("{\"displayTimeUnit\":\"ns\",\"metadata\":{\"tool\":\"other\"},\"traceEvents\":[\n]}", 1);
}

#define HEAD "{\"displayTimeUnit\":\"ns\",\"metadata\":" METADATA ",\"traceEvents\":[\n"
#define WHO "\"pid\":1,\"tid\":1"

Test(reader_chrome, what_is_no_event_is_told_with_its_line)
{
	const char *const wrong[] = {
		"{\"ph\":\"B\"}",
		"{\"ph\":\"B\"," WHO ",\"ts\":-1,\"name\":\"f\"}",
		"{\"ph\":\"B\"," WHO ",\"ts\":1e300,\"name\":\"f\"}",
		"{\"ph\":\"B\"," WHO ",\"ts\":\"1\",\"name\":\"f\"}",
		"{\"ph\":\"B\",\"pid\":-1,\"tid\":1,\"ts\":1,\"name\":\"f\"}",
		"{\"ph\":\"B\",\"pid\":4294967296,\"tid\":1,\"ts\":1,\"name\":\"f\"}",
		"{\"ph\":\"B\"," WHO ",\"ts\":0.999,\"name\":\"f\"}",
		"{\"ph\":\"X\"," WHO ",\"ts\":1,\"name\":\"f\"}",
		"{\"ph\":\"C\"," WHO ",\"ts\":1,\"name\":\"f\"}",
		"{\"ph\":\"C\"," WHO ",\"ts\":1,\"name\":\"f\",\"args\":{}}",
		"{\"ph\":\"C\"," WHO ",\"ts\":1,\"name\":\"f\",\"args\":{\"a\":\"b\"}}",
		"{\"ph\":\"C\"," WHO ",\"ts\":1,\"name\":\"f\",\"args\":[1]}",
		"{\"ph\":\"M\"}",
		"{}",
		"[]",
		"garbage",
		"{\"ph\":\"B\"," WHO ",\"ts\":1,\"name\":\"f\"",
	};
	char text[2048];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text),
			 HEAD "{\"ph\":\"B\"," WHO ",\"ts\":1,\"name\":\"f\"},\n%s,\n{\"ph\":\"M\"," WHO "}\n]}",
			 wrong[i]);
		expect_wrong(text, 3);
		/* As the last one it is cut. */
		snprintf(text, sizeof(text), HEAD "{\"ph\":\"B\"," WHO ",\"ts\":1,\"name\":\"f\"},\n%s", wrong[i]);
		cr_expect_eq(read_text(text), 0, "%s", text);
		cr_expect(result.is_cut);
	}
}

Test(reader_chrome, who_is_told_can_end_it)
{
	fail = -ENOMEM;
	cr_expect_eq(read_text(HEAD "{\"ph\":\"B\"," WHO ",\"ts\":1,\"name\":\"f\"},\n{\"ph\":\"E\"," WHO
				    ",\"ts\":1,\"name\":\"f\"}\n]}"),
		     -ENOMEM);
	cr_expect_str_eq(told, "begin 1000 1 1 f\n");
	cr_expect_null(result.wrong);
}
