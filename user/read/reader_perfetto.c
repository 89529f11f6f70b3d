// SPDX-License-Identifier: BSD-2-Clause
/*
 * reader_perfetto: the way back from writer_perfetto, packet by packet; see reader.h. Only what that writes is read:
 * whoever else makes such files has no objects in them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "perfetto_sample.h"
#include "perfetto_values.h"
#include "reader_parts.h"

struct reader {
	const struct reader_sink *sink;
	const struct trace_ops *ops;
	void *writer;
	struct reader_result *result;
	struct table sequences, tracks;
	bool began;
	uint64_t start; /* CLOCK_MONOTONIC where the trace's times begin */
	uint64_t last;  /* the latest time so far */
	struct values values;
	struct perfetto_sample sample;
	uint64_t ended; /* the track of an object whose state ended last, and that may be over; 0 */
};

/* The fields of a packet; messages have no `at` if they are not there. */
struct packet {
	uint64_t ts, note, zeros, deleted, format, flags;
	uint32_t sequence, tid;
	struct wire clocks, defaults, interned, track, event;
	struct perfetto_track_extra extra;
	struct host host; /* with the clocks */
};

/* One that has what we want of it. */
struct timed_event {
	struct where at;
	uint64_t type, track;
	const char *name; /* or NULL */
	bool is_address;  /* its only annotation is one */
	uint64_t flow;    /* of an instant; 0: it is one */
	bool is_flow_in;
};

static int on_number(struct packet *p, const struct wire *field)
{
	switch (field->field) {
	case PACKET_TIMESTAMP: p->ts = field->number; break;
	case PACKET_SEQUENCE:
		if (!field->number || field->number > UINT32_MAX)
			return -EINVAL;
		p->sequence = (uint32_t)field->number;
		break;
	case PACKET_FLAGS: p->flags = field->number; break;
	case PACKET_OUR_THREAD:
		if (!field->number || field->number > UINT32_MAX)
			return -EINVAL;
		p->tid = (uint32_t)field->number;
		break;
	case PACKET_OUR_NOTE: p->note = field->number; break;
	case PACKET_OUR_ZEROS: p->zeros = field->number; break;
	case PACKET_OUR_ADDRESS: p->extra.address = field->number; break;
	case PACKET_OUR_DELETED: p->deleted = field->number; break;
	case PACKET_OUR_FORMAT: p->format = field->number; break;
	case PACKET_OUR_PID_NAMESPACE: p->host.pid_namespace = field->number; break;
	}
	return 0;
}

static void on_bytes(struct packet *p, const struct wire *field)
{
	const struct wire message = wire__of(field->data, field->size);

	switch (field->field) {
	case PACKET_CLOCK_SNAPSHOT: p->clocks = message; break;
	case PACKET_DEFAULTS: p->defaults = message; break;
	case PACKET_INTERNED: p->interned = message; break;
	case PACKET_TRACK: p->track = message; break;
	case PACKET_EVENT: p->event = message; break;
	case PACKET_OUR_CLASS:
		p->extra.class = field->data;
		p->extra.class_size = field->size;
		break;
	case PACKET_OUR_ID:
		p->extra.id = field->data;
		p->extra.id_size = field->size;
		break;
	case PACKET_OUR_HOST: host__copy(p->host.name, sizeof(p->host.name), field->data, field->size); break;
	case PACKET_OUR_BOOT_ID: host__copy(p->host.boot_id, sizeof(p->host.boot_id), field->data, field->size); break;
	}
}

static int read_packet(const char *data, size_t size, struct packet *ret)
{
	struct wire w = wire__of(data, size);
	int got, err = 0;

	*ret = (struct packet){ 0 };
	while (!err && (got = wire__next(&w)) > 0) {
		if (w.type == WIRE_VARINT)
			err = on_number(ret, &w);
		else if (w.type == WIRE_LENGTH)
			on_bytes(ret, &w);
	}
	if (err || got)
		return -EINVAL;
	return ret->sequence ? 0 : -EINVAL;
}

/* ---- The beginning ---- */

static int on_clocks(struct reader *r, struct wire message, const struct host *host)
{
	struct trace_start start = { .host = *host };
	uint64_t times[CLOCK_IS_BOOTTIME + 1] = { 0 };
	int got, inner;

	while ((got = wire__next(&message)) > 0) {
		struct wire clock = wire__of(message.data, message.size);
		uint64_t id = 0, time = 0;

		if (message.field != SNAPSHOT_CLOCKS || message.type != WIRE_LENGTH)
			continue;
		while ((inner = wire__next(&clock)) > 0)
			*(clock.field == CLOCK_ID ? &id : &time) = clock.number;
		if (inner || id > CLOCK_IS_BOOTTIME)
			return -EINVAL;
		times[id] = time;
	}
	if (got)
		return got;
	r->began = true;
	r->start = times[CLOCK_IS_MONOTONIC];
	if (!r->sink->begins)
		return 0;
	start.monotonic = r->start;
	start.boot = times[CLOCK_IS_BOOTTIME];
	start.wall = times[CLOCK_IS_REALTIME];
	return r->sink->begins(r->sink->ctx, &start);
}

