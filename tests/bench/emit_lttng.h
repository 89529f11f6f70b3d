/* SPDX-License-Identifier: BSD-2-Clause */
/* LTTng-UST tracepoints that carry what our reports carry: all attributes, both strings, the method's name. */
#include "lttng_events.h"

#define EMIT_COUNTER(w, c, n, value) \
	do { \
		(w)->c.a0 = (value); \
		lttng_ust_tracepoint(vizbench, counter##n, &(w)->c.a0); \
	} while (0)
#define EMIT_OBJECT(w, o, value) \
	do { \
		(w)->o.n = (value); \
		lttng_ust_tracepoint(vizbench, object, (w)->o.n, (w)->o.owner, (w)->o.state); \
	} while (0)
#define EMIT_METHOD() \
	__attribute__((cleanup(leave))) long entered = i; \
	lttng_ust_tracepoint(vizbench, enter, __func__)
#define EMIT_ARGUMENTS(i, share) \
	__attribute__((cleanup(leave))) long entered = i; \
	lttng_ust_tracepoint(vizbench, enter_args, __func__, i, share)
#define EMIT_ON() (lttng_ust_tracepoint_enabled(vizbench, counter4) != 0)
#define EMIT_METHOD_ON() (lttng_ust_tracepoint_enabled(vizbench, exit) != 0)

static inline void leave(long *entered)
{
	(void)entered;
	lttng_ust_tracepoint(vizbench, exit, "method");
}
