// SPDX-License-Identifier: BSD-2-Clause
/*
 * User space alone, without a kernel or a target: synthetic records and events through the product's own
 *stages, into /dev/null. Stages are measured on top of each other:
 *
 *	format   calls of the writer of JSON
 *	perfetto the same of Perfetto's own format
 *	model    events -> model -> writer
 *	decode   raw records -> decode -> model -> writer
 *	order    the same, sorted out of two rings before
 *
 * writer EVENTS ROUNDS [WORKLOAD]: one line for each measurement, all of a round before the next round: STAGE WORKLOAD
 *CPU-NS EVENTS
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "decode/decode.h"
#include "model/model.h"
#include "collect/order.h"
#include "write/formats.h"
#include "../unit/records.h"

#define CLS 0x401000u
#define OBJ 0x7f0000001000u
#define EVENT_NS 300 /* between two events */
#define BATCH 3000   /* of events in the rings when they are read */
#define VALUES_MAX 32

#define CHECK(call) check(call, #call)

struct counter {
	struct viz_counter viz;
	int64_t a[VALUES_MAX];
};

struct object {
	struct viz_object viz;
	int64_t n;
	const char *owner, *state;
};

struct workload {
	const char *name;
	unsigned n_attrs; /* of a counter */
	bool doubles;     /* with all their digits; else integers */
};

static const struct workload workloads[] = {
	{ "counter1", 1, false }, { "counter4", 4, false }, { "counter8", 8, false }, { "counter32", 32, false },
	{ "doubles4", 4, true },  { "object", 0, false },   { "method", 0, false },
};

/* All stages, and one record or two of what they are fed with. */
struct bench {
	struct output *output;
	const struct format *format;
	void *writer;
	struct model *model;
	struct decoder *decoder;
	struct order *order;
	struct record records[2]; /* of a method: enter, exit */
	size_t n_records;
	bool doubles;
	uint64_t ts;
};

static void check(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "writer: %s: %s\n", what, strerror(-err));
	exit(1);
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void feed(struct bench *b, const struct record *r)
{
	struct event e;

	CHECK(decoder__feed(b->decoder, r->bytes, r->size, &e));
	CHECK(model__feed(b->model, &e));
}

static void introduce(struct bench *b, const struct descriptor *d, const char *name)
{
	struct record r;

	class_record(&r, CLS, d);
	feed(b, &r);
	object_record(&r, REC_OBJECT, OBJ, CLS, name);
	feed(b, &r);
}

/* A value that is another one each time. */
static int64_t number(const struct bench *b, uint64_t i)
{
	double d = (double)i * 1.0000001 + 0.1;
	int64_t bits = (int64_t)i;

	if (b->doubles)
		memcpy(&bits, &d, sizeof(bits));
	return bits;
}

static void make_counter(struct bench *b, unsigned n)
{
	const unsigned type = b->doubles ? VIZ_TYPE_F64 : VIZ_TYPE_I64;
	const size_t size = offsetof(struct counter, a) + n * sizeof(int64_t);
	struct viz_attr attrs[VALUES_MAX];
	struct counter c = { .a = { 0 } };
	struct descriptor d;
	char name[8];

	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "a%u", i);
		attrs[i] = attr(name, type, offsetof(struct counter, a) + i * sizeof(int64_t), sizeof(int64_t));
		c.a[i] = number(b, i * 1000003);
	}
	d = descriptor(VIZ_KIND_COUNTER, "counter", 1, size, attrs, n);
	introduce(b, &d, "a counter");
	snapshot_record(&b->records[0], OBJ, CLS, &c, size);
	b->n_records = 1;
}

static void make_object(struct bench *b)
{
	static const struct text_entry texts[] = {
		{ offsetof(struct object, owner) / 8, REC_TEXT_OK, "a string of 24 bytes...." },
		{ offsetof(struct object, state) / 8, REC_TEXT_OK, "running well" },
	};
	struct viz_attr attrs[] = { ATTR(object, n, VIZ_TYPE_I64), ATTR(object, owner, VIZ_TYPE_STRP),
				    ATTR(object, state, VIZ_TYPE_STRP) };
	struct descriptor d = descriptor(VIZ_KIND_OBJECT, "object", 1, sizeof(struct object), attrs, COUNT(attrs));
	struct object o = { .owner = texts[0].text, .state = texts[1].text };

	for (size_t i = 0; i < COUNT(texts); i++)
		d.head.strings[texts[i].word / 64] |= 1ull << texts[i].word % 64;
	introduce(b, &d, "an object");
	snapshot_record(&b->records[0], OBJ, CLS, &o, sizeof(o));
	add_texts(&b->records[0], texts, COUNT(texts));
	b->n_records = 1;
}

static void make_method(struct bench *b)
{
	slice_record(&b->records[0], REC_ENTER, "method", 0x7ffd0000, VIZ_SLICE_SCOPED);
	slice_record(&b->records[1], REC_EXIT, "method", 0x7ffd0000, VIZ_SLICE_SCOPED);
	b->n_records = 2;
}

static void set_up(struct bench *b, const struct workload *w, const struct format *format)
{
	const struct trace_start start = { .monotonic = TS };

	memset(b, 0, sizeof(*b));
	b->format = format;
	b->ts = TS;
	b->doubles = w->doubles;
	CHECK(output__open(&b->output, "/dev/null", OUTPUT_ANY, (struct caller){ getuid(), getgid() }));
	CHECK(format->begin(&b->writer, b->output, &start));
	CHECK(model__new(&b->model, format->ops, b->writer, TS));
	CHECK(decoder__new(&b->decoder));
	CHECK(order__new(&b->order));
	if (w->n_attrs)
		make_counter(b, w->n_attrs);
	else if (!strcmp(w->name, "object"))
		make_object(b);
	else
		make_method(b);
}

