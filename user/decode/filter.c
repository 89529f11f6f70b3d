// SPDX-License-Identifier: BSD-2-Clause
/* filter: see filter.h. Memory: one entry for each living object and for each (class, name). */
#include "filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../bpf/record.h"
#include "../common/crowd.h"
#include "../common/table.h"
#include "attributes.h"
#include "keys.h"
#include "methods.h"

/* Events come some milliseconds after their time, longer on a busy machine: so many changes in
 * between are told apart. */
#define ERAS_MAX 16

/* Rules and since when they are in force. */
struct era {
	struct rules rules;
	uint64_t since;
	uint32_t epoch;
};

/* Groups of which no object lives are kept up to this number: the next one is likely to be like the last. */
#define IDLE_GROUPS 4096

/* All objects of one class and name. */
struct group {
	struct verdict_key key;
	char *name, *tag;
	struct keys *attributes;
	uint64_t cost;              /* of the budget */
	struct verdict now, before; /* of the last two eras */
	uint32_t epoch;             /* of the last era that it was judged by */
	size_t n_objects;
};

struct known_object {
	struct group *group;
	uint32_t pid;
	uint64_t address;
	struct crowd_link by_process;
	bool introduced;     /* the model knows it; else: */
	struct event *found; /* how to introduce it */
	bool written;        /* --on-change: and has this hash of its values */
	uint64_t values_hash;
};

struct filter {
	struct era eras[ERAS_MAX]; /* the last one is now */
	size_t n_eras;             /* at least 1 */
	bool has_forgotten;        /* some of them */
	struct table groups;       /* by (group_key(), name_hash) */
	struct table objects;      /* by (pid, address) */
	struct crowd crowd;        /* the same, of each process */
	struct key_sets keys;      /* of all groups; its budget is ours */
	uint32_t epoch;
	uint64_t filtered[EVENT_PROBES];
	struct methods_unwanted unwanted;
	struct attributes_room room; /* for the event that is passed on with some left out */
	filter_push push;
	void *push_ctx;
};

static struct verdict judge(struct rules *r, const struct group *g)
{
	struct verdict v = { 0 };
	bool on = false, off = false;

	for (size_t i = 0; i < g->attributes->n; i++) {
		const char *a = g->attributes->names[i];
		bool in = patterns__match_attribute(&r->lists[RULE_INCLUDE], g->name, g->tag, a);
		bool out = patterns__match_attribute(&r->lists[RULE_EXCLUDE], g->name, g->tag, a);

		if ((in || !r->lists[RULE_INCLUDE].n) && !out)
			v.allowed |= 1ull << i;
		on |= patterns__match_attribute(&r->lists[RULE_TRIGGER], g->name, g->tag, a);
		off |= patterns__match_attribute(&r->lists[RULE_NO_TRIGGER], g->name, g->tag, a);
	}
	v.trigger = off ? TRIGGER_OFF : on ? TRIGGER_ON : TRIGGER_AS_APP;
	return v;
}

static struct era *era_now(struct filter *f)
{
	return &f->eras[f->n_eras - 1];
}

static struct era *era_at(struct filter *f, uint64_t ts)
{
	struct era *era = era_now(f);

	while (era > f->eras && era->since > ts)
		era--;
	return era;
}

/* What the kernel has decided, it has decided by the rules of that epoch. */
static struct era *era_of(struct filter *f, const struct event *e)
{
	struct era *era = era_now(f);

	if (!e->epoch)
		return era_at(f, e->ts);
	while (era > f->eras && era->epoch > e->epoch)
		era--;
	return era;
}

static struct verdict verdict_of(struct filter *f, const struct group *g, struct era *era)
{
	switch (era_now(f) - era) {
	case 0: return g->now;
	case 1: return g->before;
	default: return judge(&era->rules, g);
	}
}

static void judge_new(struct filter *f, struct group *g)
{
	struct era *era = era_now(f);

	if (era > f->eras)
		g->before = judge(&era[-1].rules, g);
	g->now = judge(&era->rules, g);
	g->epoch = f->epoch;
}

/* The rules have changed. */
static void judge_again(struct filter *f, struct group *g)
{
	if (g->epoch == f->epoch)
		return;
	g->epoch = f->epoch;
	g->before = g->now;
	g->now = judge(&era_now(f)->rules, g);
}

static uint64_t group_key(const struct verdict_key *k)
{
	return k->cls ^ ((uint64_t)k->pid << 32 | k->generation) * 0x9e3779b97f4a7c15u;
}

static void free_group(struct filter *f, struct group *g)
{
	if (!g)
		return;
	budget__give(f->keys.budget, g->cost);
	keys__drop(&f->keys, g->attributes);
	free(g->name);
	free(g->tag);
	free(g);
}

