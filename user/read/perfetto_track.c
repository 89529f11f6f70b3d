// SPDX-License-Identifier: BSD-2-Clause
/* perfetto_track: see perfetto_track.h. */
#include "perfetto_track.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/perfetto_fields.h"

/* The fields of a descriptor. */
struct description {
	uint64_t uuid, parent;
	const char *name; /* or NULL */
	size_t size;
	const char *unit; /* or NULL */
	size_t unit_size;
	bool is_process, is_thread, is_series, is_object;
	uint32_t pid, tid;
};

static void free_track(struct perfetto_track *t)
{
	free(t->name);
	free(t->id);
	free(t->unit);
	free(t->class);
	free(t->open);
	free(t);
}

void perfetto_track__forget(struct table *all, struct perfetto_track *track)
{
	table__remove(all, track->uuid, 0);
	free_track(track);
}

void perfetto_tracks__free(struct table *all)
{
	size_t pos = 0;
	void *t;

	while ((t = table__next(all, &pos)))
		free_track(t);
	table__clear(all);
}

struct perfetto_track *perfetto_track__find(const struct table *all, uint64_t uuid, enum perfetto_track_kind kind)
{
	struct perfetto_track *t = table__get(all, uuid, 0);

	return t && t->kind == kind ? t : NULL;
}

/* ProcessDescriptor, ThreadDescriptor: `name` is the field that has it. */
static int read_who(struct description *d, struct wire message, uint32_t name)
{
	int got;

	while ((got = wire__next(&message)) > 0) {
		if (message.field == name && message.type == WIRE_LENGTH) {
			d->name = message.data;
			d->size = message.size;
		} else if (message.type == WIRE_VARINT && message.number <= UINT32_MAX) {
			*(message.field == THREAD_TID ? &d->tid : &d->pid) = (uint32_t)message.number;
		} else {
			return -EINVAL;
		}
	}
	return got;
}
_Static_assert((int)PROCESS_PID == (int)THREAD_PID, "one function reads both");

/* CounterDescriptor */
static int read_counter(struct description *d, struct wire message)
{
	int got;

	while ((got = wire__next(&message)) > 0) {
		if (message.field != COUNTER_UNIT_NAME || message.type != WIRE_LENGTH)
			return -EINVAL;
		d->unit = message.data;
		d->unit_size = message.size;
	}
	return got;
}

static int read_description(struct description *d, struct wire message)
{
	int got, err = 0;

	while (!err && (got = wire__next(&message)) > 0) {
		struct wire inner = wire__of(message.data, message.type == WIRE_LENGTH ? message.size : 0);

		switch (message.field) {
		case TRACK_UUID: d->uuid = message.number; break;
		case TRACK_PARENT: d->parent = message.number; break;
		case TRACK_NAME:
			d->name = message.data;
			d->size = message.size;
			err = message.type == WIRE_LENGTH ? 0 : -EINVAL;
			break;
		case TRACK_PROCESS:
			d->is_process = true;
			err = read_who(d, inner, PROCESS_NAME);
			break;
		case TRACK_THREAD:
			d->is_thread = true;
			err = read_who(d, inner, THREAD_NAME);
			break;
		case TRACK_COUNTER:
			d->is_series = true;
			err = read_counter(d, inner);
			break;
		case TRACK_STATE: d->is_object = true; break;
		}
	}
	return err ? err : got;
}

static enum perfetto_track_kind kind_of(uint64_t uuid)
{
	switch (uuid & ((1u << PERFETTO_TRACK_KINDS) - 1)) {
	case PERFETTO_COUNTER_TRACK: return TRACK_IS_COUNTER;
	case PERFETTO_ASYNC_TRACK: return TRACK_IS_ASYNC;
	default: return TRACK_IS_SLICE;
	}
}

