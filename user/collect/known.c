// SPDX-License-Identifier: BSD-2-Clause
/* known: see known.h. */
#include "known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SHARE 8 /* of the budget, that is to be free afterwards */

struct thread {
	struct known_entry entry;
	uint32_t tid;
};

struct comm {
	struct known_entry entry;
	char text[16];
	uint64_t ts;
};

/* Each begins with its struct known_entry. */
static void *find(const struct table *t, uint64_t a, uint64_t b)
{
	struct known_entry *e = table__get(t, a, b);

	if (e)
		e->used = true;
	return e;
}

/* What is there, made of `size` zeros if need be: one that nobody asks for again goes first. */
static void *get(struct known *k, struct table *t, uint64_t a, uint64_t b, size_t size)
{
	struct known_entry *e = find(t, a, b);

	if (e)
		return e;
	e = calloc(1, size);
	if (!e || table__put(t, a, b, e)) {
		free(e);
		return NULL;
	}
	budget__take(&k->budget, budget__entry(size));
	return e;
}

struct known_object *known__object(struct known *k, uint32_t pid, uint64_t address)
{
	return get(k, &k->objects, pid, address, sizeof(struct known_object));
}

struct known_object *known__find_object(struct known *k, uint32_t pid, uint64_t address)
{
	return find(&k->objects, pid, address);
}

void known__forget_object(struct known *k, uint32_t pid, uint64_t address)
{
	struct known_object *o = table__remove(&k->objects, pid, address);

	if (!o)
		return;
	budget__give(&k->budget, budget__entry(sizeof(*o)));
	free(o);
}

struct known_class *known__class(struct known *k, uint32_t pid, uint64_t address)
{
	struct known_class *c = get(k, &k->told, pid, address, sizeof(*c));

	if (c)
		c->address = address;
	return c;
}

struct known_class *known__find_class(struct known *k, uint32_t pid, uint64_t address)
{
	return find(&k->told, pid, address);
}

bool known__is_sent(const struct known *k, uint64_t process, uint64_t address)
{
	return table__get(&k->sent, process, address);
}

int known__send(struct known *k, uint64_t process, uint64_t address)
{
	static char sent;

	if (table__get(&k->sent, process, address))
		return 0;
	if (table__put(&k->sent, process, address, &sent))
		return -ENOMEM;
	budget__take(&k->budget, BUDGET_SLOT);
	return 1;
}

int known__set_thread(struct known *k, uint32_t pid, uint64_t thread, uint32_t tid)
{
	struct thread *t = get(k, &k->threads, pid, thread, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->tid = tid;
	return 0;
}

int known__set_comm(struct known *k, uint32_t pid, uint32_t tid, uint64_t ts, const char comm[16])
{
	struct comm *c = get(k, &k->comms, pid, tid, sizeof(*c));

	if (!c)
		return -ENOMEM;
	if (ts < c->ts)
		return 0;
	c->ts = ts;
	memcpy(c->text, comm, sizeof(c->text));
	return 0;
}

uint32_t known__thread(const struct known *k, uint32_t pid, uint64_t thread)
{
	const struct thread *t = find(&k->threads, pid, thread);

	return t ? t->tid : 0;
}

const char *known__comm(const struct known *k, uint32_t pid, uint32_t tid)
{
	const struct comm *c = find(&k->comms, pid, tid);

	return c ? c->text : NULL;
}

/* ---- Room ---- */

struct dropping {
	struct known *known;
	uint64_t cost; /* of one */
};

static bool drop(void *value, void *ctx)
{
	const struct dropping *d = ctx;
	struct known_entry *e = value;

	if (e->used) {
		e->used = false;
		return false;
	}
	budget__give(&d->known->budget, d->cost);
	free(e);
	return true;
}

static void drop_unused(struct known *k, struct table *t, size_t size)
{
	table__drop(t, drop, &(struct dropping){ .known = k, .cost = budget__entry(size) });
}

static bool has_room(const struct known *k)
{
	return k->budget.used <= k->budget.limit - k->budget.limit / SHARE;
}

static void forget_objects(struct known *k)
{
	const size_t before = k->objects.used;
	const struct known_object *o;
	size_t pos = 0;

	drop_unused(k, &k->objects, sizeof(*o));
	k->forgotten = k->objects.used < before;
	/* Who is still there knows its class. */
	while ((o = table__next(&k->objects, &pos)))
		if (o->told)
			o->told->entry.used = true;
	drop_unused(k, &k->told, sizeof(struct known_class));
	budget__give(&k->budget, k->sent.used * BUDGET_SLOT);
	table__clear(&k->sent);
}

/* Nobody tells of one twice. */
static void forget_threads(struct known *k)
{
	drop_unused(k, &k->threads, sizeof(struct thread));
	drop_unused(k, &k->comms, sizeof(struct comm));
}

void known__make_room(struct known *k)
{
	if (!budget__is_spent(&k->budget))
		return;
	forget_objects(k);
	/* All of them may have been in use; by now none is. */
	if (!has_room(k))
		forget_objects(k);
	for (int i = 0; i < 2 && !has_room(k); i++)
		forget_threads(k);
}

void known__clear(struct known *k)
{
	table__free(&k->threads);
	table__free(&k->comms);
	table__free(&k->objects);
	table__free(&k->told);
	table__clear(&k->sent);
	k->budget.used = 0;
}
