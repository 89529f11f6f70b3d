/* SPDX-License-Identifier: BSD-2-Clause */
/* live_state: the last state of an object, kept for whoever looks; see live.h. */
#ifndef VIZTRACE_LIVE_STATE_H
#define VIZTRACE_LIVE_STATE_H

#include "live.h"

/* 0 or -ENOMEM; then it is what it was, or empty. */
int live_state__set(struct live_state *s, const struct value *values, size_t n);
void live_state__clear(struct live_state *s);

#endif