static struct group *new_group(struct filter *f, const struct event *e, const struct verdict_key *key)
{
	struct group *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->key = *key;
	g->name = strdup(e->name ? e->name : e->tag);
	g->tag = strdup(e->tag);
	g->attributes = keys__take(&f->keys, (uint64_t)e->pid << 32 | e->generation, e->cls, e->keys, e->n_keys);
	if (!g->name || !g->tag || !g->attributes) {
		free_group(f, g);
		return NULL;
	}
	g->cost = sizeof(*g) + BUDGET_SLOT + strlen(g->name) + strlen(g->tag);
	budget__take(f->keys.budget, g->cost);
	return g;
}

static bool describes(const struct group *g, const struct event *e)
{
	return g->key.pid == e->pid && g->key.generation == e->generation && g->key.cls == e->cls &&
	       !strcmp(g->tag, e->tag) && keys__are(g->attributes, e->keys, e->n_keys);
}

static void let_go(struct filter *f, struct group *g)
{
	if (!g || --g->n_objects)
		return;
	/* Its class's memory may have become another class's: then another group is in its place. */
	if (table__get(&f->groups, group_key(&g->key), g->key.name_hash) == g) {
		if (f->groups.used <= IDLE_GROUPS)
			return;
		table__remove(&f->groups, group_key(&g->key), g->key.name_hash);
	}
	free_group(f, g);
}

/* As it was before it was known. */
static void reset(struct filter *f, struct known_object *o)
{
	if (o->found)
		budget__give(f->keys.budget, sizeof(*o->found));
	free(o->found);
	o->found = NULL;
}

static void hold(struct filter *f, struct known_object *o, struct group *g)
{
	g->n_objects++;
	let_go(f, o->group);
	reset(f, o);
	*o = (struct known_object){ .group = g, .pid = o->pid, .address = o->address, .by_process = o->by_process };
}

static void free_object(struct filter *f, struct known_object *o)
{
	if (!o)
		return;
	crowd__remove(&f->crowd, &o->by_process);
	let_go(f, o->group);
	reset(f, o);
	budget__give(f->keys.budget, sizeof(*o) + BUDGET_SLOT);
	free(o);
}

/* How to introduce it, should that be allowed one day. */
static int remember(struct filter *f, struct known_object *o, const struct event *e)
{
	if (!o->found) {
		o->found = malloc(sizeof(*o->found));
		if (!o->found)
			return -ENOMEM;
		budget__take(f->keys.budget, sizeof(*o->found));
	}
	*o->found = *e;
	o->found->kind = EVENT_FOUND;
	o->found->name = o->group->name;
	o->found->tag = o->group->tag;
	o->found->keys = NULL;
	o->found->n_keys = 0;
	return 0;
}

/* The group of the object that an event introduces. */
static struct group *group_of(struct filter *f, const struct event *e)
{
	struct verdict_key key = { e->cls, e->name_hash, e->pid, e->generation };
	struct group *g = table__get(&f->groups, group_key(&key), key.name_hash), *old = g;

	/* A library that was loaded where another one was has other classes at its addresses. */
	if (g && describes(g, e))
		goto out;
	g = new_group(f, e, &key);
	if (!g)
		return NULL;
	judge_new(f, g);
	if (table__put(&f->groups, group_key(&key), key.name_hash, g)) {
		free_group(f, g);
		return NULL;
	}
	if (old && !old->n_objects)
		free_group(f, old);
out:
	/* Again for one that is known: the kernel may have forgotten. */
	if (f->epoch)
		f->push(f->push_ctx, &g->key, &g->now, f->epoch);
	return g;
}

static int introduce(struct filter *f, const struct event *e, filter_next next, void *ctx)
{
	struct known_object *o = table__get(&f->objects, e->pid, e->address);
	bool is_new = e->kind == EVENT_INIT || e->is_new;
	struct group *g = group_of(f, e);

	if (!g)
		return -ENOMEM;
	if (!o) {
		o = calloc(1, sizeof(*o));
		if (!o)
			return -ENOMEM;
		if (crowd__add(&f->crowd, e->pid, &o->by_process)) {
			free(o);
			return -ENOMEM;
		}
		if (table__put(&f->objects, e->pid, e->address, o)) {
			crowd__remove(&f->crowd, &o->by_process);
			free(o);
			return -ENOMEM;
		}
		budget__take(f->keys.budget, sizeof(*o) + BUDGET_SLOT);
		o->pid = e->pid;
		o->address = e->address;
		is_new = true;
	}
	if (is_new || o->group != g)
		hold(f, o, g);
	/* An object of which nothing may be seen is not introduced, until that changes. */
	if (!verdict_of(f, g, era_of(f, e)).allowed && g->attributes->n) {
		f->filtered[EVENT_PROBE_INIT] += e->kind == EVENT_INIT;
		return o->introduced ? 0 : remember(f, o, e);
	}
	reset(f, o);
	o->introduced = true;
	return next(ctx, e);
}

