// SPDX-License-Identifier: BSD-2-Clause
/* format_chrome: writer_chrome as a sink. */
#include "formats.h"
#include "writer_chrome.h"

static int begin_sink(void **ret, struct output *out, const struct trace_start *start)
{
	struct writer_chrome *w;
	int err = writer_chrome__new(&w, out);

	if (err)
		return err;
	writer_chrome__begins(w, start);
	*ret = w;
	return 0;
}

static int finish_sink(void *writer, const char *metadata, size_t size)
{
	return writer_chrome__finish(writer, metadata, size);
}

static uint64_t invalid_json(const void *writer)
{
	return writer_chrome__stats(writer)->args.invalid_json;
}

static void free_sink(void *writer)
{
	writer_chrome__free(writer);
}

const struct format format_chrome = {
	.name = "chrome",
	.suffix = ".json",
	.what = "Chrome trace JSON, for Perfetto and chrome://tracing",
	.viewers = "https://ui.perfetto.dev or chrome://tracing",
	.ops = &writer_chrome_ops,
	.begin = begin_sink,
	.finish = finish_sink,
	.invalid_json = invalid_json,
	.free = free_sink,
};
