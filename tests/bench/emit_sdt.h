/* SPDX-License-Identifier: BSD-2-Clause */
/* Probes as sys/sdt.h makes them: a nop in the middle of the code, without a semaphore. */
#include <sys/sdt.h>

#define EMIT_COUNTER(w, c, n, value) \
	do { \
		(w)->c.a0 = (value); \
		DTRACE_PROBE4(vizbench, write, &(w)->c, 0, (w)->c.a0, "a0"); \
	} while (0)
#define EMIT_OBJECT(w, o, value) \
	do { \
		(w)->o.n = (value); \
		DTRACE_PROBE4(vizbench, write, &(w)->o, 0, (w)->o.n, "n"); \
	} while (0)
/* `i` is what the method was called with. */
#define EMIT_METHOD() \
	__attribute__((cleanup(leave))) long entered = i; \
	DTRACE_PROBE3(vizbench, enter, __func__, __builtin_frame_address(0), 0)
#define EMIT_ARGUMENTS(i, share) EMIT_METHOD()
#define EMIT_ON() 1
#define EMIT_METHOD_ON() 1

static inline void leave(long *entered)
{
	DTRACE_PROBE3(vizbench, exit, "method", entered, 0);
}
