// SPDX-License-Identifier: BSD-2-Clause
/* pools: see pools.h. */
#include "pools.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(POOL_SLOTS == VIZ_SLOTS, "slots");

static struct pool *get(struct pools *p)
{
	struct pool *one = p->spare;

	if (one)
		p->spare = one->next;
	else
		one = malloc(sizeof(*one));
	return one;
}

static void put(struct pools *p, struct pool *one)
{
	one->next = p->spare;
	p->spare = one;
}

struct laps_key pools__key(const struct pool *p, unsigned slot)
{
	return (struct laps_key){ p->address + slot * sizeof(struct viz_slot), (uint32_t)p->pid, p->generation,
				  REC_TENANT_LIFE(p->tenant) };
}

static bool is_news(const struct laps *laps, const struct pool *p, unsigned i)
{
	const struct laps_key key = pools__key(p, i);
	const struct laps_slot *s = laps__find(laps, &key);
	uint64_t head = p->slots[i].head;

	return p->slots[i].owner && (uint32_t)head && (uint32_t)head <= VIZ_LAP_BYTES &&
	       (!s || !s->known || s->lap != head >> 32 || s->taken != (uint32_t)head || s->n_holes);
}

/*
 * A lap, between two looks at all slots: it is what it seems if the slot is in the same lap then. What is complete is
 * known from before it was read; while somebody is in the midst of a record it is read twice, for nobody says in which
 * order the kernel copies.
 */
static void read_lap(struct pool *p, unsigned i)
{
	uint64_t from = p->address + VIZ_SLOTS * sizeof(struct viz_slot) + (uint64_t)i * VIZ_LAP_BYTES;
	uint32_t size = (uint32_t)p->slots[i].head;

	p->twice[i] = (uint32_t)p->slots[i].done != size;
	p->has[i] = !size || ((!p->twice[i] || !memory__read(p->pid, from, p->before[i], size)) &&
			      !memory__read(p->pid, from, p->data[i], size));
}

int pools__check(const struct elf_file *elf, pid_t pid, uint64_t bias)
{
	const struct elf_pool_note wanted = { elf->batch.pool - elf->batch.note, VIZ_SLOTS, VIZ_LAP_BYTES };
	struct elf_pool_note note;
	int err = memory__read(pid, elf->batch.note + bias, &note, sizeof(note));

	return err ? err : memcmp(&note, &wanted, sizeof(note)) ? -EFAULT : 0;
}

/* As it is at one moment. False: it is not there any more, so the kernel has copied what was in it. */
static bool read_slots(const struct pool *p, const struct elf_file *elf, struct viz_slot slots[VIZ_SLOTS])
{
	return !pools__check(elf, p->pid, p->address - elf->batch.pool) &&
	       !memory__read(p->pid, p->address, slots, sizeof(p->slots));
}

static bool fill(struct pool *p, const struct elf_file *elf, const struct laps *laps)
{
	struct viz_slot after[VIZ_SLOTS];

	memset(p->has, 0, sizeof(p->has));
	if (!read_slots(p, elf, p->slots))
		return false;
	for (unsigned i = 0; i < VIZ_SLOTS; i++)
		if (is_news(laps, p, i))
			read_lap(p, i);
	if (!read_slots(p, elf, after))
		return false;
	for (unsigned i = 0; i < VIZ_SLOTS; i++)
		p->has[i] = p->has[i] && after[i].head >> 32 == p->slots[i].head >> 32 &&
			    after[i].owner == p->slots[i].owner;
	return true;
}

/* What was read may be of memory of before or after a dlopen or exec; then the kernel has copied what was there. */
static bool is_still(const struct pool *one, const struct rec_batched *was, const struct rec_batched *is)
{
	for (unsigned i = 0; i < POOLS_MAX && was->generation == is->generation; i++)
		if (is->pools[i].address == one->address)
			return is->pools[i].tenant == one->tenant;
	return false;
}

/* 1; 0: there is nothing to read; -ENOMEM. */
static int read_one(struct pools *p, pid_t pid, const struct rec_pool *from, const struct memory *m,
		    const struct laps *laps)
{
	const struct memory_file *file = memory__get_file(m, REC_TENANT_FILE(from->tenant));
	struct pool *one;

	if (!from->address || !file)
		return 0;
	one = get(p);
	if (!one)
		return -ENOMEM;
	one->pid = pid;
	one->generation = p->was.generation;
	one->address = from->address;
	one->tenant = from->tenant;
	if (!fill(one, file->elf, laps)) {
		put(p, one);
		return 0;
	}
	one->next = p->all;
	p->all = one;
	return 1;
}

int pools__read(struct pools *p, int map, pid_t pid, const struct memory *m, const struct laps *laps)
{
	uint32_t key = (uint32_t)pid;
	struct pool *before = p->all, *one, *next;
	int err = 0;

	if (bpf_map_lookup_elem(map, &key, &p->was))
		return 0;
	for (unsigned i = 0; i < POOLS_MAX && err >= 0; i++)
		err = read_one(p, pid, &p->was.pools[i], m, laps);
	if (bpf_map_lookup_elem(map, &key, &p->is))
		p->is.generation = p->was.generation + 1;
	for (one = p->all; one != before; one = next) {
		next = one->next;
		if (!is_still(one, &p->was, &p->is))
			pools__drop(p, one);
	}
	return err < 0 ? err : 0;
}

void pools__drop(struct pools *p, struct pool *one)
{
	struct pool **at = &p->all;

	while (*at != one)
		at = &(*at)->next;
	*at = one->next;
	put(p, one);
}

void pools__drop_all(struct pools *p)
{
	while (p->all)
		pools__drop(p, p->all);
}

void pools__clear(struct pools *p)
{
	struct pool *one;

	pools__drop_all(p);
	while ((one = p->spare)) {
		p->spare = one->next;
		free(one);
	}
}
