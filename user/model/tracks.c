/* SPDX-License-Identifier: BSD-2-Clause */
#include "tracks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* All tracks of one (pid, name). Names are interned: their addresses are their identity. */
struct track_group {
	uint64_t key;        /* key_of() the name */
	struct table ids;    /* of the ids in use */
	struct table values; /* by key */
	struct track *free;
	uint64_t count;
	struct crowd_link by_process;
};

static uint64_t key_of(const struct name *name)
{
	return (uint64_t)(uintptr_t)name;
}

/* None for what has no room for a track: its name, by whose address it is found, goes again. */
static int group_of(struct tracks *t, uint32_t pid, const struct name *name, struct track_group **ret)
{
	struct track_group *group = table__get(&t->groups, pid, key_of(name));

	if (!group && budget__is_spent(t->budget))
		return -ENOBUFS;
	if (!group) {
		group = calloc(1, sizeof(*group));
		if (!group || crowd__add(&t->group_crowd, pid, &group->by_process)) {
			free(group);
			return -ENOMEM;
		}
		group->key = key_of(name);
		if (table__put(&t->groups, pid, group->key, group)) {
			crowd__remove(&t->group_crowd, &group->by_process);
			free(group);
			return -ENOMEM;
		}
	}
	*ret = group;
	return 0;
}

/* The first of "wanted", "wanted 2", "wanted 3", ... that is free. */
static int new_id(struct tracks *t, struct track_group *group, const char *wanted, const char **ret)
{
	size_t room = __builtin_strlen(wanted) + 24;
	char *text = malloc(room);
	uint64_t number;
	struct name *id = NULL;
	int err = -ENOMEM;

	if (!text)
		return -ENOMEM;
	for (number = 1;; number++) {
		if (number == 1)
			snprintf(text, room, "%s", wanted);
		else
			snprintf(text, room, "%s %" PRIu64, wanted, number);
		id = names__take(t->names, text);
		if (!id || !table__get(&group->ids, key_of(id), 0))
			break;
		names__drop(id);
	}
	if (id && !table__put(&group->ids, key_of(id), 0, id)) {
		*ret = id->text;
		err = 0;
	}
	free(text);
	return err;
}

/* With an id of its own, or a key, or a group: a name and two places in tables for each. */
static uint64_t cost_of(const struct track *track, const struct name *name, size_t n_values)
{
	return sizeof(*track) + n_values * sizeof(*track->last) + sizeof(struct track_group) +
	       2 * (sizeof(*name) + __builtin_strlen(name->text) + 2 * BUDGET_SLOT);
}

/* NULL stays NULL. What nobody has used so far is added to the cost. */
static int take_name(struct tracks *t, const char *text, const char **ret, uint64_t *cost)
{
	struct name *name = text ? names__take(t->names, text) : NULL;

	*ret = name ? name->text : NULL;
	if (name && name->uses == 1)
		*cost += budget__entry(sizeof(*name) + __builtin_strlen(text));
	return text && !name ? -ENOMEM : 0;
}

static void drop_name(struct tracks *t, const char *text)
{
	if (text)
		names__drop(names__find(t->names, text));
}

static void free_series(struct tracks *t, struct track *track)
{
	for (size_t i = 0; track->last && i < track->n_values; i++) {
		drop_name(t, track->last[i].key);
		drop_name(t, track->last[i].unit);
	}
	free(track->last);
}

static int new_track(struct tracks *t, struct track_group *group, uint32_t pid, struct name *name,
		     const char *wanted_id, const struct value *values, size_t n_values, struct track **ret)
{
	struct track *track;
	size_t i;
	int err;

	if (budget__is_spent(t->budget))
		return -ENOBUFS;
	track = calloc(1, sizeof(*track));
	if (!track)
		return -ENOMEM;
	track->last = calloc(n_values ? n_values : 1, sizeof(*track->last));
	if (!track->last)
		goto err_memory;
	track->n_values = n_values;
	track->cost = cost_of(track, name, n_values);
	for (i = 0; i < n_values; i++)
		if (take_name(t, values[i].key, &track->last[i].key, &track->cost) ||
		    take_name(t, values[i].unit, &track->last[i].unit, &track->cost))
			goto err_memory;
	if (group->count) {
		err = new_id(t, group, wanted_id, &track->counter.id);
		if (err)
			goto err_memory;
	}
	err = crowd__add(&t->crowd, pid, &track->by_process);
	if (err)
		goto err_memory;
	budget__take(t->budget, track->cost);
	name->uses++;
	track->counter.name = name->text;
	track->counter.serial = t->made++;
	track->pid = pid;
	track->group = group;
	group->count++;
	track->prev = t->end;
	if (t->end)
		t->end->next = track;
	else
		t->first = track;
	t->end = track;
	*ret = track;
	return 0;

err_memory: /* an id stays in use: it goes with the group */
	free_series(t, track);
	free(track);
	return -ENOMEM;
}

