// SPDX-License-Identifier: BSD-2-Clause
/* perfetto_counters: see perfetto_counters.h. */
#include "perfetto_counters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK PERFETTO_CHUNK

struct series {
	char *key;
	bool is_double;
};

struct known_counter {
	uint64_t serial;
	uint64_t first_track;    /* of the series; they are numbered on */
	uint32_t first_sequence; /* of the chunks */
	bool used;
	uint32_t tid; /* who wrote the sample before */
	uint32_t set; /* of the sample before */
	size_t n_shown;
	size_t n_series;
	uint32_t *shown; /* which series the values of that sample belonged to */
	struct series series[];
};

/* A sample's values of one chunk. */
struct chunk {
	const struct known_counter *of;
	size_t begin, end;          /* series */
	const struct value *values; /* with the series that they belong to: */
	const uint32_t *shown;
	size_t n;
};

static const char *key_of(const struct value *v)
{
	return v->key ? v->key : EVENT_UNREADABLE_NAME;
}

static uint64_t track_of(uint64_t number)
{
	return number << PERFETTO_TRACK_KINDS | PERFETTO_COUNTER_TRACK;
}

static void free_counter(struct known_counter *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->n_series; i++)
		free(k->series[i].key);
	free(k->shown);
	free(k);
}

void perfetto_counters__free(struct perfetto_counters *c)
{
	size_t pos = 0;
	void *k;

	while ((k = table__next(&c->known, &pos)))
		free_counter(k);
	table__clear(&c->known);
	proto__free(&c->defaults);
}

static bool is_idle(void *known, void *ctx)
{
	struct known_counter *k = known;
	bool idle = !k->used;

	(void)ctx;
	k->used = false;
	if (idle)
		free_counter(k);
	return idle;
}

/* ---- Description ---- */

/* An integer that Perfetto would take for a negative one is written as a double. */
static bool goes_as_double(const struct value *v)
{
	return v->type == VALUE_DOUBLE || (v->type == VALUE_UINT && v->u > INT64_MAX);
}

static struct known_counter *make_counter(struct perfetto_counters *c, struct perfetto_packets *to, uint32_t pid,
					  uint64_t serial, const struct value *values, size_t n_values)
{
	struct known_counter *k = calloc(1, sizeof(*k) + n_values * sizeof(k->series[0]));

	if (!k)
		return NULL;
	k->shown = calloc(n_values + 1, sizeof(*k->shown));
	for (; k->n_series < n_values; k->n_series++) {
		struct series *s = &k->series[k->n_series];

		s->is_double = goes_as_double(&values[k->n_series]);
		s->key = strdup(key_of(&values[k->n_series]));
		if (!s->key)
			break;
	}
	if (!k->shown || k->n_series < n_values || table__put(&c->known, serial, 0, k)) {
		free_counter(k);
		return NULL;
	}
	k->serial = serial;
	k->first_track = c->tracks + 2; /* after the one that they are below */
	c->tracks += 1 + n_values;
	k->first_sequence = to->last_sequence + 1;
	to->last_sequence += (uint32_t)((n_values + CHUNK - 1) / CHUNK);
	k->tid = pid;
	k->n_shown = SIZE_MAX;
	return k;
}

static int describe_parent(struct perfetto_packets *to, const struct known_counter *k, uint64_t process,
			   const struct trace_counter *counter)
{
	const char *name = counter->name ? counter->name : EVENT_UNREADABLE_NAME;
	struct proto *fields = perfetto_packets__begin(to, 1);
	size_t track = proto__begin(fields, PACKET_TRACK), text;

	proto__uint(fields, TRACK_UUID, track_of(k->first_track - 1));
	proto__uint(fields, TRACK_PARENT, process);
	text = proto__begin(fields, TRACK_NAME);
	proto__piece(fields, name, strlen(name));
	if (counter->id) {
		proto__raw(fields, " ", 1);
		proto__piece(fields, counter->id, strlen(counter->id));
	}
	proto__end(fields, text);
	proto__uint(fields, TRACK_MERGE, 2);
	proto__end(fields, track);
	if (counter->id)
		proto__string(fields, PACKET_OUR_ID, counter->id, strlen(counter->id));
	return perfetto_packets__end(to);
}

