// SPDX-License-Identifier: BSD-2-Clause
/*
 * The programs that run when a probe fires: one for each kind of probe.
 *
 * In: registers of the stub (include/viztrace.h has the arguments) and the target's memory.
 * Out: records (record.h) in the ring buffer of this CPU, and counts. Nothing of the target is trusted:
 * whatever is read is bounded and counted if it is unreadable or cut.
 *
 * A program may be preempted anywhere and run again for another thread on the same CPU, so nothing is kept
 * in per-CPU scratch memory: records are built in place, counts are added atomically. A record takes its
 * time after it has its place in the ring: whatever is reserved later has a later time, which is what the
 * collector's merge of several rings relies on.
 */
#define VIZ_PROBE_DISABLE
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "viztrace.h"
#include "maps.h"
#include "objects.h"
#include "slices.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline int dispatch(struct pt_regs *ctx, __u32 cookie)
{
	switch (cookie & COOKIE_PROBE) {
	case PROBE_SET:
	case PROBE_QUIET:
	case PROBE_LOG: return report(ctx, cookie);
	case PROBE_INIT: return init(ctx, cookie);
	case PROBE_DESTROY: return destroy(ctx, cookie);
	case PROBE_ENTER: return slice(ctx, cookie, REC_ENTER);
	case PROBE_EXIT: return slice(ctx, cookie, REC_EXIT);
	case PROBE_VALUE: return value(ctx, cookie);
	case PROBE_INSTANT: return slice(ctx, cookie, REC_INSTANT);
	case PROBE_ASYNC: return slice(ctx, cookie, REC_ASYNC);
	}
	return 0;
}

/* One program for all kinds of probes, where the kernel hands out what was given when attaching (Linux 5.15) ... */
SEC("uprobe")
int on_probe(struct pt_regs *ctx)
{
	return dispatch(ctx, bpf_get_attach_cookie(ctx));
}

/* ... and one for each where it does not. */
#define PROGRAM(name, probe) \
	SEC("uprobe") \
	int name(struct pt_regs *ctx) \
	{ \
		return dispatch(ctx, probe); \
	}
PROGRAM(on_init, PROBE_INIT)
PROGRAM(on_destroy, PROBE_DESTROY)
PROGRAM(on_set, PROBE_SET)
PROGRAM(on_quiet, PROBE_QUIET)
PROGRAM(on_log, PROBE_LOG)
PROGRAM(on_enter, PROBE_ENTER)
PROGRAM(on_exit, PROBE_EXIT)
PROGRAM(on_value, PROBE_VALUE)
PROGRAM(on_instant, PROBE_INSTANT)
PROGRAM(on_async, PROBE_ASYNC)
