/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands in for a tracer: strong definitions of the stubs, which the header makes weak, write down each call.
 */
#ifndef TESTS_HEADER_SPY_H
#define TESTS_HEADER_SPY_H

#ifdef __cplusplus
extern "C" {
#endif

/* From now on `object` is called `name` in what was seen. */
void spy_know(const void *base, const char *name);
/* None has a name: others may be where those were. */
void spy_forget(void);

/* What was called since the last time, one call after the other with "; " between them:
 *   a.init TAG NAME    a.destroy    a.set INDEX ATTR=VALUE    a.quiet the same
 *   a.before    a.log    a.after
 *   enter NAME FLAGS   exit NAME FLAGS   value NAME.ATTR TYPE=VALUE   instant NAME
 *   the first two and the last one with their arguments behind that: (NAME TYPE=VALUE, ...)
 *   begin NAME ID      end NAME ID      out flow ID         in flow ID         with " (pointer)" if it is one
 * Frames are compared: an exit whose frame is not that of the innermost open enter of that name ends with
 * "(frame!)". An enter of a scope that does not tell its site, or another one that does, with "(site!)". */
const char *spy_seen(void);

/* Of the last enter: VIZ_SLICE_SITE. Set the other one where no scope is to tell it. */
extern unsigned spy_site, spy_tells_no_sites;

#ifdef __cplusplus
}
#endif

#endif