static void tear_down(struct bench *b)
{
	model__free(b->model);
	b->format->free(b->writer);
	output__free(b->output);
	decoder__free(b->decoder);
	order__free(b->order);
}

/* The next event's time, and other numbers than the last one had. */
static struct record *next(struct bench *b, uint64_t i)
{
	struct record *r = &b->records[i % b->n_records];
	struct rec_snapshot *rec = (struct rec_snapshot *)(void *)r->bytes;
	int64_t value = number(b, i);

	rec->head.ts = b->ts += EVENT_NS;
	if (rec->head.kind == REC_SNAPSHOT)
		memcpy(rec->span + sizeof(struct viz_base), &value, sizeof(value));
	return r;
}

static int on_ordered(void *ctx, const void *record, size_t size)
{
	struct bench *b = ctx;
	struct event e;
	int err = decoder__feed(b->decoder, record, size, &e);

	return err ? err : model__feed(b->model, &e);
}

static void run_order(struct bench *b, uint64_t events)
{
	for (uint64_t i = 0; i < events; i++) {
		struct record *r = next(b, i);

		CHECK(order__add(b->order, b->ts, r->bytes, r->size));
		if (i % BATCH == BATCH - 1)
			CHECK(order__drain(b->order, b->ts, on_ordered, b));
	}
	CHECK(order__drain(b->order, UINT64_MAX, on_ordered, b));
}

static void run_decode(struct bench *b, uint64_t events)
{
	for (uint64_t i = 0; i < events; i++)
		feed(b, next(b, i));
}

/* Decoded once, then the same events again and again, but for their times and first values. */
struct decoded {
	struct event events[2];
	struct value values[VALUES_MAX];
};

static void decode_once(struct bench *b, struct decoded *ret)
{
	for (size_t i = 0; i < b->n_records; i++) {
		CHECK(decoder__feed(b->decoder, b->records[i].bytes, b->records[i].size, &ret->events[i]));
		if (!ret->events[i].n_values)
			continue;
		memcpy(ret->values, ret->events[i].values, ret->events[i].n_values * sizeof(*ret->values));
		ret->events[i].values = ret->values;
	}
}

static void run_model(struct bench *b, uint64_t events)
{
	struct decoded d;

	decode_once(b, &d);
	for (uint64_t i = 0; i < events; i++) {
		struct event *e = &d.events[i % b->n_records];

		e->ts = b->ts += EVENT_NS;
		d.values[0].i = number(b, i);
		CHECK(model__feed(b->model, e));
	}
}

static void run_format(struct bench *b, uint64_t events)
{
	const struct trace_counter counter = { .name = "a counter" };
	const struct trace_object object = { .address = OBJ, .name = "an object", .tag = "object" };
	const struct trace_ops *ops = b->format->ops;
	struct decoded d;

	decode_once(b, &d);
	for (uint64_t i = 0; i < events; i++) {
		const struct event *e = &d.events[i % b->n_records];
		struct where at = { .ts = b->ts += EVENT_NS, .pid = PID, .tid = TID };

		d.values[0].i = number(b, i);
		switch (e->kind) {
		case EVENT_ENTER: CHECK(ops->slice_begin(b->writer, at, e->name, e->values, e->n_values)); break;
		case EVENT_EXIT: CHECK(ops->slice_end(b->writer, at, e->name, e->values, e->n_values)); break;
		default:
			if (e->is_counter) {
				CHECK(ops->counter(b->writer, at, &counter, d.values, e->n_values));
				break;
			}
			/* As the model has it: a snapshot, and the band of states. */
			CHECK(ops->object_snapshot(b->writer, at, &object, d.values, e->n_values));
			if (i)
				CHECK(ops->state_end(b->writer, at, &object));
			CHECK(ops->state_begin(b->writer, at, &object, d.values, e->n_values));
		}
	}
}

static const struct stage {
	const char *name;
	void (*run)(struct bench *b, uint64_t events);
	const struct format *format;
} stages[] = {
	{ "format", run_format, &format_chrome }, { "perfetto", run_format, &format_perfetto },
	{ "rows", run_format, &format_rows },     { "model", run_model, &format_chrome },
	{ "decode", run_decode, &format_chrome }, { "order", run_order, &format_chrome },
};

int main(int argc, char **argv)
{
	uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	int rounds = argc > 2 ? atoi(argv[2]) : 0;
	static struct bench b;

	if (!events || rounds < 1) {
		fprintf(stderr, "usage: writer EVENTS ROUNDS [WORKLOAD]\n");
		return 2;
	}
	for (int round = 0; round < rounds; round++) {
		for (size_t w = 0; w < COUNT(workloads); w++) {
			if (argc > 3 && strcmp(argv[3], workloads[w].name))
				continue;
			for (size_t s = 0; s < COUNT(stages); s++) {
				uint64_t start;

				set_up(&b, &workloads[w], stages[s].format);
				start = cpu_ns();
				stages[s].run(&b, events);
				printf("%s %s %" PRIu64 " %" PRIu64 "\n", stages[s].name, workloads[w].name,
				       cpu_ns() - start, events);
				tear_down(&b);
			}
		}
	}
	return 0;
}
