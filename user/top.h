/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top: a running trace in the terminal: what the sink of top/ knows, renewed each second; keys change the filters.
 * Where there is no terminal, tables now and then.
 */
#ifndef VIZTRACE_TOP_H
#define VIZTRACE_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "control.h"
#include "opts.h"
#include "top/live.h"

struct top;

/* What the session knows: now, on the events' clock; events in the trace; events lost. */
struct top_books {
	uint64_t now, events, lost;
};

/* TOP_CHANGE: other filters, as if by `ctl`. */
enum top_wish { TOP_GO_ON, TOP_CHANGE, TOP_END };

/* Will it draw on the terminal? */
bool top__draws(const struct opts *o);

/* `live`: what it shows; `what` is traced, since `start`. EXIT_TRACED; EXIT_INTERNAL: no memory, which is said, also if
 * `live` is NULL. */
enum exit_code top__open(struct top **ret, const struct opts *o, struct live *live, const char *what, uint64_t start);

/* Readable: a key. -1: there are none (NULL, too). */
int top__fd(const struct top *t);

/* Keys are read, and the picture is renewed if it is time to. *ret, which the caller clears, is that of TOP_CHANGE. */
enum top_wish top__update(struct top *t, const struct top_books *books, struct control_request *ret);

/* These are in force from now on, whoever wanted it. NULL has no picture. */
void top__filtered(struct top *t, const struct rules *rules);

/* What became of a TOP_CHANGE: 0 or -errno. */
void top__refused(struct top *t, int err);

/* No more: the terminal is as it was, and what was said meanwhile is on stderr; the last table, if there was no screen.
 * NULL has neither. */
void top__close(struct top *t, const struct top_books *books);
void top__free(struct top *t);

#endif