int tracks__claim(struct tracks *t, uint32_t pid, struct name *name, uint64_t address, const struct value *values,
		  size_t n_values, struct track **ret)
{
	char id[24];
	struct track **link, **best = NULL;
	struct track_group *group;
	uint64_t mask;
	int err;

	err = group_of(t, pid, name, &group);
	if (err)
		return err;
	for (link = &group->free; *link; link = &(*link)->next_free) {
		if ((*link)->address && (*link)->address != address)
			continue;
		if (!track__covers(*link, values, n_values, &mask))
			continue;
		if (!best || (*link)->n_values < (*best)->n_values)
			best = link;
	}
	if (best) {
		struct track *track = *best;

		*best = track->next_free;
		track->sampled = false;
		*ret = track;
		return 0;
	}
	snprintf(id, sizeof(id), "0x%" PRIx64, address);
	err = new_track(t, group, pid, name, id, values, n_values, ret);
	if (!err && (*ret)->counter.id)
		(*ret)->address = address;
	return err;
}

int tracks__value(struct tracks *t, uint32_t pid, struct name *name, const struct value *value, struct track **ret)
{
	struct name *key = names__find(t->names, value->key);
	struct track_group *group;
	struct track *track;
	int err;

	err = group_of(t, pid, name, &group);
	if (err)
		return err;
	track = key ? table__get(&group->values, key_of(key), 0) : NULL;
	if (!track) {
		err = new_track(t, group, pid, name, value->key, value, 1, &track);
		if (err)
			return err;
		track->is_value = true;
		key = names__find(t->names, value->key); /* the track took it */
		err = table__put(&group->values, key_of(key), 0, track);
		if (err)
			return err;
	}
	*ret = track;
	return 0;
}

void track__release(struct track *track)
{
	track->next_free = track->group->free;
	track->group->free = track;
}

static void free_group(struct track_group *group)
{
	size_t pos = 0;
	void *id;

	while ((id = table__next(&group->ids, &pos)))
		names__drop(id);
	table__clear(&group->ids);
	table__clear(&group->values);
	free(group);
}

static void forget_track(struct tracks *t, struct track *track)
{
	crowd__remove(&t->crowd, &track->by_process);
	if (track->prev)
		track->prev->next = track->next;
	else
		t->first = track->next;
	if (track->next)
		track->next->prev = track->prev;
	else
		t->end = track->prev;
	budget__give(t->budget, track->cost);
	drop_name(t, track->counter.name);
	free_series(t, track);
	free(track);
}

void tracks__forget(struct tracks *t, uint32_t pid)
{
	struct crowd_link *link;

	while ((link = crowd__first(&t->crowd, pid)))
		forget_track(t, CROWD_OF(link, struct track, by_process));
	while ((link = crowd__first(&t->group_crowd, pid))) {
		struct track_group *group = CROWD_OF(link, struct track_group, by_process);

		crowd__remove(&t->group_crowd, link);
		table__remove(&t->groups, pid, group->key);
		free_group(group);
	}
}

void tracks__clear(struct tracks *t)
{
	struct track_group *group;
	struct track *track;
	size_t pos = 0;

	while ((track = t->first)) {
		t->first = track->next;
		free(track->last);
		free(track);
	}
	while ((group = table__next(&t->groups, &pos)))
		free_group(group);
	table__clear(&t->groups);
	crowd__clear(&t->crowd);
	crowd__clear(&t->group_crowd);
	*t = (struct tracks){ 0 };
}
