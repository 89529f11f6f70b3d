// SPDX-License-Identifier: BSD-2-Clause
/* Objects made long before the tracer comes: with names, configuration, silent writes. Then one event of each. */
#include "viztrace.h"
#include "step.h"

#include <stdbool.h>

struct point {
	struct viz_counter viz;
	int x, y, z, _hidden;
};
VIZ_PROBE_COUNTER(point, x, y, z, _hidden);

struct limits {
	int soft, hard;
};
VIZ_PROBE_DICT(limits, soft, hard);

struct account {
	struct viz_object viz;
	int balance;
	const char *owner;
	double rates[2];
	struct limits lim;
	char note[8];
};
VIZ_PROBE_OBJECT(account, balance, owner, rates, VIZ_DICT(lim, limits), note);

struct savings {
	struct account viz;
	double interest;
};
VIZ_PROBE_OBJECT(savings, viz.balance, viz.owner, interest);

static struct point all, some, but, quiet, off, later;
static struct account account, unnamed;
static struct savings savings;

int main(void)
{
	char name[16] = "from the stack";

	VIZ_PROBE_INIT(&all, point, name);
	VIZ_PROBE_INIT(&some, point, "some", (include_attributes, "x", "z"));
	VIZ_PROBE_INIT(&but, point, "but", (exclude_attributes, "y"));
	VIZ_PROBE_INIT(&quiet, point, "quiet", (trigger_on_change, false));
	VIZ_PROBE_INIT(&off, point, "off", (enabled, false));
	VIZ_PROBE_INIT(&later, point, "later");
	VIZ_PROBE_INIT(&account, account, "account");
	VIZ_PROBE_INIT(&unnamed, account, NULL);
	VIZ_PROBE_INIT(&savings, savings, "savings");

	/* Before anybody looks, in each way there is. */
	for (struct point *const *p = (struct point *const[]){ &all, &some, &but, &quiet, &off, &later, NULL }; *p; p++) {
		VIZ_PROBE_SET(*p, x, 1);
		(*p)->y = 2;
		(*p)->_hidden = 99;
	}
	VIZ_PROBE_CONFIG(&later, include_attributes, "y");
	VIZ_PROBE_SET(&account, balance, 10);
	VIZ_PROBE_SET(&account, owner, "ada");
	account.rates[1] = 0.5;
	account.lim.hard = 7;
	VIZ_PROBE_SET(&account, note, "too long for it");
	savings.interest = 1.5;
	VIZ_PROBE_SET(&savings, viz.owner, "bob");

	step("ready");
	VIZ_PROBE_SET(&all, z, 3);
	VIZ_PROBE_SET(&some, y, 3); /* not included: silent */
	VIZ_PROBE_SET(&some, z, 3);
	VIZ_PROBE_SET(&but, y, 4); /* excluded: silent */
	VIZ_PROBE_SET(&but, z, 3);
	VIZ_PROBE_SET(&quiet, z, 3); /* silent */
	VIZ_PROBE_LOG(&quiet);
	VIZ_PROBE_SET(&off, z, 3);
	VIZ_PROBE_LOG(&off);
	VIZ_PROBE_SET(&later, z, 3);
	VIZ_PROBE_SET(&later, y, 5);
	VIZ_PROBE_CONFIG(&later, include_attributes);
	VIZ_PROBE_CONFIG(&later, exclude_attributes, "x");
	VIZ_PROBE_SET(&later, z, 6);
	VIZ_PROBE_LOG(&account);
	VIZ_PROBE_SET(&unnamed, balance, 1);
	VIZ_PROBE_SET(&savings, interest, 2.5);
	VIZ_PROBE_SET(&savings.viz, balance, 20); /* through what it inherits from */
	VIZ_PROBE_DESTROY(&account);
	VIZ_PROBE_DESTROY(&off);
	return 0;
}
