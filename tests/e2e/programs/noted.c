/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers with units, and values that have names: a counter and an object that go into batches, a handle of a struct that
 * does not. Each write has its turn when the test says so.
 */
#include "viztrace.h"

#include "step.h"

enum state { IDLE, BUSY };
struct pool { struct viz_counter viz; long open; double load; int plain; };
VIZ_PROBE_COUNTER(pool, VIZ_UNIT(open, "connections"), VIZ_UNIT(load, "%"), plain);

struct conn { struct viz_object viz; enum state state; short was[2]; int bytes; };
VIZ_PROBE_OBJECT(conn, VIZ_ENUM(state, "idle", "busy"), VIZ_ENUM(was, "none", "", "some"), VIZ_UNIT(bytes, "bytes"));

struct item { int state; struct item *next; double size; };
VIZ_PROBE_OBJECT_OF(item_trace, struct item, VIZ_ENUM(state, "new", "old"), VIZ_ENUM(VIZ_AT(next, state), "first", "second"));
VIZ_PROBE_COUNTER_OF(size_trace, struct item, VIZ_UNIT(size, "bytes"));

int main(void)
{
	struct item next = { .state = 1, .size = 2 }, item = { .next = &next, .size = 0.5 };
	struct item_trace handle = { .of = &item };
	struct size_trace size = { .of = &item };
	struct pool pool = { .load = 50 };
	struct conn conn = { .was = { 2, 1 }, .bytes = 3 };

	VIZ_PROBE_INIT(&pool, pool, NULL);
	VIZ_PROBE_INIT(&conn, conn, NULL);
	VIZ_PROBE_INIT(&handle, item_trace, "item");
	VIZ_PROBE_INIT(&size, size_trace, "size");
	step("ready");
	do {
		VIZ_PROBE_SET(&pool, open, pool.open + 1);
		VIZ_PROBE_SET(&conn, state, BUSY);
		VIZ_PROBE_SET(&conn, state, (enum state)7);
		VIZ_PROBE_SET(&conn, state, IDLE);
		VIZ_PROBE_SET(&handle, of->state, 1);
		VIZ_PROBE_SET(&size, of->size, 4);
	} while (!strcmp(step("ok"), "again"));
	return 0;
}