static int destroy(struct filter *f, const struct event *e, filter_next next, void *ctx)
{
	struct known_object *o = table__remove(&f->objects, e->pid, e->address);
	bool pass = !o || o->introduced;

	free_object(f, o);
	if (pass)
		return next(ctx, e);
	f->filtered[EVENT_PROBE_DESTROY]++;
	return 0;
}

static void forget_process(struct filter *f, uint32_t pid)
{
	struct crowd_link *link;

	while ((link = crowd__first(&f->crowd, pid)))
		filter__forget(f, pid, CROWD_OF(link, struct known_object, by_process)->address);
}

void filter__set_budget(struct filter *f, struct budget *budget)
{
	f->keys.budget = budget;
}

void filter__forget(struct filter *f, uint32_t pid, uint64_t address)
{
	free_object(f, table__remove(&f->objects, pid, address));
}

static bool is_hidden(void *value, void *ctx)
{
	struct known_object *o = value;

	if (o->introduced)
		return false;
	free_object(ctx, o);
	return true;
}

void filter__forget_hidden(struct filter *f)
{
	table__drop(&f->objects, is_hidden, f);
}

static bool passes(const struct event *e, const struct verdict *v)
{
	if (!(e->mask & v->allowed))
		return false;
	switch (e->probe) {
	case EVENT_PROBE_SET: return v->trigger != TRIGGER_OFF && (v->allowed >> (e->index & 63) & 1);
	/* Silent for its trigger, or for its attribute, which the app may have excluded: that stays so. */
	case EVENT_PROBE_QUIET: return v->trigger == TRIGGER_ON && (e->mask & v->allowed) >> (e->index & 63) & 1;
	default: return true;
	}
}

static int snapshot(struct filter *f, const struct event *e, filter_next next, void *ctx)
{
	/* While there never were rules, nobody was left out. */
	struct known_object *o = f->epoch || f->n_eras > 1 ? table__get(&f->objects, e->pid, e->address) : NULL;
	struct event shown;
	struct era *era;
	struct verdict v;
	int err;

	if (!o || (!f->epoch && !e->epoch && o->introduced))
		return next(ctx, e);
	shown = *e;
	era = era_of(f, e);
	/* Decided by the kernel or not, the rules of that time say what is shown. */
	v = verdict_of(f, o->group, era);
	if (!passes(e, &v)) {
		f->filtered[e->probe]++;
		return 0;
	}
	err = attributes__restrict(&f->room, &shown, v.allowed);
	if (err)
		return err;
	if (era->rules.on_change) {
		uint64_t hash = attributes__hash(&shown);

		if (o->written && o->values_hash == hash) {
			f->filtered[e->probe]++;
			return 0;
		}
		o->written = true;
		o->values_hash = hash;
	}
	if (!o->introduced) {
		o->introduced = true;
		o->found->ts = e->ts;
		err = next(ctx, o->found);
		reset(f, o);
		if (err)
			return err;
	}
	return next(ctx, &shown);
}

static bool wanted_value(struct rules *r, const struct event *e)
{
	struct patterns *include = &r->lists[RULE_INCLUDE], *exclude = &r->lists[RULE_EXCLUDE];
	const char *name = e->name ? e->name : "", *key = e->n_values ? e->values[0].key : "";

	if (include->n && !patterns__match_attribute(include, name, name, key))
		return false;
	return !patterns__match_attribute(exclude, name, name, key);
}

/* So that the kernel drops what comes again. What ends slices it drops only if no rules ever let one begin. */
static void tell_of_slice(struct filter *f, const struct event *e)
{
	struct verdict_key key = { .pid = e->pid };
	struct verdict v = { 0 };

	if (!methods__hash(e, &key.name_hash) || !methods__is_due(&f->unwanted, e->pid, key.name_hash, f->epoch) ||
	    methods__want(&era_now(f)->rules, e))
		return;
	if (f->has_forgotten)
		v.allowed = REC_SLICE_ENDS;
	for (size_t i = 0; i < f->n_eras; i++)
		if (methods__want(&f->eras[i].rules, e))
			v.allowed = REC_SLICE_ENDS;
	f->push(f->push_ctx, &key, &v, f->epoch);
}

static int slice(struct filter *f, const struct event *e, bool ends, filter_next next, void *ctx)
{
	struct event unwanted;

	if (!f->epoch || methods__want(&era_at(f, e->ts)->rules, e))
		return next(ctx, e);
	tell_of_slice(f, e);
	if (!ends) {
		f->filtered[e->probe]++;
		return 0;
	}
	/* Its slice may have begun before the rules changed: it shall not last for ever. */
	unwanted = *e;
	unwanted.unwanted = true;
	return next(ctx, &unwanted);
}

