/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen: lines out to a terminal, keys in from it; ncurses does it, and nobody else here knows of it. There is one.
 * Whatever way the program exits (but a crash), the terminal is what it was.
 */
#ifndef VIZTRACE_SCREEN_H
#define VIZTRACE_SCREEN_H

#include <stdbool.h>

#include "view.h"

/* Of stdin and stdout. 0; -ENOTTY: they are no terminal, or one that cannot do that ($TERM). */
int screen__open(void);

/* The terminal as it was. Does nothing if it is. */
void screen__close(void);

void screen__size(unsigned *ret_width, unsigned *ret_height);

/* They are no wider than it is. `cursor`: at the end of the last one somebody types. */
void screen__draw(const struct view_lines *lines, bool cursor);

/* The next key that is there, as for view__key(); 0: none, now. *ret_resized: draw all anew. */
unsigned screen__key(bool *ret_resized);

#endif
