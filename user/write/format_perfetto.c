// SPDX-License-Identifier: BSD-2-Clause
/* format_perfetto: writer_perfetto as a sink. */
#include "formats.h"
#include "writer_perfetto.h"

static int begin_sink(void **ret, struct output *out, const struct trace_start *start)
{
	return writer_perfetto__new((struct writer_perfetto **)ret, out, start);
}

static int finish_sink(void *writer, const char *metadata, size_t size)
{
	return writer_perfetto__finish(writer, metadata, size);
}

static uint64_t invalid_json(const void *writer)
{
	return writer_perfetto__invalid_json(writer);
}

static void free_sink(void *writer)
{
	writer_perfetto__free(writer);
}

const struct format format_perfetto = {
	.name = "perfetto",
	.suffix = ".pftrace",
	.what = "Perfetto's own format, in which objects are tracks of states",
	.viewers = "https://ui.perfetto.dev",
	.ops = &writer_perfetto_ops,
	.begin = begin_sink,
	.finish = finish_sink,
	.invalid_json = invalid_json,
	.free = free_sink,
};
