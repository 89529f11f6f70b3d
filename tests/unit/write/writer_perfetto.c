// SPDX-License-Identifier: BSD-2-Clause
/* What the model need not do: it names processes and threads before anything is of them. */
#include <criterion/criterion.h>
#include <errno.h>

#include "common/perfetto_fields.h"
#include "write/writer_perfetto.h"
#include "output_files.h"
#include "../values.h"

static const struct trace_start start = { 1000, 2000, 3000, { "", "", 0 } };

TestSuite(writer_perfetto, .init = set_up, .fini = tear_down, .timeout = 60);

/* Descriptions of tracks before the first event in the file that `call` makes. */
static int described_before_the_event(int (*call)(struct writer_perfetto *w))
{
	struct output *o = open_output(path);
	struct writer_perfetto *w;
	unsigned char *text;
	size_t size;
	int n = 0;

	cr_assert_eq(writer_perfetto__new(&w, o, &start), 0);
	cr_assert_eq(call(w), 0);
	cr_assert_eq(writer_perfetto__finish(w, NULL, 0), 0);
	writer_perfetto__free(w);
	output__free(o);
	text = (unsigned char *)slurp(path, &size);
	/* Each packet is short, says first of which sequence it is, and then when, or what it has. */
	for (size_t at = 0; at + 5 < size && text[at + 4] != PACKET_TIMESTAMP << 3; at += 2 + (size_t)text[at + 1]) {
		cr_assert_eq(text[at], TRACE_PACKET << 3 | 2);
		cr_assert_lt(text[at + 1], 128);
		n += text[at + 4] == (unsigned char)((PACKET_TRACK << 3 | 2) | 0x80) &&
		     text[at + 5] == PACKET_TRACK >> 4;
	}
	free(text);
	return n;
}

static const struct where at = { 5, 7, 8 };

static int one_instant(struct writer_perfetto *w)
{
	return writer_perfetto_ops.instant(w, at, "instant", NULL, 0);
}

static int one_slice(struct writer_perfetto *w)
{
	return writer_perfetto_ops.slice_begin(w, at, "slice", NULL, 0);
}

static int one_end(struct writer_perfetto *w)
{
	return writer_perfetto_ops.slice_end(w, at, "slice", NULL, 0);
}

static int one_object(struct writer_perfetto *w)
{
	const struct trace_object object = { 0x7f00, 1, "object", "object" };

	return writer_perfetto_ops.object_new(w, at, &object);
}

static int one_sample(struct writer_perfetto *w)
{
	const struct trace_counter counter = { .name = "counter" };
	const struct value value = integer("a", 1);

	return writer_perfetto_ops.counter(w, at, &counter, &value, 1);
}

/* The process, and the thread or what the event is of; a counter is two. */
Test(writer_perfetto, describes_a_track_before_its_first_event)
{
	cr_expect_eq(described_before_the_event(one_instant), 2);
	cr_expect_eq(described_before_the_event(one_slice), 2);
	cr_expect_eq(described_before_the_event(one_end), 2);
	cr_expect_eq(described_before_the_event(one_object), 2);
	cr_expect_eq(described_before_the_event(one_sample), 3);
}

Test(writer_perfetto, refuses_a_sample_that_is_no_number)
{
	const struct trace_counter counter = { .name = "counter" };
	const struct value text = { .key = "a", .type = VALUE_STRING }, nan = real("a", __builtin_nan(""));
	struct output *o = open_output(path);
	struct writer_perfetto *w;

	cr_assert_eq(writer_perfetto__new(&w, o, &start), 0);
	cr_expect_eq(writer_perfetto_ops.counter(w, at, &counter, &text, 1), -EINVAL);
	cr_expect_eq(writer_perfetto_ops.counter(w, at, &counter, &nan, 1), -EINVAL);
	writer_perfetto__free(w);
	output__free(o);
}