/* Its kind, pid and tid, as far as they are not what it says itself. */
static int place(struct perfetto_track *t, const struct description *d, struct perfetto_track *above)
{
	t->uuid = d->uuid;
	t->pid = d->pid;
	t->tid = d->tid;
	if (d->is_process) {
		t->kind = TRACK_IS_PROCESS;
		t->tid = t->pid;
		return t->pid ? 0 : -EINVAL;
	}
	if (!above || (!d->name && !d->is_thread))
		return -EINVAL;
	t->pid = above->pid;
	if (d->is_thread) {
		t->kind = TRACK_IS_THREAD;
		return above->kind == TRACK_IS_PROCESS && d->pid == above->pid ? 0 : -EINVAL;
	}
	t->tid = t->pid;
	if (d->is_series) {
		t->kind = TRACK_IS_SERIES;
		t->above = above;
		t->index = above->n_series++;
		return above->kind == TRACK_IS_COUNTER ? 0 : -EINVAL;
	}
	t->kind = d->is_object ? TRACK_IS_OBJECT : kind_of(d->uuid);
	return above->kind == TRACK_IS_PROCESS ? 0 : -EINVAL;
}

/* The text without `end`, if it has that and something before it. */
static void cut_end(char *text, const char *before, const char *end, const char *after)
{
	size_t size = strlen(text), all = strlen(before) + strlen(end) + strlen(after);
	char *at = text + size - all;

	if (size > all && !strncmp(at, before, strlen(before)) && !strncmp(at + strlen(before), end, strlen(end)) &&
	    !strcmp(at + strlen(before) + strlen(end), after))
		*at = 0;
}

/* Its own name: without what is put behind it for who looks at the trace. */
static int name_track(struct perfetto_track *t, const struct description *d, const struct perfetto_track_extra *extra)
{
	if (!d->name)
		return 0;
	t->name = strndup(d->name, d->size);
	if (d->unit)
		t->unit = strndup(d->unit, d->unit_size);
	if (extra->class && t->kind == TRACK_IS_OBJECT)
		t->class = strndup(extra->class, extra->class_size);
	if (extra->id && t->kind == TRACK_IS_COUNTER)
		t->id = strndup(extra->id, extra->id_size);
	if (!t->name || (d->unit && !t->unit) || (extra->class && t->kind == TRACK_IS_OBJECT && !t->class) ||
	    (extra->id && t->kind == TRACK_IS_COUNTER && !t->id))
		return -ENOMEM;
	if (t->kind == TRACK_IS_OBJECT && !t->class)
		return -EINVAL;
	t->address = extra->address;
	if (t->class)
		cut_end(t->name, " (", t->class, ")");
	if (t->id)
		cut_end(t->name, " ", t->id, "");
	return 0;
}

int perfetto_track__describe(struct table *all, struct wire message, const struct perfetto_track_extra *extra,
			     struct perfetto_track **ret, bool *ret_named)
{
	struct perfetto_track *t, *known;
	struct description d = { 0 };
	int err = read_description(&d, message);

	if (err || !d.uuid)
		return -EINVAL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	known = table__get(all, d.uuid, 0);
	err = place(t, &d, d.parent ? table__get(all, d.parent, 0) : NULL);
	if (!err)
		err = name_track(t, &d, extra);
	*ret_named = !err && d.name && (t->kind == TRACK_IS_PROCESS || t->kind == TRACK_IS_THREAD);
	if (!err && known && (known->kind != t->kind || known->pid != t->pid))
		err = -EINVAL;
	if (!err && known) {
		/* Only what it is called is new. */
		if (*ret_named) {
			char *name = known->name;

			known->name = t->name;
			t->name = name;
		}
		free_track(t);
		*ret = known;
		return 0;
	}
	if (!err)
		err = table__put(all, t->uuid, 0, t);
	if (err) {
		free_track(t);
		return err;
	}
	*ret = t;
	return 0;
}

int perfetto_track__push(struct perfetto_track *t, const char *name)
{
	size_t size = strlen(name) + 1;

	if (size > t->room - t->size) {
		size_t room = 2 * (t->size + size) + 64;
		char *open = realloc(t->open, room);

		if (!open)
			return -ENOMEM;
		t->open = open;
		t->room = room;
	}
	memcpy(t->open + t->size, name, size);
	t->size += size;
	t->n++;
	return 0;
}

const char *perfetto_track__pop(struct perfetto_track *t)
{
	if (!t->size)
		return NULL;
	t->n--;
	t->size--;
	while (t->size && t->open[t->size - 1])
		t->size--;
	return t->open + t->size;
}
