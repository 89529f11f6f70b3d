// SPDX-License-Identifier: BSD-2-Clause
#include "../../../user/common/crowd.h"

#include <criterion/criterion.h>

struct thing {
	int number;
	struct crowd_link by_process;
};

static struct crowd crowd;

static void tidy(void)
{
	crowd__clear(&crowd);
}

TestSuite(crowd, .fini = tidy);

static void expect(uint32_t pid, const char *numbers)
{
	const struct crowd_link *before = NULL;

	for (const struct crowd_link *l = crowd__first(&crowd, pid); l; before = l, l = l->next) {
		cr_assert_eq(l->prev, before);
		cr_assert_eq('0' + CROWD_OF(l, const struct thing, by_process)->number, *numbers++);
	}
	cr_assert_eq(*numbers, 0);
}

Test(crowd, each_process_has_its_own_in_their_order)
{
	struct thing things[8];

	for (int i = 0; i < 8; i++) {
		things[i].number = i;
		cr_assert_eq(crowd__add(&crowd, i % 3 ? 7 : 4, &things[i].by_process), 0);
	}
	expect(4, "036");
	expect(7, "12457");
	expect(1, "");
}

Test(crowd, what_goes_leaves_no_gap)
{
	struct thing things[5];

	for (int i = 0; i < 5; i++) {
		things[i].number = i;
		crowd__add(&crowd, 7, &things[i].by_process);
	}
	crowd__remove(&crowd, &things[2].by_process);
	expect(7, "0134");
	crowd__remove(&crowd, &things[0].by_process);
	expect(7, "134");
	crowd__remove(&crowd, &things[4].by_process);
	expect(7, "13");
	crowd__add(&crowd, 7, &things[0].by_process);
	expect(7, "130");
}

Test(crowd, who_has_nothing_any_more_is_forgotten)
{
	struct thing a = { 1, { 0 } }, b = { 2, { 0 } };

	crowd__add(&crowd, 7, &a.by_process);
	crowd__add(&crowd, 8, &b.by_process);
	crowd__remove(&crowd, &a.by_process);
	cr_assert_eq(crowd.processes.used, 1);
	expect(7, "");
	crowd__remove(&crowd, &b.by_process);
	cr_assert_eq(crowd.processes.used, 0);
	crowd__add(&crowd, 8, &a.by_process);
	expect(8, "1");
}
