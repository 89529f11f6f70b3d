// SPDX-License-Identifier: BSD-2-Clause
/* tenants: see tenants.h. */
#include "tenants.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../../bpf/record.h"

#define PERIOD_NS 1000000000u /* between two looks */
#define FEW 1024u             /* books that may be there whatever there were */

static char is_there;

void tenants__clear(struct tenants *t)
{
	table__clear(&t->lives);
	table__clear(&t->needed);
	free(t->processes);
}

int tenants__add(struct tenants *t, pid_t pid)
{
	pid_t *more;

	/* Another process had that number. */
	for (size_t i = 0; i < t->n; i++)
		if (t->processes[i] == pid)
			return 0;
	more = realloc(t->processes, (t->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	t->processes = more;
	more[t->n++] = pid;
	return 0;
}

static uint64_t process_of(uint32_t pid, uint32_t generation)
{
	return (uint64_t)generation << 32 | pid;
}

static int look_at(struct tenants *t, uint32_t pid)
{
	int err;

	if (bpf_map_lookup_elem(t->batched, &pid, &t->entry))
		return 0;
	err = table__put(&t->needed, pid, 0, &is_there);
	for (unsigned i = 0; !err && i < POOLS_MAX; i++)
		if (t->entry.pools[i].address)
			err = table__put(&t->lives, process_of(pid, t->entry.generation),
					 REC_TENANT_LIFE(t->entry.pools[i].tenant), &is_there);
	return err;
}

/* Books that there may be before we look again: some more than were needed, at half of what is left the latest. */
static size_t most_of(const struct tenants *t)
{
	size_t left = t->kept < TENANTS_SLOTS_MOST ? TENANTS_SLOTS_MOST - t->kept : 0;

	return t->kept + (left / 2 < FEW + t->kept ? left / 2 : FEW + t->kept) + 1;
}

int tenants__look(struct tenants *t, const struct laps *l, uint64_t now)
{
	int err = 0;

	t->has_looked = false;
	if (now - t->looked < PERIOD_NS && l->n < most_of(t))
		return 0;
	t->looked = now;
	table__clear(&t->lives);
	table__clear(&t->needed);
	for (size_t i = 0; !err && i < t->n; i++)
		err = look_at(t, (uint32_t)t->processes[i]);
	t->has_looked = !err;
	return err;
}

static void lose(struct laps_slot *s, const struct rec_loss *loss)
{
	struct laps_part part = { .lap = loss->part_lap, .from = loss->part_from };

	if (loss->lost_bytes)
		laps__lose(s, loss->lost_lap, loss->lost_bytes);
	memcpy(part.records, loss->records, sizeof(part.records));
	laps__lose_part(s, &part);
}

static bool is_others(void *ctx, struct laps_slot *s)
{
	const struct tenants *t = ctx;
	const struct rec_loss_key key = {
		.slot = s->address, .tgid = s->pid, .generation = s->generation, .life = s->life
	};
	struct rec_loss loss;

	if (s->waiting || table__get(&t->lives, process_of(s->pid, s->generation), s->life))
		return false;
	if (!bpf_map_lookup_elem(t->losses, &key, &loss)) {
		lose(s, &loss);
		bpf_map_delete_elem(t->losses, &key);
	}
	return true;
}

static bool has_gone(const struct tenants *t, pid_t pid)
{
	return !table__get(&t->needed, (uint32_t)pid, 0) && kill(pid, 0) && errno == ESRCH;
}

static void drop_processes(struct tenants *t, const struct laps *l, struct memory *m)
{
	size_t n = 0;

	/* There may be records that need what is known of its memory. */
	for (const struct laps_slot *s = l->first; s; s = s->next)
		if (table__put(&t->needed, s->pid, 0, &is_there))
			return;
	for (size_t i = 0; i < t->n; i++)
		if (has_gone(t, t->processes[i]))
			memory__forget(m, t->processes[i]);
		else
			t->processes[n++] = t->processes[i];
	t->n = n;
}

void tenants__drop_others(struct tenants *t, struct laps *l, struct memory *m)
{
	if (!t->has_looked)
		return;
	laps__drop(l, is_others, t);
	t->kept = l->n;
	drop_processes(t, l, m);
	t->has_looked = false;
}

void tenants__take_losses(const struct tenants *t, struct laps *l)
{
	struct rec_loss_key at, *after = NULL;
	struct rec_loss loss;

	for (; !bpf_map_get_next_key(t->losses, after, &at); after = &at) {
		const struct laps_key key = { at.slot, at.tgid, at.generation, at.life };
		struct laps_slot *slot = bpf_map_lookup_elem(t->losses, &at, &loss) ? NULL : laps__slot(l, &key);

		if (slot)
			lose(slot, &loss);
	}
}
