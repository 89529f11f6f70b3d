// SPDX-License-Identifier: BSD-2-Clause
/* announced: see announced.h. */
#include "announced.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int announced__add(struct table *t, const void *record, size_t size)
{
	const struct rec_object *rec = record;
	struct rec_object *copy;
	int err;

	if (size < sizeof(*rec) || rec->head.kind != REC_OBJECT || !rec->name_size ||
	    rec->name_size > size - sizeof(*rec) || table__get(t, rec->head.tgid, rec->address))
		return 0;
	copy = malloc(size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, rec, size);
	err = table__put(t, rec->head.tgid, rec->address, copy);
	if (err)
		free(copy);
	return err;
}

const struct rec_object *announced__find(const struct table *t, uint32_t pid, uint64_t address, uint64_t cls,
					 uint64_t ts)
{
	const struct rec_object *rec = table__get(t, pid, address);

	return rec && rec->cls == cls && rec->head.ts >= ts ? rec : NULL;
}

void announced__pass(struct table *t, const struct rec_object *rec)
{
	const struct rec_object *waits = table__get(t, rec->head.tgid, rec->address);

	if (waits && waits->head.ts <= rec->head.ts)
		free(table__remove(t, rec->head.tgid, rec->address));
}
