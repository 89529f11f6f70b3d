// SPDX-License-Identifier: BSD-2-Clause
/* format_rows: writer_rows as a sink. */
#include "formats.h"
#include "writer_rows.h"

static int begin_sink(void **ret, struct output *out, const struct trace_start *start)
{
	return writer_rows__new((struct writer_rows **)ret, out, start);
}

static int account(void *writer, uint64_t ts, const struct trace_account *a)
{
	return writer_rows__account(writer, ts, a);
}

static int finish_sink(void *writer, const char *metadata, size_t size)
{
	return writer_rows__finish(writer, metadata, size);
}

static uint64_t invalid_json(const void *writer)
{
	return writer_rows__invalid_json(writer);
}

static void free_sink(void *writer)
{
	writer_rows__free(writer);
}

const struct format format_rows = {
	.name = "rows",
	.suffix = ".ndjson",
	.what = "a JSON object a line, for ClickHouse and other databases",
	.ops = &writer_rows_ops,
	.begin = begin_sink,
	.account = account,
	.finish = finish_sink,
	.invalid_json = invalid_json,
	.free = free_sink,
};
