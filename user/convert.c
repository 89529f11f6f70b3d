// SPDX-License-Identifier: BSD-2-Clause
/* convert: see convert.h. */
#include "convert.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "common/log.h"
#include "outputs.h"
#include "read/reader.h"
#include "read/values.h"
#include "write/chrome_args.h"

struct conversion {
	struct sinks sinks;
	bool began;
	struct json metadata; /* as the writers take it; empty: the file says nothing */
	struct json member;   /* one of these */
};

static int on_begins(void *ctx, const struct trace_start *start)
{
	struct conversion *c = ctx;

	c->began = true;
	return sinks__begin(&c->sinks, start);
}

/* As metadata.c wrote it: a time has three digits behind the point. */
static int on_metadata(void *ctx, const struct value *values, size_t n_values)
{
	struct chrome_args_stats ignored = { 0 };
	struct conversion *c = ctx;
	struct json *j = &c->metadata;
	size_t size;

	json__clear(j);
	json__object(j);
	for (size_t i = 0; i < n_values; i += size) {
		const struct value *v = &values[i];

		size = values__tree(v, n_values - i);
		if (!strcmp(v->key, "end_us") && v->type == VALUE_DOUBLE) {
			JSON__KEY(j, "end_us");
			json__us(j, (uint64_t)(v->d * 1000 + 0.5));
			continue;
		}
		json__clear(&c->member);
		chrome_args__put(&c->member, v, size, CHROME_ARGS_SNAPSHOT, &ignored);
		if (c->member.error)
			return c->member.error;
		/* Without the braces. */
		json__raw(j, c->member.data + 1, c->member.size - 2);
	}
	json__object_end(j);
	return j->error;
}

/* What has been converted is kept; it does not say that it is whole. */
static enum exit_code give_up(struct conversion *c, const struct opts *o, const struct reader_result *read, int err)
{
	enum exit_code code;

	if (sinks__failed(&c->sinks)) {
		outputs__tell_failures(&c->sinks);
		return EXIT_OUTPUT;
	}
	code = answer__explain(o->file, read, err);
	if (!c->began || code == EXIT_INTERNAL)
		return code;
	if (!sinks__finish(&c->sinks, NULL, 0))
		log_warn("what comes before that is in %s", o->outputs[0].path);
	outputs__tell_failures(&c->sinks);
	return code;
}

static enum exit_code convert(struct conversion *c, const struct opts *o, int fd)
{
	const struct reader_sink sink = {
		.ops = &sinks_ops,
		.writer = &c->sinks,
		.whole = true,
		.ctx = c,
		.begins = on_begins,
		.metadata = on_metadata,
	};
	struct reader_result read;
	int err = reader__read(fd, &sink, &read);

	if (err)
		return give_up(c, o, &read, err);
	if (!read.is_whole)
		log_warn("%s has no end: who wrote it was killed; what is there is in %s", o->file, o->outputs[0].path);
	else if (read.is_cut)
		log_warn("the end of %s is missing; what is there is in %s", o->file, o->outputs[0].path);
	err = sinks__finish(&c->sinks, c->metadata.data, c->metadata.size);
	outputs__tell_failures(&c->sinks);
	return err ? EXIT_OUTPUT : EXIT_TRACED;
}

enum exit_code convert__run(const struct opts *o)
{
	struct conversion c = { 0 };
	enum exit_code code;
	int fd = answer__open(o->file);

	if (fd < 0)
		return answer__explain(o->file, &(struct reader_result){ 0 }, fd);
	json__init(&c.metadata);
	json__init(&c.member);
	code = outputs__name(&c.sinks, o, 0);
	if (code == EXIT_TRACED)
		code = outputs__open(&c.sinks, true);
	if (code == EXIT_TRACED)
		code = outputs__open(&c.sinks, false);
	if (code == EXIT_TRACED)
		code = convert(&c, o, fd);
	else
		close(fd);
	sinks__free(&c.sinks);
	json__free(&c.metadata);
	json__free(&c.member);
	return code;
}
