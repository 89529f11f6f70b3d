// SPDX-License-Identifier: BSD-2-Clause
/* perfetto_sequence: see perfetto_sequence.h. */
#include "perfetto_sequence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct perfetto_sequence *perfetto_sequence__of(struct table *all, uint32_t number)
{
	struct perfetto_sequence *s = table__get(all, number, 0);

	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (s && table__put(all, number, 0, s)) {
		free(s);
		return NULL;
	}
	return s;
}

void perfetto_sequence__clear(struct perfetto_sequence *s)
{
	table__free(&s->names);
	s->defaults = (struct perfetto_tracks){ 0 };
}

void perfetto_sequences__free(struct table *all)
{
	struct perfetto_sequence *s;
	size_t pos = 0;

	while ((s = table__next(all, &pos))) {
		perfetto_sequence__clear(s);
		free(s);
	}
	table__clear(all);
}

int perfetto_tracks__take(struct perfetto_tracks *t, const struct wire *field)
{
	if (field->type != WIRE_VARINT)
		return -EINVAL;
	switch (field->field) {
	case EVENT_FIELD_TRACK: t->main = field->number; break;
	case EVENT_FIELD_MORE_INT_TRACKS:
		if (t->n_ints == PERFETTO_CHUNK)
			return -EINVAL;
		t->ints[t->n_ints++] = field->number;
		break;
	case EVENT_FIELD_MORE_DOUBLE_TRACKS:
		if (t->n_doubles == PERFETTO_CHUNK)
			return -EINVAL;
		t->doubles[t->n_doubles++] = field->number;
		break;
	}
	return 0;
}

int perfetto_sequence__on_defaults(struct perfetto_sequence *s, struct wire message)
{
	struct wire event = { 0 };
	int got, err = 0;

	while ((got = wire__next(&message)) > 0)
		if (message.field == DEFAULTS_EVENT && message.type == WIRE_LENGTH)
			event = wire__of(message.data, message.size);
	if (got)
		return got;
	while (!err && (got = wire__next(&event)) > 0)
		err = perfetto_tracks__take(&s->defaults, &event);
	return err ? err : got;
}

static int on_name(struct perfetto_sequence *s, uint32_t kind, struct wire message)
{
	const char *text = NULL;
	uint64_t number = 0;
	size_t size = 0;
	char *name;
	int got;

	while ((got = wire__next(&message)) > 0) {
		if (message.field == INTERNED_IID && message.type == WIRE_VARINT) {
			number = message.number;
		} else if (message.field == INTERNED_TEXT && message.type == WIRE_LENGTH) {
			text = message.data;
			size = message.size;
		}
	}
	if (got || !number || !text || table__get(&s->names, kind, number))
		return -EINVAL;
	name = strndup(text, size);
	if (name && table__put(&s->names, kind, number, name)) {
		free(name);
		name = NULL;
	}
	return name ? 0 : -ENOMEM;
}

int perfetto_sequence__on_interned(struct perfetto_sequence *s, struct wire message)
{
	int got, err = 0;

	while (!err && (got = wire__next(&message)) > 0)
		if (message.type == WIRE_LENGTH)
			err = on_name(s, message.field, wire__of(message.data, message.size));
	return err ? err : got;
}

const char *perfetto_sequence__name(const struct perfetto_sequence *s, uint32_t kind, uint64_t number)
{
	return table__get(&s->names, kind, number);
}