/* What is asynchronous goes by the rules for slices; arrows have no name. */
static int async(struct filter *f, const struct event *e, filter_next next, void *ctx)
{
	if (e->step == ASYNC_BEGIN || e->step == ASYNC_END)
		return slice(f, e, e->step == ASYNC_END, next, ctx);
	if (!f->epoch || !era_at(f, e->ts)->rules.no_methods)
		return next(ctx, e);
	f->filtered[e->probe]++;
	return 0;
}

int filter__feed(struct filter *f, const struct event *e, filter_next next, void *ctx)
{
	bool pass = true;

	switch (e->kind) {
	case EVENT_EXECED:
	case EVENT_ENDED: forget_process(f, e->pid); break;
	case EVENT_FOUND:
	case EVENT_INIT: return introduce(f, e, next, ctx);
	case EVENT_DESTROY: return destroy(f, e, next, ctx);
	case EVENT_SNAPSHOT: return snapshot(f, e, next, ctx);
	case EVENT_ENTER: return slice(f, e, false, next, ctx);
	case EVENT_EXIT: return slice(f, e, true, next, ctx);
	case EVENT_ASYNC: return async(f, e, next, ctx);
	case EVENT_VALUE: pass = !f->epoch || wanted_value(&era_at(f, e->ts)->rules, e); break;
	default: break;
	}
	if (pass)
		return next(ctx, e);
	f->filtered[e->probe]++;
	return 0;
}

int filter__new(struct filter **ret, const struct rules *rules, filter_push push, void *push_ctx)
{
	struct filter *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	err = rules__copy(&f->eras[0].rules, rules);
	if (err) {
		free(f);
		return err;
	}
	f->n_eras = 1;
	f->epoch = f->eras[0].epoch = rules__are_empty(rules) ? 0 : 1;
	f->push = push;
	f->push_ctx = push_ctx;
	*ret = f;
	return 0;
}

int filter__change(struct filter *f, const struct rules *rules, uint64_t ts)
{
	struct rules copy;
	struct known_object *o;
	struct group *g;
	size_t pos = 0;
	int err = rules__copy(&copy, rules);

	if (err)
		return err;
	if (f->n_eras == ERAS_MAX) {
		f->has_forgotten = true;
		rules__clear(&f->eras[0].rules);
		memmove(f->eras, f->eras + 1, --f->n_eras * sizeof(*f->eras));
	}
	f->eras[f->n_eras++] = (struct era){ copy, ts, ++f->epoch };
	while ((g = table__next(&f->groups, &pos))) {
		judge_again(f, g);
		f->push(f->push_ctx, &g->key, &g->now, f->epoch);
	}
	/* Those in whose place another group is by now. */
	pos = 0;
	while ((o = table__next(&f->objects, &pos)))
		judge_again(f, o->group);
	return 0;
}

uint32_t filter__probes(const struct rules *r)
{
	uint32_t kinds = (1u << EVENT_PROBES) - 1;

	if (r->no_methods)
		kinds &= ~(1u << EVENT_PROBE_ENTER | 1u << EVENT_PROBE_EXIT | 1u << EVENT_PROBE_ASYNC);
	if (!r->lists[RULE_TRIGGER].n)
		kinds &= ~(1u << EVENT_PROBE_QUIET);
	for (size_t i = 0; i < r->lists[RULE_EXCLUDE].n; i++)
		if (!strcmp(r->lists[RULE_EXCLUDE].list[i].text, "*"))
			kinds &= ~(1u << EVENT_PROBE_SET | 1u << EVENT_PROBE_QUIET | 1u << EVENT_PROBE_LOG |
				   1u << EVENT_PROBE_VALUE);
	return kinds;
}

uint32_t filter__epoch(const struct filter *f)
{
	return f->epoch;
}

uint32_t filter__slices_epoch(const struct filter *f)
{
	const struct rules *r = filter__rules(f);

	return r->no_methods || r->lists[RULE_METHODS].n ? f->epoch : 0;
}

const struct rules *filter__rules(const struct filter *f)
{
	return &f->eras[f->n_eras - 1].rules;
}

uint64_t filter__filtered(const struct filter *f, enum probe probe)
{
	return f->filtered[probe];
}

void filter__free(struct filter *f)
{
	struct known_object *o;
	struct group *g;
	size_t pos = 0;

	if (!f)
		return;
	while ((o = table__next(&f->objects, &pos)))
		free_object(f, o);
	table__clear(&f->objects);
	crowd__clear(&f->crowd);
	pos = 0;
	while ((g = table__next(&f->groups, &pos)))
		free_group(f, g);
	keys__clear(&f->keys);
	table__clear(&f->groups);
	for (size_t i = 0; i < f->n_eras; i++)
		rules__clear(&f->eras[i].rules);
	free(f->room.values);
	free(f);
}
