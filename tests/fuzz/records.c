// SPDX-License-Identifier: BSD-2-Clause
/*
 * Records at random, from decode to the file: nothing may crash, the file has to be JSON, and each event has to be
 * counted once, as written, filtered or rejected.
 *
 *	input   u8 flags (enum below), then u16 size, a record of that many bytes, u16 size, ...
 */
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "decode/decode.h"
#include "decode/filter.h"
#include "model/model.h"
#include "write/output.h"
#include "write/writer_chrome.h"
#include "../unit/records.h"

enum {
	EXCLUDE = 1,
	INCLUDE = 2,
	ON_CHANGE = 4,
	INCLUDE_ALL = 8,
	OWN_SIZES = 16, /* as the records have them; else right ones, since few are by chance */
};

#define START 100u

struct pipeline {
	struct decoder *decoder;
	struct filter *filter;
	struct model *model;
	struct writer_chrome *writer;
	struct output *output;
	uint64_t events; /* of probes */
	uint64_t ts;
};

#define CHECK(ok) \
	do { \
		if (!(ok)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #ok); \
			abort(); \
		} \
	} while (0)

static const char *path(void)
{
	static char text[PATH_MAX];

	if (!*text)
		snprintf(text, sizeof(text), "%s/viztrace-fuzz-%d.json", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
			 getpid());
	return text;
}

static void on_verdict(void *ctx, const struct verdict_key *key, const struct verdict *v, uint32_t epoch)
{
	(void)ctx;
	(void)key;
	(void)v;
	(void)epoch;
}

static int on_event(void *ctx, const struct event *e)
{
	return model__feed(ctx, e);
}

static void open_pipeline(struct pipeline *p, unsigned flags)
{
	const struct caller owner = { geteuid(), getegid() };
	struct rules rules = { 0 };

	if (flags & EXCLUDE)
		CHECK(!rules__set(&rules, "--exclude", "*.[a-m]*"));
	if (flags & INCLUDE)
		CHECK(!rules__set(&rules, "--include", "*o*"));
	if (flags & ON_CHANGE)
		CHECK(!rules__set(&rules, "--on-change", NULL));
	CHECK(!decoder__new(&p->decoder));
	decoder__include_all(p->decoder, flags & INCLUDE_ALL);
	CHECK(!filter__new(&p->filter, &rules, on_verdict, NULL));
	CHECK(!output__open(&p->output, path(), OUTPUT_ANY, owner));
	CHECK(!writer_chrome__new(&p->writer, p->output));
	CHECK(!model__new(&p->model, &writer_chrome_ops, p->writer, START));
	CHECK(!model__process_name(p->model, PID, "fuzz"));
	p->ts = TS;
	rules__clear(&rules);
}

/* Like the eBPF programs and the collector: times rise, there are few processes and threads, and sizes are right. */
static void make_likely(struct pipeline *p, struct rec_head *head, size_t size, unsigned flags)
{
	p->ts += head->ts & 0xffff;
	head->ts = p->ts;
	head->tgid = PID + (head->tgid & 1);
	head->tid &= 3;
	if (!(flags & OWN_SIZES))
		head->size = (uint32_t)size;
}

static void feed(struct pipeline *p, const uint8_t *bytes, size_t size, unsigned flags)
{
	uint8_t *record = malloc(size ? size : 1); /* no byte more: to be seen by the sanitizer */
	struct event e;

	CHECK(record);
	memcpy(record, bytes, size);
	if (size >= sizeof(struct rec_head))
		make_likely(p, (struct rec_head *)(void *)record, size, flags);
	if (!decoder__feed(p->decoder, record, size, &e) && e.kind != EVENT_IGNORE) {
		p->events += e.kind != EVENT_FOUND;
		CHECK(!filter__feed(p->filter, &e, on_event, p->model));
	}
	free(record);
}

static void check_books(const struct pipeline *p)
{
	const struct model_stats *stats = model__stats(p->model);
	uint64_t known = 0;

	for (int i = 0; i < EVENT_PROBES; i++)
		known += stats->written[i] + stats->rejected[i] + stats->unwanted[i] + stats->too_deep[i] +
			 filter__filtered(p->filter, (enum probe)i);
	CHECK(known == p->events);
}

static void check_file(void)
{
	json_error_t error;
	json_t *json = json_load_file(path(), JSON_ALLOW_NUL, &error);

	if (!json)
		fprintf(stderr, "%s:%d:%d: %s\n", path(), error.line, error.column, error.text);
	CHECK(json);
	json_decref(json);
	unlink(path());
}

static void close_pipeline(struct pipeline *p)
{
	static const char metadata[] = "{}";

	CHECK(!model__finish(p->model, p->ts + 1));
	check_books(p);
	CHECK(!writer_chrome__finish(p->writer, metadata, sizeof(metadata) - 1));
	model__free(p->model);
	writer_chrome__free(p->writer);
	output__free(p->output);
	filter__free(p->filter);
	decoder__free(p->decoder);
	check_file();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pipeline p = { 0 };
	unsigned flags = size ? *data : 0;
	uint16_t n;

	open_pipeline(&p, flags);
	for (size_t at = 1; at + sizeof(n) <= size; at += n) {
		memcpy(&n, data + at, sizeof(n));
		at += sizeof(n);
		if (n > size - at)
			n = (uint16_t)(size - at);
		feed(&p, data + at, n, flags);
	}
	close_pipeline(&p);
	return 0;
}
