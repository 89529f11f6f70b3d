/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters' samples, and single values; see parts.h. Which track they go to is for tracks.h. */
#include "parts.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 64 /* of a sample: attributes of a class */

/* An instant "name: what", with what the counter would have shown. */
static int note(struct model *m, struct where at, const char *name, const char *what, const struct event *e)
{
	size_t size = strlen(name) + strlen(what) + 3;

	if (size > m->room) {
		char *more = realloc(m->text, size);

		if (!more)
			return -ENOMEM;
		m->text = more;
		m->room = size;
	}
	snprintf(m->text, size, "%s: %s", name, what);
	return m->ops->instant(m->writer, at, m->text, e->values, e->n_values);
}

static const char UNREADABLE[] = "unreadable", NOT_A_NUMBER[] = "not a number", IS_NULL[] = "null";

/* Why these values cannot be a counter's, or NULL. */
static const char *flaw(const struct event *e)
{
	const char *what = NULL;
	bool null = false;

	for (size_t i = 0; i < e->n_values; i++) {
		const struct value *v = &e->values[i];

		switch (v->type) {
		case VALUE_INT:
		case VALUE_UINT:
		case VALUE_BOOL: break;
		case VALUE_DOUBLE:
			if (!isfinite(v->d))
				what = NOT_A_NUMBER;
			break;
		case VALUE_UNREADABLE: return UNREADABLE;
		case VALUE_NULL: null = true; break;
		default: what = NOT_A_NUMBER; break;
		}
	}
	if (!what && null)
		what = IS_NULL;
	return what || e->n_values ? what : "nothing included";
}

static void count_flaw(struct model *m, const char *what)
{
	m->stats.unreadable += what == UNREADABLE;
	m->stats.not_finite += what == NOT_A_NUMBER;
}

/* What is in the track's sample: the series in `mask`; `values` is room for VALUES_MAX. */
static size_t pick(const struct track *track, uint64_t mask, bool zeros, struct value *values)
{
	size_t i, n = 0;

	for (i = 0; i < track->n_values && n < VALUES_MAX; i++) {
		if (!(mask >> (i & 63) & 1))
			continue;
		values[n] = track->last[i];
		if (zeros)
			values[n].u = 0;
		n++;
	}
	return n;
}

static int put(struct model *m, struct where at, struct track *track, const struct value *values, size_t n,
	       bool closing)
{
	track->counter.begins = !track->told;
	track->told = true;
	return (closing ? m->ops->counter_closing : m->ops->counter)(m->writer, at, &track->counter, values, n);
}

/* Viewers go on to draw what a track showed last, and do not draw the last sample of all: it only ends the one before.
 */
static int close_track(struct model *m, struct where at, struct track *track, bool zeros)
{
	struct value values[VALUES_MAX];
	size_t n;

	if (!track->sampled)
		return 0;
	track->sampled = false;
	n = pick(track, track->shown, zeros, values);
	return put(m, at, track, values, n, true);
}

/* Some series are not reported any more: they end with the values of this sample for the others. */
static int close_series(struct model *m, struct where at, struct track *track, const struct event *e, uint64_t mask)
{
	struct value values[VALUES_MAX];
	const uint64_t both = mask | track->shown;
	size_t n;

	track__remember(track, at.tid, e->values, mask);
	n = pick(track, both, false, values);
	track->counter.set++;
	return put(m, at, track, values, n, true);
}

/* A writer that has come later than the track: the first sample that it sees has all series, as each track's has. */
static int tell_series(struct model *m, struct where at, struct track *track)
{
	struct value values[VALUES_MAX];
	size_t n = pick(track, track__all(track), !track->sampled, values);

	track->counter.set++;
	return put(m, at, track, values, n, true);
}

static int sample(struct model *m, struct where at, struct track *track, const struct event *e, uint64_t mask)
{
	int err = 0;

	if (track->sampled && track->shown & ~mask) {
		err = close_series(m, at, track, e, mask);
		track->counter.set++;
	}
	if (err)
		return err;
	if (!track->told && mask != track__all(track))
		err = tell_series(m, at, track);
	if (err)
		return err;
	track__remember(track, at.tid, e->values, mask);
	return put(m, at, track, e->values, e->n_values, false);
}

