// SPDX-License-Identifier: BSD-2-Clause
/* reader: see reader.h. */
#include "reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../common/perfetto_fields.h"
#include "reader_parts.h"
#include "wire.h"

#define TS_MAX 1e15 /* us, 31 years: in a double this is exact to the ns up to 26 days */

bool reader__ns_of(double us, uint64_t *ret)
{
	if (!(us >= 0 && us <= TS_MAX))
		return false;
	/* The nearest: a product of 1234.9999 is 1235. */
	*ret = (uint64_t)(us * 1000 + 0.5);
	return true;
}

static uint64_t count_of(const struct value *dict, size_t n, const char *key)
{
	const struct value *v = values__member(dict, n, key);

	return v && v->type == VALUE_INT ? v->u : 0;
}

int reader__on_metadata(const struct reader_sink *sink, const struct value *values, size_t n, struct reader_result *ret)
{
	static const char tool[] = "viztrace-bpf";
	const struct value *end = values__member(values, n, "end_us"), *name = values__member(values, n, "tool");
	const struct value *events = values__member(values, n, "events");
	size_t left;

	if (!name || name->type != VALUE_STRING || name->size != sizeof(tool) - 1 ||
	    memcmp(name->s, tool, name->size) != 0)
		return -EINVAL;
	if (!end || (end->type != VALUE_DOUBLE && end->type != VALUE_INT) ||
	    !reader__ns_of(end->type == VALUE_INT ? (double)end->i : end->d, &ret->end) || !events ||
	    events->type != VALUE_DICT)
		return -EINVAL;
	left = n - (size_t)(events - values) - 1;
	ret->seen = count_of(events + 1, left < events->n_children ? left : events->n_children, "seen");
	ret->lost = count_of(events + 1, left < events->n_children ? left : events->n_children, "lost");
	ret->forgotten = count_of(values, n, "forgotten");
	ret->is_whole = true;
	return sink->metadata ? sink->metadata(sink->ctx, values, n) : 0;
}

static int read_stream(struct stream *s, const struct reader_sink *sink, struct reader_result *ret)
{
	int err = 0;

	while (!err && s->at == s->size && !s->ended)
		err = stream__more(s);
	if (err)
		return err;
	if (s->at == s->size && !s->is_cut) {
		ret->wrong = "the file is empty";
		return -EINVAL;
	}
	ret->is_binary = s->at < s->size && s->data[s->at] == (TRACE_PACKET << 3 | WIRE_LENGTH);
	return (ret->is_binary ? reader_perfetto__read : reader_chrome__read)(s, sink, ret);
}

int reader__read(int fd, const struct reader_sink *sink, struct reader_result *ret)
{
	struct stream *s;
	int err = stream__new(&s, fd);

	*ret = (struct reader_result){ 0 };
	if (err) {
		close(fd);
		return err;
	}
	err = read_stream(s, sink, ret);
	stream__free(s);
	return err;
}
