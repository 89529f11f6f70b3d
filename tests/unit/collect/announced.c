// SPDX-License-Identifier: BSD-2-Clause
/* What an object is called that ends while what it did before still waits. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "collect/announced.h"

static struct table waiting;

static void done(void)
{
	table__free(&waiting);
}
TestSuite(announced, .fini = done);

static int add(uint16_t kind, uint64_t ts, uint64_t address, uint64_t cls, const char *name)
{
	char room[sizeof(struct rec_object) + 32] = { 0 };
	struct rec_object *rec = (struct rec_object *)(void *)room;

	rec->head.kind = kind;
	rec->head.ts = ts;
	rec->head.tgid = 7;
	rec->address = address;
	rec->cls = cls;
	rec->name_size = name ? (uint32_t)strlen(name) + 1 : 0;
	strcpy(rec->name, name ? name : "");
	return announced__add(&waiting, rec, sizeof(*rec) + rec->name_size);
}

static const char *name_at(uint64_t ts, uint64_t address, uint64_t cls)
{
	const struct rec_object *rec = announced__find(&waiting, 7, address, cls, ts);

	return rec ? rec->name : "none";
}

static void pass(uint64_t ts, uint64_t address)
{
	const struct rec_object rec = { .head = { .ts = ts, .tgid = 7 }, .address = address };

	announced__pass(&waiting, &rec);
}

Test(announced, names_what_was_there_before)
{
	cr_assert_eq(add(REC_OBJECT, 100, 0x10, 1, "first"), 0);
	cr_assert_str_eq(name_at(99, 0x10, 1), "first");
	cr_assert_str_eq(name_at(100, 0x10, 1), "first");
	cr_assert_str_eq(name_at(101, 0x10, 1), "none");
	cr_assert_str_eq(name_at(99, 0x20, 1), "none");
	cr_assert_str_eq(name_at(99, 0x10, 2), "none", "of another class");
}

Test(announced, the_earliest_counts)
{
	cr_assert_eq(add(REC_OBJECT, 100, 0x10, 1, "first"), 0);
	cr_assert_eq(add(REC_OBJECT, 200, 0x10, 1, "second"), 0);
	cr_assert_str_eq(name_at(50, 0x10, 1), "first");
}

Test(announced, is_forgotten_when_it_has_its_turn)
{
	cr_assert_eq(add(REC_OBJECT, 100, 0x10, 1, "first"), 0);
	pass(90, 0x10);
	cr_assert_str_eq(name_at(50, 0x10, 1), "first", "another one had its turn");
	pass(100, 0x20);
	cr_assert_str_eq(name_at(50, 0x10, 1), "first", "of another object");
	pass(100, 0x10);
	cr_assert_str_eq(name_at(50, 0x10, 1), "none");
	cr_assert_eq(waiting.used, 0);
}

Test(announced, nothing_else_is_a_name)
{
	struct rec_object cut = { .head = { .kind = REC_OBJECT, .ts = 100, .tgid = 7 },
				  .address = 0x10,
				  .name_size = 9 };

	cr_assert_eq(add(REC_INIT, 100, 0x10, 1, "new"), 0);
	cr_assert_eq(add(REC_OBJECT, 100, 0x10, 1, NULL), 0);
	cr_assert_eq(announced__add(&waiting, &cut, sizeof(cut)), 0);
	cr_assert_eq(announced__add(&waiting, &cut, 8), 0);
	cr_assert_str_eq(name_at(50, 0x10, 1), "none");
}