static int describe_series(struct perfetto_packets *to, const struct known_counter *k, size_t i, const char *unit)
{
	struct proto *fields = perfetto_packets__begin(to, 1);
	size_t track = proto__begin(fields, PACKET_TRACK), counter;

	proto__uint(fields, TRACK_UUID, track_of(k->first_track + i));
	proto__uint(fields, TRACK_PARENT, track_of(k->first_track - 1));
	proto__string(fields, TRACK_NAME, k->series[i].key, strlen(k->series[i].key));
	proto__uint(fields, TRACK_MERGE, 2);
	counter = proto__begin(fields, TRACK_COUNTER);
	if (unit)
		proto__string(fields, COUNTER_UNIT_NAME, unit, strlen(unit));
	proto__end(fields, counter);
	proto__end(fields, track);
	return perfetto_packets__end(to);
}

/* The defaults of a chunk's sequence: the first series, and the others in the order in which their values come. */
static int describe_chunk(struct perfetto_counters *c, struct perfetto_packets *to, const struct known_counter *k,
			  size_t begin)
{
	size_t end = begin + CHUNK < k->n_series ? begin + CHUNK : k->n_series;

	proto__clear(&c->defaults);
	proto__uint(&c->defaults, EVENT_FIELD_TRACK, track_of(k->first_track + begin));
	for (size_t i = begin + 1; i < end; i++)
		proto__uint(&c->defaults,
			    k->series[i].is_double ? EVENT_FIELD_MORE_DOUBLE_TRACKS : EVENT_FIELD_MORE_INT_TRACKS,
			    track_of(k->first_track + i));
	if (c->defaults.error)
		return c->defaults.error;
	return perfetto_packets__sequence(to, k->first_sequence + (uint32_t)(begin / CHUNK), true, &c->defaults);
}

/* Whatever has been known of it is over: the tracks are new ones. */
static int introduce(struct perfetto_counters *c, struct perfetto_packets *to, uint32_t pid, uint64_t process,
		     const struct trace_counter *counter, const struct value *values, size_t n_values,
		     struct known_counter **ret)
{
	struct known_counter *k;
	int err;

	free_counter(table__remove(&c->known, counter->serial, 0));
	if (c->known.used >= c->limit) {
		table__drop(&c->known, is_idle, NULL);
		c->limit = c->known.used + PERFETTO_COUNTERS_KEPT;
	}
	k = make_counter(c, to, pid, counter->serial, values, n_values);
	if (!k)
		return -ENOMEM;
	err = describe_parent(to, k, process, counter);
	for (size_t i = 0; !err && i < n_values; i++)
		err = describe_series(to, k, i, values[i].unit);
	for (size_t i = 0; !err && i < n_values; i += CHUNK)
		err = describe_chunk(c, to, k, i);
	*ret = k;
	return err;
}

/* ---- Samples ---- */

/* Which series the values are of: some of them, in the same order. False: one is none of them. */
static bool match(struct known_counter *k, uint32_t set, const struct value *values, size_t n_values)
{
	size_t i = 0, n = 0;

	if (k->n_shown == n_values && k->set == set)
		return true;
	k->n_shown = SIZE_MAX;
	for (; n < n_values && i < k->n_series; i++)
		if (!strcmp(k->series[i].key, key_of(&values[n])))
			k->shown[n++] = (uint32_t)i;
	if (n < n_values)
		return false;
	k->n_shown = n_values;
	k->set = set;
	return true;
}

static bool is_number(const struct value *v)
{
	switch (v->type) {
	case VALUE_INT:
	case VALUE_UINT:
	case VALUE_BOOL: return true;
	case VALUE_DOUBLE: return __builtin_isfinite(v->d);
	default: return false;
	}
}

static double as_double(const struct value *v)
{
	return v->type == VALUE_DOUBLE ? v->d : v->type == VALUE_INT ? (double)v->i : (double)v->u;
}

static bool is_zero(const struct value *v)
{
	return v->type == VALUE_DOUBLE ? v->d == 0 : v->type == VALUE_BOOL ? !v->u : !v->i;
}

static void put_number(struct proto *event, uint32_t int_field, uint32_t double_field, const struct value *v,
		       bool is_double)
{
	if (is_double)
		proto__double(event, double_field, as_double(v));
	else
		proto__int(event, int_field, v->type == VALUE_BOOL ? v->u != 0 : v->i);
}

