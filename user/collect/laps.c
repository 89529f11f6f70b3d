// SPDX-License-Identifier: BSD-2-Clause
/* laps: see laps.h. */
#include "laps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VIZ_PROBE_DISABLE
#include "viztrace.h"

#define RECORD_MIN 24u

static uint32_t size_of(uint64_t word)
{
	return word & 0xffff;
}

static unsigned kind_of(uint64_t word)
{
	return word >> 16 & (LAPS_KINDS - 1);
}

/* A PID has fewer bits, so those with a life are never taken for those without. */
static uint64_t owner_of(const struct laps_key *key)
{
	return key->life ? (uint64_t)key->life << 32 | 1u << 31 | key->pid : (uint64_t)key->generation << 32 | key->pid;
}

const struct laps_slot *laps__find(const struct laps *l, const struct laps_key *key)
{
	return table__get(&l->by_address, owner_of(key), key->address);
}

struct laps_slot *laps__slot(struct laps *l, const struct laps_key *key)
{
	struct laps_slot *s = table__get(&l->by_address, owner_of(key), key->address);

	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s || table__put(&l->by_address, owner_of(key), key->address, s)) {
		free(s);
		return NULL;
	}
	s->pid = key->pid;
	s->generation = key->generation;
	s->life = key->life;
	s->address = key->address;
	s->next = l->first;
	l->first = s;
	l->n++;
	return s;
}

/* The slot goes on to another lap. Every lap is flushed before: what did not come then is among the lost. */
static void leave(struct laps *l, struct laps_slot *s)
{
	for (int i = 0; i < LAPS_KINDS; i++)
		l->had[i] += s->drained[i];
	memset(s->drained, 0, sizeof(s->drained));
	s->n_holes = 0;
	s->taken = 0;
	s->complete = 0;
	s->flushed = 0;
}

/* It has come to an end, or a later one has. */
static bool has_lost(const struct laps_slot *s)
{
	return s->lost && (int32_t)(s->lost_lap - s->lap) >= 0;
}

static bool is_record(const struct laps_slot *s, const struct laps_look *look, uint32_t at)
{
	uint64_t word;

	if (look->size < RECORD_MIN || at > look->size - RECORD_MIN)
		return false;
	word = look->data[at / 8];
	return (word >> 24 & 0xff) == (s->lap & 0xff) && size_of(word) >= RECORD_MIN && size_of(word) % 8 == 0 &&
	       size_of(word) <= look->size - at;
}

static bool is_complete(const struct laps_look *look, uint32_t at)
{
	return kind_of(look->data[at / 8]) && (!look->before || kind_of(look->before[at / 8]));
}

static int pass(const struct laps *l, struct laps_slot *s, const struct laps_look *look, uint32_t at, laps_cb cb,
		void *ctx)
{
	const uint64_t *record = look->data + at / 8;

	s->complete += size_of(record[0]);
	if (!look->flushed && record[1] >= l->from && (!l->until || record[1] <= l->until))
		s->drained[kind_of(record[0])]++;
	return cb(ctx, s, record, size_of(record[0]));
}

static int look_at_holes(const struct laps *l, struct laps_slot *s, const struct laps_look *look, laps_cb cb, void *ctx)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < s->n_holes;) {
		if (!is_record(s, look, s->holes[i]) || !is_complete(look, s->holes[i])) {
			i++;
			continue;
		}
		err = pass(l, s, look, s->holes[i], cb, ctx);
		s->holes[i] = s->holes[--s->n_holes];
	}
	return err;
}

int laps__look(struct laps *l, struct laps_slot *s, const struct laps_look *look, laps_cb cb, void *ctx)
{
	const uint32_t complete = look->impatient ? UINT32_MAX : look->complete;
	int err;

	if (s->known && (int32_t)(look->lap - s->lap) < 0) {
		/* It cannot come after a later one, unless the program has turned its number back. */
		l->malformed += look->flushed;
		return 0;
	}
	if (!s->known || look->lap != s->lap) {
		leave(l, s);
		s->known = true;
		s->lap = look->lap;
	}
	/* We have had more by now than there was when this was read. */
	if (s->complete > complete)
		return s->taken < look->size;
	err = look_at_holes(l, s, look, cb, ctx);
	while (!err && s->taken < look->size) {
		if (!is_record(s, look, s->taken)) {
			/* Its room was taken a moment ago; when all should be there it is nonsense. */
			l->malformed += look->impatient;
			err = look->impatient ? 0 : 1;
			break;
		}
		if (is_complete(look, s->taken)) {
			/* What only looks like one was left by an earlier lap: its room was taken a moment ago. */
			if (size_of(look->data[s->taken / 8]) > complete - s->complete) {
				err = 1;
				break;
			}
			err = pass(l, s, look, s->taken, cb, ctx);
		} else if (!look->impatient || s->n_holes == LAPS_HOLES) {
			err = 1;
			break;
		} else {
			s->holes[s->n_holes++] = s->taken;
		}
		s->taken += size_of(look->data[s->taken / 8]);
	}
	if (look->flushed) {
		s->flushed = look->size;
		memset(s->drained, 0, sizeof(s->drained));
	}
	return err;
}

void laps__lose(struct laps_slot *s, uint32_t lap, uint32_t bytes)
{
	s->lost_lap = lap;
	s->lost = bytes;
}

void laps__lose_part(struct laps_slot *s, const struct laps_part *part)
{
	s->part = *part;
}

/* Did what there was no room for come later, was it counted with the rest of its lap, or was it seen before? */
static void settle_part(struct laps *l, const struct laps_slot *s)
{
	const struct laps_part *p = &s->part;
	bool same = s->known && s->lap == p->lap;

	if (s->known && ((int32_t)(s->lap - p->lap) > 0 || (same && s->flushed > p->from)))
		return;
	if (s->lost && ((int32_t)(s->lost_lap - p->lap) > 0 || (s->lost_lap == p->lap && s->lost > p->from)))
		return;
	for (int i = 0; i < LAPS_KINDS; i++)
		if (p->records[i] > (same ? s->drained[i] : 0))
			l->lost[i] += p->records[i] - (same ? s->drained[i] : 0);
}

static void settle(struct laps *l, struct laps_slot *s)
{
	settle_part(l, s);
	if (has_lost(s))
		leave(l, s);
}

void laps__drop(struct laps *l, bool (*gone)(void *ctx, struct laps_slot *slot), void *ctx)
{
	struct laps_slot **at = &l->first, *s;

	while ((s = *at)) {
		const struct laps_key key = { s->address, s->pid, s->generation, s->life };

		if (!gone(ctx, s)) {
			at = &s->next;
			continue;
		}
		settle(l, s);
		*at = s->next;
		table__remove(&l->by_address, owner_of(&key), s->address);
		free(s);
		l->n--;
	}
}

void laps__close(struct laps *l)
{
	for (struct laps_slot *s = l->first; s; s = s->next) {
		settle(l, s);
		s->known = false;
	}
}

void laps__clear(struct laps *l)
{
	struct laps_slot *s;

	while ((s = l->first)) {
		l->first = s->next;
		free(s);
	}
	table__clear(&l->by_address);
	l->n = 0;
}