/* ---- Tracks ---- */

static int on_track(struct reader *r, const struct packet *p)
{
	struct perfetto_track *track;
	bool named;
	int err = perfetto_track__describe(&r->tracks, p->track, &p->extra, &track, &named);

	if (err || !named)
		return err;
	if (track->kind == TRACK_IS_PROCESS)
		return r->ops->process_name(r->writer, track->pid, track->name);
	return r->ops->thread_name(r->writer, track->pid, track->tid, track->name);
}

/* The types of a counter's series are where they stand in the defaults. */
static int on_defaults(struct reader *r, struct perfetto_sequence *s, const struct packet *p)
{
	int err = perfetto_sequence__on_defaults(s, p->defaults);

	for (size_t i = 0; !err && i < s->defaults.n_doubles; i++) {
		struct perfetto_track *t = perfetto_track__find(&r->tracks, s->defaults.doubles[i], TRACK_IS_SERIES);

		if (t)
			t->is_double = true;
	}
	return err;
}

/* ---- Objects ---- */

static struct trace_object object_of(const struct perfetto_track *t)
{
	return (struct trace_object){ .address = t->address,
				      .life = t->uuid >> PERFETTO_TRACK_KINDS,
				      .name = t->name,
				      .tag = t->class };
}

/* What is over is not to be known any longer. */
static void forget_ended(struct reader *r)
{
	struct perfetto_track *t = perfetto_track__find(&r->tracks, r->ended, TRACK_IS_OBJECT);

	if (t)
		perfetto_track__forget(&r->tracks, t);
	r->ended = 0;
}

static int on_deleted(struct reader *r, const struct packet *p, struct where at)
{
	struct perfetto_track *t = perfetto_track__find(&r->tracks, p->deleted, TRACK_IS_OBJECT);
	struct trace_object object;
	int err;

	if (!t || t->in_state || !p->tid)
		return -EINVAL;
	object = object_of(t);
	at.pid = t->pid;
	at.tid = p->tid;
	err = r->ops->object_delete(r->writer, at, &object);
	r->ended = t->uuid;
	forget_ended(r);
	return err;
}

static int begin_state(struct reader *r, struct perfetto_track *t, struct where at, bool is_new)
{
	const struct trace_object object = object_of(t);
	const size_t n = is_new ? 0 : r->values.n;
	bool was = t->in_state;
	int err;

	t->in_state = true;
	if (is_new)
		err = was ? -EINVAL : r->ops->object_new(r->writer, at, &object);
	else
		err = r->ops->object_snapshot(r->writer, at, &object, r->values.list, n);
	if (!r->sink->whole)
		return err;
	if (!err && was)
		err = r->ops->state_end(r->writer, at, &object);
	return err ? err : r->ops->state_begin(r->writer, at, &object, r->values.list, n);
}

static int on_state(struct reader *r, const struct packet *p, struct timed_event *e)
{
	struct perfetto_track *t = perfetto_track__find(&r->tracks, e->track, TRACK_IS_OBJECT);
	struct trace_object object;

	if (!t)
		return -EINVAL;
	t->tid = p->tid ? p->tid : t->tid;
	e->at.pid = t->pid;
	e->at.tid = t->tid;
	if (p->note == NOTE_EMPTY)
		r->values.n = 0;
	if (e->name)
		return begin_state(r, t, e->at, e->is_address && p->note != NOTE_EMPTY);
	if (!t->in_state)
		return -EINVAL;
	if (p->note == NOTE_AGAIN)
		return 0;
	t->in_state = false;
	r->ended = t->uuid;
	object = object_of(t);
	return r->sink->whole ? r->ops->state_end(r->writer, e->at, &object) : 0;
}

/* ---- Slices and instants ---- */

static int on_slice_before(struct reader *r, const struct packet *p, struct timed_event *e, struct perfetto_track *t)
{
	int err;

	t->tid = p->tid ? p->tid : t->tid;
	e->at.pid = t->pid;
	e->at.tid = t->tid;
	if (e->type == TYPE_BEGIN && !t->begun) {
		t->begun = true;
		t->since = e->at.ts;
		return 0;
	}
	if (e->type != TYPE_END || !t->begun)
		return -EINVAL;
	err = r->ops->slice_before(r->writer, e->at, t->since, t->name);
	perfetto_track__forget(&r->tracks, t);
	return err;
}

