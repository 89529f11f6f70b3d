// SPDX-License-Identifier: BSD-2-Clause
/* kept: see kept.h. The newest block is being filled; the others are whole. */
#include "kept.h"

#include <errno.h>
#include <stdlib.h>

#include "pack.h"

struct block {
	struct block *next; /* the newer one */
	size_t size, room;
	uint64_t events;
	uint64_t first_ts, last_ts;
	uint8_t data[];
};

struct kept {
	uint64_t bound, time;
	size_t usual; /* room of one, unless an event takes more */
	kept_cb drop;
	void *ctx;
	struct block *oldest, *newest;
	struct block *spare; /* of the usual size */
	struct kept_stats stats;
	struct packer packer;
	struct unpacker unpacker;
};

int kept__new(struct kept **ret, uint64_t bytes, uint64_t time, kept_cb drop, void *ctx)
{
	struct kept *k = calloc(1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	k->bound = bytes < KEPT_MIN ? KEPT_MIN : bytes;
	k->time = time;
	k->usual = (k->bound / KEPT_SHARE < KEPT_BLOCK ? k->bound / KEPT_SHARE : KEPT_BLOCK) - sizeof(struct block);
	k->drop = drop;
	k->ctx = ctx;
	packer__init(&k->packer);
	*ret = k;
	return 0;
}

void kept__free(struct kept *k)
{
	struct block *b;

	if (!k)
		return;
	while ((b = k->oldest)) {
		k->oldest = b->next;
		free(b);
	}
	free(k->spare);
	packer__clear(&k->packer);
	unpacker__clear(&k->unpacker);
	free(k);
}

static int read_block(struct kept *k, const struct block *b, kept_cb cb, void *ctx)
{
	struct event e;
	int err;

	unpacker__begin(&k->unpacker, b->data, b->size);
	while ((err = unpacker__next(&k->unpacker, &e)) > 0) {
		err = cb(ctx, &e);
		if (err)
			return err;
	}
	return err;
}

static uint64_t memory_of(const struct block *b)
{
	return sizeof(*b) + b->room;
}

static int drop_oldest(struct kept *k)
{
	struct block *b = k->oldest;
	int err = read_block(k, b, k->drop, k->ctx);

	k->oldest = b->next;
	if (!k->oldest)
		k->newest = NULL;
	k->stats.events -= b->events;
	k->stats.bytes -= b->size;
	if (!k->spare && b->room == k->usual) {
		k->spare = b;
	} else {
		k->stats.memory -= memory_of(b);
		free(b);
	}
	return err;
}

static int new_block(struct kept *k, size_t room, struct block **ret)
{
	struct block *b = malloc(sizeof(*b) + room);

	if (!b)
		return -ENOMEM;
	b->room = room;
	k->stats.memory += memory_of(b);
	*ret = b;
	return 0;
}

/* A block with so much room; *ret is NULL if the bound does not allow that even for it alone. */
static int take_block(struct kept *k, size_t room, struct block **ret)
{
	int err = 0;

	*ret = NULL;
	while (!err) {
		if (k->spare && k->spare->room == room) {
			*ret = k->spare;
			k->spare = NULL;
			return 0;
		}
		if (k->stats.memory + sizeof(**ret) + room <= k->bound)
			return new_block(k, room, ret);
		if (k->spare) {
			k->stats.memory -= memory_of(k->spare);
			free(k->spare);
			k->spare = NULL;
		} else if (k->oldest) {
			k->stats.room_ts = k->oldest->last_ts;
			err = drop_oldest(k);
		} else {
			return 0;
		}
	}
	return err;
}

static int begin_block(struct kept *k, const struct event *e)
{
	size_t room = pack__bound(e);
	struct block *b;
	int err = take_block(k, room > k->usual ? room : k->usual, &b);

	if (err)
		return err;
	if (!b) {
		/* Larger than all that may be kept: it goes the way of those before it, which have gone. */
		k->stats.room_ts = e->ts;
		err = k->drop(k->ctx, e);
		return err ? err : -E2BIG;
	}
	b->next = NULL;
	b->size = 0;
	b->events = 0;
	b->first_ts = b->last_ts = e->ts;
	if (k->newest)
		k->newest->next = b;
	else
		k->oldest = b;
	k->newest = b;
	packer__begin(&k->packer, b->data, b->room);
	return 0;
}

int kept__add(struct kept *k, const struct event *e)
{
	int err = k->newest ? packer__add(&k->packer, e) : -ENOSPC;
	struct block *b;

	if (err == -ENOSPC) {
		err = begin_block(k, e);
		if (err)
			return err == -E2BIG ? 0 : err;
		err = packer__add(&k->packer, e);
	}
	b = k->newest;
	k->stats.bytes += k->packer.size - b->size;
	k->stats.added += k->packer.size - b->size;
	b->size = k->packer.size;
	if (err)
		return err;
	b->last_ts = e->ts;
	b->events++;
	k->stats.events++;
	return 0;
}

void kept__set_time(struct kept *k, uint64_t time)
{
	k->time = time;
}

int kept__expire(struct kept *k, uint64_t now)
{
	int err = 0;

	if (!k->time || now < k->time)
		return 0;
	while (!err && k->oldest && k->oldest->last_ts < now - k->time)
		err = drop_oldest(k);
	return err;
}

int kept__each(struct kept *k, kept_cb cb, void *ctx)
{
	int err = 0;

	for (const struct block *b = k->oldest; b && !err; b = b->next)
		err = read_block(k, b, cb, ctx);
	return err;
}

uint64_t kept__bytes_since(const struct kept *k, uint64_t ts)
{
	uint64_t bytes = 0;

	for (const struct block *b = k->oldest; b; b = b->next)
		if (b->last_ts >= ts)
			bytes += b->size;
	return bytes;
}

void kept__stats(const struct kept *k, struct kept_stats *ret)
{
	*ret = k->stats;
	ret->first_ts = k->oldest && k->oldest->events ? k->oldest->first_ts : 0;
}
