// SPDX-License-Identifier: BSD-2-Clause
/* answers: see answers.h. The sink. */
#include "answers.h"

static int begin_sink(void **ret, struct output *out, const struct trace_start *start)
{
	(void)start;
	(void)out;
	return stats__new((struct stats **)ret);
}

static int finish_sink(void *writer, const char *metadata, size_t size)
{
	(void)metadata, (void)size;
	stats__close(writer);
	return 0;
}

static void free_sink(void *writer)
{
	stats__free(writer);
}

const struct format format_answers = {
	.name = "answers",
	.ops = &stats_ops,
	.begin = begin_sink,
	.finish = finish_sink,
	.free = free_sink,
};

struct stats *answers__of(const struct sinks *sinks)
{
	for (size_t i = 0; i < sinks->n; i++)
		if (sinks->list[i].format == &format_answers && !sinks->list[i].error)
			return sinks->list[i].writer;
	return NULL;
}
