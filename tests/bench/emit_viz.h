/* SPDX-License-Identifier: BSD-2-Clause */
/* The macros themselves; with -DVIZ_PROBE_DISABLE the loop without probes. */
#define EMIT_COUNTER(w, c, n, value) VIZ_PROBE_SET(&(w)->c, a0, value)
#define EMIT_OBJECT(w, o, value) VIZ_PROBE_SET(&(w)->o, n, value)
#define EMIT_METHOD() VIZ_PROBE_METHOD()
#define EMIT_ARGUMENTS(i, share) VIZ_PROBE_METHOD(i, share)
#ifdef VIZ_PROBE_DISABLE
#define EMIT_ON() 0
#define EMIT_METHOD_ON() 0
#else
#define EMIT_ON() (viz_set_semaphore != 0)
#define EMIT_METHOD_ON() (viz_enter_semaphore && viz_exit_semaphore)
#endif
