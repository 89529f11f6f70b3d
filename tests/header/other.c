/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second unit with the same declarations: linked into the program, or a shared library with probes of its
 * own.
 */
#include "types.h"

struct only_here {
	struct viz_counter viz;
	int n;
};
VIZ_PROBE_COUNTER(only_here, n);

/* 0, or the number of the step that went wrong. `on`: raise the semaphores; those of a library are its own.
 */
int other_unit(struct account *a, int on)
{
	static struct only_here here;
	static struct savings savings;

	VIZ_PROBE_METHOD();
	VIZ_PROBE_TRIGGERLOG(a, both);
#ifndef VIZ_PROBE_DISABLE
	if (on) {
		viz_set_semaphore = 1;
		viz_log_semaphore = 1;
		viz_enter_semaphore = 1;
		viz_exit_semaphore = 1;
	}
#else
	(void)on;
#endif
	VIZ_PROBE_SET(a, balance, 41);
	VIZ_PROBE_LOG(a);
	if (VIZ_PROBE_CONFIG(a, exclude_attributes, "lim"))
		return 1;
	if (VIZ_PROBE_INIT(&here, only_here, NULL, (trigger_on_change, false)))
		return 2;
	VIZ_PROBE_SET(&here, n, 1);
	VIZ_PROBE_VALUE("other", "n", here.n);
	VIZ_PROBE_INSTANT("other");
	VIZ_PROBE_BEGIN("other", here.n);
	VIZ_PROBE_END("other", &here);
	VIZ_PROBE_DESTROY(&here);
	if (VIZ_PROBE_INIT(&savings, savings, "in the other unit"))
		return 3;
	VIZ_PROBE_SET(&savings, viz.balance, 5);
	VIZ_PROBE_SET(&savings.viz, owner, "eve");
	return savings.viz.balance == 5 ? 0 : 4;
}