int counters__leave(struct model *m, struct object *o, struct where at)
{
	struct track *track = o->track;

	if (!track)
		return 0;
	o->track = NULL;
	track__release(track);
	return close_track(m, at, track, true);
}

/* Those that have a value: behind a pointer there may be nothing (null), or nothing that can be read. */
static size_t values_there(const struct event *e, struct value *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n_values && n < VALUES_MAX; i++)
		if (e->values[i].type != VALUE_NULL && e->values[i].type != VALUE_UNREADABLE)
			ret[n++] = e->values[i];
	return n;
}

int counters__sample(struct model *m, struct where at, struct object *o, const struct event *e)
{
	const char *what = flaw(e);
	struct value there[VALUES_MAX];
	struct event some = *e;
	uint64_t mask = 0;
	int err = 0;

	count_flaw(m, what);
	/* What is null just ends its line; what is unreadable is said, and the rest goes on. */
	if (what && !e->n_values)
		err = counters__leave(m, o, at);
	if (!err && what && what != IS_NULL)
		err = note(m, at, o->name->text, what, e);
	if (err || (what && what != IS_NULL && what != UNREADABLE))
		return err;
	if (what) {
		some.values = there;
		some.n_values = values_there(e, there);
		e = &some;
		if (!some.n_values)
			return counters__leave(m, o, at);
		if (flaw(e))
			return 0;
	}
	if (o->track && !track__covers(o->track, e->values, e->n_values, &mask)) {
		err = counters__leave(m, o, at);
		if (err)
			return err;
	}
	if (!o->track) {
		err = tracks__claim(&m->tracks, o->pid, o->name, o->address, e->values, e->n_values, &o->track);
		if (err)
			return err;
		track__covers(o->track, e->values, e->n_values, &mask);
	}
	return sample(m, at, o->track, e, mask);
}

int counters__value(struct model *m, const struct event *e)
{
	struct where at = model__at(m, e->ts, e->pid, e->tid);
	const char *what = flaw(e);
	struct track *track;
	struct name *name;
	int err;

	count_flaw(m, what);
	if (what) {
		err = note(m, at, model__event_name(e), what, e);
	} else {
		name = names__take(&m->names, model__event_name(e));
		if (!name)
			return -ENOMEM;
		err = tracks__value(&m->tracks, e->pid, name, &e->values[0], &track);
		names__drop(name); /* the track holds it */
		if (err)
			return err;
		m->stats.counters += !track->sampled;
		err = sample(m, at, track, e, 1);
	}
	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

int counters__end_process(struct model *m, uint32_t pid, uint64_t ts)
{
	int err = 0;

	for (struct crowd_link *link = crowd__first(&m->tracks.crowd, pid); link && !err; link = link->next) {
		struct track *track = CROWD_OF(link, struct track, by_process);

		err = close_track(m, model__at(m, ts, pid, track->tid), track, true);
	}
	return err;
}

int counters__finish(struct model *m, uint64_t ts)
{
	int err = 0;

	for (struct track *track = m->tracks.first; track && !err && !model__enough(m); track = track->next)
		err = close_track(m, model__at(m, ts, track->pid, track->tid), track, false);
	return err;
}

int counters__retell(struct model *m)
{
	int err = 0;

	for (struct track *track = m->tracks.first; track && !err; track = track->next) {
		struct where at = { .pid = track->pid, .tid = track->tid };
		struct value values[VALUES_MAX];
		size_t n;

		track->told = false;
		if (!track->sampled)
			continue;
		m->stats.counters += track->is_value;
		if (track->shown != track__all(track))
			err = tell_series(m, at, track);
		track->counter.set++;
		n = pick(track, track->shown, false, values);
		if (!err)
			err = put(m, at, track, values, n, false);
	}
	return err;
}