static int on_slice(struct reader *r, struct timed_event *e, struct perfetto_track *t)
{
	const char *name;
	int err;

	e->at.pid = t->pid;
	e->at.tid = t->tid;
	if (e->type == TYPE_BEGIN) {
		if (!e->name)
			return -EINVAL;
		err = perfetto_track__push(t, e->name);
		return err ? err : r->ops->slice_begin(r->writer, e->at, e->name, r->values.list, r->values.n);
	}
	name = perfetto_track__pop(t);
	return name ? r->ops->slice_end(r->writer, e->at, name, r->values.list, r->values.n) : -EINVAL;
}

static int on_async(struct reader *r, const struct packet *p, struct timed_event *e, struct perfetto_track *t)
{
	struct trace_async slice = { .track = t->uuid >> PERFETTO_TRACK_KINDS, .again = p->note == NOTE_AGAIN };
	int err;

	t->tid = p->tid ? p->tid : t->tid;
	e->at.pid = t->pid;
	e->at.tid = t->tid;
	if (e->type == TYPE_BEGIN) {
		if (!e->name)
			return -EINVAL;
		slice.name = e->name;
		slice.level = t->n;
		t->goes_on = false;
		err = perfetto_track__push(t, e->name);
		return err ? err : r->ops->async_begin(r->writer, e->at, &slice, r->values.list, r->values.n);
	}
	slice.name = perfetto_track__pop(t);
	if (!slice.name)
		return -EINVAL;
	slice.level = t->n;
	t->goes_on |= slice.again;
	err = r->ops->async_end(r->writer, e->at, &slice);
	if (!t->n && !t->goes_on)
		perfetto_track__forget(&r->tracks, t);
	return err;
}

static int on_instant(struct reader *r, struct timed_event *e)
{
	struct perfetto_track *t = perfetto_track__find(&r->tracks, e->track, TRACK_IS_THREAD);

	if (!e->name)
		return -EINVAL;
	if (!t && perfetto_track__find(&r->tracks, e->track, TRACK_IS_PROCESS) && !strcmp(e->name, READER_SUMMARY))
		return reader__on_metadata(r->sink, r->values.list, r->values.n, r->result);
	if (!t)
		return -EINVAL;
	e->at.pid = t->pid;
	e->at.tid = t->tid;
	if (e->flow)
		return r->ops->flow(r->writer, e->at, e->flow, e->is_flow_in, r->values.list, r->values.n);
	return r->ops->instant(r->writer, e->at, e->name, r->values.list, r->values.n);
}

/* ---- Events ---- */

static int read_name(struct reader *r, const struct perfetto_sequence *s, const struct wire *field, const char **ret)
{
	if (field->field == EVENT_FIELD_NAME_IID) {
		*ret = perfetto_sequence__name(s, INTERNED_EVENT_NAME, field->number);
		return *ret ? 0 : -EINVAL;
	}
	if (field->type != WIRE_LENGTH)
		return -EINVAL;
	*ret = values__text(&r->values, field->data, field->size);
	return *ret ? 0 : -ENOMEM;
}

/* Type and track come first, and then the name: with these it is known whether anybody wants the values. */
static bool wants_values(const struct reader *r, const struct timed_event *e)
{
	return r->sink->whole || (e->type == TYPE_INSTANT && e->name && !strcmp(e->name, READER_SUMMARY)) ||
	       e->type == TYPE_STATE;
}

static int read_event(struct reader *r, const struct perfetto_sequence *s, struct wire message, struct timed_event *ret)
{
	int got, err = 0;

	while (!err && (got = wire__next(&message)) > 0) {
		switch (message.field) {
		case EVENT_FIELD_TYPE: ret->type = message.number; break;
		case EVENT_FIELD_TRACK: ret->track = message.number; break;
		case EVENT_FIELD_NAME_IID:
		case EVENT_FIELD_NAME: err = read_name(r, s, &message, &ret->name); break;
		case EVENT_FIELD_FLOW:
		case EVENT_FIELD_FLOW_END:
			ret->flow = message.number;
			ret->is_flow_in = message.field == EVENT_FIELD_FLOW_END;
			break;
		case EVENT_FIELD_ANNOTATION:
			if (message.type != WIRE_LENGTH)
				return -EINVAL;
			if (wants_values(r, ret))
				err = perfetto_values__read(&r->values, s, wire__of(message.data, message.size),
							    &ret->is_address);
			break;
		}
	}
	return err ? err : got;
}

static int on_sample(struct reader *r, const struct perfetto_sequence *s, const struct packet *p, uint64_t ts)
{
	const struct perfetto_sample_packet sample = {
		.ts = ts,
		.tracks = &r->tracks,
		.defaults = &s->defaults,
		.event = p->event,
		.tid = p->tid,
		.zeros = p->zeros,
	};
	bool done = false;
	int err = perfetto_sample__add(&r->sample, &sample, &done);

	if (err || !done)
		return err;
	err = perfetto_sample__tell(&r->sample, r->ops, r->writer);
	return err ? err : perfetto_sample__add(&r->sample, &sample, &done);
}

