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

static int add(uint32_t pid, uint64_t address, const char *tag)
{
	struct viz_class c = {
		.magic = VIZ_CLASS_MAGIC,
		.version = VIZ_ABI_VERSION,
		.kind = VIZ_KIND_OBJECT,
		.size = sizeof(c),
		.span_size = sizeof(struct viz_base),
	};

	strcpy(c.tag, tag);
	return classes__add(&classes, pid, address, &c, sizeof(c));
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
