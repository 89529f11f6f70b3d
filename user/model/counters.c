/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters' samples, and single values; see parts.h. Which track they go to is for tracks.h. */
#include "parts.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Why these values cannot be a counter's, or NULL. */
static const char *flaw(struct model *m, const struct event *e)
{
	const char *what = NULL;
	size_t i;

	for (i = 0; i < e->n_values; i++) {
		const struct value *v = &e->values[i];

		if (v->type == VALUE_UNREADABLE) {
			m->stats.unreadable++;
			return "unreadable";
		}
		if ((v->type == VALUE_DOUBLE && !isfinite(v->d)) ||
		    (v->type != VALUE_INT && v->type != VALUE_UINT && v->type != VALUE_DOUBLE && v->type != VALUE_BOOL))
			what = "not a number";
	}
	if (what)
		m->stats.not_finite++;
	else if (!e->n_values)
		what = "nothing included";
	return what;
}

static int sample(struct model *m, struct where at, struct track *track, const struct event *e)
{
	int err = m->ops->counter(m->writer, at, &track->counter, e->values, e->n_values);

	if (!err)
		track__remember(track, at.tid, e->values);
	return err;
}

/* Viewers do not draw a counter's last sample: it only ends the one before. */
static int sample_again(struct model *m, struct where at, struct track *track)
{
	if (!track->sampled)
		return 0;
	track->sampled = false;
	return m->ops->counter(m->writer, at, &track->counter, track->last, track->n_values);
}

int counters__leave(struct model *m, struct object *o, struct where at)
{
	struct track *track = o->track;

	if (!track)
		return 0;
	o->track = NULL;
	track__release(track);
	return sample_again(m, at, track);
}

int counters__sample(struct model *m, struct where at, struct object *o, const struct event *e)
{
	const char *what = flaw(m, e);
	int err;

	if (what)
		return note(m, at, o->name->text, what, e);
	if (o->track && !track__fits(o->track, e->values, e->n_values)) {
		err = counters__leave(m, o, at);
		if (err)
			return err;
	}
	if (!o->track) {
		err = tracks__claim(&m->tracks, o->pid, o->name, e->values, e->n_values, &o->track);
		if (err)
			return err;
	}
	return sample(m, at, o->track, e);
}

int counters__value(struct model *m, const struct event *e)
{
	struct where at = model__at(m, e->ts, e->pid, e->tid);
	const char *what = flaw(m, e);
	struct track *track;
	struct name *name;
	int err;

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
		err = sample(m, at, track, e);
	}
	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

int counters__end_process(struct model *m, uint32_t pid, uint64_t ts)
{
	int err = 0;

	for (struct track *track = m->tracks.first; track && !err; track = track->next)
		if (track->pid == pid)
			err = sample_again(m, model__at(m, ts, pid, track->tid), track);
	return err;
}

int counters__finish(struct model *m, uint64_t ts)
{
	int err = 0;

	for (struct track *track = m->tracks.first; track && !err; track = track->next)
		err = sample_again(m, model__at(m, ts, track->pid, track->tid), track);
	return err;
}
