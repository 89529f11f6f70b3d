// SPDX-License-Identifier: BSD-2-Clause
/* Traces of a few lines, merged: in which order, under which numbers and at which times they are told. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "merge/fiber.h"
#include "merge/merge.h"

static char told[1 << 14];
static int fail_after; /* so many of them; 0: never */

__attribute__((format(printf, 1, 2))) static int tell(const char *format, ...)
{
	size_t size = strlen(told);
	va_list args;

	va_start(args, format);
	vsnprintf(told + size, sizeof(told) - size, format, args);
	va_end(args);
	return fail_after && !--fail_after ? -ENOSPC : 0;
}

static int tell_process(void *ctx, uint32_t pid, const char *name)
{
	(void)ctx;
	return tell("process %u %s\n", pid, name);
}

static int tell_thread(void *ctx, uint32_t pid, uint32_t tid, const char *name)
{
	(void)ctx;
	return tell("thread %u %u %s\n", pid, tid, name);
}

static int tell_begin(void *ctx, struct where at, const char *name, const struct value *v, size_t n)
{
	(void)ctx;
	return tell("%lu %u %u begin %s%s\n", at.ts, at.pid, at.tid, name, n ? v->key : "");
}

static int tell_end(void *ctx, struct where at, const char *name, const struct value *v, size_t n)
{
	(void)ctx;
	return tell("%lu %u %u end %s%s\n", at.ts, at.pid, at.tid, name, n ? v->key : "");
}

static int tell_before(void *ctx, struct where at, uint64_t since, const char *name)
{
	(void)ctx;
	return tell("%lu %u %u since %lu %s\n", at.ts, at.pid, at.tid, since, name);
}

static int tell_async(void *ctx, struct where at, const struct trace_async *slice, const struct value *v, size_t n)
{
	(void)ctx, (void)v, (void)n;
	return tell("%lu %u %u async %s on %lu\n", at.ts, at.pid, at.tid, slice->name, slice->track);
}

static int tell_flow(void *ctx, struct where at, uint64_t serial, bool is_in, const struct value *v, size_t n)
{
	(void)ctx, (void)v, (void)n;
	return tell("%lu %u %u flow %s %lu\n", at.ts, at.pid, at.tid, is_in ? "in" : "out", serial);
}

static const struct trace_ops ops = {
	.process_name = tell_process,
	.thread_name = tell_thread,
	.slice_begin = tell_begin,
	.slice_end = tell_end,
	.slice_before = tell_before,
	.async_begin = tell_async,
	.flow = tell_flow,
};

#define FIRST(clock, wall, host) \
	"[{\"ph\":\"M\",\"pid\":7,\"tid\":7,\"name\":\"process_sort_index\",\"args\":{\"sort_index\":0," \
	"\"start_clock_ns\":" #clock ",\"start_boot_ns\":1,\"start_wall_ns\":" #wall ",\"host\":\"" host \
	"\",\"boot_id\":\"" host "-1\",\"pid_namespace\":5}}"
#define EVENT(phase, ts, name) ",\n{\"ph\":\"" phase "\",\"pid\":7,\"tid\":8,\"ts\":" ts ",\"name\":\"" name "\"}"
#define NAME ",\n{\"ph\":\"M\",\"pid\":7,\"tid\":7,\"name\":\"process_name\",\"args\":{\"name\":\"app\"}}"

static struct merge_input inputs[4];
static struct trace_start start;

/* Of these texts, up to a NULL. */
static int merge(const char *const *texts)
{
	const struct merge_output to = { .ops = &ops };
	struct merge *m;
	size_t n = 0;
	int err;

	told[0] = 0;
	for (; texts[n]; n++) {
		int fd = memfd_create("trace", 0);

		cr_assert_eq(write(fd, texts[n], strlen(texts[n])), (ssize_t)strlen(texts[n]));
		lseek(fd, 0, SEEK_SET);
		inputs[n].path = "dir/file.json";
		inputs[n].fd = fd;
	}
	err = merge__begin(&m, inputs, n, &start);
	if (!err)
		err = merge__run(m, &to);
	merge__free(m);
	return err;
}