/* Of all but counters. */
static int on_event(struct reader *r, const struct packet *p, struct timed_event *e)
{
	struct perfetto_track *before = perfetto_track__find(&r->tracks, e->track, TRACK_IS_SLICE);
	struct perfetto_track *thread = perfetto_track__find(&r->tracks, e->track, TRACK_IS_THREAD);
	struct perfetto_track *async = perfetto_track__find(&r->tracks, e->track, TRACK_IS_ASYNC);

	/* What was open when the trace began is written late. */
	if (before && e->type == TYPE_BEGIN)
		return on_slice_before(r, p, e, before);
	if (e->at.ts < r->last)
		return -EINVAL;
	r->last = e->at.ts;
	switch (e->type) {
	case TYPE_STATE: return on_state(r, p, e);
	case TYPE_BEGIN:
	case TYPE_END:
		if (before)
			return on_slice_before(r, p, e, before);
		if (async)
			return on_async(r, p, e, async);
		return thread ? on_slice(r, e, thread) : -EINVAL;
	case TYPE_INSTANT: return on_instant(r, e);
	}
	return -EINVAL;
}

static bool is_sample(struct wire message)
{
	return wire__next(&message) > 0 && message.field == EVENT_FIELD_TYPE && message.number == TYPE_COUNTER;
}

static int on_timed(struct reader *r, const struct perfetto_sequence *s, const struct packet *p)
{
	struct timed_event e = { .at.ts = p->ts - r->start };
	int err = 0;

	if (p->ts < r->start)
		return -EINVAL;
	if (p->deleted)
		return e.at.ts < r->last ? -EINVAL : on_deleted(r, p, e.at);
	values__clear(&r->values);
	err = read_event(r, s, p->event, &e);
	return err ? err : on_event(r, p, &e);
}

static int on_packet(struct reader *r, const char *data, size_t size)
{
	struct perfetto_sequence *s;
	struct packet p;
	int err = read_packet(data, size, &p);

	if (err)
		return err;
	if (!r->began)
		return p.clocks.at && p.format == 1 ? on_clocks(r, p.clocks, &p.host) : -EINVAL;
	/* What fills a page is between packets that belong together. */
	if (!p.event.at && !p.deleted && !p.track.at && !p.defaults.at)
		return 0;
	s = perfetto_sequence__of(&r->sequences, p.sequence);
	if (!s)
		return -ENOMEM;
	if (p.event.at && is_sample(p.event) && p.ts >= r->start + r->last) {
		if (r->ended)
			forget_ended(r);
		r->last = p.ts - r->start;
		return on_sample(r, s, &p, r->last);
	}
	err = perfetto_sample__tell(&r->sample, r->ops, r->writer);
	if (r->ended && !p.deleted)
		forget_ended(r);
	if (!err && p.flags & 1)
		perfetto_sequence__clear(s);
	if (!err && p.defaults.at)
		err = on_defaults(r, s, &p);
	if (!err && p.interned.at)
		err = perfetto_sequence__on_interned(s, p.interned);
	if (!err && p.track.at)
		err = on_track(r, &p);
	if (!err && (p.event.at || p.deleted))
		err = on_timed(r, s, &p);
	return err;
}

/* ---- The file ---- */

static int read_all(struct reader *r, struct packets *packets)
{
	struct reader_result *result = r->result;
	const char *data;
	size_t size;
	int got, err = 0;

	while (!err && (got = packets__next(packets, &data, &size)) > 0)
		err = on_packet(r, data, size);
	err = err ? err : got;
	result->is_cut = packets->is_cut;
	if (!err && !r->began)
		err = -EINVAL;
	if (err == -EINVAL) {
		result->offset = packets->offset;
		result->wrong = r->began ? "this is no packet as viztrace-bpf writes them" :
					   "this is no trace of viztrace-bpf";
	}
	return err;
}

int reader_perfetto__read(struct stream *from, const struct reader_sink *sink, struct reader_result *ret)
{
	struct reader r = { .sink = sink, .ops = sink->ops, .writer = sink->writer, .result = ret };
	struct packets packets = { .from = from };
	int err = read_all(&r, &packets), told;

	/* What came before what is wrong is there. */
	told = err && err != -EINVAL ? 0 : perfetto_sample__tell(&r.sample, r.ops, r.writer);
	if (!err)
		err = told;
	if (!ret->is_whole)
		ret->end = r.last;
	ret->is_cut |= !ret->is_whole;
	perfetto_sequences__free(&r.sequences);
	perfetto_tracks__free(&r.tracks);
	perfetto_sample__free(&r.sample);
	values__free(&r.values);
	return err;
}
