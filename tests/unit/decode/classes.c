/* SPDX-License-Identifier: BSD-2-Clause */
/* Class descriptors of processes that come, execute other programs, and go. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define VIZ_PROBE_DISABLE
#include "viztrace.h"
#include "decode/classes.h"

static struct classes classes;

static void tidy(void)
{
	classes__clear(&classes);
}

TestSuite(classes, .fini = tidy);

static struct viz_class make(uint8_t kind, const char *tag)
{
	struct viz_class c = {
		.magic = VIZ_CLASS_MAGIC,
		.version = VIZ_ABI_VERSION,
		.kind = kind,
		.size = sizeof(c),
		.span_size = sizeof(struct viz_base),
	};

	strcpy(c.tag, tag);
	return c;
}

static int add(uint32_t pid, uint64_t address, const char *tag)
{
	struct viz_class c = make(VIZ_KIND_OBJECT, tag);

	return classes__add(&classes, pid, address, &c, sizeof(c));
}

static int offer(uint8_t kind, uint64_t address, const char *tag)
{
	struct viz_class c = make(kind, tag);

	return classes__offer(&classes, 1, address, &c, sizeof(c));
}

static const char *tag_at(uint32_t pid, uint64_t address)
{
	struct layout *layout = classes__find(&classes, pid, address);

	return layout ? layout->tag : "none";
}

Test(classes, those_of_the_program_before_are_forgotten)
{
	cr_assert_eq(add(1, 8, "before"), 0);
	cr_assert_eq(add(2, 8, "other"), 0);
	classes__age(&classes, 1);
	cr_assert_str_eq(tag_at(1, 8), "before", "its last records are still to come");
	cr_assert_eq(add(1, 16, "after"), 0);
	classes__forget_old(&classes, 1);
	cr_assert_str_eq(tag_at(1, 8), "none");
	cr_assert_str_eq(tag_at(1, 16), "after");
	cr_assert_str_eq(tag_at(2, 8), "other");
}

Test(classes, one_that_the_next_program_has_too_stays)
{
	add(1, 8, "same");
	add(1, 16, "one");
	classes__age(&classes, 1);
	add(1, 8, "same");
	add(1, 16, "another");
	classes__forget_old(&classes, 1);
	cr_assert_str_eq(tag_at(1, 8), "same");
	cr_assert_str_eq(tag_at(1, 16), "another");
}

Test(classes, one_of_a_file_does_not_take_the_place_of_one_that_may_still_be_in_use)
{
	cr_assert_eq(offer(VIZ_KIND_OBJECT, 8, "first"), 0);
	cr_assert_eq(offer(VIZ_KIND_OBJECT, 8, "second"), 0);
	cr_assert_str_eq(tag_at(1, 8), "first");
	cr_assert_eq(offer(0, 8, "not one"), -EINVAL);
	cr_assert_str_eq(tag_at(1, 8), "first");
	cr_assert_eq(add(1, 8, "told"), 0);
	cr_assert_str_eq(tag_at(1, 8), "told");
}

Test(classes, dicts_are_taken_at_once)
{
	cr_assert_eq(offer(VIZ_KIND_DICT, 8, "first"), 0);
	cr_assert_eq(offer(VIZ_KIND_DICT, 8, "second"), 0);
	cr_assert_str_eq(tag_at(1, 8), "second");
	cr_assert_eq(offer(VIZ_KIND_OBJECT, 8, "object"), 0);
	cr_assert_str_eq(tag_at(1, 8), "object");
	cr_assert_eq(offer(VIZ_KIND_DICT, 8, "third"), 0);
	cr_assert_str_eq(tag_at(1, 8), "third");
}

Test(classes, a_process_has_its_limit)
{
	for (uint64_t i = 0; i < CLASSES_OF_PROCESS; i++)
		cr_assert_eq(add(1, 8 * i, "many"), 0);
	cr_assert_eq(add(1, 8 * CLASSES_OF_PROCESS, "beyond"), -ENOSPC);
	cr_assert_eq(add(1, 0, "instead"), 0);
	cr_assert_eq(add(2, 0, "other"), 0);
	classes__forget(&classes, 1);
	cr_assert_eq(add(1, 8 * CLASSES_OF_PROCESS, "next"), 0);
	cr_assert_str_eq(tag_at(1, 0), "none");
	cr_assert_str_eq(tag_at(2, 0), "other");
}

Test(classes, execs_without_end)
{
	for (int exec = 0; exec < 1000; exec++) {
		for (uint64_t i = 0; i < 64; i++)
			cr_assert_eq(add(1, 0x1000000ull * (uint64_t)exec + 8 * i, "c"), 0, "exec %d", exec);
		classes__age(&classes, 1);
		classes__forget_old(&classes, 1);
	}
}