#define MERGE(...) merge((const char *const[]){ __VA_ARGS__, NULL })

static void reset(void)
{
	memset(inputs, 0, sizeof(inputs));
	fail_after = 0;
}

TestSuite(merge, .init = reset, .timeout = 60);

Test(merge, one_boot_has_one_clock_whatever_its_wall_clock_was_set_to)
{
	cr_assert_eq(MERGE(FIRST(5000, 100000, "web1") EVENT("B", "0.000", "a") EVENT("E", "9.000", "a"),
			   FIRST(2000, 777777, "web1") EVENT("B", "4.000", "b") EVENT("E", "5.000", "b")),
		     0);
	cr_expect_str_eq(told, "3000 7 8 begin a\n4000 7 8 begin b\n5000 7 8 end b\n12000 7 8 end a\n");
	cr_expect_eq(start.monotonic, 2000);
	cr_expect_eq(start.wall, 97000);
	cr_expect_str_eq(start.host.name, "web1");
}

Test(merge, machines_go_by_the_wall_clock_and_have_numbers_of_their_own)
{
	cr_assert_eq(MERGE(FIRST(5000, 100000, "web1") NAME EVENT("B", "1.000", "a"),
			   FIRST(9000, 100500, "web2") NAME EVENT("B", "0.250", "b") EVENT("E", "0.500", "b"),
			   FIRST(9500, 100900, "web2") EVENT("B", "0.900", "c")),
		     0);
	cr_expect_str_eq(told, "process 7 app @web1\nprocess 10000007 app @web2\n"
			       "750 10000007 10000008 begin b\n1000 7 8 begin a\n1000 10000007 10000008 end b\n"
			       "1900 10000007 10000008 begin c\n");
	cr_expect_eq(start.wall, 100000);
	cr_expect_str_eq(start.host.name, "");
	cr_expect_eq(inputs[2].space, 1);
}

Test(merge, what_is_of_one_time_stays_together)
{
	cr_assert_eq(MERGE(FIRST(1, 10, "h") EVENT("B", "0.000", "a1") EVENT("B", "3.000", "a2")
				   EVENT("E", "3.000", "a3"),
			   FIRST(1, 10, "h") EVENT("B", "0.000", "b1") EVENT("B", "3.000", "b2")
				   EVENT("E", "3.000", "b3"),
			   FIRST(1, 10, "h") EVENT("B", "2.000", "c1") EVENT("B", "3.000", "c2")
				   EVENT("E", "4.000", "c3")),
		     0);
	cr_expect_str_eq(told, "0 7 8 begin a1\n0 7 8 begin b1\n2000 7 8 begin c1\n3000 7 8 begin a2\n3000 7 8 end a3\n"
			       "3000 7 8 begin b2\n3000 7 8 end b3\n3000 7 8 begin c2\n4000 7 8 end c3\n");
}

Test(merge, numbers_of_tracks_and_arrows_are_of_one_trace_each)
{
	static const char text[] = FIRST(1, 10,
					 "h") ",\n{\"ph\":\"b\",\"cat\":\"async\",\"pid\":7,\"tid\":8,\"ts\":1.000,"
					      "\"id2\":{\"local\":\"3\"},\"name\":\"load\",\"args\":{\"n\":1}}"
					      ",\n{\"ph\":\"s\",\"cat\":\"flow\",\"pid\":7,\"tid\":8,\"ts\":2.000,"
					      "\"id\":\"0x2\",\"name\":\"flow\",\"args\":{\"n\":1}}";

	cr_assert_eq(MERGE(text, text), 0);
	cr_expect_str_eq(
		told, "1000 7 8 async load on 6\n1000 7 8 async load on 7\n2000 7 8 flow out 4\n2000 7 8 flow out 5\n");
}

Test(merge, slices_keep_their_arguments)
{
	static const char text[] = FIRST(1, 10, "h") ",\n{\"ph\":\"B\",\"pid\":7,\"tid\":8,\"ts\":1.000,\"name\":\"f\","
						     "\"args\":{\" of b\":1}}"
						     ",\n{\"ph\":\"E\",\"pid\":7,\"tid\":8,\"ts\":2.000,\"name\":\"f\","
						     "\"args\":{\" of e\":1}}";

	cr_assert_eq(MERGE(text), 0);
	cr_expect_str_eq(told, "1000 7 8 begin f of b\n2000 7 8 end f of e\n");
}