/* Do the defaults say whose values they are? Perfetto takes each further value after a zero for a zero. */
static bool is_by_defaults(const struct chunk *s)
{
	bool zero_int = false, zero_double = false, any_double = false;

	if (s->n != s->end - s->begin)
		return false;
	for (size_t i = 0; i < s->n; i++) {
		bool is_double = s->of->series[s->begin + i].is_double, *zero = is_double ? &zero_double : &zero_int;

		if (goes_as_double(&s->values[i]) != is_double)
			return false;
		if (!i)
			continue;
		if (is_zero(&s->values[i]))
			*zero = true;
		else if (*zero)
			return false;
		else
			any_double |= is_double;
	}
	/* Doubles come after the integers. */
	return !zero_int || !any_double;
}

static void put_by_defaults(struct proto *event, const struct chunk *s)
{
	put_number(event, EVENT_FIELD_INT, EVENT_FIELD_DOUBLE, &s->values[0], s->of->series[s->begin].is_double);
	for (size_t i = 1; i < s->n; i++)
		put_number(event, EVENT_FIELD_MORE_INTS, EVENT_FIELD_MORE_DOUBLES, &s->values[i],
			   s->of->series[s->begin + i].is_double);
}

/* Each with its track, zeros last: as doubles, which come after the integers. Which of these zeros are not of the type
 * that their series has. */
static uint64_t put_in_full(struct proto *event, const struct chunk *s)
{
	uint64_t first = s->of->first_track, others = 0;

	proto__uint(event, EVENT_FIELD_TRACK, track_of(first + s->shown[0]));
	put_number(event, EVENT_FIELD_INT, EVENT_FIELD_DOUBLE, &s->values[0], goes_as_double(&s->values[0]));
	for (int zeros = 0; zeros < 2; zeros++) {
		for (size_t i = 1; i < s->n; i++) {
			const struct value *v = &s->values[i];
			bool is_double = zeros || goes_as_double(v);

			if (is_zero(v) != (bool)zeros)
				continue;
			proto__uint(event, is_double ? EVENT_FIELD_MORE_DOUBLE_TRACKS : EVENT_FIELD_MORE_INT_TRACKS,
				    track_of(first + s->shown[i]));
			put_number(event, EVENT_FIELD_MORE_INTS, EVENT_FIELD_MORE_DOUBLES, v, is_double);
			if (zeros && goes_as_double(v) != s->of->series[s->shown[i]].is_double)
				others |= 1u << (s->shown[i] - s->begin);
		}
	}
	return others;
}

/* `tid`: 0 or who writes it from here on. */
static int put_chunk(struct perfetto_packets *to, struct where at, uint32_t tid, const struct chunk *s, bool closing)
{
	static const char category[] = "closing";
	uint32_t sequence = s->of->first_sequence + (uint32_t)(s->begin / CHUNK);
	struct proto *fields = perfetto_packets__begin_at(to, sequence, at.ts);
	size_t event = proto__begin(fields, PACKET_EVENT);
	uint64_t others = 0;

	proto__uint(fields, EVENT_FIELD_TYPE, TYPE_COUNTER);
	if (closing)
		proto__bytes(fields, EVENT_FIELD_CATEGORY, category, sizeof(category) - 1);
	if (is_by_defaults(s))
		put_by_defaults(fields, s);
	else
		others = put_in_full(fields, s);
	proto__end(fields, event);
	if (tid)
		proto__uint(fields, PACKET_OUR_THREAD, tid);
	if (others)
		proto__uint(fields, PACKET_OUR_ZEROS, others);
	return perfetto_packets__end(to);
}

int perfetto_counters__put(struct perfetto_counters *c, struct perfetto_packets *to, struct where at, uint64_t process,
			   const struct trace_counter *counter, const struct value *values, size_t n_values,
			   bool closing)
{
	struct known_counter *k = table__get(&c->known, counter->serial, 0);
	size_t done = 0;
	int err = 0;

	for (size_t i = 0; i < n_values; i++)
		if (!is_number(&values[i]))
			return -EINVAL;
	if (!k || !match(k, counter->set, values, n_values)) {
		err = introduce(c, to, at.pid, process, counter, values, n_values, &k);
		if (err)
			return err;
		match(k, counter->set, values, n_values);
	}
	k->used = true;
	while (!err && done < n_values) {
		struct chunk s = { .of = k, .begin = k->shown[done] / CHUNK * CHUNK };

		s.end = s.begin + CHUNK < k->n_series ? s.begin + CHUNK : k->n_series;
		s.values = values + done;
		s.shown = k->shown + done;
		while (done < n_values && k->shown[done] < s.end) {
			s.n++;
			done++;
		}
		err = put_chunk(to, at, k->tid != at.tid ? at.tid : 0, &s, closing);
		k->tid = at.tid;
	}
	return err;
}
