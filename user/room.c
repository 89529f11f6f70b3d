// SPDX-License-Identifier: BSD-2-Clause
/* room: see room.h. */
#include "room.h"

#define SHARE 16             /* of the budget, that is made free at once */
#define HIDDEN_PERIOD 100000 /* between two times that all objects are looked through */

void room__limit(struct room *r, uint64_t memory)
{
	r->budgets.objects.limit = r->budgets.kept.limit = memory / 2;
}

int room__make(struct room *r, struct model *m, struct filter *f, struct collector *c, struct recorder *rec,
	       uint64_t ts)
{
	struct budget *b = &r->budgets.objects;
	uint64_t address;
	uint32_t pid;
	int err = 0;

	while (!err && b->used > b->limit - b->limit / SHARE && model__forget_oldest(m, ts, &pid, &address)) {
		filter__forget(f, pid, address);
		collector__forget_object(c, pid, address);
		err = recorder__add(rec, &(struct event){
						 .kind = EVENT_FORGOTTEN, .ts = ts, .pid = pid, .address = address });
	}
	/* Those that no rule lets anybody see. */
	if (budget__is_spent(b) && (!r->made || r->made - r->hidden_at >= HIDDEN_PERIOD)) {
		filter__forget_hidden(f);
		r->hidden_at = r->made;
	}
	r->made++;
	return err;
}
