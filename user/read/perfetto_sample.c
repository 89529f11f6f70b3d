// SPDX-License-Identifier: BSD-2-Clause
/* perfetto_sample: see perfetto_sample.h. */
#include "perfetto_sample.h"

#include <errno.h>
#include <string.h>

#include "../common/hash.h"

/* What a packet has, in the order of its fields. */
struct numbers {
	struct wire main; /* .at is NULL: none */
	struct wire ints[PERFETTO_CHUNK], doubles[PERFETTO_CHUNK];
	size_t n_ints, n_doubles;
	struct perfetto_tracks tracks; /* those that it names itself */
	bool closing;
};

/* A value and whose it is. */
struct pair {
	struct perfetto_track *series;
	struct value value;
};

static int on_field(struct numbers *n, const struct wire *field)
{
	bool is_double = field->type == WIRE_FIXED64;

	if (field->type != WIRE_VARINT && !is_double)
		return field->field == EVENT_FIELD_CATEGORY ? 0 : -EINVAL;
	switch (field->field) {
	case EVENT_FIELD_INT:
	case EVENT_FIELD_DOUBLE:
		n->main = *field;
		return is_double == (field->field == EVENT_FIELD_DOUBLE) ? 0 : -EINVAL;
	case EVENT_FIELD_MORE_INTS:
		if (is_double || n->n_ints == PERFETTO_CHUNK)
			return -EINVAL;
		n->ints[n->n_ints++] = *field;
		return 0;
	case EVENT_FIELD_MORE_DOUBLES:
		if (!is_double || n->n_doubles == PERFETTO_CHUNK)
			return -EINVAL;
		n->doubles[n->n_doubles++] = *field;
		return 0;
	}
	return perfetto_tracks__take(&n->tracks, field);
}

static struct value value_of(const struct perfetto_track *series, const struct wire *field)
{
	struct value v = { .key = series->name, .unit = series->unit, .type = VALUE_INT, .u = field->number };

	if (field->type == WIRE_FIXED64) {
		v.type = VALUE_DOUBLE;
		v.d = wire__double(field);
	}
	return v;
}

/* Zeros come as doubles, whatever they are. */
static void restore_zero(struct pair *p, uint64_t zeros)
{
	bool is_other = zeros >> p->series->index % PERFETTO_CHUNK & 1;

	if (p->value.type == VALUE_DOUBLE && p->value.d == 0 && p->series->is_double == is_other)
		p->value = (struct value){ .key = p->value.key, .unit = p->value.unit, .type = VALUE_INT };
}

static int add_pair(struct pair *pairs, size_t *n, const struct perfetto_sample_packet *p, uint64_t track,
		    const struct wire *field, bool further)
{
	struct perfetto_track *series = perfetto_track__find(p->tracks, track, TRACK_IS_SERIES);
	size_t at = *n;

	if (!series || *n == PERFETTO_CHUNK || (*n && series->above != pairs[0].series->above))
		return -EINVAL;
	/* In the order of the series. */
	for (; at && pairs[at - 1].series->index > series->index; at--)
		pairs[at] = pairs[at - 1];
	if (at && pairs[at - 1].series == series)
		return -EINVAL;
	pairs[at] = (struct pair){ series, value_of(series, field) };
	if (further)
		restore_zero(&pairs[at], p->zeros);
	++*n;
	return 0;
}

static int read_pairs(struct pair *pairs, size_t *n, const struct perfetto_sample_packet *p, struct numbers *numbers)
{
	const struct perfetto_tracks *own = &numbers->tracks, *ints, *doubles;
	struct wire event = p->event;
	int got, err = 0;

	while (!err && (got = wire__next(&event)) > 0) {
		numbers->closing |= event.field == EVENT_FIELD_CATEGORY;
		err = on_field(numbers, &event);
	}
	if (err || got || !numbers->main.at)
		return -EINVAL;
	ints = own->n_ints ? own : p->defaults;
	doubles = own->n_doubles ? own : p->defaults;
	if (numbers->n_ints > ints->n_ints || numbers->n_doubles > doubles->n_doubles)
		return -EINVAL;
	err = add_pair(pairs, n, p, own->main ? own->main : p->defaults->main, &numbers->main, false);
	for (size_t i = 0; !err && i < numbers->n_ints; i++)
		err = add_pair(pairs, n, p, ints->ints[i], &numbers->ints[i], true);
	for (size_t i = 0; !err && i < numbers->n_doubles; i++)
		err = add_pair(pairs, n, p, doubles->doubles[i], &numbers->doubles[i], true);
	return err;
}

int perfetto_sample__add(struct perfetto_sample *s, const struct perfetto_sample_packet *p, bool *ret_done)
{
	struct pair pairs[PERFETTO_CHUNK];
	struct numbers numbers = { 0 };
	struct perfetto_track *of;
	size_t n = 0;
	int err = read_pairs(pairs, &n, p, &numbers);

	if (err)
		return err;
	of = pairs[0].series->above;
	*ret_done = s->of && (s->of != of || s->at.ts != p->ts || s->closing != numbers.closing || p->tid ||
			      pairs[0].series->index / PERFETTO_CHUNK <= s->last / PERFETTO_CHUNK);
	if (*ret_done)
		return 0;
	if (p->tid)
		of->tid = p->tid;
	s->of = of;
	s->at = (struct where){ p->ts, of->pid, of->tid };
	s->closing = numbers.closing;
	for (size_t i = 0; i < n; i++) {
		struct value *v = values__add(&s->values, NULL);

		if (!v)
			return -ENOMEM;
		*v = pairs[i].value;
		s->last = pairs[i].series->index;
		s->series = hash__pair(s->series, s->last + 1);
	}
	return 0;
}

int perfetto_sample__tell(struct perfetto_sample *s, const struct trace_ops *ops, void *writer)
{
	struct trace_counter counter;
	int err;

	if (!s->of)
		return 0;
	counter = (struct trace_counter){ .serial = s->of->uuid >> PERFETTO_TRACK_KINDS,
					  .set = (uint32_t)s->series,
					  .name = s->of->name,
					  .id = s->of->id,
					  .begins = !s->of->sampled };
	s->of->sampled = true;
	err = (s->closing ? ops->counter_closing : ops->counter)(writer, s->at, &counter, s->values.list, s->values.n);
	s->of = NULL;
	s->series = 0;
	values__clear(&s->values);
	return err;
}

void perfetto_sample__free(struct perfetto_sample *s)
{
	values__free(&s->values);
}