Test(merge, what_was_open_before_is_moved_as_a_whole)
{
	cr_assert_eq(MERGE(FIRST(1000, 10, "h") EVENT("b", "0.000", "x") EVENT("e", "2.000", "x"),
			   FIRST(500, 10, "h") EVENT("B", "9.000", "b")),
		     0);
	cr_expect_str_eq(told, "2500 7 8 since 500 x\n9000 7 8 begin b\n");
}

Test(merge, what_is_no_trace_stops_all_before_anything_is_told)
{
	cr_expect_eq(MERGE(FIRST(1, 10, "h") NAME EVENT("B", "0.000", "a"), "hello\n"), -EINVAL);
	cr_expect_str_eq(told, "");
	cr_expect(inputs[0].began && !inputs[1].began);
	cr_expect_str_eq(inputs[1].result.wrong, "this is no trace of viztrace-bpf");
}

Test(merge, one_that_breaks_off_ends_alone)
{
	cr_assert_eq(MERGE(FIRST(1, 10, "h") EVENT("B", "1.000", "a") ",\noops" EVENT("E", "2.000", "a"),
			   FIRST(1, 10, "h") EVENT("B", "1.500", "b") EVENT("E", "3.000", "b")),
		     0);
	cr_expect_str_eq(told, "1000 7 8 begin a\n1500 7 8 begin b\n3000 7 8 end b\n");
	cr_expect_eq(inputs[0].error, -EINVAL);
	cr_expect_eq(inputs[0].result.line, 3);
	cr_expect_eq(inputs[1].error, 0);
}

Test(merge, without_a_clock_it_takes_an_offset)
{
	static const char none[] =
		"[{\"ph\":\"M\",\"pid\":7,\"tid\":7,\"name\":\"process_sort_index\",\"args\":{\"sort_index\":0}}" EVENT(
			"B", "1.000", "old");
	static const char some[] = FIRST(1000, 10, "h") EVENT("B", "1.000", "a");

	cr_expect_eq(MERGE(none, some), -ENODATA);
	inputs[0].offset = 500;
	cr_expect_eq(MERGE(none, some), 0);
	/* Of what is not known nobody says that it is the same machine. */
	cr_expect_str_eq(told, "1000 10000007 10000008 begin a\n1500 7 8 begin old\n");
}

Test(merge, an_output_that_fails_ends_it)
{
	fail_after = 2;
	cr_expect_eq(MERGE(FIRST(1, 10, "h") EVENT("B", "1.000", "a") EVENT("E", "4.000", "a"),
			   FIRST(1, 10, "h") EVENT("B", "2.000", "b") EVENT("E", "3.000", "b")),
		     -ENOSPC);
	cr_expect_str_eq(told, "1000 7 8 begin a\n2000 7 8 begin b\n");
}

struct counting {
	struct fiber *fiber;
	int n;
};

static void count_to_three(void *ctx)
{
	struct counting *c = ctx;

	for (int i = 0; i < 3; i++) {
		c->n++;
		fiber__yield(c->fiber);
	}
}

Test(merge, fibers_stop_in_the_middle_and_go_on)
{
	struct counting a = { 0 }, b = { 0 };

	cr_assert_eq(fiber__new(&a.fiber, count_to_three, &a), 0);
	cr_assert_eq(fiber__new(&b.fiber, count_to_three, &b), 0);
	cr_expect(fiber__resume(a.fiber) && fiber__resume(b.fiber) && fiber__resume(a.fiber));
	cr_expect(a.n == 2 && b.n == 1);
	while (fiber__resume(a.fiber) || fiber__resume(b.fiber))
		;
	cr_expect(a.n == 3 && b.n == 3);
	cr_expect_not(fiber__resume(a.fiber));
	fiber__free(a.fiber);
	fiber__free(b.fiber);
	fiber__free(NULL);
}
