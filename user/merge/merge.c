// SPDX-License-Identifier: BSD-2-Clause
/* merge: see merge.h. What each source tells goes through source.c. */
#include "merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source.h"

struct merge {
	struct source *sources;
	size_t n;
	unsigned n_spaces;
	struct source **heap; /* those that hold an event, the earliest one first */
	size_t n_heap;
};

/* ---- Where and when they are ---- */

static bool same_boot(const struct trace_start *a, const struct trace_start *b)
{
	return a->host.boot_id[0] && !strcmp(a->host.boot_id, b->host.boot_id);
}

/* Of what is not known nothing is the same. */
static bool same_space(const struct trace_start *a, const struct trace_start *b)
{
	return same_boot(a, b) && a->host.pid_namespace && a->host.pid_namespace == b->host.pid_namespace;
}

static int find_spaces(struct merge *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct merge_input *input = m->sources[i].input;
		size_t k = 0;

		while (k < i && !same_space(&m->sources[k].input->start, &input->start))
			k++;
		input->space = k < i ? m->sources[k].input->space : m->n_spaces++;
	}
	return m->n_spaces > MERGE_SPACES_MAX ? -E2BIG : 0;
}

/* ns since 1970. Of one boot all go by the wall clock as its first trace saw it: that may have been set since. */
static int64_t wall_of(const struct merge *m, size_t i)
{
	const struct trace_start *start = &m->sources[i].input->start;

	for (size_t k = 0; k < i; k++) {
		const struct merge_input *first = m->sources[k].input;

		if (first->has_clock && same_boot(&first->start, start))
			return (int64_t)(first->start.wall + (start->monotonic - first->start.monotonic));
	}
	return (int64_t)start->wall;
}

/* The one whose clocks the result goes by: the first that has some. */
static const struct merge_input *base_of(const struct merge *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->sources[i].input->has_clock)
			return m->sources[i].input;
	return NULL;
}

/* What has no clock begins with the base, but for its offset. */
static int place(struct merge *m, struct trace_start *ret)
{
	const struct merge_input *base = base_of(m);
	int64_t zero = base ? (int64_t)base->start.wall : 0, first = INT64_MAX;

	for (size_t i = 0; i < m->n; i++) {
		struct merge_input *input = m->sources[i].input;
		int64_t begins = input->has_clock ? wall_of(m, i) : zero;

		if (!input->has_clock && !input->offset)
			return -ENODATA;
		begins += input->offset;
		input->shift = (uint64_t)begins;
		first = begins < first ? begins : first;
	}
	for (size_t i = 0; i < m->n; i++)
		m->sources[i].input->shift -= (uint64_t)first;
	*ret = (struct trace_start){ 0 };
	if (!base)
		return 0;
	*ret = base->start;
	ret->wall += (uint64_t)(first - zero);
	ret->monotonic += (uint64_t)(first - zero);
	ret->boot += (uint64_t)(first - zero);
	/* It is of no one machine then. */
	if (m->n_spaces > 1)
		ret->host = (struct host){ 0 };
	return 0;
}

/* ---- Whose turn it is ---- */

static bool is_before(const struct source *a, const struct source *b)
{
	return a->next != b->next ? a->next < b->next : a < b;
}

static void sink_down(struct merge *m, size_t at)
{
	for (size_t child; (child = 2 * at + 1) < m->n_heap; at = child) {
		struct source *s = m->heap[at];

		child += child + 1 < m->n_heap && is_before(m->heap[child + 1], m->heap[child]);
		if (!is_before(m->heap[child], s))
			return;
		m->heap[at] = m->heap[child];
		m->heap[child] = s;
	}
}

/* The one that comes after the first. */
static const struct source *second(const struct merge *m)
{
	if (m->n_heap < 2)
		return NULL;
	return m->n_heap > 2 && is_before(m->heap[2], m->heap[1]) ? m->heap[2] : m->heap[1];
}

/* The source goes on until it holds a later event than another one does. */
static void take_turn(struct merge *m)
{
	const struct source *other = second(m);
	struct source *s = m->heap[0];

	/* Events of one time stay together: those of the earlier input come first. */
	s->until = other ? other->next - (other < s) : UINT64_MAX;
	if (!source__resume(s))
		m->heap[0] = m->heap[--m->n_heap];
	sink_down(m, 0);
}

/* All that are left are told to give up, which they do. */
static void cancel(struct merge *m)
{
	for (size_t i = 0; i < m->n; i++)
		source__cancel(&m->sources[i]);
}

int merge__run(struct merge *m, const struct merge_output *to)
{
	int error = 0;

	for (size_t i = 0; i < m->n; i++) {
		m->sources[i].to = to;
		m->sources[i].output_error = &error;
		m->sources[i].names_host = m->n_spaces > 1;
		if (source__resume(&m->sources[i]))
			m->heap[m->n_heap++] = &m->sources[i];
	}
	for (size_t i = m->n_heap; i-- > 0;)
		sink_down(m, i);
	while (!error && m->n_heap)
		take_turn(m);
	cancel(m);
	return error;
}

unsigned merge__spaces(const struct merge *m)
{
	return m->n_spaces;
}

int merge__begin(struct merge **ret, struct merge_input *inputs, size_t n, struct trace_start *ret_start)
{
	struct merge *m = calloc(1, sizeof(*m));
	int err = 0;

	*ret = m;
	if (m) {
		m->sources = calloc(n, sizeof(*m->sources));
		m->heap = calloc(n, sizeof(*m->heap));
	}
	if (!m || !m->sources || !m->heap) {
		for (size_t i = 0; i < n; i++)
			close(inputs[i].fd);
		return -ENOMEM;
	}
	/* Whoever fails, all of them are begun: each closes its file. */
	for (m->n = 0; m->n < n; m->n++) {
		int failed = source__begin(&m->sources[m->n], &inputs[m->n], m->n, n);

		err = err ? err : failed;
	}
	if (!err)
		err = find_spaces(m);
	return err ? err : place(m, ret_start);
}

void merge__free(struct merge *m)
{
	if (!m)
		return;
	cancel(m);
	for (size_t i = 0; i < m->n; i++)
		source__free(&m->sources[i]);
	free(m->sources);
	free(m->heap);
	free(m);
}
